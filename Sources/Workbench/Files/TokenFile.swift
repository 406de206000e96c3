import Engine
import FoundationEssentials
import SystemPackage
import Views

/// Reads the files token commands work with.
enum TokenFile {
  struct Failure: Error {
    var message: String
    var code: Int32
  }

  /// The bytes of a file, or of standard input for `-`.
  ///
  /// - Parameter isPlain: FIFOs, devices and standard input are refused; for what a script names, and what is booted.
  static func bytes(_ path: String, limit: Int = 1 << 20, isPlain: Bool = false) throws(Failure) -> [UInt8] {
    do {
      let descriptor =
        if isPlain {
          try PlainFile.open(path)
        } else if path == "-" {
          FileDescriptor.standardInput
        } else {
          try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
        }
      defer { if descriptor != .standardInput { try? descriptor.close() } }
      guard let all = try all(of: descriptor, limit) else {
        throw Failure(message: "\(path): larger than this program's limit of \(limit) bytes", code: 65)
      }
      return all
    } catch let error as Failure {
      throw error
    } catch let error as UnreadableFile {
      throw Failure(message: error.message, code: 66)
    } catch {
      throw Failure(message: "\(path): \(error)", code: 66)
    }
  }

  /// The first bytes of a plain file.
  static func beginning(_ path: String, _ count: Int) throws -> [UInt8] {
    let descriptor = try PlainFile.open(path)
    defer { try? descriptor.close() }
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let more = try bytes.withUnsafeMutableBytes { try descriptor.read(into: .init(rebasing: $0[filled...])) }
      if more == 0 { break }
      filled += more
    }
    return Array(bytes[..<filled])
  }

  /// What is left to read; nil if that is more than `limit` bytes.
  static func all(of descriptor: FileDescriptor, _ limit: Int) throws -> [UInt8]? {
    var all: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try block.withUnsafeMutableBytes { try descriptor.read(into: $0) }
      if count == 0 { return all }
      all.append(contentsOf: block[..<count])
      guard all.count <= limit else { return nil }
    }
  }

  /// Whether a file is a script or a recording.
  static func isSession(_ path: String) -> Bool {
    path.hasSuffix(".session") || LineReader.begins(path, with: "#workbench ")
  }

  /// A token as bytes; one that was written down in hexadecimal or base64 is turned back.
  static func token(_ path: String) throws(Failure) -> [UInt8] {
    let raw = try bytes(path)
    guard let first = raw.first, first < 0x80, raw.allSatisfy({ (0x20..<0x7F).contains($0) || $0 == 10 || $0 == 13 }) else {
      return raw
    }
    let text = String(decoding: raw.filter { $0 > 0x20 }, as: UTF8.self)
    return hexadecimal(text) ?? base64(text) ?? raw
  }

  /// Whether bytes begin with one of the tags of CCA tokens, 399 and 907, or with that of a COSE_Sign1, 18.
  static func beginsAsToken(_ bytes: [UInt8]) -> Bool {
    [[0xD9, 0x01, 0x8F], [0xD9, 0x03, 0x8B], [0xD2, 0x84]].contains { bytes.starts(with: $0) }
  }

  /// Hexadecimal digits, with or without 0x.
  static func hexadecimal(_ text: String) -> [UInt8]? {
    [UInt8](hex: text.hasPrefix("0x") ? text.dropFirst(2) : text[...])
  }

  /// Base64, or base64url without padding.
  static func base64(_ text: String) -> [UInt8]? {
    var text = text.replacing("-", with: "+").replacing("_", with: "/")
    while !text.utf8.count.isMultiple(of: 4) { text += "=" }
    return Data(base64Encoded: text).map { Array($0) }
  }

  /// A token file as the view takes it.
  static func view(_ path: String, key: String?) throws -> TokenViewState.File {
    try orComplain { () throws(Failure) in
      TokenViewState.File(
        name: fileName(path), bytes: try token(path),
        key: try key.map { (path) throws(Failure) in try self.key(path) })
    }
  }
}
