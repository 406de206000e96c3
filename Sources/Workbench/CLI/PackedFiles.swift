import ArgumentParser
import Engine
import FoundationEssentials
import SystemPackage

/// Files that go with a session, by the names it names them by.
struct PackedFiles {
  private var files: [(name: String, bytes: [UInt8])] = []

  init() {}

  /// - Parameters:
  ///   - script: is run, to find what it includes and boots.
  ///   - images: paths of others.
  init(of script: String?, _ images: [String]) throws {
    if let script { try addFiles(of: script) }
    for path in images { try add(fileName(path), path) }
    guard files.count <= EmbeddedFiles.most, files.reduce(0, { $0 + $1.bytes.count }) <= EmbeddedFiles.mostBytes else {
      complain(
        "a session takes along at most \(EmbeddedFiles.most) files, of \(sizeText(UInt64(EmbeddedFiles.mostBytes))) in all")
      throw ExitCode(65)
    }
  }

  private mutating func addFiles(of script: String) throws {
    let text = try orComplain { () throws(SessionLoader.Failure) in try SessionLoader.read(script) }
    guard !text.isRecording else {
      complain("\(script): a recording names no files; --image takes one along")
      throw Exit.usage
    }
    var paths: [(name: String, path: String)] = []
    let runner = ScriptRunner(Session(MachineConfiguration()), language: .workbench)
    Includes.serve(runner)
    runner.load = { name, file throws(ScriptError) in
      let loaded = try Includes.load(name, from: file)
      paths.append((name, loaded.name))
      return loaded
    }
    runner.guestControl.load = { name, file throws(ScriptError) in
      paths.append((name, try GuestImages.path(of: name, from: file)))
      return try GuestImages.load(name, from: file)
    }
    runner.guestControl.loadFile = { name, file throws(ScriptError) in
      let path = try Includes.path(of: name, from: file, to: "read")
      paths.append((name, path))
      return try GuestImages.file(path)
    }
    do throws(ScriptError) {
      for (index, line) in text.lines.enumerated() { try runner.run(line: line, number: index + 1, file: script) }
    } catch {
      complain(error.description(in: script))
      throw ExitCode(65)
    }
    for (name, path) in paths { try add(name, path) }
  }

  private mutating func add(_ name: String, _ path: String) throws {
    try add(
      name, try orComplain { () throws(TokenFile.Failure) in try TokenFile.bytes(path, limit: DiskImage.most, isPlain: true) })
  }

  private mutating func add(_ name: String, _ bytes: [UInt8]) throws {
    guard let known = files.first(where: { $0.name == name }) else { return files.append((name, bytes)) }
    guard known.bytes == bytes else {
      complain("two files are called \(shown(name))")
      throw ExitCode(65)
    }
  }

  /// The lines of all of them.
  func forEachLine(_ body: (String) throws -> Void) rethrows {
    for (name, bytes) in files {
      try body(EmbeddedFiles.head(name, bytes))
      for begin in stride(from: 0, to: bytes.count, by: EmbeddedFiles.bytesInLine) {
        let part = bytes[begin..<min(bytes.count, begin + EmbeddedFiles.bytesInLine)]
        try body("\(EmbeddedFiles.dataPrefix)\(Data(part).base64EncodedString())")
      }
    }
  }
}
