import Basics
import Machine

/// What can be done in an explored world, made from the declarations of commands, structures and their fields: a form each, with a slot for
/// each argument and each field that matters.
///
/// A slot has values that fit what it is for, and some that do not. A move has fitting ones, or one that does not fit. As long as no
/// condition is switched off, a call with a value that does not fit is refused and changes nothing.
struct Alphabet: Sendable {
  struct Slot: Sendable {
    enum Place: Sendable {
      case register(Int)
      case field(structure: Int, offset: Int, width: Int)
      /// What the vCPU does that is entered: a number of ``Alphabet/guests``.
      case guest
    }
    enum Choice: Sendable {
      /// A granule in this state, and the Host's own if UNDELEGATED; any other does not fit, nor what is no granule.
      case granule(GranuleState)
      /// An UNDELEGATED granule, in whichever world's address space.
      case undelegated
      case numbers(fits: [UInt64], misfits: [UInt64])
      /// A page the Host has prepared; one of the Realm world's does not fit either.
      case page(UInt64)
      /// A VMID no Realm has.
      case vmid
      /// The MPIDR of the next REC of the Realm in another slot.
      case mpidr(rd: Int)
      /// An Unprotected mapping of a granule of the Host's.
      case mapping
      /// Nothing, or one of ``Alphabet/guests``; only where the flags of the entry, in another slot, ask for nothing special.
      case guest(flags: Int?)
    }
    var name: String
    var place: Place
    var choice: Choice
  }

  /// What a move does with its values.
  enum Deed: Sendable {
    case call(CommandEntry)
    case read(World)
    /// The device reads, or writes.
    case transaction(isWrite: Bool)
    case write
    case assign(GPI)
    case select
    case resume
  }

  struct Form: Sendable {
    var deed: Deed
    var slots: [Slot]
    /// Structures the Host has written before: their numbers.
    var structures: [Int] = []
    /// Whether the move can change the machine beside its memory alone.
    var isBesideMemory = false
  }

  /// A page the Host has prepared: what would be right in it.
  struct Prepared: Sendable {
    var table: StructureTable
    var address: UInt64
    var bytes: [UInt8]
  }

  /// One thing a vCPU does.
  struct Guest: Sendable {
    var action: GuestAction
    var isMisfit: Bool
  }

  /// Most slots of a form.
  static let mostSlots = 12

  let world: ExploredWorld
  private(set) var forms: [Form] = []
  private(set) var structures: [Prepared] = []
  private(set) var guests: [Guest] = []
  /// Fields that `fill` gives a value where none is named, by structure.
  private(set) var defaults: [String: Set<String>] = [:]

  init(_ world: ExploredWorld) {
    self.world = world
    let machine = Machine(world.configuration)
    for (index, written) in StructureTables.written.filter({ $0.author == .host }).enumerated() {
      structures.append(Self.prepare(written.table, world.page(ofStructure: index), machine))
      let right = machine.rightNow(written.table, given: [:])
      defaults[written.table.name] = Set(right.values.keys).union(right.missing.map(\.field))
    }
    if world.hasGuests { makeGuests(machine) }
    for entry in Commands.all where entry.interface == .rmi { forms.append(form(entry)) }
    if world.hasWorlds { addWorlds() }
    if world.configuration.peCount > 1 {
      let all = (0..<UInt64(world.configuration.peCount)).map { $0 }
      let pe = Slot(name: "pe", place: .register(1), choice: .numbers(fits: all, misfits: []))
      forms.append(Form(deed: .select, slots: [pe], isBesideMemory: true))
      if world.hasGuests { forms.append(Form(deed: .resume, slots: [pe], isBesideMemory: true)) }
    }
  }

  // MARK: Structures

  private static let given: [String: UInt64] = ["s2sz": 32]

  private static func prepare(_ table: StructureTable, _ address: UInt64, _ machine: borrowing Machine) -> Prepared {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let right = machine.rightNow(table, given: given)
    for row in table.writable {
      for index in 0..<row.field.count {
        let name = row.field.name(index)
        guard let value = given[name] ?? right.values[name] else { continue }
        put(value, row.offset + index * row.field.width, row.field.width, &bytes)
      }
    }
    return Prepared(table: table, address: address, bytes: bytes)
  }

  private static func put(_ value: UInt64, _ offset: Int, _ width: Int, _ bytes: inout [UInt8]) {
    for byte in 0..<min(width, 8) { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte)) }
  }

  func prepared(_ structure: Int, _ offset: Int, _ width: Int) -> UInt64 {
    (0..<min(width, 8)).reduce(0) { $0 | UInt64(structures[structure].bytes[offset + $1]) << UInt64(8 * $1) }
  }

  /// The slots of a structure's fields: those a call depends on, or could.
  private func fields(of structure: Int, rd: Int?) -> [Slot] {
    structures[structure].table.writable.flatMap { row -> [Slot] in
      let field = row.field
      let usual = prepared(structure, row.offset, field.width)
      func slot(_ choice: Slot.Choice, _ index: Int = 0) -> Slot {
        Slot(
          name: field.name(index),
          place: .field(structure: structure, offset: row.offset + index * field.width, width: field.width), choice: choice)
      }
      let bits = StructureTables.named(field.type.description)?.bits ?? []
      switch field.kind {
      case .pa:
        let count = field.count == 1 ? 1 : min(field.count, Int(world.configuration.recAuxCount))
        return (0..<count).map { slot(.granule(.delegated), $0) }
      case _ where field.name.description == RmiRealmParams.table.vmid.name.description: return [slot(.vmid)]
      case _ where field.name.description == RmiRecParams.table.mpidr.name.description: return [slot(.mpidr(rd: rd ?? 0))]
      case .bits where !bits.isEmpty && field.name.description == "flags":
        // Each alone where nothing refuses it; all at once where a rule looks at them as parameters.
        let isParameter = field.rules.description.split(separator: " ").contains("params_supp")
        let fits = isParameter ? [usual] : [usual] + (bits.map(\.mask) + [0]).filter { $0 != usual }
        return [slot(.numbers(fits: fits, misfits: isParameter ? [bits.reduce(0) { $0 | $1.mask }] : []))]
      case .bits, .hashAlgorithm:
        guard !field.rules.description.isEmpty else { return [] }
        return [slot(.numbers(fits: [usual], misfits: [field.kind.names.map(\.value).max().map { $0 + 1 } ?? .max]))]
      case .number, .signed:
        guard !field.rules.description.isEmpty, field.feature == 0 else { return [] }
        let wrong = field.most == .max ? usual + 1 : UInt64(bitPattern: field.most + 1)
        return [slot(.numbers(fits: [usual], misfits: [wrong]))]
      default: return []
      }
    }
  }

  // MARK: Calls

  private func form(_ entry: CommandEntry) -> Form {
    var form = Form(deed: .call(entry), slots: [])
    var fields: [Int] = []
    for input in entry.inputs {
      let structure = structures.firstIndex { $0.table.name == StructureTables.written(at: input)?.name }
      if let structure {
        form.structures.append(structure)
        fields.append(structure)
      }
      form.slots.append(
        Slot(name: input.name.description, place: .register(input.register), choice: choice(input.kind, structure: structure)))
    }
    let rd = entry.inputs.firstIndex { $0.kind == .rdPA }
    for structure in fields { form.slots += self.fields(of: structure, rd: rd) }
    if entry.fid == RECEnter.fid, world.hasGuests {
      let flags = form.slots.firstIndex { $0.name == RmiRecEnter.table.flags.name.description }
      form.slots.append(Slot(name: "guest", place: .guest, choice: .guest(flags: flags)))
      form.isBesideMemory = true
    }
    precondition(form.slots.count <= Self.mostSlots, "\(entry.name) has more slots than a move")
    return form
  }

  private func choice(_ kind: Input.Kind, structure: Int? = nil) -> Slot.Choice {
    switch kind {
    case .undelegatedPA: return .granule(.undelegated)
    case .delegatedPA: return .granule(.delegated)
    case .rdPA: return .granule(.rd)
    case .recPA: return .granule(.rec)
    case .nsPA:
      guard let structure else { return .granule(.undelegated) }
      // Where it lies is the Host's business; of the granules that are not its own any will do.
      return .page(structures[structure].address)
    case .ipa: return .numbers(fits: world.ipas, misfits: [(world.ipas.first ?? 0) | 8, ExploredWorld.nowhere])
    case .ipaTop: return .numbers(fits: world.tops, misfits: [0, (world.tops.first ?? 0) | 8])
    case .level: return .numbers(fits: world.levels, misfits: [4])
    case .descriptor: return .mapping
    case .flags: return .numbers(fits: [0, 1], misfits: [])
    case .version: return .numbers(fits: [0x1_0000], misfits: [0x2_0000])
    case .number: return .numbers(fits: [0, 1], misfits: [5])
    case .size: return .numbers(fits: [64], misfits: [0x2000, .max])
    case .status: return .numbers(fits: [0, PSCIReturn.denied], misfits: [1])
    case .mpidr: return .numbers(fits: (0..<UInt64(world.recs)).map { $0 }, misfits: [0xF00])
    case .ripas: return .numbers(fits: [0, 1], misfits: [2])
    case .bytes: return .numbers(fits: [0], misfits: [])
    }
  }

  // MARK: Guests

  private mutating func makeGuests(_ machine: borrowing Machine) {
    for entry in Commands.all where entry.interface != .rmi {
      let isUnconditional = entry.list(machine).isEmpty
      let choices = entry.inputs.map { input -> (fits: [UInt64], misfits: [UInt64]) in
        guard case .numbers(let fits, let misfits) = choice(input.kind) else { return ([0], []) }
        // Nobody looks at numbers of PSCI; an offset in a granule is one, too.
        if entry.interface == .psci, input.kind == .number || isUnconditional { return (fits, []) }
        if input.kind == .number { return (fits, misfits + [.max]) }
        // What begins a range a Realm asks for lies in its own half.
        let isRange = entry.inputs.contains { $0.kind == .ipaTop } && input.kind == .ipa
        return (isRange ? fits.filter { $0 < 0x8000_0000 } : fits, misfits)
      }
      combine(entry, choices, [], isMisfit: false)
    }
    for ipa in world.ipas {
      for action in [GuestAction(.read64, [ipa]), GuestAction(.write64, [ipa, 0x5A]), GuestAction(.exec, [ipa])] {
        guests.append(Guest(action: action, isMisfit: false))
      }
    }
    for kind in [GuestAction.Kind.wfi, .hvc, .fiq, .serror] {
      guests.append(Guest(action: GuestAction(kind, kind == .hvc || kind == .serror ? [0xBE00_0000] : []), isMisfit: false))
    }
    if world.configuration.peCount > 1 { guests.append(Guest(action: GuestAction(.hold), isMisfit: false)) }
  }

  private mutating func combine(
    _ entry: CommandEntry, _ choices: [(fits: [UInt64], misfits: [UInt64])], _ values: [UInt64], isMisfit: Bool
  ) {
    guard values.count < choices.count else {
      var x = [UInt64](repeating: 0, count: 1 + (entry.inputs.map(\.register).max() ?? 0))
      x[0] = UInt64(entry.fid)
      for (input, value) in zip(entry.inputs, values) { x[input.register] = value }
      guests.append(Guest(action: GuestAction(.smc, x), isMisfit: isMisfit))
      return
    }
    for value in choices[values.count].fits { combine(entry, choices, values + [value], isMisfit: isMisfit) }
    guard !isMisfit else { return }
    for value in choices[values.count].misfits { combine(entry, choices, values + [value], isMisfit: true) }
  }

  // MARK: Worlds

  private mutating func addWorlds() {
    let any = Slot(name: "pa", place: .register(1), choice: .undelegated)
    forms.append(Form(deed: .write, slots: [any]))
    for world in World.allCases { forms.append(Form(deed: .read(world), slots: [any])) }
    if world.configuration.smmu != .absent {
      for isWrite in [false, true] { forms.append(Form(deed: .transaction(isWrite: isWrite), slots: [any])) }
    }
    for gpi in [GPI.nonSecure, .secure, .root] { forms.append(Form(deed: .assign(gpi), slots: [any])) }
  }
}

/// One thing that is done: a form with its values.
struct Move {
  var form = 0
  var values = InlineArray<12, UInt64>(repeating: 0)
}

/// Values of a guest's slot: nothing, or one more than the number of ``Alphabet/guests``.
extension Move {
  static let noGuest: UInt64 = 0
}
