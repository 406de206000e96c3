import Engine
import FoundationEssentials
import Views

/// Where lessons lie, and what is in them.
enum LessonFiles {
  /// What ends a lesson's file name.
  static let ending = ".lesson"

  /// The folder of the course: below the working directory, beside the folders the program lies in, or where it was installed to.
  static var course: String? { GuestImages.projectFolders("lessons").first(where: isFolder) }

  /// The files of the course, in its order.
  static var courseFiles: [String] { course.map(files) ?? [] }

  /// Their names.
  static var courseNames: [String] { courseFiles.map(name) }

  /// Lessons in a folder, by name.
  static func files(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(ending) && !$0.hasPrefix(".") }.sorted().map { folder + "/" + $0 }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
  }

  /// What is typed for a lesson: a file, a folder of them, or the name or number of one of the course.
  ///
  /// - Parameter course: the files of the course.
  static func paths(of word: String, _ course: [String] = courseFiles) -> [String] {
    if isFolder(word) { return files(in: word) }
    if word.hasSuffix(ending) || FileManager.default.fileExists(atPath: word) { return [word] }
    let named = course.filter { path in
      let name = name(of: path)
      return name == word || name.hasSuffix("-" + word) || Int(name.prefix { $0.isNumber }) == Int(word) && Int(word) != nil
    }
    return named.isEmpty ? [word] : named
  }

  /// That no lesson and no file is named so, if none is, and which may have been meant.
  static func unknown(_ word: String, _ course: [String] = courseFiles) -> String? {
    guard !course.isEmpty, !word.contains("/"), paths(of: word, course) == [word], !word.hasSuffix(ending),
      !FileManager.default.fileExists(atPath: word)
    else { return nil }
    let names = course.map(name)
    // A lesson is also called by what follows its number.
    let short = names.map { String($0.drop { $0.isNumber }.drop { $0 == "-" }) }
    let near = closest(to: word.lowercased(), among: names + short)
    return "there is no lesson and no file \"\(shown(word))\"; "
      + (near.map { "did you mean \($0)?" } ?? "the course has \(names[0]) to \(names[names.count - 1])")
  }

  /// The name of a lesson's file, without folder and ending.
  static func name(of path: String) -> String {
    let file = fileName(path)
    return file.hasSuffix(ending) ? String(file.dropLast(ending.count)) : file
  }

  static func lines(_ path: String) throws(SessionLoader.Failure) -> [String] {
    try SessionLoader.read(path, isPlain: true).lines
  }

  static func starter(_ path: String) -> LessonStarter { LessonStarter(file: path) { Includes.serve($0) } }

  /// A lesson that can be begun; complains about what is wrong with how it is written.
  static func lesson(_ path: String) throws(SessionLoader.Failure) -> Lesson {
    let (lesson, problems) = LessonParser.parse(try lines(path), name: name(of: path))
    if let first = problems.first(where: \.isFatal) {
      throw .malformed("\(path):\(first.line):\(first.column): \(first.message)")
    }
    return lesson
  }

  /// What the key of an action is called, by the action's id; nil if there is none.
  static func key(_ id: String, _ bindings: KeyBindings = .standard) -> String? {
    bindings.actions.first { $0.id == id }.map { bindings[$0] }
  }

  /// A lesson that can be begun, with the names of keys in its text.
  static func readable(_ path: String, _ bindings: KeyBindings = .standard) throws(SessionLoader.Failure) -> Lesson {
    try lesson(path).naming { key($0, bindings) }
  }
}
