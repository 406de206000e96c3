/// A bank of NOR flash as QEMU's virt machine has two of: two chips of 16 bits side by side on a bus of 32, with Intel's command set
/// (JEDEC JEP137 algorithm 1; CFI is JESD68.01). What it has is memory that the guest reads, and runs code from, while the chips are in
/// read-array mode; a store is a command, and until they are in that mode again every access is one of the bus.
///
/// Both chips get the same commands, as drivers of interleaved chips give them: they have one state. They are always done at once.
final class NORFlash: Device {
  static let size: UInt64 = 64 << 20
  /// What one command erases, of both chips.
  static let blockSize: UInt64 = 256 << 10
  /// Most accesses of the bus that a program of the write buffer takes: 2 KiB for each chip.
  static let mostBuffered = 1024

  /// What a load gives.
  enum Mode: UInt8, Sendable {
    case array
    case status
    case identifier
    case query
  }

  /// What the next store is.
  enum Cycle: UInt8, Sendable {
    case command
    case program
    case eraseConfirm
    case lock
    case bufferCount
    case bufferData
    case bufferConfirm
  }

  struct Write: Equatable, Sendable {
    var offset: UInt32
    var size: UInt8
    var value: UInt32
  }

  /// What of it can be known again; its content is memory.
  struct State: Equatable, Sendable {
    var mode = Mode.array
    var cycle = Cycle.command
    var status = Status.ready
    /// Accesses that are still to come for the write buffer, and those that have.
    var awaited = 0
    var buffer: [Write] = []
  }

  /// The status register of each chip.
  enum Status {
    static let protected: UInt8 = 1 << 1
    static let programError: UInt8 = 1 << 4
    static let eraseError: UInt8 = 1 << 5
    static let ready: UInt8 = 1 << 7
    /// A command in a place where it cannot stand.
    static let sequenceError = programError | eraseError
  }

  private enum Command {
    static let program: UInt8 = 0x40
    static let programAlternate: UInt8 = 0x10
    static let erase: UInt8 = 0x20
    static let clearStatus: UInt8 = 0x50
    static let lock: UInt8 = 0x60
    static let readStatus: UInt8 = 0x70
    static let readIdentifier: UInt8 = 0x90
    static let query: UInt8 = 0x98
    static let confirm: UInt8 = 0xD0
    static let writeBuffer: UInt8 = 0xE8
  }

  let range: Range<UInt64>
  /// Whether programs and erasures are done; else the chips say that their blocks are protected.
  private let isWritable: Bool
  /// Its content, by the guest's address.
  private let content: VirtioMemory
  var state = State()
  /// Hears when it goes into read-array mode (true) and out of it.
  var onMode: (Bool) -> Void = { _ in }

  init(at base: UInt64, isWritable: Bool, _ content: VirtioMemory) {
    range = base..<base + Self.size
    self.isWritable = isWritable
    self.content = content
  }

  /// Whether what it has is memory for now.
  var isArray: Bool { state.mode == .array && state.cycle == .command }

  func reset() { change { state = State() } }

  private func change(_ body: () -> Void) {
    let before = isArray
    body()
    if isArray != before { onMode(isArray) }
  }

  // MARK: Loads

  func read(_ offset: UInt64, size: UInt64) -> UInt64 {
    guard offset <= Self.size - size else { return 0 }
    if isArray {
      let bytes = content.read(range.lowerBound + offset, Int(size)) ?? []
      return bytes.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
    }
    // Each chip answers on its half of the bus; a chip's word is 16 bits.
    return (0..<size).reduce(0) { value, n in
      let word = word((offset + n) / 4)
      let byte = UInt8(truncatingIfNeeded: (offset + n) & 1 == 0 ? word : word >> 8)
      return value | UInt64(byte) << (8 * n)
    }
  }

  private func word(_ index: UInt64) -> UInt16 {
    switch state.cycle == .command ? state.mode : .status {
    case .array: 0
    case .status: UInt16(state.status)
    // Intel, and the chip's code; behind them is how each block is locked: none is.
    case .identifier: index & 0xFF == 0 ? 0x89 : index & 0xFF == 1 ? 0x18 : 0
    case .query: index < UInt64(Self.queryTable.count) ? UInt16(Self.queryTable[Int(index)]) : 0
    }
  }

  /// The answer of each chip to a CFI query, a byte a word.
  private static let queryTable: [UInt8] = {
    var table = [UInt8](repeating: 0, count: 0x40)
    func put(_ place: Int, _ bytes: UInt8...) { table.replaceSubrange(place..<place + bytes.count, with: bytes) }
    // "QRY", Intel's extended command set, whose table is at 0x31.
    put(0x10, 0x51, 0x52, 0x59, 0x01, 0x00, 0x31, 0x00)
    // Vcc 4.5 to 5.5 V; typical and longest times as powers of two: a word, a buffer, a block.
    put(0x1B, 0x45, 0x55, 0x00, 0x00, 0x07, 0x07, 0x0A, 0x00, 0x04, 0x04, 0x04, 0x00)
    // 32 MiB of 16 bits, write buffer of 2 KiB, one region: 256 blocks of 128 KiB.
    put(0x27, 0x19, 0x02, 0x00, 0x0B, 0x00, 0x01, 0xFF, 0x00, 0x00, 0x02)
    // "PRI", version 1.0, one protection register.
    put(0x31, 0x50, 0x52, 0x49, 0x31, 0x30)
    table[0x3F] = 1
    return table
  }()

  // MARK: Stores

  func write(_ offset: UInt64, size: UInt64, _ value: UInt64) {
    guard offset <= Self.size - size else { return }
    guard size <= 4 else {
      // Two accesses of the bus.
      write(offset, size: 4, value & 0xFFFF_FFFF)
      return write(offset + 4, size: 4, value >> 32)
    }
    change { take(offset, size, value) }
  }

  private func take(_ offset: UInt64, _ size: UInt64, _ value: UInt64) {
    let command = UInt8(truncatingIfNeeded: value)
    let cycle = state.cycle
    state.cycle = .command
    switch cycle {
    case .command: begin(command)
    case .program: program([Write(offset: UInt32(offset), size: UInt8(size), value: UInt32(truncatingIfNeeded: value))])
    case .eraseConfirm: if command == Command.confirm { erase(offset) } else { fail() }
    // Locking, unlocking, locking down: no block is locked.
    case .lock: if ![0x01, Command.confirm, 0x2F].contains(command) { fail() }
    case .bufferCount:
      let count = Int(value & 0xFFFF) + 1
      guard count <= Self.mostBuffered else { return fail() }
      (state.awaited, state.buffer, state.cycle) = (count, [], .bufferData)
    case .bufferData:
      state.buffer.append(Write(offset: UInt32(offset), size: UInt8(size), value: UInt32(truncatingIfNeeded: value)))
      state.awaited -= 1
      state.cycle = state.awaited > 0 ? .bufferData : .bufferConfirm
    case .bufferConfirm:
      let writes = state.buffer
      state.buffer = []
      if command == Command.confirm { program(writes) } else { fail() }
    }
  }

  private func begin(_ command: UInt8) {
    switch command {
    case Command.program, Command.programAlternate: (state.mode, state.cycle) = (.status, .program)
    case Command.erase: (state.mode, state.cycle) = (.status, .eraseConfirm)
    case Command.lock: (state.mode, state.cycle) = (.status, .lock)
    case Command.writeBuffer: (state.mode, state.cycle) = (.status, .bufferCount)
    case Command.readStatus: state.mode = .status
    case Command.readIdentifier: state.mode = .identifier
    case Command.query: state.mode = .query
    case Command.clearStatus: (state.mode, state.status) = (.array, Status.ready)
    // 0xFF, and what is no command.
    default: state.mode = .array
    }
  }

  private func fail(_ bits: UInt8 = Status.sequenceError) { state.status |= bits }

  /// Bits become 0; only an erasure makes them 1.
  private func program(_ writes: [Write]) {
    guard isWritable else { return fail(Status.programError | Status.protected) }
    for write in writes {
      let address = range.lowerBound + UInt64(write.offset)
      guard let old = content.read(address, Int(write.size)) else { return fail(Status.programError) }
      let new = old.enumerated().map { $0.element & UInt8(truncatingIfNeeded: write.value >> UInt32(8 * $0.offset)) }
      guard new == old || content.write(address, new) else { return fail(Status.programError) }
    }
  }

  private func erase(_ offset: UInt64) {
    guard isWritable else { return fail(Status.eraseError | Status.protected) }
    let block = range.lowerBound + offset / Self.blockSize * Self.blockSize
    for page in stride(from: block, to: block + Self.blockSize, by: Self.pageSize) {
      guard let old = content.read(page, Self.pageSize) else { return fail(Status.eraseError) }
      guard old.contains(where: { $0 != 0xFF }) else { continue }
      guard content.write(page, [UInt8](repeating: 0xFF, count: Self.pageSize)) else { return fail(Status.eraseError) }
    }
  }

  private static let pageSize = 4096
}

extension NORFlash.State {
  /// Most bytes of what is in a write buffer.
  static let mostBytes = 9 * NORFlash.mostBuffered

  /// What is in the write buffer, as it is written down.
  var bufferBytes: [UInt8] {
    var bytes = LittleEndianBytes()
    for write in buffer {
      bytes.put(UInt64(write.offset), 4)
      bytes.put(UInt64(write.size), 1)
      bytes.put(UInt64(write.value), 4)
    }
    return bytes.bytes
  }

  /// Nil: no flash can be in this state.
  init?(mode: UInt64, cycle: UInt64, status: UInt64, awaited: UInt64, buffer bytes: [UInt8]) {
    guard let mode = NORFlash.Mode(rawValue: UInt8(clamping: mode)), let cycle = NORFlash.Cycle(rawValue: UInt8(clamping: cycle)),
      status <= 0xFF, bytes.count % 9 == 0, bytes.count <= Self.mostBytes
    else { return nil }
    self.init()
    (self.mode, self.cycle, self.status) = (mode, cycle, UInt8(status))
    buffer = stride(from: 0, to: bytes.count, by: 9).map { place in
      func number(_ from: Int, _ count: Int) -> UInt32 {
        (0..<count).reduce(0) { $0 | UInt32(bytes[place + from + $1]) << UInt32(8 * $1) }
      }
      return NORFlash.Write(offset: number(0, 4), size: UInt8(number(4, 1)), value: number(5, 4))
    }
    let isFilling = cycle == .bufferData
    guard buffer.allSatisfy({ [1, 2, 4].contains($0.size) && UInt64($0.offset) + UInt64($0.size) <= NORFlash.size }),
      isFilling ? (1...NORFlash.mostBuffered - buffer.count).contains(Int(clamping: awaited)) : awaited == 0,
      isFilling || cycle == .bufferConfirm || buffer.isEmpty
    else { return nil }
    self.awaited = Int(awaited)
  }
}
