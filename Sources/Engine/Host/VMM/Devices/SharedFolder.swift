import Basics

/// A folder that a guest may read, as it was when it was read: an archive in the form of an initial RAM disk ("newc" of cpio), with
/// folders and files alone. What stands in it can be a stranger's: names lead nowhere but into it, and there is a bound on everything.
package struct SharedFolder: Sendable {
  package struct Node: Sendable, Equatable {
    package let name: String
    package let isFolder: Bool
    /// Whether its owner may execute it.
    package let isExecutable: Bool
    /// Where its content is in the archive.
    let content: Range<Int>
    let parent: Int
    /// Of a folder, by name.
    fileprivate(set) var children: [Int] = []
  }

  /// Files and folders, bytes of a name, and folders in each other.
  package static let mostNodes = 65_536
  package static let longestName = 255
  package static let deepest = 64
  /// Bytes of all.
  package static let most = 256 << 20

  /// The archive, with its name, size and SHA-256; its bytes are missing if a recording tells of a folder that is not there.
  package let archive: DiskImage
  /// The folder itself is the first.
  package let nodes: [Node]

  /// - Parameter archive: with nothing in it, a folder that is not there, or is empty.
  package init?(_ archive: DiskImage) {
    self.archive = archive
    guard let nodes = Self.nodes(of: archive.bytes) else { return nil }
    self.nodes = nodes
  }

  /// One whose archive is not there.
  init(missing name: String, size: UInt64, digest: [UInt8]) {
    archive = DiskImage(missing: name, size: size, digest: digest, isWritable: false)
    nodes = [Self.root]
  }

  private static let root = Node(name: "", isFolder: true, isExecutable: true, content: 0..<0, parent: 0)

  /// Whether nothing is known of what was in it.
  var isMissing: Bool { archive.isMissing }

  /// What has a name in a folder.
  func child(_ name: String, of folder: Int) -> Int? {
    let children = nodes[folder].children
    let place = children.partitionPoint { nodes[$0].name >= name }
    return place < children.count && nodes[children[place]].name == name ? children[place] : nil
  }

  /// Bytes of a file.
  func bytes(of file: Int, from offset: UInt64, _ count: Int) -> ArraySlice<UInt8> {
    let content = nodes[file].content
    guard offset < UInt64(content.count) else { return [] }
    let start = content.lowerBound + Int(offset)
    return archive.bytes[start..<min(start + count, content.upperBound)]
  }

  // MARK: Archives

  private static let magic = Array("070701".utf8)
  private static let headerSize = 110
  private static let last = "TRAILER!!!"
  private static let (folder, file): (UInt64, UInt64) = (0o040000, 0o100000)

  /// What an archive has to say of a name.
  package struct Entry {
    /// Names of folders and its own.
    package let path: [String]
    package let isExecutable: Bool
    /// Nil: a folder.
    package let bytes: [UInt8]?

    package init(path: [String], isExecutable: Bool = false, bytes: [UInt8]?) {
      (self.path, self.isExecutable, self.bytes) = (path, isExecutable, bytes)
    }
  }

  /// An archive of these; a folder stands before what is in it.
  package static func archive(_ entries: [Entry]) -> [UInt8] {
    var bytes = LittleEndianBytes()
    func put(_ name: String, _ mode: UInt64, _ content: [UInt8]) {
      bytes.put(magic)
      let fields: [UInt64] = [0, mode, 0, 0, 1, 0, UInt64(content.count), 0, 0, 0, 0, UInt64(name.utf8.count + 1), 0]
      for field in fields {
        let digits = String(field & 0xFFFF_FFFF, radix: 16, uppercase: true)
        bytes.put(String(repeating: "0", count: 8 - digits.count).utf8)
        bytes.put(digits.utf8)
      }
      bytes.put(name.utf8)
      bytes.put([0])
      bytes.pad(to: 4)
      bytes.put(content)
      bytes.pad(to: 4)
    }
    for entry in entries {
      let mode = entry.bytes == nil ? folder | 0o555 : file | (entry.isExecutable ? 0o555 : 0o444)
      put(entry.path.joined(separator: "/"), mode, entry.bytes ?? [])
    }
    put(last, 0, [])
    bytes.pad(to: 512)
    return bytes.bytes
  }

  private static func nodes(of bytes: [UInt8]) -> [Node]? {
    var nodes = [root]
    var places: [String: Int] = ["": 0]
    guard !bytes.isEmpty else { return nodes }
    var at = 0
    while true {
      guard bytes.count - at >= headerSize, bytes[at..<at + 6].elementsEqual(magic) else { return nil }
      func field(_ n: Int) -> Int? {
        let digits = String(decoding: bytes[(at + 6 + 8 * n)..<(at + 14 + 8 * n)], as: UTF8.self)
        return UInt32(digits, radix: 16).map { Int($0) }
      }
      guard let mode = field(1), let size = field(6), let length = field(11), length > 0, length <= 32768,
        bytes.count - at - headerSize >= length
      else { return nil }
      let start = at + headerSize
      let name = String(decoding: bytes[start..<start + length - 1], as: UTF8.self)
      let content = (start + length + 3) & ~3
      guard content <= bytes.count, size <= bytes.count - content else { return nil }
      if name == last { break }
      at = (content + size + 3) & ~3
      guard at <= bytes.count, nodes.count < mostNodes else { return nil }
      let path = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard path.count <= deepest, path.allSatisfy(isName), let parent = places[path.dropLast().joined(separator: "/")],
        nodes[parent].isFolder, places[name] == nil
      else { return nil }
      let kind = UInt64(mode) & 0o170000
      guard kind == file || (kind == folder && size == 0) else { return nil }
      places[name] = nodes.count
      nodes[parent].children.append(nodes.count)
      nodes.append(
        Node(
          name: path[path.count - 1], isFolder: kind == folder, isExecutable: mode & 0o100 != 0,
          content: content..<content + size,
          parent: parent))
    }
    for index in nodes.indices where nodes[index].isFolder {
      nodes[index].children = nodes[index].children.sorted { nodes[$0].name < nodes[$1].name }
    }
    return nodes
  }

  /// Whether that can be the name of a file in a folder, and leads nowhere else.
  package static func isName(_ name: String) -> Bool {
    (1...longestName).contains(name.utf8.count) && name != "." && name != ".." && !name.utf8.contains(0)
      && !name.utf8.contains(0x2F)
  }
}
