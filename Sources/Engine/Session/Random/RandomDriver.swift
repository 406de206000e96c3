import Basics
import Machine

/// Makes up actions: mostly calls that could succeed in the present state, often slightly wrong, now and then nonsense. Everything
/// follows from the seed and the machine's state.
package struct RandomDriver: Sendable {
  private var numbers: SeededNumbers
  private var planned: [Action] = []
  private let base: UInt64
  private let granules: Int
  private let buffers: Int

  /// A machine small enough that random calls meet each other.
  package static func configuration(_ policy: Policy) -> MachineConfiguration {
    var configuration = MachineConfiguration()
    configuration.dramSize = 2 << 20
    configuration.recAuxCount = 1
    configuration.policy = policy
    return configuration
  }

  package init(seed: UInt64, _ configuration: MachineConfiguration) {
    numbers = SeededNumbers(seed: seed)
    base = configuration.dramBase
    buffers = 8
    granules = min(96, Int(configuration.dramSize >> 12) - buffers)
  }

  private func granule(_ n: Int) -> UInt64 { base + UInt64(n) << 12 }
  /// Granules the driver keeps for structures it hands over; they are delegated only by accident.
  private func buffer(_ n: Int) -> UInt64 { base + UInt64(granules + n) << 12 }

  /// The next action for the present state.
  package mutating func next(_ machine: borrowing Machine) -> Action {
    if planned.isEmpty { plan(machine) }
    return planned.removeFirst()
  }

  private mutating func smc(_ fid: UInt32, _ arguments: UInt64...) {
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = UInt64(fid)
    for (n, value) in arguments.enumerated() { x[n + 1] = value }
    // One argument in twenty-five is off.
    if numbers.chance(4) { x[1 + numbers.below(max(1, arguments.count))] = wild() }
    planned.append(.smc(.normal, x))
  }

  private mutating func wild() -> UInt64 {
    switch numbers.below(8) {
    case 0: 0
    case 1: UInt64.max
    case 2: numbers.next()
    case 3: 1 << UInt64(numbers.below(64))
    case 4: granule(numbers.below(granules)) + UInt64(numbers.below(4096))
    case 5: buffer(numbers.below(buffers))
    case 6: UInt64(bitPattern: Int64(numbers.below(8)) - 4)
    default: granule(numbers.below(granules * 4))
    }
  }

  /// A field of a structure, or the first of several.
  private mutating func write(_ field: MemoryField, _ base: UInt64, _ value: UInt64) {
    planned.append(.access(MemoryAccess(world: .normal, address: field.address(in: base), kind: .write64(value))))
  }

  private mutating func clear(_ granule: UInt64) {
    planned.append(.access(MemoryAccess(world: .normal, address: granule, kind: .fill(Granule.size, 0))))
  }

  /// A granule in a state, or any one if there is none.
  private mutating func find(_ machine: borrowing Machine, _ state: GranuleState) -> UInt64 {
    let start = numbers.below(granules)
    for n in 0..<granules {
      let address = granule((start + n) % granules)
      if machine.granuleIs(address, state) { return address }
    }
    return granule(start)
  }

  private mutating func realm(_ machine: borrowing Machine) -> UInt64 {
    machine.control.realms.isEmpty ? granule(numbers.below(granules)) : numbers.pick(machine.control.realms)
  }

  private mutating func rec(_ machine: borrowing Machine) -> UInt64 {
    machine.control.recs.isEmpty ? granule(numbers.below(granules)) : numbers.pick(machine.control.recs)
  }

  /// An IPA in one of a few regions, so that calls meet, in either half of the Realm's space.
  private mutating func ipa(_ machine: borrowing Machine, _ rd: UInt64, level: Int, unprotected: Bool) -> UInt64 {
    var address = UInt64(numbers.below(3)) * rttEntrySize(numbers.below(3) + 1) + UInt64(numbers.below(6)) << 12
    if level >= 0, level <= 3, !numbers.chance(4) { address &= ~(rttEntrySize(level) - 1) }
    if unprotected, machine.granuleIs(rd & ~0xFFF, .rd), rd.isGranuleAligned { address |= machine.realm(rd).protectedTop }
    return address
  }

  private mutating func plan(_ machine: borrowing Machine) {
    switch numbers.below(100) {
    case 0..<13: smc(GranuleDelegate.fid, find(machine, .undelegated))
    case 14..<17: smc(GranuleUndelegate.fid, find(machine, .delegated))
    case 17..<21: createRealm(machine)
    case 21..<23: smc(RealmDestroy.fid, realm(machine))
    case 23..<36: tables(machine)
    case 36..<50: data(machine)
    case 50..<56: ripas(machine)
    case 56..<62: unprotected(machine)
    case 62..<67: createREC(machine)
    case 67..<68: smc(RECDestroy.fid, rec(machine))
    case 68..<71: smc(RealmActivate.fid, realm(machine))
    case 71..<85: enter(machine)
    case 85..<88: smc(PSCIComplete.fid, rec(machine), rec(machine), numbers.pick([0, 0, PSCIReturn.denied, 1]))
    case 88..<91:
      let rd = realm(machine)
      smc(RTTReadEntry.fid, rd, ipa(machine, rd, level: 3, unprotected: numbers.chance(40)), UInt64(numbers.below(4)))
    case 91..<95: access()
    case 95..<97:
      planned.append(
        .assignGranule(granule(numbers.below(granules)), numbers.pick([.nonSecure, .nonSecure, .secure, .root, .realm])))
    case 97..<98:
      planned.append(
        numbers.chance(50)
          ? .selectPE(numbers.below(machine.control.pes.count)) : .resume(numbers.below(machine.control.pes.count)))
    case 13, 98: planned.append(.smc(.normal, declaredCall(machine, numbers.pick(Self.rmi)).x))
    default:
      var x = InlineArray<18, UInt64>(repeating: 0)
      x[0] = UInt64(RMIVersion.fid) + UInt64(numbers.below(0x40))
      for n in 1..<6 { x[n] = wild() }
      planned.append(.smc(numbers.chance(85) ? .normal : .secure, x))
    }
  }

  private mutating func createRealm(_ machine: borrowing Machine) {
    let params = buffer(0)
    let shapes: [(width: UInt64, level: UInt64, tables: UInt64)] = [
      (32, 1, 1), (33, 2, 8), (32, 2, 4), (39, 1, 1), (40, 0, 1), (40, 1, 2), (48, 0, 1),
    ]
    let shape = numbers.pick(shapes)
    let rtt = find(machine, .delegated) & ~(shape.tables * 4096 - 1)
    // Concatenated tables must be neighbours: delegate them first.
    for n in 0..<shape.tables { smc(GranuleDelegate.fid, rtt + n * 4096) }
    clear(params)
    let fields = RmiRealmParams.table
    write(fields.flags, params, numbers.chance(90) ? 0 : numbers.next() & RmiRealmFlags.all)
    write(fields.s2sz, params, numbers.chance(95) ? shape.width : wild())
    write(fields.numBPs, params, 1)
    write(fields.numWPs, params, 1)
    write(fields.hashAlgo, params, UInt64(numbers.below(numbers.chance(95) ? 2 : 4)))
    write(fields.vmid, params, UInt64(numbers.below(4)))
    write(fields.rttBase, params, rtt)
    write(fields.rttLevelStart, params, numbers.chance(97) ? shape.level : wild())
    write(fields.rttNumStart, params, numbers.chance(97) ? shape.tables : wild())
    smc(RealmCreate.fid, find(machine, .delegated), params)
  }

  private mutating func tables(_ machine: borrowing Machine) {
    let rd = realm(machine)
    let level = numbers.below(3) + 1
    let address = ipa(machine, rd, level: level - 1, unprotected: numbers.chance(35))
    switch numbers.below(10) {
    case 0..<6: smc(RTTCreate.fid, rd, find(machine, .delegated), address, UInt64(level))
    case 6..<8: smc(RTTFold.fid, rd, address, UInt64(level))
    default: smc(RTTDestroy.fid, rd, address, UInt64(level))
    }
  }

  private mutating func data(_ machine: borrowing Machine) {
    let rd = realm(machine)
    let address = ipa(machine, rd, level: 3, unprotected: numbers.chance(5))
    switch numbers.below(10) {
    case 0..<4:
      smc(DataCreate.fid, rd, find(machine, .delegated), address, buffer(numbers.below(buffers)), UInt64(numbers.below(2)))
    case 4..<7: smc(DataCreateUnknown.fid, rd, find(machine, .delegated), address)
    default: smc(DataDestroy.fid, rd, address)
    }
  }

  private mutating func ripas(_ machine: borrowing Machine) {
    let rd = realm(machine)
    if numbers.chance(50) {
      let from = ipa(machine, rd, level: 3, unprotected: false)
      smc(RTTInitRIPAS.fid, rd, from, from &+ UInt64(numbers.below(8) + 1) << 12)
      return
    }
    let address = rec(machine)
    guard machine.granuleIs(address, .rec), address.isGranuleAligned else { return smc(RTTSetRIPAS.fid, rd, address, 0, 4096) }
    let rec = machine.rec(address)
    smc(RTTSetRIPAS.fid, rec.owner, address, rec.ripasAddr, numbers.chance(60) ? rec.ripasTop : rec.ripasAddr &+ 4096)
  }

  private mutating func unprotected(_ machine: borrowing Machine) {
    let rd = realm(machine)
    let level = numbers.chance(80) ? 3 : numbers.below(3) + 1
    let address = ipa(machine, rd, level: level, unprotected: true)
    if numbers.chance(65) {
      let target =
        level == 3
        ? (numbers.chance(80) ? buffer(numbers.below(buffers)) : granule(numbers.below(granules)))
        : base & ~(rttEntrySize(level) - 1)
      let descriptor = RttUnprotectedDescriptor.table
      let attributes = descriptor.memAttr.placed(0b110) | descriptor.s2ap.placed(0b10 | UInt64(numbers.below(4)))
      smc(RTTMapUnprotected.fid, rd, address, UInt64(level), target | attributes)
    } else {
      smc(RTTUnmapUnprotected.fid, rd, address, UInt64(level))
    }
  }

  private mutating func createREC(_ machine: borrowing Machine) {
    let rd = realm(machine)
    let params = buffer(1)
    let next = machine.granuleIs(rd, .rd) && rd.isGranuleAligned ? machine.realm(rd).recIndex : 0
    clear(params)
    let fields = RmiRecParams.table
    write(fields.flags, params, UInt64(numbers.below(2)))
    write(fields.mpidr, params, numbers.chance(95) ? next : wild())
    write(fields.numAux, params, numbers.chance(97) ? 1 : wild())
    write(fields.aux, params, find(machine, .delegated))
    smc(RECCreate.fid, rd, find(machine, .delegated), params)
  }

  private mutating func enter(_ machine: borrowing Machine) {
    let run = buffer(2)
    for _ in 0..<numbers.below(4) { planned.append(.guest(guest(machine))) }
    let fields = RmiRecEnter.table
    write(fields.flags, run, numbers.chance(70) ? 0 : UInt64(numbers.below(32)))
    write(fields.gprs, run, numbers.next())
    write(
      fields.gicv3LRs, run, numbers.chance(85) ? 0 : numbers.chance(50) ? 1 << 62 | UInt64(numbers.below(1100)) : numbers.next())
    smc(RECEnter.fid, rec(machine), run)
  }

  private mutating func guest(_ machine: borrowing Machine) -> GuestAction {
    let rd = realm(machine)
    let shared = numbers.chance(30)
    let address =
      ipa(machine, rd, level: 3, unprotected: shared) &+ UInt64(numbers.chance(80) ? numbers.below(512) * 8 : numbers.below(4096))
    switch numbers.below(18) {
    case 0, 1: return GuestAction(.read64, [address])
    case 2, 3: return GuestAction(.write64, [address, numbers.next()])
    case 4: return GuestAction(.exec, [address & ~3])
    case 5:
      let from = ipa(machine, rd, level: 3, unprotected: false)
      return GuestAction(
        .smc,
        [
          UInt64(RSIIPAStateSet.fid), from, from &+ UInt64(numbers.below(6)) << 12, UInt64(numbers.below(3)),
          UInt64(numbers.below(2)),
        ])
    case 6:
      let from = ipa(machine, rd, level: 3, unprotected: false)
      return GuestAction(.smc, [UInt64(RSIIPAStateGet.fid), from, from &+ UInt64(numbers.below(600)) << 12])
    case 7:
      return GuestAction(
        .smc, [UInt64(RSIMeasurementExtend.fid), UInt64(numbers.below(6)), UInt64(numbers.below(70)), numbers.next()])
    case 8: return GuestAction(.smc, [UInt64(RSIHostCall.fid), address & ~0xFF])
    case 9:
      return GuestAction(.smc, [UInt64(numbers.pick([PSCICPUOff.fid, PSCISystemOff.fid, PSCICPUSuspend.fid, PSCIFeatures.fid]))])
    case 10:
      return GuestAction(
        .smc,
        [
          UInt64(numbers.pick([PSCICPUOn.fid, PSCIAffinityInfo.fid])), UInt64(numbers.below(3)), numbers.chance(50) ? 0 : address,
        ])
    case 11: return GuestAction(.smc, [UInt64(RSIRealmConfig.fid), address & ~0xFFF])
    case 13...16: return declaredCall(machine, numbers.pick(Self.realmCalls))
    case 12: return numbers.chance(50) ? GuestAction(.hvc, [0]) : numbers.chance(50) ? GuestAction(.hold) : GuestAction(.fiq)
    default:
      return GuestAction(
        .sync,
        [
          numbers.pick([0x93C0_8007, 0x9200_0007, 0x8200_0007, numbers.next() & 0xFFFF_FFFF]), numbers.next(),
          numbers.next() & 0xFF_FFFF_FFF0,
        ])
    }
  }

  private static let rmi = Commands.all.filter { $0.interface == .rmi }
  private static let realmCalls = Commands.all.filter { $0.interface != .rmi }

  /// A call as its declaration has it: all that is known of a command that is not among those above.
  private mutating func declaredCall(_ machine: borrowing Machine, _ entry: CommandEntry) -> GuestAction {
    let rd = realm(machine)
    let level = numbers.below(4)
    var arguments = [UInt64](repeating: 0, count: 1 + (entry.inputs.map(\.register).max() ?? 0))
    arguments[0] = UInt64(entry.fid)
    for input in entry.inputs {
      arguments[input.register] =
        switch input.kind {
        case .undelegatedPA: find(machine, .undelegated)
        case .delegatedPA: find(machine, .delegated)
        case .rdPA: rd
        case .recPA: rec(machine)
        case .nsPA: buffer(numbers.below(buffers))
        case .ipa, .ipaTop: ipa(machine, rd, level: level, unprotected: numbers.chance(30))
        case .level: UInt64(level)
        case .flags, .ripas: UInt64(numbers.below(3))
        case .version: numbers.chance(80) ? 0x1_0000 : wild()
        case .status: numbers.pick([0, PSCIReturn.denied, wild()])
        case .mpidr: UInt64(numbers.below(3))
        case .number, .size: UInt64(numbers.below(70))
        case .descriptor, .bytes: wild()
        }
    }
    return GuestAction(.smc, arguments)
  }

  private mutating func access() {
    let world = numbers.pick(World.allCases)
    let address = numbers.chance(80) ? granule(numbers.below(granules)) + UInt64(numbers.below(512)) * 8 : wild()
    // Root may write what the RMM keeps; only reads are harmless there, and in the Realm PAS.
    let kind: MemoryAccess.Kind = world == .normal && numbers.chance(50) ? .write64(numbers.next()) : .read64
    planned.append(.access(MemoryAccess(world: world, address: address, kind: kind)))
  }
}

/// What a run of random actions came to.
package struct RandomRun: Sendable {
  package var calls = 0
  package var succeeded = 0
  package var violation: (call: Int, InvariantViolation)?
  /// A call whose explanation beforehand was not what it then answered.
  package var disagreement: String?

  /// Performs `calls` random actions on a fresh machine every `perMachine`, checking every rule after each.
  ///
  /// - Parameter checkEvery: how often the rules are evaluated; 1 is after every action.
  package static func perform(
    calls: Int, seed: UInt64, policy: Policy, perMachine: Int = 2000, checkEvery: Int = 1,
    onProgress: (Int) -> Void = { _ in }
  ) -> RandomRun {
    var run = RandomRun()
    let configuration = RandomDriver.configuration(policy)
    var machineSeed = seed
    while run.calls < calls {
      onProgress(run.calls)
      var machine = Machine(configuration)
      machine.tracing = false
      var driver = RandomDriver(seed: machineSeed, configuration)
      machineSeed = mix(machineSeed)
      for _ in 0..<min(perMachine, calls - run.calls) {
        let action = driver.next(machine)
        let expected = explanation(action, machine)
        let outcome = machine.perform(action)
        run.calls += 1
        if case .smc(.answer(let x)) = outcome {
          if x[0] == 0 { run.succeeded += 1 }
          if let expected, expected != Names.status(.rmi, x[0]), run.disagreement == nil {
            run.disagreement = "call \(run.calls): explained \(expected), answered \(Names.status(.rmi, x[0]))"
          }
        }
        if run.calls % checkEvery == 0, let violation = machine.invariantViolations().first {
          run.violation = (run.calls, violation)
          return run
        }
        if run.disagreement != nil { return run }
      }
    }
    return run
  }

  /// The status an RMI call is explained with, where that is all there is to it.
  private static func explanation(_ action: Action, _ machine: borrowing Machine) -> String? {
    guard case .smc(.normal, let x) = action, let entry = Commands.withFID(x[0]), entry.interface == .rmi,
      machine.control.pes[machine.control.currentPE].runningREC == 0
    else { return nil }
    return machine.explain(entry, x).status
  }
}
