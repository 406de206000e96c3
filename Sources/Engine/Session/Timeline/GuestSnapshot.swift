import Basics
import Crypto
import Host
import Machine

/// A guest in a file, to go on from on any machine: what the Host's software knows of it, its disks, what it printed last, and the state
/// of the machine ("SavedState").
///
/// A line that says what it is, one with the SHA-256 of all that follows, one for each part, an empty line, then the parts' bytes. Such a
/// file may come from a stranger: its parts are checked as those of a recording and of a state are, and the sum before them.
package struct GuestSnapshot: Sendable {
  package struct Malformed: Error, Sendable, Equatable {
    package let message: String
  }

  package static let firstLine = "#workbench-snapshot 1"
  /// Largest file.
  package static let most = 2 << 30
  /// Most bytes of the lines of its head, of a note, and of the console that is kept.
  private static let longest = (head: 4096, note: 64 << 20, console: 256 << 10)

  /// Lines of the ``HostNote``.
  let note: String
  let console: [UInt8]
  package let disks: [DiskImage]
  /// The archive of the folder it may read.
  let share: DiskImage?
  /// The bytes of a ``SavedState``.
  let state: [UInt8]

  private enum Part: String {
    case note, console, disk, share, state
  }

  // MARK: Writing

  /// The guest a VMM has, on the session it acts on: between two entries, and as long as it can be entered again.
  package static func bytes(_ session: Session, _ vm: RealmVM) -> [UInt8] {
    var parts: [(Part, [UInt8])] = [
      (.note, Array(vm.noteText.utf8)), (.console, Array(vm.uart.bytes(from: max(0, vm.uart.count - longest.console)))),
    ]
    parts += vm.options.disks.map { (.disk, $0.packed) }
    if let share = vm.options.share { parts.append((.share, share.archive.packed)) }
    parts.append((.state, session.savedState()))
    var body = Array((parts.map { "\($0.0.rawValue) \($0.1.count)\n" }.joined() + "\n").utf8)
    body.reserveCapacity(body.count + parts.reduce(0) { $0 + $1.1.count })
    for (_, bytes) in parts { body += bytes }
    return sealed(body)
  }

  /// With the lines that stand before it.
  package static func sealed(_ body: [UInt8]) -> [UInt8] {
    Array("\(firstLine)\nsha256 \(hexBytes(Array(SHA256.hash(data: body))))\n".utf8) + body
  }

  // MARK: Reading

  /// - Parameter bytes: of the file, at most ``most``.
  package init(_ bytes: [UInt8]) throws(Malformed) {
    var rest = bytes[...]
    guard Self.line(&rest) == Self.firstLine else {
      throw Malformed(message: "not a snapshot: its first line is not \"\(Self.firstLine)\"")
    }
    guard let sum = Self.line(&rest)?.split(separator: " "), sum.count == 2, sum[0] == "sha256",
      let expected = [UInt8](hex: String(sum[1]))
    else { throw Malformed(message: "the second line is not \"sha256 …\"") }
    guard rest.withUnsafeBytes({ SHA256.hash(data: $0) }).elementsEqual(expected) else {
      throw Malformed(message: "the snapshot is damaged: the SHA-256 of what it has is another than it says")
    }
    var sizes: [(part: Part, count: Int)] = []
    while let line = Self.line(&rest), !line.isEmpty {
      let words = line.split(separator: " ")
      guard words.count == 2, let part = Part(rawValue: String(words[0])), let count = Int(words[1]), count >= 0,
        count <= Self.most, sizes.count < RealmVM.mostDisks + 4
      else { throw Malformed(message: "expected a part and how many bytes it has, found \"\(shown(line, limit: 60))\"") }
      sizes.append((part, count))
    }
    let hasShare = sizes.contains { $0.part == .share }
    let images = sizes.dropFirst(3).map { _ in Part.disk }
    let expectedParts = [Part.note, .console] + (hasShare ? images.dropLast() + [.share] : images) + [.state]
    guard sizes.map(\.part) == expectedParts else {
      throw Malformed(message: "its parts are not note, console, a disk each, share if there is one, state")
    }
    guard sizes[0].count <= Self.longest.note, sizes[1].count <= Self.longest.console else {
      throw Malformed(
        message: "a note of more than \(Self.longest.note) bytes, or a console of more than \(Self.longest.console)")
    }
    guard sizes.reduce(0, { $0 + $1.count }) == rest.count else {
      throw Malformed(message: "its parts have \(sizes.reduce(0) { $0 + $1.count }) bytes, and \(rest.count) are there")
    }
    var parts: [ArraySlice<UInt8>] = []
    for (_, count) in sizes {
      parts.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    guard let note = String(validating: parts[0], as: UTF8.self) else { throw Malformed(message: "its note is no text") }
    self.note = note
    console = Array(parts[1])
    let unpacked = try parts[2..<parts.count - 1].map { (packed) throws(Malformed) in
      guard let image = DiskImage(packed: packed) else { throw Malformed(message: "what it has of a disk cannot be one") }
      return image
    }
    share = hasShare ? unpacked.last : nil
    disks = hasShare ? unpacked.dropLast() : unpacked
    state = Array(parts[parts.count - 1])
  }

  /// A line of ASCII; nil where there is none.
  private static func line(_ rest: inout ArraySlice<UInt8>) -> String? {
    guard let end = rest.prefix(longest.head).firstIndex(of: 10), rest[..<end].allSatisfy({ (32..<127).contains($0) }) else {
      return nil
    }
    defer { rest = rest[(end + 1)...] }
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  /// A session that begins where the snapshot was taken, with what was printed before.
  package func session(keepsHistory: Bool) throws(Malformed) -> Session {
    let machine: Machine
    do throws(SavedState.Malformed) {
      machine = try SavedState.machine(state)
    } catch {
      throw Malformed(message: error.message)
    }
    do throws(HostNoteLine.Malformed) {
      _ = try hostNote(machine.configuration)
    } catch {
      throw Malformed(message: "line \(error.index + 1) of its note: \(error.message)")
    }
    return Session(machine, from: self, keepsHistory: keepsHistory)
  }

  /// What the Host's software knew, with the disks.
  package func hostNote(_ machine: MachineConfiguration) throws(HostNoteLine.Malformed) -> HostNote {
    let lines = note.split(separator: "\n", maxSplits: HostNote.mostLines).map(String.init)
    var known = try HostNote(lines, on: machine)
    insertDisks(&known)
    return known
  }

  /// Gives a note the disks.
  func insertDisks(_ note: inout HostNote) {
    for (n, disk) in note.options.disks.enumerated() {
      guard let image = disks.first(where: { $0.digest == disk.digest }) else { continue }
      note.insert(DiskImage(disk.name, image, isWritable: disk.isWritable), as: n)
    }
    if let share { note.insert(share: share) }
  }
}
