/// What a domain's XML may reach: images in the folder of the XML, and those somebody named on our command line.
package struct FilePolicy: Sendable {
  /// Folders whose files may be opened.
  package var folders: [String]
  /// Single files beside them.
  package var named: Set<String>
  /// Reads a file. This and `exists` are all that touches the host's files.
  package var reader: @Sendable (String) -> Answer
  /// Whether there is a file at a path.
  package var exists: @Sendable (String) -> Bool

  package enum Answer: Sendable, Equatable {
    case bytes([UInt8])
    case missing
    /// It cannot be read; strerror's words.
    case unreadable(String)
  }

  package init(
    folders: [String] = [], named: Set<String> = [], exists: @escaping @Sendable (String) -> Bool,
    reader: @escaping @Sendable (String) -> Answer
  ) {
    self.folders = folders.map { Self.normal($0, in: "/") }
    (self.named, self.exists, self.reader) = (named, exists, reader)
  }

  /// A policy by which there is no file.
  package static let none = FilePolicy(exists: { _ in false }, reader: { _ in .missing })

  /// The path of a file, if it may be opened: relative ones begin in `folder`. The reader must see to it that a symbolic link does not
  /// lead out of the folders.
  package func path(_ text: String, in folder: String) -> String? {
    let path = Self.normal(text, in: folder)
    let isAllowed = named.contains(path) || named.contains(text) || folders.contains { path.hasPrefix($0 == "/" ? "/" : $0 + "/") }
    return isAllowed ? path : nil
  }

  /// The bytes of a file that may be opened. What may not be is not there, as far as a guest is told.
  package func read(_ text: String, in folder: String) -> Answer {
    guard let path = path(text, in: folder) else { return .missing }
    return reader(path)
  }

  /// Whether there is a file that may be opened.
  func has(_ text: String, in folder: String) -> Bool { path(text, in: folder).map(exists) ?? false }

  /// A path without `.`, `..` and doubled slashes.
  static func normal(_ text: String, in folder: String) -> String {
    var parts: [Substring] = []
    let whole = text.hasPrefix("/") ? text : folder + "/" + text
    for part in whole.split(separator: "/") {
      if part == "." { continue }
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
