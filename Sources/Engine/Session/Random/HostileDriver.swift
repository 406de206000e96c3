import Basics
import Machine

/// Makes up actions of hostile software in every world: beside the calls of a ``RandomDriver`` it writes to what the RMM and EL3 keep
/// for themselves, switches PEs while a Realm holds one, and runs vCPUs with whatever lies in memory. Everything follows from the seed
/// and the machine's state.
package struct HostileDriver: Sendable {
  private var numbers: SeededNumbers
  private var calls: RandomDriver
  private let base: UInt64
  private let limit: UInt64
  private let granules: Int
  /// How often it writes where it should not, in a hundred actions.
  private let zeal: Int

  /// A small machine with the divergences switched one by one, and DRAM anywhere.
  package static func configuration(seed: UInt64) -> MachineConfiguration {
    var numbers = SeededNumbers(seed: seed)
    var configuration = RandomDriver.configuration(.spec)
    switch numbers.below(4) {
    case 0: break
    case 1: configuration.policy = .tfRMM
    default: configuration.policy = Policy(bits: numbers.next() & Policy.tfRMM.bits)
    }
    configuration.peCount = 1 + numbers.below(4)
    configuration.vcpu = numbers.chance(50) ? .code : .queue
    configuration.granuleFaultsExitToHost = numbers.chance(25)
    configuration.monitorAnswersHost = !configuration.granuleFaultsExitToHost
    configuration.paWidth = numbers.pick([36, 40, 48, 48, 52])
    if configuration.paWidth == 52, numbers.chance(50) { configuration.dramBase = 1 << 48 }
    return configuration
  }

  package init(seed: UInt64, _ configuration: MachineConfiguration) {
    numbers = SeededNumbers(seed: mix(seed))
    calls = RandomDriver(seed: seed, configuration)
    base = configuration.dramBase
    limit = 1 << configuration.paWidth
    granules = min(104, Int(configuration.dramSize >> 12))
    zeal = numbers.pick([0, 1, 2, 5, 16])
  }

  /// The next action for the present state.
  package mutating func next(_ machine: borrowing Machine) -> Action {
    if numbers.chance(zeal) { return scribble(machine) }
    switch numbers.below(100) {
    case 0..<88: return calls.next(machine)
    case 88..<90: return .selectPE(numbers.below(machine.control.pes.count))
    case 90..<93: return .resume(numbers.below(machine.control.pes.count))
    case 93: return .guestPause(numbers.below(200))
    case 94: return .idle(machine.control.guestInstructions &+ UInt64(numbers.below(100_000)))
    case 95..<97: return register()
    case 97: return .enterVCPU(granule(), run: granule())
    case 98: return .access(MemoryAccess(world: .normal, address: granule(), kind: .bytes(code())))
    default:
      var x = InlineArray<18, UInt64>(repeating: 0)
      x[0] = numbers.pick([
        UInt64(RMIVersion.fid) + UInt64(numbers.below(64)), SMCCC.version, UInt64(PSCIVersion.fid), numbers.next(),
      ])
      for n in 1..<6 { x[n] = value(machine) }
      return .smc(numbers.pick([.normal, .secure, .realm, .root]), x)
    }
  }

  private mutating func granule() -> UInt64 { base + UInt64(numbers.below(granules)) << 12 }

  /// A register of the PE: a stage 2 for vCPUs of the Host, an interrupt, or anything.
  private mutating func register() -> Action {
    switch numbers.below(6) {
    case 0: .setRegister("vttbr_el2", granule())
    case 1: .setRegister("vtcr_el2", numbers.pick([0x8002_3558, 0x8002_3519, numbers.next()]))
    case 2: .setRegister("hcr_el2", HCR.needed | numbers.next() & 0x1_0000_0007_F038)
    case 3: .setRegister("isr_el1", UInt64(numbers.below(2)) << 7)
    case 4: .setRegister("ich_hcr_el2", numbers.next())
    default: .setRegister(numbers.pick(ProcessingElement.registerNames), numbers.next())
    }
  }

  /// Some instructions, most of which exist.
  private mutating func code() -> [UInt8] {
    let rows = InstructionTable.rows
    return (0..<1024).flatMap { _ in
      let noise = UInt32(truncatingIfNeeded: numbers.next())
      let row = rows[numbers.below(rows.count)]
      let word = numbers.chance(10) ? noise : row.value | noise & ~row.mask
      return (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) }
    }
  }

  /// A write of some world to where it hurts.
  private mutating func scribble(_ machine: borrowing Machine) -> Action {
    let world: World = numbers.pick([.realm, .realm, .realm, .root, .root, .normal, .secure])
    let address = target(machine)
    let kind: MemoryAccess.Kind =
      switch numbers.below(20) {
      case 0: .write8(UInt8(truncatingIfNeeded: numbers.next()))
      case 1: .fill(UInt64(1 + numbers.below(8192)), UInt8(truncatingIfNeeded: numbers.next()))
      case 2: .bytes((0..<(1 + numbers.below(64))).map { UInt8(truncatingIfNeeded: $0 &* 37) })
      default: .write64(value(machine))
      }
    return .access(MemoryAccess(world: world, address: address, kind: kind))
  }

  /// A field of an RD, a REC or a table, a GPT descriptor, firmware's memory, or any place.
  private mutating func target(_ machine: borrowing Machine) -> UInt64 {
    switch numbers.below(12) {
    case 0..<3 where !machine.control.realms.isEmpty:
      // Mostly what is before the RPV.
      let words = RmmRealm.table.rpv.offset / 8
      return numbers.pick(machine.control.realms) + UInt64(numbers.below(numbers.chance(70) ? words : 64)) * 8
    case 3..<6 where !machine.control.recs.isEmpty:
      // Mostly what is the RMM's own.
      let words = RmmRec.table.monitor.offset / 8
      return numbers.pick(machine.control.recs) + UInt64(numbers.below(numbers.chance(60) ? words : 512)) * 8
    case 6..<8:
      let start = numbers.below(granules)
      for n in 0..<granules {
        let address = base + UInt64((start + n) % granules) << 12
        if machine.granuleIs(address, .rtt) { return address + UInt64(numbers.below(numbers.chance(60) ? 8 : 512)) * 8 }
      }
      return granule()
    case 8:
      let region = numbers.chance(60) ? base >> 30 : UInt64(numbers.below(6))
      return machine.gpt.l0Base + region * 8
    case 9:
      return machine.gpt.l1Base + UInt64(numbers.below(4)) * GranuleProtectionTable.l1Size
        + UInt64(numbers.below(16)) * 8
    case 10:
      let map = machine.map
      return numbers.pick([map.sharedBuffer, map.platformToken, map.measurementLog]) + UInt64(numbers.below(64)) * 8
    default: return granule() + UInt64(numbers.below(4096))
    }
  }

  /// A descriptor, an address that leads somewhere or nowhere, or any number.
  private mutating func value(_ machine: borrowing Machine) -> UInt64 {
    switch numbers.below(12) {
    case 0: UInt64(numbers.below(8))
    case 1: granule() | 3
    case 2: granule() | 1 << 10 | 0x7C3
    case 3: numbers.pick([limit, limit - 4096, 0x000F_FFFF_FFFF_F000, 0xFFFF_FFFF_FFFF_F000, 0]) | UInt64(numbers.below(4))
    case 4: numbers.pick([0x0800_0000, 0x4000_0000, 0x4020_0000, 0x1000_0000]) | UInt64(numbers.below(4))
    case 5: granule()
    case 6: UInt64(numbers.below(256)) << UInt64(8 * numbers.below(8))
    case 7: numbers.next() & 0x0101_0101_0101_0101
    case 8: UInt64.max
    case 9: UInt64(1) << UInt64(numbers.below(64))
    case 10: machine.control.realms.isEmpty ? 0 : numbers.pick(machine.control.realms)
    default: numbers.next()
    }
  }
}

/// What a run of hostile actions came to.
package struct HostileRun: Sendable {
  package var actions = 0
  package var machines = 0
  /// Machines whose RMM stopped.
  package var panics = 0
  /// Machines in which somebody wrote to what EL3 or the RMM keeps.
  package var scribbled = 0
  /// Copies of machines, by way of their saved states.
  package var copies = 0
  /// How often a machine and its copy went the same way.
  package var pairs = 0
  /// Of the machines' states at the end, one after the other.
  package var digest: UInt64 = 0
  /// What went wrong, with the seed of the machine.
  package var problem: String?

  /// Performs actions on a fresh machine every `perMachine`. After each, what must always hold is checked; now and then everything
  /// that onlookers ask is asked, and a copy of the machine by way of its saved state has to go the same way.
  ///
  /// - Parameter pairs: so many ways of each machine and its copies; nil: a few of one machine in eight.
  package static func perform(
    actions: Int, seed: UInt64, perMachine: Int = 1000, pairs: Int? = nil, onProgress: (Int) -> Void = { _ in }
  ) -> HostileRun {
    var run = HostileRun()
    var seeds = SeededNumbers(seed: seed)
    while run.actions < actions, run.problem == nil {
      onProgress(run.actions)
      let next = seeds.next()
      run.one(next, min(perMachine, actions - run.actions), pairs: pairs ?? (next & 7 == 1 ? 4 * Self.waysOfCopy : 0))
    }
    return run
  }

  private mutating func one(_ seed: UInt64, _ count: Int, pairs: Int) {
    let configuration = HostileDriver.configuration(seed: seed)
    var machine = Machine(configuration)
    prepare(&machine, seed)
    machine.tracing = seed & 7 == 0
    var driver = HostileDriver(seed: seed, configuration)
    machines += 1
    // Copies are made at moments all over its life.
    let moments = (pairs + Self.waysOfCopy - 1) / Self.waysOfCopy
    let end = self.pairs + pairs
    var afterPanic = 0
    for n in 0..<count where afterPanic < 20 && problem == nil {
      _ = machine.perform(driver.next(machine))
      actions += 1
      if machine.control.panic != nil { afterPanic += 1 }
      if let broken = machine.invariantViolations().first {
        problem = "seed \(seed), action \(n): rule \(broken.rule) broken: \(broken.detail)"
        return
      }
      if n % 64 == 63 { machine.lookAtEverything() }
      if moments > 0, n % max(1, count / moments) == 0 { compare(&machine, seed, min(Self.waysOfCopy, end - self.pairs)) }
    }
    if machine.control.panic != nil { panics += 1 }
    if machine.control.isScribbled { scribbled += 1 }
    digest = mix(digest ^ machine.digest())
    // What its life was too short for.
    while self.pairs < end, problem == nil { compare(&machine, seed, min(Self.waysOfCopy, end - self.pairs)) }
  }

  private static func text(_ outcome: Outcome) -> String {
    guard case .smc(.answer(let x)) = outcome else { return "\(outcome)" }
    return (0..<18).map { hex(x[$0]) }.joined(separator: " ")
  }

  private func prepare(_ machine: inout Machine, _ seed: UInt64) {
    machine.guestBudget = 1 << 9
    machine.entropy.numbers = SeededNumbers(seed: seed)
  }

  /// Ways that a machine and a copy of it go from one state, and the actions of each.
  private static let waysOfCopy = 25
  private static let actionsOfWay = 20

  /// Goes some ways from a state with the machine and with a copy of it, which must not differ. Both are then what they were before.
  private mutating func compare(_ machine: inout Machine, _ seed: UInt64, _ count: Int) {
    guard count > 0 else { return }
    do throws(SavedState.Malformed) {
      var copy = try SavedState.machine(SavedState.bytes(&machine))
      copies += 1
      let (entropy, budget) = (machine.entropy.numbers, machine.guestBudget)
      let (here, there) = (machine.checkpoint(), copy.checkpoint())
      for _ in 0..<count where problem == nil {
        problem = difference(&machine, &copy, seed, mix(seed &+ UInt64(pairs)))
        pairs += 1
        machine.restore(to: here)
        copy.restore(to: there)
      }
      (machine.entropy.numbers, machine.guestBudget) = (entropy, budget)
    } catch {
      problem = "seed \(seed): the saved state cannot be read: \(error.message)"
    }
  }

  /// How a copy of the machine differs on the same way; nil if it does not. Signatures come through the entropy door, so what the one
  /// draws is given to the other.
  private func difference(_ machine: inout Machine, _ copy: inout Machine, _ seed: UInt64, _ way: UInt64) -> String? {
    prepare(&copy, way)
    prepare(&machine, way)
    var driver = HostileDriver(seed: way, machine.configuration)
    for n in 0..<Self.actionsOfWay {
      let action = driver.next(machine)
      machine.entropy.log = []
      let one = Self.text(machine.perform(action))
      copy.entropy.supply = machine.entropy.log
      copy.entropy.log = []
      let other = Self.text(copy.perform(action))
      guard one == other, n + 1 < Self.actionsOfWay || machine.digest() == copy.digest() else {
        return "seed \(seed): a copy differs after \(n + 1) actions, the last \(action.scriptText)"
      }
    }
    return nil
  }
}

extension Machine {
  /// Asks everything that screens and scripts ask of a machine: none of it may fail, whatever lies in memory.
  package mutating func lookAtEverything() {
    _ = digest()
    _ = realmSummaries()
    _ = tokensInProgress()
    _ = map(rows: [dramBase], granules: 1, width: 64)
    for rd in control.realms {
      for query in [MachineQuery.rim(rd), .refcount(rd), .state(rd), .gpt(rd), .peek64(rd)] { _ = answer(query) }
      for ipa in [0, 0x1000, 1 << 31, 1 << 47, UInt64.max] as [UInt64] {
        guard let report = walkReport(rd, ipa) else { continue }
        for hop in report.hops {
          _ = entryRuns(rd, table: hop.table, level: hop.level, base: tableBase(hop, ipa: ipa))
          _ = role(hop.table)
        }
      }
    }
    for rec in control.recs {
      _ = guestRegisters(rec)
      _ = guestWords(rec, from: self.rec(rec).pc, count: 8)
      _ = translation(rec, self.rec(rec).pc)
      _ = role(rec)
    }
    if let run = progress.run { _ = exitFields(run) }
    _ = observation.events.map(\.text)
  }
}
