import Basics
import Host

/// Files that come with a script or a recording.
extension Session {
  /// Takes a line of a file that comes with what is performed here.
  ///
  /// - Returns: whether it is one.
  func takeFile(_ text: String, line: Int) throws(ScriptError) -> Bool {
    do throws(EmbeddedFiles.Problem) { return try files.take(text, line: line) } catch {
      throw ScriptError(line: line, column: 1, message: error.text)
    }
  }

  /// A file that came with what was performed here; nil if there is none of that name.
  func file(_ name: String) throws(ScriptError) -> [UInt8]? {
    do throws(EmbeddedFiles.Problem) { return try files.bytes(of: name) } catch { throw ScriptError(message: error.text) }
  }
}

extension GuestControl {
  /// An image by its name, the session's own or one of a file.
  func image(_ name: String, _ file: String) throws(ScriptError) -> BootImage {
    guard let bytes = try session.file(name) else { return try load(name, file) }
    do throws(BootImage.Malformed) { return try BootImage(bytes, base: RealmVM.ramBase) } catch {
      throw ScriptError(message: "\(shown(name)): \(error.message)")
    }
  }

  /// The bytes of a disk or a RAM disk in the same way.
  func bytes(of name: String, _ file: String) throws(ScriptError) -> [UInt8] {
    if let bytes = try session.file(name) { return bytes }
    return try loadFile(name, file)
  }
}
