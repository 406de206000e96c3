import Basics

/// The state of a machine as a file: a line that says what it is, a line with the machine, a line with its digest, then bytes.
///
/// Only what differs from a machine of the same kind that has just booted is in it, so an idle machine takes a few hundred bytes.
/// Such a file may come from a stranger: everything in it is checked before it is used, and the digest at the end.
public enum SavedState {
  public struct Malformed: Error, Sendable, Equatable {
    public let message: String

    package init(message: String) {
      self.message = message
    }
  }

  static let firstLine = "#workbench-state 1"

  /// How a granule's contents are written.
  private enum Contents: UInt64 {
    case zero = 0
    /// As when it booted.
    case booted
    /// Runs of equal words: how many, the word; until there are 512.
    case runs
    /// 4096 bytes.
    case bytes
  }

  /// Memory that any file may unpack to; a larger one may to ``mostUnpacked`` times as much as it has.
  static let leastUnpacked: UInt64 = 192 << 20
  private static let mostUnpacked: UInt64 = 64

  // MARK: Writing

  public static func bytes(_ machine: inout Machine) -> [UInt8] { bytes(&machine, leastUnpacked: leastUnpacked) }

  package static func bytes(_ machine: inout Machine, leastUnpacked: UInt64) -> [UInt8] {
    let digest = machine.digest()
    let booted = Machine(machine.configuration)
    var writer = StateWriter()
    for word in machine.control.words { writer.number(word) }
    var touched: Set<UInt64> = []
    var changed = 0
    var granules = StateWriter()
    var previous: UInt64 = 0
    // What it takes to read it: see `readGranules`.
    var unpacked: UInt64 = 0
    func place(_ address: UInt64, _ record: UInt8) {
      if changed == 0 || address >> 21 != previous >> 9 { unpacked += UInt64(MemoryChunk.size) }
      if changed == 0 || address >> 30 != previous >> 18 { unpacked += UInt64(MemoryDirectory.regionSize) }
      granules.number(address >> 12 &- previous)
      previous = address >> 12
      granules.number(UInt64(record))
      changed += 1
    }
    func add(_ address: UInt64, _ page: UnsafeRawPointer?, _ record: UInt8) {
      place(address, record)
      unpacked += 4096
      let isPacked = unpacked <= max(leastUnpacked, UInt64(granules.bytes.count) * mostUnpacked)
      write(page ?? machine.memory.page(address), isPacked: isPacked, &granules)
    }
    machine.memory.forEachGranule { address, page, record in
      touched.insert(address)
      let old = booted.memory.page(address)
      let isSame = Memory.isEqual(page ?? machine.memory.page(address), old)
      guard !isSame || record != booted.memory.record(address) else { return }
      if isSame {
        place(address, record)
        granules.number(Contents.booted.rawValue)
      } else {
        add(address, page, record)
      }
    }
    // What the boot wrote and somebody has wiped.
    var wiped: [UInt64] = []
    booted.memory.forEachGranule { address, page, record in
      if !touched.contains(address), record != 0 || page.map({ !Memory.isEqual($0, machine.memory.page(address)) }) == true {
        wiped.append(address)
      }
    }
    for address in wiped { add(address, nil, 0) }
    writer.number(UInt64(changed))
    let head = "\(firstLine)\nmachine \(machine.configuration.propertyText)\ndigest \(hex(digest))\n"
    return Array(head.utf8) + writer.bytes + granules.bytes
  }

  private static func write(_ page: UnsafeRawPointer, isPacked: Bool, _ out: inout StateWriter) {
    func word(_ n: Int) -> UInt64 { UInt64(littleEndian: page.load(fromByteOffset: n * 8, as: UInt64.self)) }
    var runs: [(count: UInt64, word: UInt64)] = []
    for n in 0..<512 {
      if let last = runs.last, last.word == word(n) { runs[runs.count - 1].count += 1 } else { runs.append((1, word(n))) }
    }
    if runs.count == 1, runs[0].word == 0 { return out.number(Contents.zero.rawValue) }
    guard isPacked, runs.count < 400 else {
      out.number(Contents.bytes.rawValue)
      return out.raw(UnsafeRawBufferPointer(start: page, count: 4096))
    }
    out.number(Contents.runs.rawValue)
    for run in runs {
      out.number(run.count)
      out.number(run.word)
    }
  }

  // MARK: Reading

  /// - Parameter configuration: of the machine, from its properties as a `machine` statement has them.
  package static func machine(
    _ bytes: [UInt8], configuration: (_ line: String) throws(Malformed) -> MachineConfiguration
  ) throws(Malformed) -> Machine {
    try machine(bytes, leastUnpacked: leastUnpacked, configuration: configuration)
  }

  package static func machine(
    _ bytes: [UInt8], leastUnpacked: UInt64, configuration: (_ line: String) throws(Malformed) -> MachineConfiguration
  ) throws(Malformed) -> Machine {
    var reader = StateReader(bytes)
    guard reader.line() == firstLine else { throw Malformed(message: "not a state: its first line is not \"\(firstLine)\"") }
    let configuration = try configuration(reader.line() ?? "")
    guard let words = reader.line()?.split(separator: " "), words.count == 2, words[0] == "digest", words[1].hasPrefix("0x"),
      let digest = UInt64(words[1].dropFirst(2), radix: 16)
    else { throw Malformed(message: "the third line is not \"digest 0x…\"") }
    var machine = Machine(configuration)
    machine.control = try ControlState(&reader, machine)
    try readGranules(&reader, &machine, most: max(leastUnpacked, UInt64(bytes.count) * mostUnpacked))
    guard reader.isAtEnd else { throw Malformed(message: "\(reader.left) bytes follow the state") }
    guard machine.digest() == digest else {
      throw Malformed(message: "the state is damaged: its digest is \(hex(machine.digest())), the file says \(hex(digest))")
    }
    if !machine.isLab, let broken = machine.invariantViolations().first {
      throw Malformed(message: "no machine comes into this state: rule \(broken.rule), \(broken.detail)")
    }
    machine.forgetLastAction()
    return machine
  }

  /// - Parameter most: bytes of memory that the granules may take.
  private static func readGranules(_ reader: inout StateReader, _ machine: inout Machine, most: UInt64) throws(Malformed) {
    let count = try reader.number()
    var granule: UInt64 = 0
    var content = [UInt64](repeating: 0, count: 512)
    let booted = machine.memory.directory.size
    var pages = 0
    for index in 0..<count {
      granule = granule &+ (try reader.number())
      guard granule < machine.memory.limit >> 12 else { throw Malformed(message: "granule \(index) lies beyond the memory") }
      let address = granule << 12
      let record = try reader.number(upTo: 255)
      guard let kind = Contents(rawValue: try reader.number(upTo: 3)) else { continue }
      switch kind {
      case .booted: break
      case .zero: machine.memory.wipe(address)
      case .bytes:
        let bytes = try reader.raw(4096)
        pages += 1
        bytes.withUnsafeBytes { source in
          if let base = source.baseAddress { machine.memory.overwrittenPage(address).copyMemory(from: base, byteCount: 4096) }
        }
      case .runs:
        var n = 0
        var only: UInt8?
        while n < 512 {
          let length = Int(try reader.number(upTo: UInt64(512 - n)))
          guard length > 0 else { throw Malformed(message: "a run of no words in granule \(hex(address))") }
          let word = try reader.number()
          for k in n..<n + length { content[k] = word.littleEndian }
          if length == 512, word == (word & 0xFF) &* 0x0101_0101_0101_0101 { only = UInt8(truncatingIfNeeded: word) }
          n += length
        }
        if let only {
          machine.memory.share(UniformPages.all.page(of: only), at: address)
          break
        }
        pages += 1
        content.withUnsafeBytes { source in
          if let base = source.baseAddress { machine.memory.overwrittenPage(address).copyMemory(from: base, byteCount: 4096) }
        }
      }
      if record != UInt64(machine.memory.record(address)) { machine.memory.setRecord(address, UInt8(record)) }
      guard UInt64(4096 * pages + machine.memory.directory.size - booted) <= most else {
        throw Malformed(message: "its granules take more than \(sizeText(most)) of memory, as much as a state of that size may")
      }
    }
  }
}

/// Numbers in LEB128, and bytes as they are.
struct StateWriter {
  private(set) var bytes: [UInt8] = []

  mutating func number(_ value: UInt64) {
    var rest = value
    while rest > 0x7F {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func raw(_ buffer: UnsafeRawBufferPointer) { bytes.append(contentsOf: buffer) }
}

/// Reads what a ``StateWriter`` wrote; a stranger's bytes end in an error.
struct StateReader {
  private let bytes: [UInt8]
  private var position = 0

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }
  var left: Int { bytes.count - position }

  /// A line of ASCII, without its end; nil where there is none of at most 16384 bytes.
  mutating func line() -> String? {
    guard let end = bytes[position...].prefix(16384).firstIndex(of: 10),
      bytes[position..<end].allSatisfy({ (32..<127).contains($0) })
    else { return nil }
    defer { position = end + 1 }
    return String(decoding: bytes[position..<end], as: UTF8.self)
  }

  mutating func number() throws(SavedState.Malformed) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      guard position < bytes.count else { throw SavedState.Malformed(message: "the state ends early, at byte \(position)") }
      let byte = bytes[position]
      position += 1
      guard shift < 63 || byte < 2 else { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw SavedState.Malformed(message: "a number of more than 64 bits, before byte \(position)")
  }

  mutating func number(upTo most: UInt64) throws(SavedState.Malformed) -> UInt64 {
    let value = try number()
    guard value <= most else {
      throw SavedState.Malformed(message: "\(value) where at most \(most) can be, before byte \(position)")
    }
    return value
  }

  mutating func raw(_ count: Int) throws(SavedState.Malformed) -> ArraySlice<UInt8> {
    guard left >= count else { throw SavedState.Malformed(message: "the state ends early, at byte \(bytes.count)") }
    defer { position += count }
    return bytes[position..<position + count]
  }
}
