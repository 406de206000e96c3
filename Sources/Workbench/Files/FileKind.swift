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
  /// The XML of a libvirt domain.
  case domain
  /// A guest to go on from.
  case snapshot

  init(of path: String) {
    self = SnapshotFile.isSnapshot(path) ? .snapshot : .session
    guard self == .session else { return }
    guard path != "-", let bytes = try? TokenFile.beginning(path, 4096) else { return }
    if bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]) || bytes.count >= 64 && bytes[56..<60].elementsEqual("ARM\u{64}".utf8) {
      self = .image
    } else if Self.beginsAsDomain(bytes) {
      self = .domain
    } else if let token = try? TokenFile.token(path), TokenFile.beginsAsToken(token) {
      self = .token
    }
  }

  /// An element `domain`, behind a declaration and comments.
  private static func beginsAsDomain(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.first(where: { !$0.isWhitespace && $0 != "\u{FEFF}" }) == "<" else { return false }
    let element = text.split(separator: "<").first {
      !$0.hasPrefix("?") && !$0.hasPrefix("!--") && !$0.allSatisfy { $0.isWhitespace || $0 == "\u{FEFF}" }
    }
    return element.map { $0.prefix { $0.isLetter } == "domain" } ?? false
  }
}
