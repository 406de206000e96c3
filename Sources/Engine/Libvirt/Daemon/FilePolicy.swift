/// What a domain's XML may reach: images in the folder of the XML, and those somebody named on our command line.
package struct FilePolicy: Sendable {
  /// Folders whose files may be opened.
  package var folders: [String]
  /// Single files beside them.
  package var named: Set<String>
  /// The files themselves; nothing else touches them.
  package var source: any FileSource

  package init(folders: [String] = [], named: Set<String> = [], _ source: any FileSource) {
    self.folders = folders.map { Self.normal($0, in: "/") }
    (self.named, self.source) = (Set(named.map { Self.normal($0, in: "/") }), source)
  }

  /// The same, and a folder more.
  package func allowing(_ folder: String) -> FilePolicy {
    var policy = self
    policy.folders.append(Self.normal(folder, in: "/"))
    return policy
  }

  /// A file that may be opened: its path without `.` and `..`; relative ones begin in `folder`. Nil for any other.
  package func file(_ text: String, in folder: String) -> PermittedFile? {
    let path = Self.normal(text, in: folder)
    if named.contains(path) { return PermittedFile(path: path, root: nil) }
    let root = folders.first { path.hasPrefix($0 == "/" ? "/" : $0 + "/") }
    return root.map { PermittedFile(path: path, root: $0) }
  }

  /// The bytes of a file that may be opened. What may not be is not there, as far as a guest is told.
  package func read(_ text: String, in folder: String) -> FileAnswer {
    guard let file = file(text, in: folder) else { return .missing }
    return source.read(file)
  }

  /// Whether there is a file that may be opened.
  package func has(_ text: String, in folder: String) -> Bool { file(text, in: folder).map(source.exists) ?? false }

  /// A path without `.`, `..` and doubled slashes.
  package static func normal(_ text: String, in folder: String) -> String {
    var parts: [Substring] = []
    let whole = text.hasPrefix("/") ? text : folder + "/" + text
    for part in whole.split(separator: "/") {
      if part == "." { continue }
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}

/// A file that a policy lets somebody open.
package struct PermittedFile: Equatable, Sendable {
  package let path: String
  /// The folder it must be in when its symbolic links are followed; nil if it was named, and may be anywhere.
  package let root: String?

  package init(path: String, root: String?) { (self.path, self.root) = (path, root) }
}

/// The host's files, as whoever runs libvirt has them.
package protocol FileSource: Sendable {
  func exists(_ file: PermittedFile) -> Bool
  func read(_ file: PermittedFile) -> FileAnswer
  func isFolder(_ path: String) -> Bool
}

package enum FileAnswer: Equatable, Sendable {
  case bytes([UInt8])
  case missing
  /// It cannot be read; strerror's words.
  case unreadable(String)
}
