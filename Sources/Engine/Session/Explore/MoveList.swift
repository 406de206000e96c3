import Basics
import Machine

/// An ``Alphabet`` as the search needs it millions of times a second, and what of a state decides which moves there are: nothing in it is
/// counted or copied. Moves are made one after the other: the last slot goes through its values, then the one before it has its next.
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
    /// Whether a DELEGATED granule, if there is one, is one more value that does not fit.
    var hasForeign = false
    /// What the page the Host has prepared holds in a field.
    var usual: UInt64 = 0
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
    /// By ``GranuleState`` a bit for each granule, of what is UNDELEGATED the Host's alone; the last is all that is UNDELEGATED.
    var granules = InlineArray<8, UInt64>(repeating: 0)
    /// The granule that has to be named first, as it is alike; -1: none.
    var previous = InlineArray<32, Int8>(repeating: -1)
    /// MPIDR of the next REC of a Realm, and a bit for each that has all it may have.
    var mpidrs = InlineArray<32, UInt64>(repeating: 0)
    var full: UInt64 = 0
    var freeVMID: UInt64?
    var usedVMID: UInt64?
    var currentPE: UInt64 = 0
    /// A bit for each PE that runs something.
    var busyPEs: UInt8 = 0
    var hasMisfits = false
  }

  /// Stands for a state in ``Sight/granules``.
  private static let undelegated: UInt8 = 7

  let alphabet: Alphabet
  private let forms: UnsafeMutablePointer<Form>
  let formCount: Int
  private let slots: UnsafeMutablePointer<Slot>
  private let numbers: UnsafeMutablePointer<UInt64>
  private let base: UInt64
  private let count: Int
  /// The page of the Host's that is mapped beside the granules, and what a mapping has beside the address: Normal Write-Back, readable and
  /// writable.
  private let zeroes: UInt64
  private let attributes = RttUnprotectedDescriptor.table.memAttr.placed(0b110) | RttUnprotectedDescriptor.table.s2ap.placed(0b11)
  private let wrongAttributes = RttUnprotectedDescriptor.table.memAttr.placed(0b100)
  private var sight = Sight()
  /// The move that was found last, and its number among those of the state.
  private(set) var move = Move()
  private(set) var number = -1
  /// Of each slot which of its values is next, and a bit for each granule the slots before it name.
  private var places = InlineArray<13, Int>(repeating: 0)
  private var used = InlineArray<13, UInt64>(repeating: 0)
  /// The slot whose value does not fit; -1: none.
  private var misfitSlot = -1

  init(_ alphabet: Alphabet) {
    self.alphabet = alphabet
    base = alphabet.world.base
    zeroes = alphabet.world.zeroes
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
      compact.usual = alphabet.prepared(structure, offset, width)
    case .guest: compact.place = .guest
    }
    compact.first = values.count
    func add(_ fits: [UInt64], _ misfits: [UInt64]) {
      values += fits + misfits
      (compact.fits, compact.misfits) = (fits.count, misfits.count)
    }
    switch slot.choice {
    case .granule(let state): (compact.kind, compact.state) = (.granule, state.rawValue)
    case .undelegated: (compact.kind, compact.state) = (.granule, Self.undelegated)
    case .numbers(let fits, let misfits): add(fits, misfits)
    case .page(let page):
      compact.hasForeign = true
      add([page], [page | 8, ExploredWorld.nowhere])
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
    for state in 0..<8 { sight.granules[state] = 0 }
    sight.full = 0
    for n in 0..<count {
      let address = base &+ UInt64(n) << 12
      let record = GranuleRecord(raw: machine.memory.record(address))
      if record.state == .undelegated { sight.granules[Int(Self.undelegated)] |= 1 << UInt64(n) }
      if record.state != .undelegated || record.gpi == .nonSecure { sight.granules[Int(record.state.rawValue)] |= 1 << UInt64(n) }
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
      sight.mpidrs[n] = 0
      if record.state == .rd {
        sight.mpidrs[n] = machine.nextMPIDR(of: address)
        if machine.realm(address).recIndex >= UInt64(alphabet.world.recs) { sight.full |= 1 << UInt64(n) }
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

  /// Before the first move of the state looked at.
  mutating func begin() {
    move.form = -1
    number = -1
  }

  /// Goes on to the next move; false if there is none.
  mutating func next() -> Bool {
    // Another value of the last slot, or the next form.
    var n = move.form < 0 ? -1 : forms[move.form].slotCount &- 1
    while true {
      if n < 0 {
        move.form &+= 1
        guard move.form < formCount else { return false }
        misfitSlot = -1
        n = 0
        places[0] = 0
      }
      let slotCount = forms[move.form].slotCount
      while n >= 0, n < slotCount {
        if advance(slots + (forms[move.form].firstSlot &+ n), n) {
          n &+= 1
          places[n] = 0
        } else {
          n &-= 1
        }
      }
      guard n >= 0 else { continue }
      n &-= 1
      switch forms[move.form].deed {
      case .select where move.values[0] == sight.currentPE: continue
      case .resume where sight.busyPEs >> UInt8(truncatingIfNeeded: move.values[0]) & 1 == 0: continue
      default: break
      }
      number &+= 1
      return true
    }
  }

  /// Gives a slot its next value; false if it has had all there are with the values before it.
  private mutating func advance(_ slot: UnsafePointer<Slot>, _ n: Int) -> Bool {
    if misfitSlot >= n { misfitSlot = -1 }
    let hasMissed = misfitSlot >= 0
    let mayMiss = sight.hasMisfits && !hasMissed
    let place = places[n]
    places[n] = place &+ 1
    used[n &+ 1] = used[n]
    func take(_ value: UInt64, _ fits: Bool) -> Bool {
      move.values[n] = value
      if !fits { misfitSlot = n }
      return true
    }
    switch slot.pointee.kind {
    case .granule, .mapping:
      let fitting = slot.pointee.kind == .granule ? sight.granules[Int(slot.pointee.state)] : sight.granules[0]
      let attributes = slot.pointee.kind == .granule ? 0 : attributes
      if place < count {
        var left =
          (mayMiss && slot.pointee.kind == .granule ? UInt64.max : fitting) & (1 << UInt64(count) &- 1)
          & ~(1 << UInt64(place) &- 1)
        while left != 0 {
          let granule = left.trailingZeroBitCount
          left &= left &- 1
          let previous = sight.previous[granule]
          guard previous < 0 || used[n] >> UInt64(previous) & 1 == 1 else { continue }
          places[n] = granule &+ 1
          used[n &+ 1] |= 1 << UInt64(granule)
          return take(base &+ UInt64(granule) << 12 | attributes, fitting >> UInt64(granule) & 1 == 1)
        }
      }
      let special = max(0, place &- count)
      places[n] = count &+ special &+ 1
      if slot.pointee.kind == .mapping {
        if special == 0 { return take(zeroes | attributes, true) }
        return mayMiss && special == 1 && take(zeroes | wrongAttributes, false)
      }
      guard mayMiss else { return false }
      if special == 0 {
        return take((fitting == 0 ? base : base &+ UInt64(fitting.trailingZeroBitCount) << 12) | 8, false)
      }
      return special == 1 && take(ExploredWorld.nowhere, false)
    case .vmid:
      if place == 0, let free = sight.freeVMID { return take(free, true) }
      places[n] = 2
      return mayMiss && place <= 1 && take(sight.usedVMID ?? 0xFFFF, false)
    case .mpidr:
      let offset = (move.values[slot.pointee.other] &- base) >> 12
      let next = offset < UInt64(count) ? sight.mpidrs[Int(offset)] : 0
      if place == 0, hasMissed || offset < UInt64(count) && sight.full >> offset & 1 == 0 { return take(next, true) }
      places[n] = 2
      return mayMiss && place <= 1 && take(next &+ 1, false)
    case .numbers:
      if place < slot.pointee.fits &+ (mayMiss ? slot.pointee.misfits : 0) {
        return take(numbers[slot.pointee.first &+ place], place < slot.pointee.fits)
      }
      let delegated = sight.granules[Int(GranuleState.delegated.rawValue)]
      guard mayMiss, slot.pointee.hasForeign, delegated != 0, place == slot.pointee.fits &+ slot.pointee.misfits else {
        return false
      }
      return take(base &+ UInt64(delegated.trailingZeroBitCount) << 12, false)
    case .guest:
      // A call that is refused runs no guest, and an entry that asks for something special is made for that alone.
      let isPlain = !hasMissed && (slot.pointee.other < 0 || move.values[slot.pointee.other] == 0)
      let fits = isPlain ? slot.pointee.fits : min(1, slot.pointee.fits)
      guard place < fits &+ (mayMiss && isPlain ? slot.pointee.misfits : 0) else { return false }
      return take(numbers[slot.pointee.first &+ place], place < fits)
    }
  }
}
