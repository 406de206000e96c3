import Basics
import Machine

/// Reads what ``StepWriter`` has packed: all of a step, or its beginning.
struct StepReader {
  /// What a step was, by the first byte of its shape.
  enum Input: UInt8 { case smc, access, guest, other, reset }

  /// An action that is none of the first three.
  enum Other: UInt8 { case guestClear, assignGranule, setRegister, selectPE, resume, guestPause, idle, enterVCPU, switches }

  /// What it was answered; 0 stands for nothing.
  enum Kind: UInt8 {
    case registers = 1, ok, gpf, fault, running, busy, other

    init(_ kind: Answer.Kind) {
      self =
        switch kind {
        case .registers: .registers
        case .ok: .ok
        case .gpf: .gpf
        case .fault: .fault
        case .running: .running
        case .busy: .busy
        case .other: .other
        }
    }
  }

  static let guests: [Answer.Guest] = [.realm, .vm, .partition]
  static let interfaces = Interface.allCases
  /// The rows of an exit record, by their names.
  static let exitRow = Dictionary(ExitFields.rows.enumerated().map { ($0.element.name, UInt8($0.offset)) }) { first, _ in first }

  private var shape: UnsafePointer<UInt8>
  private var values: UnsafePointer<UInt8>
  private var known = InlineArray<64, UInt64>(repeating: 0)
  private var knownCount = 2

  init(shape: UnsafePointer<UInt8>, values: UnsafePointer<UInt8>) {
    self.shape = shape
    self.values = values
    known[1] = 1
  }

  /// Another step.
  mutating func begin(shape: UnsafePointer<UInt8>, values: UnsafePointer<UInt8>) {
    self.shape = shape
    self.values = values
    knownCount = 2
  }

  /// What made a machine, what a call was made with, and all that happened.
  mutating func read(
    _ tables: borrowing StepTables, reset: () -> Void, call: (InlineArray<18, UInt64>) -> Void, event body: (Event) -> Void
  ) {
    if shape.pointee == Input.smc.rawValue {
      shape += 2
      var x = InlineArray<18, UInt64>(repeating: 0)
      for n in 0..<Int(byte()) { x[n] = word() }
      call(x)
    } else if case .reset = input(tables) {
      reset()
    }
    for _ in 0..<count() {
      let bytes = number()
      values += bytes
    }
    for _ in 0..<count() { body(event()) }
  }

  /// What was done, if nothing came through the entropy door, it was answered with nothing but zeroes, nobody else was, and nothing was found
  /// or said.
  mutating func usual(_ tables: borrowing StepTables) -> Action? {
    guard case .action(let action) = input(tables), count() == 0 else { return nil }
    for _ in 0..<count() { _ = event() }
    switch Kind(rawValue: byte()) {
    case .registers, .ok: break
    default: return nil
    }
    _ = byte()
    // So many registers, and so many that are not zero.
    guard count() > 0, count() == 0 else { return nil }
    _ = byte()
    if byte() != 0 { _ = word() }
    // Decisions, broken rules, an exit, guests' answers; what was found, what was said.
    guard count() == 0, count() == 0, byte() == 0, count() == 0, byte() == 0, byte() == 0, byte() == 0 else { return nil }
    return action
  }

  /// All of it. The mark of its Host is kept elsewhere.
  mutating func step(_ tables: borrowing StepTables, host: Session.HostMark?) -> Session.Step {
    let input = input(tables)
    let entropy = entropy()
    let events = events()
    let result = result(tables)
    let measured = list { $0.measured() }
    let minted = list { tables.object($0.number(), as: MintedToken.self) }.compactMap(\.self)
    return Session.Step(
      input: input, result: result, events: events, entropy: entropy, measured: measured, minted: minted, guest: guest(),
      host: host)
  }

  // MARK: Pieces, in their order

  mutating func input(_ tables: borrowing StepTables) -> Session.Step.Input {
    switch Input(rawValue: byte()) {
    case .smc:
      let world = World(rawValue: byte()) ?? .normal
      var x = InlineArray<18, UInt64>(repeating: 0)
      for n in 0..<Int(byte()) { x[n] = word() }
      return .action(.smc(world, x))
    case .access: return .action(.access(access()))
    case .guest: return .action(.guest(guestAction()))
    case .reset:
      let configuration = tables.object(number(), as: MachineConfiguration.self) ?? MachineConfiguration()
      return .reset(configuration, name: string(tables))
    case .other, nil: return .action(other(tables))
    }
  }

  private mutating func other(_ tables: borrowing StepTables) -> Action {
    switch Other(rawValue: byte()) {
    case .assignGranule: return .assignGranule(word(), GPI(rawValue: UInt8(truncatingIfNeeded: word())) ?? .noAccess)
    case .setRegister:
      let value = word()
      return .setRegister(string(tables) ?? "", value)
    case .selectPE: return .selectPE(Int(truncatingIfNeeded: word()))
    case .resume: return .resume(Int(truncatingIfNeeded: word()))
    case .guestPause: return .guestPause(Int(truncatingIfNeeded: word()))
    case .idle: return .idle(word())
    case .enterVCPU: return .enterVCPU(word(), run: word())
    case .switches:
      let isOff = byte() != 0
      return .switches(tables.object(number(), as: SwitchSet.self) ?? SwitchSet(), isOff: isOff)
    case .guestClear, nil: return .guestClear
    }
  }

  private mutating func access() -> MemoryAccess {
    let flags = byte()
    let address = word()
    let kind: MemoryAccess.Kind =
      switch byte() {
      case 0: .read64
      case 1: .write64(word())
      case 2: .write8(UInt8(truncatingIfNeeded: word()))
      case 3: .fill(word(), UInt8(truncatingIfNeeded: word()))
      default: .bytes(bytes())
      }
    if flags & 4 != 0 { return MemoryAccess(device: address, kind: kind) }
    return MemoryAccess(world: World(rawValue: flags & 3) ?? .normal, address: address, kind: kind)
  }

  private mutating func guestAction() -> GuestAction {
    var action = GuestAction(GuestAction.Kind(rawValue: byte()) ?? .smc)
    action.count = Int(byte())
    for n in 0..<action.count { action.x[n] = word() }
    action.tag = number()
    return action
  }

  mutating func entropy() -> [[UInt8]] {
    let count = count()
    return count == 0 ? [] : (0..<count).map { _ in bytes() }
  }

  mutating func events() -> [Event] {
    let count = count()
    return Array(unsafeUninitializedCapacity: count) { buffer, filled in
      for n in 0..<count { buffer.initializeElement(at: n, to: event()) }
      filled = count
    }
  }

  /// The same one by one.
  mutating func forEachEvent(_ body: (Event) -> Void) { for _ in 0..<count() { body(event()) } }

  private mutating func event() -> Event {
    let kind = byte()
    return Event(
      kind: Event.Kind(rawValue: kind >> 2) ?? .leftOut, world: World(rawValue: kind & 3) ?? .normal, depth: byte(),
      detail: byte(), pe: byte(), a: word(), b: word(), c: word())
  }

  private mutating func result(_ tables: borrowing StepTables) -> StatementResult {
    var result = StatementResult()
    result.answer = answer(tables)
    let world = byte()
    result.world = world == 0 ? nil : World(rawValue: world - 1)
    if byte() != 0 { result.fid = word() }
    let decisions = count()
    if decisions > 0 { result.decisions = (0..<decisions).map { _ in decision(tables) } }
    result.broken = list {
      InvariantViolation(rule: $0.string(tables) ?? "", detail: $0.string(tables) ?? "")
    }
    let reason = byte()
    if reason > 0 {
      let fields = (0..<byte()).map { _ in (name: ExitFields.rows[Int(byte())].name, value: word()) }
      result.exit = ExitFields(reason: ExitReason(rawValue: reason - 1) ?? .sync, fields: fields)
    }
    let guests = count()
    if guests > 0 { result.guestResults = (0..<guests).map { _ in guestResult(tables) } }
    let isPlain = byte() != 0
    result.found = string(tables) ?? (isPlain ? result.answer?.x.first.map { hex($0) } : nil)
    result.text = string(tables)
    result.failedCheck = string(tables)
    result.reason = string(tables)
    let lines = count()
    if lines > 0 { result.console = (0..<lines).map { _ in string(tables) ?? "" } }
    return result
  }

  private mutating func decision(_ tables: borrowing StepTables) -> Decision {
    let fid = UInt32(truncatingIfNeeded: word())
    let condition = tables.condition(count())
    let kind = byte()
    let rule = kind & 1 << 7 != 0 ? LabRule(rawValue: kind >> 1 & 63) : nil
    return Decision(
      fid: fid, condition: condition, isOverruled: kind == 1,
      broken: rule.map { BrokenRule(rule: $0, a: word(), b: word()) })
  }

  private mutating func answer(_ tables: borrowing StepTables) -> Answer? {
    let kind: Answer.Kind
    switch Kind(rawValue: byte()) {
    case nil: return nil
    case .registers: kind = .registers
    case .ok: kind = .ok
    case .gpf: kind = .gpf
    case .fault: kind = .fault
    case .running: kind = .running(Self.guests[Int(byte())])
    case .busy: kind = .busy(Self.guests[Int(byte())])
    case .other: kind = .other(string(tables) ?? "")
    }
    let interface = byte()
    let (all, used) = (count(), count())
    let x = Array(unsafeUninitializedCapacity: all) { buffer, filled in
      for n in 0..<all { buffer.initializeElement(at: n, to: n < used ? word() : 0) }
      filled = all
    }
    return Answer(kind: kind, x: x, interface: interface == 0 ? nil : Self.interfaces[Int(interface) - 1])
  }

  private mutating func guestResult(_ tables: borrowing StepTables) -> GuestResult {
    let value: GuestResult.Value
    switch byte() {
    case 0:
      var x = InlineArray<9, UInt64>(repeating: 0)
      for n in 0..<9 { x[n] = word() }
      value = .registers(x)
    case 1: value = .value(word())
    case 2: value = .ok
    case 3: value = .retry
    default: value = .exception(pc: word(), elr: word(), esr: word(), far: word(), spsr: word(), x0: word())
    }
    return GuestResult(value: value, action: guestAction(), rec: word(), decidedBy: string(tables))
  }

  private mutating func measured() -> MeasurementStep {
    let (rd, index) = (word(), Int(byte()))
    let input: MeasurementStep.Input =
      switch byte() {
      case 0: .create(MeasurementStep.RealmParameters(values: words()))
      case 1: .data(ipa: word(), flags: word(), content: nil)
      case 2: .data(ipa: word(), flags: word(), content: bytes())
      case 3: .rec(flags: word(), pc: word(), gprs: words())
      case 4: .ripas(base: word(), top: word())
      default: .extend(bytes())
      }
    return MeasurementStep(rd: rd, index: index, input: input, value: bytes())
  }

  private mutating func guest() -> GuestRegisters? {
    let kind = byte()
    guard kind != 0 else { return nil }
    let first = words()
    return GuestRegisters(
      address: first[0], isInRealm: kind == 1, vcpu: first[1], x: words(), sp: first[2], pc: first[3], pstate: first[4])
  }

  // MARK: Numbers

  @inline(__always) private mutating func byte() -> UInt8 {
    defer { shape += 1 }
    return shape.pointee
  }

  @inline(__always) private mutating func word() -> UInt64 {
    let place = byte()
    guard place == StepWriter.literal else { return known[Int(place)] }
    let head = values[0]
    let used = Int(head & 15)
    var value: UInt64 = 0
    for n in 0..<used { value |= UInt64(values[n + 1]) << UInt64(8 * n) }
    value <<= UInt64(head >> 4) * 8
    values += used + 1
    if knownCount < StepWriter.mostKnown {
      known[knownCount] = value
      knownCount += 1
    }
    return value
  }

  private mutating func words() -> [UInt64] { (0..<count()).map { _ in word() } }

  private static func number(_ at: inout UnsafePointer<UInt8>) -> Int {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = at.pointee
      at += 1
      value |= UInt64(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return Int(Int64(bitPattern: value)) }
      shift += 7
    }
  }

  private mutating func count() -> Int { Self.number(&shape) }

  private mutating func number() -> Int { Self.number(&values) }

  private mutating func bytes() -> [UInt8] {
    let count = number()
    defer { values += count }
    return Array(UnsafeBufferPointer(start: values, count: count))
  }

  private mutating func string(_ tables: borrowing StepTables) -> String? { byte() == 0 ? nil : tables.string(number()) }

  private mutating func list<T>(_ body: (inout Self) -> T) -> [T] {
    let count = count()
    guard count > 0 else { return [] }
    var all: [T] = []
    for _ in 0..<count { all.append(body(&self)) }
    return all
  }
}
