import Basics
import Machine

/// An ``Alphabet`` as the search needs it millions of times a second, and what of a state decides which moves there are: nothing in it is
/// counted or copied.
struct MoveList: ~Copyable {
  struct Slot {
    enum Kind: UInt8 { case granule, numbers, vmid, mpidr, mapping, guest }
    enum Place: UInt8 { case register, field, guest }
    var kind = Kind.numbers
    var place = Place.register
    /// Of a granule.
    var state: UInt8 = 0
    var register = 0
    var structure = 0
    var offset = 0
    var width = 0
    /// Another slot it depends on, or -1.
    var other = -1
    /// Where in ``numbers`` its values begin.
    var first = 0
    var fits = 0
    var misfits = 0
  }

  struct Form {
    enum Deed: UInt8 { case call, read, write, deviceReads, deviceWrites, assign, select, resume }
    var deed = Deed.call
    var fid: UInt64 = 0
    var world = World.normal
    var gpi = GPI.nonSecure
    var firstSlot = 0
    var slotCount = 0
    var isBesideMemory = false
  }

  /// What of a state decides which moves there are.
  struct Sight {
    /// ``GranuleState``, and 0x80 if the granule is not the Host's where it is UNDELEGATED.
    var states = InlineArray<32, UInt8>(repeating: 0)
    /// The granule that has to be named first, as it is alike; -1: none.
    var previous = InlineArray<32, Int8>(repeating: -1)
    /// MPIDR of the next REC of a Realm; nil where it has all it may have.
    var mpidrs = InlineArray<32, UInt64>(repeating: .max)
    var freeVMID: UInt64?
    var usedVMID: UInt64?
    var currentPE: UInt64 = 0
    /// A bit for each PE that runs something.
    var busyPEs: UInt8 = 0
    var hasMisfits = false
  }

  let alphabet: Alphabet
  private let forms: UnsafeMutablePointer<Form>
  let formCount: Int
  private let slots: UnsafeMutablePointer<Slot>
  private let numbers: UnsafeMutablePointer<UInt64>
  private let base: UInt64
  private let count: Int
  var sight = Sight()

  init(_ alphabet: Alphabet) {
    self.alphabet = alphabet
    base = alphabet.world.base
    count = alphabet.world.granules
    formCount = alphabet.forms.count
    forms = .allocate(capacity: formCount)
    slots = .allocate(capacity: max(1, alphabet.forms.reduce(0) { $0 + $1.slots.count }))
    var values: [UInt64] = []
    var next = 0
    for (index, form) in alphabet.forms.enumerated() {
      var compact = Form()
      switch form.deed {
      case .call(let entry): compact.fid = UInt64(entry.fid)
      case .read(let world): (compact.deed, compact.world) = (.read, world)
      case .transaction(let isWrite): compact.deed = isWrite ? .deviceWrites : .deviceReads
      case .write: compact.deed = .write
      case .assign(let gpi): (compact.deed, compact.gpi) = (.assign, gpi)
      case .select: compact.deed = .select
      case .resume: compact.deed = .resume
      }
      compact.firstSlot = next
      compact.slotCount = form.slots.count
      compact.isBesideMemory = form.isBesideMemory
      (forms + index).initialize(to: compact)
      for slot in form.slots {
        (slots + next).initialize(to: Self.compact(slot, alphabet, &values))
        next += 1
      }
    }
    numbers = .allocate(capacity: max(1, values.count))
    numbers.initialize(from: values, count: values.count)
  }

  deinit {
    forms.deallocate()
    slots.deallocate()
    numbers.deallocate()
  }

  private static func compact(_ slot: Alphabet.Slot, _ alphabet: Alphabet, _ values: inout [UInt64]) -> Slot {
    var compact = Slot()
    switch slot.place {
    case .register(let n): compact.register = n
    case .field(let structure, let offset, let width):
      (compact.place, compact.structure, compact.offset, compact.width) = (.field, structure, offset, width)
    case .guest: compact.place = .guest
    }
    compact.first = values.count
    func add(_ fits: [UInt64], _ misfits: [UInt64]) {
      values += fits + misfits
      (compact.fits, compact.misfits) = (fits.count, misfits.count)
    }
    switch slot.choice {
    case .granule(let state): (compact.kind, compact.state) = (.granule, state.rawValue)
    case .numbers(let fits, let misfits): add(fits, misfits)
    case .vmid: compact.kind = .vmid
    case .mpidr(let rd): (compact.kind, compact.other) = (.mpidr, rd)
    case .mapping: compact.kind = .mapping
    case .guest(let flags):
      (compact.kind, compact.other) = (.guest, flags ?? -1)
      let all = alphabet.guests.indices
      add(
        [Move.noGuest] + all.filter { !alphabet.guests[$0].isMisfit }.map { UInt64($0 + 1) },
        all.filter { alphabet.guests[$0].isMisfit }.map { UInt64($0 + 1) })
    }
    return compact
  }

  @inline(__always) func form(_ n: Int) -> Form { forms[n] }
  @inline(__always) func slot(_ form: Form, _ n: Int) -> Slot { slots[form.firstSlot &+ n] }

  // MARK: Looking

  /// Takes in what of a state decides which moves there are. The printer has just made its print.
  mutating func look(_ machine: borrowing Machine, _ printer: borrowing StatePrinter, hasMisfits: Bool) {
    sight.hasMisfits = hasMisfits
    for n in 0..<count {
      let address = base &+ UInt64(n) << 12
      let record = GranuleRecord(raw: machine.memory.record(address))
      sight.states[n] = record.state.rawValue | (record.state == .undelegated && record.gpi != .nonSecure ? 0x80 : 0)
      sight.previous[n] = -1
      if printer.isSymmetric, !printer.isLinked(n) {
        var k = n &- 1
        while k >= 0 {
          if !printer.isLinked(k), printer.colour(k) == printer.colour(n) {
            sight.previous[n] = Int8(k)
            break
          }
          k &-= 1
        }
      }
      sight.mpidrs[n] = .max
      if record.state == .rd, machine.realm(address).recIndex < UInt64(alphabet.world.recs) {
        sight.mpidrs[n] = machine.nextMPIDR(of: address)
      }
    }
    sight.usedVMID = nil
    for rd in machine.control.realms.prefix(1) where machine.granuleIs(rd, .rd) { sight.usedVMID = machine.realm(rd).vmid }
    sight.freeVMID = machine.control.realms.count < alphabet.world.realms ? machine.lowestFreeVMID : nil
    sight.currentPE = UInt64(machine.control.currentPE)
    sight.busyPEs = 0
    for (n, pe) in machine.control.pes.enumerated() where pe.runningREC != 0 { sight.busyPEs |= 1 << UInt8(n) }
  }

  // MARK: Moves

  /// Calls `body` with each move there is in the state looked at, and its number, until it returns false.
  func forEach(_ body: (borrowing Move, Int) -> Bool) {
    var move = Move()
    var number = 0
    for form in 0..<formCount {
      move.form = form
      move.isMisfit = false
      guard fill(forms[form], 0, 0, &move, &number, body) else { return }
    }
  }

  private func fill(
    _ form: Form, _ n: Int, _ used: UInt64, _ move: inout Move, _ number: inout Int, _ body: (borrowing Move, Int) -> Bool
  ) -> Bool {
    guard n < form.slotCount else {
      switch form.deed {
      case .select where move.values[0] == sight.currentPE: return true
      case .resume where sight.busyPEs >> UInt8(truncatingIfNeeded: move.values[0]) & 1 == 0: return true
      default: break
      }
      defer { number &+= 1 }
      return body(move, number)
    }
    let slot = slots[form.firstSlot &+ n]
    let mayMiss = sight.hasMisfits && !move.isMisfit
    /// One value.
    func take(_ value: UInt64, fits: Bool, _ used: UInt64, _ move: inout Move, _ number: inout Int) -> Bool {
      move.values[n] = value
      guard !fits else { return fill(form, n &+ 1, used, &move, &number, body) }
      move.isMisfit = true
      defer { move.isMisfit = false }
      return fill(form, n &+ 1, used, &move, &number, body)
    }
    switch slot.kind {
    case .granule:
      var first: UInt64?
      for granule in 0..<count {
        let fits = sight.states[granule] == slot.state
        guard fits || mayMiss else { continue }
        let previous = Int(sight.previous[granule])
        let address = base &+ UInt64(granule) << 12
        if fits, first == nil { first = address }
        guard previous < 0 || used >> UInt64(previous) & 1 == 1 else { continue }
        guard take(address, fits: fits, used | 1 << UInt64(granule), &move, &number) else { return false }
      }
      if mayMiss {
        guard take((first ?? base) | 8, fits: false, used, &move, &number) else { return false }
        guard take(ExploredWorld.nowhere, fits: false, used, &move, &number) else { return false }
      }
    case .mapping:
      for granule in 0..<count where sight.states[granule] == GranuleState.undelegated.rawValue {
        let previous = Int(sight.previous[granule])
        guard previous < 0 || used >> UInt64(previous) & 1 == 1 else { continue }
        let value = base &+ UInt64(granule) << 12 | Self.attributes
        guard take(value, fits: true, used | 1 << UInt64(granule), &move, &number) else { return false }
      }
      guard take(alphabet.world.zeroes | Self.attributes, fits: true, used, &move, &number) else { return false }
      if mayMiss {
        let wrong = alphabet.world.zeroes | RttUnprotectedDescriptor.table.memAttr.placed(0b100)
        guard take(wrong, fits: false, used, &move, &number) else { return false }
      }
    case .vmid:
      if let free = sight.freeVMID {
        guard take(free, fits: true, used, &move, &number) else { return false }
      }
      if mayMiss {
        guard take(sight.usedVMID ?? 0xFFFF, fits: false, used, &move, &number) else { return false }
      }
    case .mpidr:
      let offset = (move.values[slot.other] &- base) >> 12
      let next = offset < UInt64(count) ? sight.mpidrs[Int(offset)] : .max
      if next != .max || move.isMisfit {
        guard take(next == .max ? 0 : next, fits: true, used, &move, &number) else { return false }
      }
      if mayMiss {
        guard take(next == .max ? 1 : next &+ 1, fits: false, used, &move, &number) else { return false }
      }
    case .numbers:
      for k in 0..<slot.fits {
        guard take(numbers[slot.first &+ k], fits: true, used, &move, &number) else { return false }
      }
      if mayMiss {
        for k in slot.fits..<slot.fits &+ slot.misfits {
          guard take(numbers[slot.first &+ k], fits: false, used, &move, &number) else { return false }
        }
      }
    case .guest:
      // A call that is refused runs no guest, and an entry that asks for something special is made for that alone.
      let isPlain = !move.isMisfit && (slot.other < 0 || move.values[slot.other] == 0)
      for k in 0..<(isPlain ? slot.fits : min(1, slot.fits)) {
        guard take(numbers[slot.first &+ k], fits: true, used, &move, &number) else { return false }
      }
      if mayMiss, isPlain {
        for k in slot.fits..<slot.fits &+ slot.misfits {
          guard take(numbers[slot.first &+ k], fits: false, used, &move, &number) else { return false }
        }
      }
    }
    return true
  }

  /// Normal Write-Back, readable and writable.
  private static let attributes =
    RttUnprotectedDescriptor.table.memAttr.placed(0b110) | RttUnprotectedDescriptor.table.s2ap.placed(0b11)
}
