import Basics

/// A file system (virtio 1.2, 5.11), whose requests are FUSE's (Linux, include/uapi/linux/fuse.h, version 7.31): a folder of the host's
/// that nobody writes to. A Debian kernel mounts it: `mount -t virtiofs share /mnt`.
struct VirtioFiles: VirtioFunction {
  static let tag = "share"
  /// Most bytes of a request that are read, and of an answer.
  private static let longest = (request: 65536, answer: 1 << 20)
  /// How long an answer may be kept, in seconds: nothing changes.
  private static let validity: UInt64 = 3600

  private enum Opcode {
    static let (lookup, forget, getattr, readlink): (UInt64, UInt64, UInt64, UInt64) = (1, 2, 3, 5)
    static let (open, read, statfs, release): (UInt64, UInt64, UInt64, UInt64) = (14, 15, 17, 18)
    static let (flush, initialize, opendir, readdir): (UInt64, UInt64, UInt64, UInt64) = (25, 26, 27, 28)
    static let (releasedir, access, destroy, batchForget): (UInt64, UInt64, UInt64, UInt64) = (29, 34, 38, 42)
    /// What would change something: setattr, symlink, mknod, mkdir, unlink, rmdir, rename, link, write, setxattr, removexattr, create,
    /// fallocate, rename2, copy_file_range, tmpfile.
    static let changes: Set<UInt64> = [4, 6, 8, 9, 10, 11, 12, 13, 16, 21, 24, 35, 43, 45, 47, 51]
  }
  /// Linux's error numbers.
  private enum Problem {
    static let (noEntry, io, notDirectory, isDirectory, invalid): (Int32, Int32, Int32, Int32, Int32) = (2, 5, 20, 21, 22)
    static let (readOnly, notImplemented, stale): (Int32, Int32, Int32) = (30, 38, 116)
  }
  /// What an open is asked for: anything but reading.
  private static let writes: UInt64 = 0o3
  /// An `access` that asks for writing.
  private static let mayWrite: UInt64 = 2

  let folder: SharedFolder

  init(_ folder: SharedFolder) { self.folder = folder }

  var kind: VirtioKind { .files }
  /// What has priority, and one for requests.
  var queueCount: Int { 2 }
  var features: UInt64 { 0 }
  /// Tag, queues for requests.
  var configuration: [UInt8] {
    var bytes = LittleEndianBytes()
    bytes.put(Self.tag.utf8)
    bytes.pad(to: 36)
    bytes.put(1, 4)
    return bytes.bytes
  }

  mutating func serve(_ queue: Int, on device: VirtioDevice) throws(VirtioFault) {
    while let chain = try device.next(queue) {
      let request = try device.read(chain, from: 0, Self.longest.request)
      var reader = LittleEndianReader(request[...])
      guard reader.number(4) != nil, let opcode = reader.number(4), let unique = reader.number(8), let node = reader.number(8),
        reader.take(16) != nil
      else { throw .malformed("a request to the file system without a header") }
      // Nobody waits for an answer to these.
      if opcode == Opcode.forget || opcode == Opcode.batchForget {
        try device.give(queue, chain, written: 0)
        continue
      }
      let most = min(chain.room, Self.longest.answer) - 16
      guard most >= 0 else { throw .malformed("a request to the file system without room for the answer") }
      var answer = LittleEndianBytes()
      switch self.answer(opcode, node, &reader, most) {
      case .success(let bytes) where bytes.count <= most:
        answer.put(UInt64(16 + bytes.count), 4)
        answer.put(0, 4)
        answer.put(unique, 8)
        answer.put(bytes)
      case .success: Self.fail(Problem.invalid, unique, &answer)
      case .failure(let refusal): Self.fail(refusal.number, unique, &answer)
      }
      try device.write(chain, at: 0, answer.bytes)
      try device.give(queue, chain, written: answer.bytes.count)
    }
  }

  private static func fail(_ number: Int32, _ unique: UInt64, _ answer: inout LittleEndianBytes) {
    answer.put(16, 4)
    answer.put(UInt64(UInt32(bitPattern: -number)), 4)
    answer.put(unique, 8)
  }

  private struct Refusal: Error {
    let number: Int32
  }

  private func answer(_ opcode: UInt64, _ node: UInt64, _ reader: inout LittleEndianReader, _ most: Int) -> Result<
    [UInt8], Refusal
  > {
    func refused(_ number: Int32) -> Result<[UInt8], Refusal> { .failure(Refusal(number: number)) }
    if opcode == Opcode.initialize { return greet(&reader) }
    if opcode == Opcode.destroy { return .success([]) }
    if Opcode.changes.contains(opcode) { return refused(Problem.readOnly) }
    // Nodes count from 1, the folder itself.
    guard node >= 1, node <= UInt64(folder.nodes.count) else { return refused(Problem.stale) }
    let index = Int(node) - 1
    let found = folder.nodes[index]
    guard !folder.isMissing || opcode == Opcode.getattr || opcode == Opcode.statfs else { return refused(Problem.io) }
    var answer = LittleEndianBytes()
    switch opcode {
    case Opcode.lookup:
      guard found.isFolder else { return refused(Problem.notDirectory) }
      let name = String(decoding: reader.rest.prefix { $0 != 0 }, as: UTF8.self)
      guard let child = folder.child(name, of: index) else { return refused(Problem.noEntry) }
      answer.put(UInt64(child) + 1, 8)
      answer.put(0, 8)
      for _ in 0..<2 { answer.put(Self.validity, 8) }
      answer.put(0, 8)
      put(attributesOf: child, in: &answer)
    case Opcode.getattr:
      answer.put(Self.validity, 8)
      answer.put(0, 8)
      put(attributesOf: index, in: &answer)
    case Opcode.open, Opcode.opendir:
      guard let flags = reader.number(4) else { return refused(Problem.invalid) }
      guard flags & Self.writes == 0 else { return refused(Problem.readOnly) }
      guard found.isFolder == (opcode == Opcode.opendir) else {
        return refused(found.isFolder ? Problem.isDirectory : Problem.notDirectory)
      }
      answer.put(node, 8)
      // FOPEN_KEEP_CACHE.
      answer.put(2, 4)
      answer.put(0, 4)
    case Opcode.read, Opcode.readdir:
      guard reader.number(8) != nil, let offset = reader.number(8), let size = reader.number(4) else {
        return refused(Problem.invalid)
      }
      let count = min(Int(size), most)
      if opcode == Opcode.read {
        guard !found.isFolder else { return refused(Problem.isDirectory) }
        answer.put(folder.bytes(of: index, from: offset, count))
      } else {
        guard found.isFolder else { return refused(Problem.notDirectory) }
        put(entriesOf: index, from: offset, count, in: &answer)
      }
    case Opcode.statfs:
      let blocks = folder.archive.size / 512
      for value in [blocks, 0, 0, UInt64(folder.nodes.count), 0] { answer.put(value, 8) }
      for value in [512, UInt64(SharedFolder.longestName), 512, 0] { answer.put(value, 4) }
      answer.put([UInt8](repeating: 0, count: 24))
    case Opcode.access:
      guard let mask = reader.number(4) else { return refused(Problem.invalid) }
      if mask & Self.mayWrite != 0 { return refused(Problem.readOnly) }
    case Opcode.release, Opcode.releasedir, Opcode.flush: break
    case Opcode.readlink: return refused(Problem.invalid)
    default: return refused(Problem.notImplemented)
    }
    return .success(answer.bytes)
  }

  /// FUSE_INIT: the kernel says its version, and both do what the lower one has.
  private func greet(_ reader: inout LittleEndianReader) -> Result<[UInt8], Refusal> {
    guard let major = reader.number(4), reader.number(4) != nil, let readAhead = reader.number(4), major >= 7 else {
      return .failure(Refusal(number: Problem.invalid))
    }
    var answer = LittleEndianBytes()
    for value in [7, 31, min(readAhead, 1 << 17), 0] as [UInt64] { answer.put(value, 4) }
    // Most requests in the background, and of how many on it is slowed down.
    for value in [16, 12] as [UInt64] { answer.put(value, 2) }
    // Most bytes of a write, granularity of times in nanoseconds.
    for value in [4096, 1] as [UInt64] { answer.put(value, 4) }
    answer.put([UInt8](repeating: 0, count: 64 - answer.bytes.count))
    return .success(answer.bytes)
  }

  /// fuse_attr.
  private func put(attributesOf index: Int, in answer: inout LittleEndianBytes) {
    let node = folder.nodes[index]
    let size = UInt64(node.content.count)
    for value in [UInt64(index) + 1, size, (size + 511) / 512, 0, 0, 0] { answer.put(value, 8) }
    for _ in 0..<3 { answer.put(0, 4) }
    let mode: UInt64 = node.isFolder ? 0o040555 : node.isExecutable ? 0o100555 : 0o100444
    for value in [mode, node.isFolder ? 2 : 1, 0, 0, 0, 4096, 0] { answer.put(value, 4) }
  }

  /// fuse_dirent, as many as have room. An offset is how many stand before.
  private func put(entriesOf index: Int, from offset: UInt64, _ most: Int, in answer: inout LittleEndianBytes) {
    let node = folder.nodes[index]
    let names = [(".", index), ("..", node.parent)] + node.children.map { (folder.nodes[$0].name, $0) }
    guard offset < UInt64(names.count) else { return }
    for n in Int(offset)..<names.count {
      let (name, child) = names[n]
      guard answer.bytes.count + (24 + name.utf8.count + 7) & ~7 <= most else { return }
      answer.put(UInt64(child) + 1, 8)
      answer.put(UInt64(n) + 1, 8)
      answer.put(UInt64(name.utf8.count), 4)
      // DT_DIR, DT_REG.
      answer.put(folder.nodes[child].isFolder ? 4 : 8, 4)
      answer.put(name.utf8)
      answer.pad(to: 8)
    }
  }

  mutating func reset() {}

  // MARK: Known again

  /// Nothing changes in it.
  var stateSize: Int { 0 }
  var state: [UInt8] { [] }
  mutating func restore(_ bytes: [UInt8]) -> Bool { bytes.isEmpty }
}
