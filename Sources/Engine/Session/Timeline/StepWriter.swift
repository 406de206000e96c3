import Basics
import Machine

/// Packs steps, for ``StepPiece``. A step becomes two texts of bytes.
///
/// Its *shape* is all that many steps have alike: which call it was, what kinds of events came of it in which order, and which of its
/// numbers are the same. Its *values* are what is left: each number where it first comes. A number that was there before is a byte
/// in the shape that says where. So a million calls of RMI_GRANULE_DELEGATE have one shape, and an address each.
struct StepWriter: ~Copyable {
  /// Numbers of a step that can be named again.
  static let mostKnown = 64
  /// Says in a shape that the next number is among the values.
  static let literal = UInt8(mostKnown)

  private(set) var shape = PackedBytes()
  private(set) var values = PackedBytes()
  private var known = KnownNumbers()

  /// Packs a step.
  mutating func pack(_ step: Session.Step, into tables: inout StepTables) {
    begin()
    pack(step.input, &tables)
    count(step.entropy.count)
    for bytes in step.entropy { pack(bytes) }
    step.events.withUnsafeBufferPointer { pack($0) }
    pack(step.result, &tables)
    count(step.measured.count)
    for measured in step.measured { pack(measured) }
    count(step.minted.count)
    for token in step.minted { number(tables.object(token)) }
    pack(step.guest)
  }

  /// Packs a call of RMI or an access of the Normal world that was just done, of which its answer is all there is to say; it comes to the same
  /// as ``pack(_:into:)`` makes of the step.
  mutating func pack(
    _ action: Action, _ answer: PlainAnswer, _ machine: borrowing Machine, into tables: inout StepTables
  ) {
    begin()
    pack(action, &tables)
    count(0)
    machine.observation.withEvents { pack($0) }
    var fid: UInt64?
    if case .smc(_, let x) = action { fid = x[0] }
    shape.append(answer.kind == .registers ? StepReader.Kind.registers.rawValue : StepReader.Kind.ok.rawValue)
    interface(answer.kind == .registers ? .rmi : nil)
    withUnsafeBytes(of: answer.x) { registers(answer.count, $0.bindMemory(to: UInt64.self)) }
    shape.append(World.normal.rawValue + 1)
    optional(fid)
    pack(machine.decisions, &tables)
    // No rule was broken, nobody has exited, no guest was answered.
    for _ in 0..<3 { shape.append(0) }
    shape.append(answer.kind == .read ? 1 : 0)
    // Nothing in words, and nothing was printed.
    for _ in 0..<5 { shape.append(0) }
    let measured = machine.measured
    count(measured.count)
    for step in measured { pack(step) }
    // No token, and no guest.
    for _ in 0..<2 { shape.append(0) }
  }

  private mutating func begin() {
    shape.clear()
    values.clear()
    known.clear()
  }

  // MARK: Pieces

  private mutating func pack(_ input: Session.Step.Input, _ tables: inout StepTables) {
    switch input {
    case .action(let action): pack(action, &tables)
    case .reset(let configuration, let name):
      shape.append(StepReader.Input.reset.rawValue)
      number(tables.object(configuration))
      string(name, &tables)
    }
  }

  private mutating func pack(_ action: Action, _ tables: inout StepTables) {
    switch action {
    case .smc(let world, let x):
      shape.append(StepReader.Input.smc.rawValue)
      shape.append(world.rawValue)
      // By their place: each use of an array of a case would copy it.
      withUnsafeBytes(of: x) { bytes in
        let x = bytes.bindMemory(to: UInt64.self)
        var count = 18
        while count > 0, x[count - 1] == 0 { count -= 1 }
        shape.append(UInt8(count))
        for n in 0..<count { word(x[n]) }
      }
    case .access(let access):
      shape.append(StepReader.Input.access.rawValue)
      shape.append(access.world.rawValue | (access.isDevice ? 4 : 0))
      word(access.address)
      switch access.kind {
      case .read64: shape.append(0)
      case .write64(let value):
        shape.append(1)
        word(value)
      case .write8(let value):
        shape.append(2)
        word(UInt64(value))
      case .fill(let length, let byte):
        shape.append(3)
        word(length)
        word(UInt64(byte))
      case .bytes(let bytes):
        shape.append(4)
        pack(bytes)
      }
    case .guest(let action):
      shape.append(StepReader.Input.guest.rawValue)
      pack(action)
    default:
      shape.append(StepReader.Input.other.rawValue)
      packOther(action, &tables)
    }
  }

  private mutating func packOther(_ action: Action, _ tables: inout StepTables) {
    func put(_ kind: StepReader.Other, _ all: UInt64...) {
      shape.append(kind.rawValue)
      for value in all { word(value) }
    }
    switch action {
    case .assignGranule(let address, let gpi): put(.assignGranule, address, UInt64(gpi.rawValue))
    case .setRegister(let name, let value):
      put(.setRegister, value)
      string(name, &tables)
    case .selectPE(let number): put(.selectPE, UInt64(truncatingIfNeeded: number))
    case .resume(let number): put(.resume, UInt64(truncatingIfNeeded: number))
    case .guestPause(let count): put(.guestPause, UInt64(truncatingIfNeeded: count))
    case .idle(let counter): put(.idle, counter)
    case .enterVCPU(let address, let run): put(.enterVCPU, address, run)
    case .switches(let all, let isOff):
      put(.switches)
      shape.append(isOff ? 1 : 0)
      number(tables.object(all))
    case .guestClear, .smc, .access, .guest: put(.guestClear)
    }
  }

  private mutating func pack(_ action: GuestAction) {
    shape.append(action.kind.rawValue)
    shape.append(UInt8(action.count))
    for n in 0..<action.count { word(action.x[n]) }
    number(action.tag)
  }

  private mutating func pack(_ events: UnsafeBufferPointer<Event>) {
    count(events.count)
    for event in events {
      shape.append(event.kind.rawValue << 2 | event.world.rawValue, event.depth, event.detail, event.pe)
      word(event.a)
      word(event.b)
      word(event.c)
    }
  }

  private mutating func pack(_ result: StatementResult, _ tables: inout StepTables) {
    pack(result.answer, &tables)
    shape.append(result.world.map { $0.rawValue + 1 } ?? 0)
    optional(result.fid)
    pack(result.decisions, &tables)
    count(result.broken.count)
    for broken in result.broken {
      string(broken.rule, &tables)
      string(broken.detail, &tables)
    }
    shape.append(result.exit.map { $0.reason.rawValue + 1 } ?? 0)
    if let exit = result.exit {
      shape.append(UInt8(exit.fields.count))
      for field in exit.fields {
        shape.append(StepReader.exitRow[field.name] ?? 0)
        word(field.value)
      }
    }
    count(result.guestResults.count)
    for guest in result.guestResults { pack(guest, &tables) }
    // What a read has found is the number it was answered.
    let isPlain = result.found != nil && result.found == result.answer?.x.first.map { hex($0) }
    shape.append(isPlain ? 1 : 0)
    string(isPlain ? nil : result.found, &tables)
    string(result.text, &tables)
    string(result.failedCheck, &tables)
    string(result.reason, &tables)
    count(result.console.count)
    for line in result.console { string(line, &tables) }
  }

  private mutating func pack(_ decisions: [Decision], _ tables: inout StepTables) {
    count(decisions.count)
    for decision in decisions {
      word(UInt64(decision.fid))
      count(tables.condition(decision.condition))
      shape.append(decision.broken.map { $0.rule.rawValue << 1 | 1 << 7 } ?? (decision.isOverruled ? 1 : 0))
      if let broken = decision.broken {
        word(broken.a)
        word(broken.b)
      }
    }
  }

  private mutating func pack(_ answer: Answer?, _ tables: inout StepTables) {
    guard let answer else { return shape.append(0) }
    shape.append(StepReader.Kind(answer.kind).rawValue)
    switch answer.kind {
    case .running(let guest), .busy(let guest): shape.append(StepReader.guests.firstIndex(of: guest).map(UInt8.init) ?? 0)
    case .other(let text): string(text, &tables)
    default: break
    }
    interface(answer.interface)
    answer.x.withUnsafeBufferPointer { registers(answer.x.count, $0) }
  }

  private mutating func interface(_ interface: Interface?) {
    shape.append(interface.flatMap { StepReader.interfaces.firstIndex(of: $0) }.map { UInt8($0 + 1) } ?? 0)
  }

  /// So many, and those of them up to the last that is not zero.
  private mutating func registers(_ all: Int, _ x: UnsafeBufferPointer<UInt64>) {
    var used = all
    while used > 0, x[used - 1] == 0 { used -= 1 }
    count(all)
    count(used)
    for n in 0..<used { word(x[n]) }
  }

  private mutating func pack(_ result: GuestResult, _ tables: inout StepTables) {
    switch result.value {
    case .registers(let x):
      shape.append(0)
      for n in 0..<9 { word(x[n]) }
    case .value(let value):
      shape.append(1)
      word(value)
    case .ok: shape.append(2)
    case .retry: shape.append(3)
    case .exception(let pc, let elr, let esr, let far, let spsr, let x0):
      shape.append(4)
      for value in [pc, elr, esr, far, spsr, x0] { word(value) }
    }
    pack(result.action)
    word(result.rec)
    string(result.decidedBy, &tables)
  }

  private mutating func pack(_ step: MeasurementStep) {
    word(step.rd)
    shape.append(UInt8(step.index))
    switch step.input {
    case .create(let parameters):
      shape.append(0)
      words(parameters.values)
    case .data(let ipa, let flags, let content):
      shape.append(content == nil ? 1 : 2)
      word(ipa)
      word(flags)
      if let content { pack(content) }
    case .rec(let flags, let pc, let gprs):
      shape.append(3)
      word(flags)
      word(pc)
      words(gprs)
    case .ripas(let base, let top):
      shape.append(4)
      word(base)
      word(top)
    case .extend(let bytes):
      shape.append(5)
      pack(bytes)
    }
    pack(step.value)
  }

  private mutating func pack(_ guest: GuestRegisters?) {
    guard let guest else { return shape.append(0) }
    shape.append(guest.isInRealm ? 1 : 2)
    words([guest.address, guest.vcpu, guest.sp, guest.pc, guest.pstate])
    words(guest.x)
  }

  // MARK: Numbers

  /// A number that may come again in the step.
  private mutating func word(_ value: UInt64) {
    if let place = known.place(of: value) { return shape.append(place) }
    shape.append(Self.literal)
    values.append(literal: value)
  }

  private mutating func words(_ all: [UInt64]) {
    count(all.count)
    for value in all { word(value) }
  }

  private mutating func optional(_ value: UInt64?) {
    shape.append(value == nil ? 0 : 1)
    if let value { word(value) }
  }

  /// How many there are of something.
  private mutating func count(_ value: Int) { shape.append(number: value) }

  /// A number that is another in each step.
  private mutating func number(_ value: Int) { values.append(number: value) }

  private mutating func pack(_ bytes: [UInt8]) {
    number(bytes.count)
    values.append(bytes)
  }

  private mutating func string(_ text: String?, _ tables: inout StepTables) {
    shape.append(text == nil ? 0 : 1)
    if let text { number(tables.string(text)) }
  }
}

/// The numbers of a step by their places: the first ``StepWriter/mostKnown`` that came, found again by a hash.
private struct KnownNumbers: ~Copyable {
  private struct Slot {
    var value: UInt64
    /// Of which step it is.
    var step: UInt32
    var place: UInt8
  }

  /// A power of two, and four times as many as there are numbers.
  private static let slotCount = 256

  private let slots = UnsafeMutablePointer<Slot>.allocate(capacity: KnownNumbers.slotCount)
  private var step: UInt32 = 0
  private var count = 0

  init() { slots.initialize(repeating: Slot(value: 0, step: 0, place: 0), count: Self.slotCount) }

  deinit { slots.deallocate() }

  /// Another step begins, in which 0 and 1 are known.
  mutating func clear() {
    step &+= 1
    if step == 0 {
      slots.update(repeating: Slot(value: 0, step: 0, place: 0), count: Self.slotCount)
      step = 1
    }
    count = 0
    _ = place(of: 0)
    _ = place(of: 1)
  }

  /// The place of a number that came before; nil if it did not, and it is known from then on if there is room.
  @inline(__always) mutating func place(of value: UInt64) -> UInt8? {
    var at = Int(((value ^ value >> 32) &* 0x9E37_79B9_7F4A_7C15) >> 56)
    while slots[at].step == step {
      if slots[at].value == value { return slots[at].place }
      at = (at + 1) & (Self.slotCount - 1)
    }
    if count < StepWriter.mostKnown {
      slots[at] = Slot(value: value, step: step, place: UInt8(count))
      count += 1
    }
    return nil
  }
}

/// Bytes that are made anew again and again, in the same place.
struct PackedBytes: ~Copyable {
  private var base = UnsafeMutablePointer<UInt8>.allocate(capacity: 1024)
  private var room = 1024
  private(set) var count = 0

  deinit { base.deallocate() }

  var all: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

  mutating func clear() { count = 0 }

  @inline(__always) mutating func append(_ byte: UInt8) {
    if count == room { grow(1) }
    base[count] = byte
    count += 1
  }

  @inline(__always) mutating func append(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    if count + 4 > room { grow(4) }
    base[count] = a
    base[count + 1] = b
    base[count + 2] = c
    base[count + 3] = d
    count += 4
  }

  mutating func append(_ bytes: [UInt8]) {
    if count + bytes.count > room { grow(bytes.count) }
    bytes.withUnsafeBufferPointer { if let start = $0.baseAddress { (base + count).update(from: start, count: $0.count) } }
    count += bytes.count
  }

  /// Seven bits a byte, the lowest first. Negative numbers take ten.
  mutating func append(number: Int) {
    var rest = UInt64(bitPattern: Int64(number))
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
  }

  /// Without the bytes that are 0 at either end: addresses have some.
  mutating func append(literal value: UInt64) {
    let zeros = value == 0 ? 0 : value.trailingZeroBitCount / 8
    let used = value == 0 ? 0 : 8 - value.leadingZeroBitCount / 8 - zeros
    append(UInt8(zeros << 4 | used))
    var rest = value >> UInt64(zeros * 8)
    for _ in 0..<used {
      append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  @inline(never) private mutating func grow(_ more: Int) {
    let wanted = max(room * 2, count + more)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
    larger.update(from: base, count: count)
    base.deallocate()
    (base, room) = (larger, wanted)
  }
}
