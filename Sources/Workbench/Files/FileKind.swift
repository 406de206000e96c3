import Engine
import SystemPackage

/// What a file is that is named without a subcommand, by its first bytes: the name says nothing.
enum FileKind {
  /// A script or a recording, or what is to be read as one.
  case session
  /// A CCA token: binary CBOR that begins with its tag, or the same in hexadecimal or base64.
  case token
  /// An ELF or an arm64 Linux Image.
  case image

  init(of path: String) {
    self = .session
    guard path != "-", let bytes = try? TokenFile.bytes(path, limit: 64 << 20, isPlain: true) else { return }
    if bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) || bytes.count >= 64 && bytes[56..<60].elementsEqual("ARM\u{64}".utf8) {
      self = .image
    } else if let token = try? TokenFile.token(path), TokenFile.beginsAsToken(token) {
      self = .token
    }
  }
}
