import Engine
import SystemPackage

/// Writing a setting into a person's file, all else of which stays as it is.
extension Configuration {
  /// - Returns: the file.
  func keep(_ setting: Setting, _ value: Setting.Value) throws(Failure) -> String {
    guard let path else { throw Failure(message: "there is no place for a file: neither XDG_CONFIG_HOME nor HOME is set") }
    var place = FilePath(path)
    let text: String
    do throws(TokenFile.Failure) {
      let isThere = (try? Stat(place)) != nil
      text = isThere ? String(decoding: try TokenFile.bytes(path, isPlain: true), as: UTF8.self) : ""
    } catch {
      throw Failure(message: error.message)
    }
    let new = try Self.text(text, with: setting, value, path: path)
    do {
      // A link to where somebody keeps such files stays one.
      if let real = try? place.real() { place = real } else { try place.removingLastComponent().makeFolders() }
      let draft = FilePath("\(place.string).new")
      draft.remove()
      try NewFile.write(Array(new.utf8), to: draft.string)
      guard draft.replace(place) else {
        draft.remove()
        throw Failure(message: "cannot write \(shown(path, limit: .max))")
      }
    } catch let failure as NewFile.Failure {
      throw Failure(message: failure.message)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(message: "cannot write \(shown(path, limit: .max)): \(error)")
    }
    return path
  }

  /// A file's text with a setting: in its line if it has one, else above all tables.
  static func text(
    _ text: String, with setting: Setting, _ value: Setting.Value, path: String
  ) throws(Failure) -> String {
    let before = try Configuration(text, path: path)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let line = "\(setting.name) = \(value)"
    if case .file(let number) = before.value(setting).origin, lines.indices.contains(number - 1) {
      let note = lines[number - 1].firstRange(of: " #").map { lines[number - 1][$0.lowerBound...] } ?? ""
      lines[number - 1] = line + note
    } else {
      let table =
        lines.firstIndex { $0.drop { $0 == " " || $0 == "\t" }.first == "[" } ?? lines.lastIndex { !$0.isEmpty }.map { $0 + 1 }
      lines.insert(line, at: table ?? 0)
    }
    let new = lines.joined(separator: "\n") + (lines.last?.isEmpty == true ? "" : "\n")
    // A value may stand where a line does not show it.
    guard let after = try? Configuration(new, path: path), after.value(setting).value == value else {
      throw Failure(message: "\(shown(path, limit: .max)) has \(setting.name) where it is not changed from here")
    }
    return new
  }
}
