import Basics
import Machine

/// Makes up actions of all four worlds and the device on each other: the calls of a ``RandomDriver``, calls of FF-A by the Host and by
/// partitions, transactions of the device, accesses of each world to anything. Nobody writes past EL3 or the RMM. Everything follows from
/// the seed and the machine's state.
package struct WorldsDriver: Sendable {
  private var numbers: SeededNumbers
  private var calls: RandomDriver
  private var planned: [Action] = []
  private let base: UInt64
  private let granules: Int

  /// A small machine with software in the Secure world, and what can be chosen there drawn.
  package static func configuration(seed: UInt64) -> MachineConfiguration {
    var numbers = SeededNumbers(seed: seed)
    var configuration = RandomDriver.configuration(.spec)
    if numbers.chance(20) {
      configuration.take(.fvp)
      configuration.dramSize = 2 << 20
    }
    configuration.secure = numbers.chance(60) ? .spmc : .tee
    configuration.protectsMemory = numbers.chance(80)
    configuration.gpf = numbers.chance(10) ? .el3 : .world
    configuration.peCount = 1 + numbers.below(3)
    return configuration
  }

  package init(seed: UInt64, _ configuration: MachineConfiguration) {
    numbers = SeededNumbers(seed: mix(seed))
    calls = RandomDriver(seed: seed, configuration)
    base = configuration.dramBase
    granules = min(104, Int(configuration.dramSize >> 12))
  }

  /// The next action for the present state.
  package mutating func next(_ machine: borrowing Machine) -> Action {
    while planned.isEmpty { plan(machine) }
    return planned.removeFirst()
  }

  private mutating func plan(_ machine: borrowing Machine) {
    switch numbers.below(100) {
    case 0..<35: planned.append(calls.next(machine))
    case 35..<75: planFFA(machine)
    case 75..<84: planned.append(.access(MemoryAccess(device: anywhere(machine), kind: kind(writes: true))))
    case 84..<93: planAccess(machine)
    case 93..<95: planned.append(.selectPE(numbers.below(machine.control.pes.count)))
    case 95..<97: planned.append(.setRegister("isr_el1", numbers.chance(30) ? 1 << 7 : 0))
    case 97: planned.append(.resume(numbers.below(machine.control.pes.count)))
    case 98:
      let gpi: GPI = numbers.pick([.nonSecure, .secure, .root, .realm])
      planned.append(.assignGranule(granule(), gpi))
    default:
      // The SPMC moves memory by hand, and anybody calls anything.
      let fid: UInt64 = numbers.pick([0xC200_0101, 0xC200_0102, 0xC400_0151, 0x8400_0063, numbers.next() & 0xFFFF_FFFF])
      smc(numbers.pick([.secure, .secure, .normal, .realm]), fid, [granule(), UInt64(numbers.below(3)) << 12])
    }
  }

  private mutating func granule() -> UInt64 { base + UInt64(numbers.below(granules)) << 12 }

  /// An address of some world's memory, or none.
  private mutating func anywhere(_ machine: borrowing Machine) -> UInt64 {
    let offset = UInt64(numbers.below(512)) * 8
    switch numbers.below(10) {
    case 0..<6: return granule() + offset
    case 6:
      let partition = numbers.pick(SecurePartition.all)
      return partition.memory.lowerBound + UInt64(numbers.below(8)) << 12 + offset
    case 7, 8:
      let region = numbers.pick(machine.map.memories).range
      return region.lowerBound + UInt64(numbers.below(Int(min(region.upperBound - region.lowerBound, 1 << 20)))) & ~7
    default: return numbers.next() >> UInt64(numbers.below(64))
    }
  }

  private mutating func kind(writes: Bool) -> MemoryAccess.Kind {
    guard writes, numbers.chance(50) else { return .read64 }
    return numbers.chance(80) ? .write64(numbers.next()) : .fill(UInt64(1 + numbers.below(8192)), UInt8(numbers.below(256)))
  }

  /// Software of each world; that of the Realm and of the Root world only reads, as what it writes is for the RMM and EL3.
  private mutating func planAccess(_ machine: borrowing Machine) {
    let world = numbers.pick(World.allCases)
    let address = anywhere(machine)
    // A partition's registers are the SPMC's.
    let isOthers = world == .realm || world == .root || address.granuleBase == Machine.partitionVCPU && numbers.chance(95)
    planned.append(.access(MemoryAccess(world: world, address: address, kind: kind(writes: !isOthers))))
  }

  private mutating func smc(_ world: World, _ fid: UInt64, _ arguments: [UInt64]) {
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = fid
    for (n, value) in arguments.prefix(17).enumerated() { x[n + 1] = value }
    if !arguments.isEmpty, numbers.chance(4) {
      x[1 + numbers.below(arguments.count)] = numbers.next() >> UInt64(numbers.below(64))
    }
    planned.append(.smc(world, x))
  }

  // MARK: FF-A

  /// A call by whoever has the PE: a partition, or the Host.
  private mutating func planFFA(_ machine: borrowing Machine) {
    let caller = machine.spm.running[machine.control.currentPE]
    let world: World = caller == FFAEndpointIndex.normal ? .normal : .secure
    func call(_ name: String) -> UInt64 { UInt64(FFACalls.named(name)?.fid ?? 0) }
    let ids = (0..<FFAEndpointIndex.count).map(FFAEndpointIndex.id)
    let (id, other) = (FFAEndpointIndex.id(caller), numbers.pick(ids))
    let endpoint = machine.spm.endpoints[caller]
    if endpoint.tx == 0, numbers.chance(60) {
      let own =
        caller == FFAEndpointIndex.normal ? base + UInt64(granules) << 12 : SecurePartition.all[caller - 1].memory.lowerBound
      return smc(world, call("FFA_RXTX_MAP"), [own, own + Granule.size, 1])
    }
    switch numbers.below(16) {
    case 0..<4: send(machine, caller, world)
    case 4..<7: retrieve(machine, caller, world)
    case 7: relinquish(machine, caller, world)
    case 8, 9:
      let handle = self.handle(machine)
      smc(world, call("FFA_MEM_RECLAIM"), [handle & 0xFFFF_FFFF, handle >> 32, UInt64(numbers.below(8) == 0 ? 1 : 0)])
    case 10, 11:
      if numbers.chance(50) { return smc(world, call("FFA_RUN"), [other << 16]) }
      smc(world, call("FFA_MSG_SEND_DIRECT_REQ"), [id << 16 | other, 0, numbers.next(), numbers.next()])
    case 12: smc(world, call("FFA_MSG_SEND_DIRECT_RESP"), [id << 16 | endpoint.callerID, 0, numbers.next()])
    case 13: smc(world, call(numbers.pick(["FFA_MSG_WAIT", "FFA_YIELD", "FFA_RX_RELEASE"])), [])
    case 14: smc(world, call("FFA_RX_RELEASE"), [])
    default:
      let entry = numbers.pick(FFACalls.all)
      smc(world, UInt64(entry.fid), entry.inputs.map { _ in UInt64(numbers.below(4)) << UInt64(numbers.below(32)) })
    }
  }

  private mutating func handle(_ machine: borrowing Machine) -> UInt64 {
    let shares = machine.spm.shares
    return shares.isEmpty || numbers.chance(5) ? UInt64(numbers.below(8)) : numbers.pick(shares).handle
  }

  /// A field that is other than it should be, now and then.
  private mutating func changes(_ names: [String]) -> [String: UInt64] {
    guard numbers.chance(12) else { return [:] }
    return [numbers.pick(names): numbers.chance(70) ? UInt64(numbers.below(0x80)) : numbers.next()]
  }

  private mutating func write(_ descriptor: FFADescriptor, _ machine: borrowing Machine, _ caller: Int) {
    let tx = machine.spm.endpoints[caller].tx
    guard tx != 0 else { return }
    let world: World = caller == FFAEndpointIndex.normal || machine.gpi(tx) == .nonSecure ? .normal : .secure
    planned.append(.access(MemoryAccess(world: world, address: tx, kind: .bytes(descriptor.bytes))))
  }

  private mutating func send(_ machine: borrowing Machine, _ caller: Int, _ world: World) {
    let kind = numbers.pick(FFATransaction.allCases)
    var receivers = [numbers.pick(SecurePartition.all).id]
    if numbers.chance(20) {
      receivers.append(numbers.chance(70) ? numbers.pick(SecurePartition.all).id : UInt64(numbers.below(4)))
    }
    var ranges: [PageRange] = []
    for _ in 0..<(1 + numbers.below(3)) {
      let own = machine.spm.owned.filter { $0.owner == caller }
      let page =
        caller == FFAEndpointIndex.normal
        ? granule()
        : !own.isEmpty && numbers.chance(50)
          ? numbers.pick(own).range.base
          : SecurePartition.all[caller - 1].memory.lowerBound + UInt64(4 + numbers.below(12)) << 12
      ranges.append(PageRange(base: page, pages: UInt64(1 + numbers.below(2))))
    }
    let isForSeveral = kind == .share || kind == .lend && receivers.count > 1
    let descriptor = FFADescriptor.transaction(
      sender: FFAEndpointIndex.id(caller), attributes: isForSeveral ? FFAMemoryAttributes.usual : 0,
      receivers.map { .init(id: $0, permissions: kind == .donate ? 0 : UInt64(1 + numbers.below(2))) }, ranges,
      changes(FFADescriptor.transactionFields))
    write(descriptor, machine, caller)
    let length = UInt64(descriptor.bytes.count)
    smc(world, UInt64(FFACalls.named("FFA_MEM_\(kind.name.uppercased())")?.fid ?? 0), [length, length])
  }

  private mutating func retrieve(_ machine: borrowing Machine, _ caller: Int, _ world: World) {
    let handle = self.handle(machine)
    let share = machine.spm.share(handle)
    // Only a receiver has any use for it: let one run first.
    if caller == FFAEndpointIndex.normal, let receiver = share?.receivers.first, numbers.chance(70) {
      return smc(world, 0x8400_006D, [receiver.id << 16])
    }
    let isForOne = share.map { $0.kind != .share && $0.receivers.count == 1 } ?? true
    let descriptor = FFADescriptor.transaction(
      sender: share?.sender ?? 0, attributes: 0, handle: handle, tag: share?.tag ?? 0,
      (share?.receivers.map(\.id) ?? [0]).map { .init(id: $0, permissions: isForOne ? 4 : 0) }, [],
      changes(FFADescriptor.transactionFields))
    write(descriptor, machine, caller)
    let length = UInt64(descriptor.bytes.count)
    smc(world, 0x8400_0074, [length, length])
  }

  private mutating func relinquish(_ machine: borrowing Machine, _ caller: Int, _ world: World) {
    write(.relinquish(handle(machine), FFAEndpointIndex.id(caller), changes(FFADescriptor.relinquishFields)), machine, caller)
    smc(world, 0x8400_0076, [])
  }
}

/// What a run of actions of all worlds came to.
package struct WorldsRun: Sendable {
  package private(set) var actions = 0
  package private(set) var machines = 0
  /// Calls of FF-A that were answered without an error, and those that were refused.
  package private(set) var succeeded = 0
  package private(set) var refused = 0
  /// Accesses that passed, and those that ended in a fault.
  package private(set) var passed = 0
  package private(set) var faults = 0
  /// Conditions of FF-A that decided a call.
  package private(set) var conditions: Set<String> = []
  /// Of the machines' states at the end, one after the other.
  package private(set) var digest: UInt64 = 0
  /// What went wrong, with the seed of the machine.
  package private(set) var problem: String?

  /// Performs actions on a fresh machine every `perMachine`. After each every rule must hold, an access must have had the outcome it has by
  /// the table of who may touch what, and a call of FF-A the answer it was explained with.
  package static func perform(
    actions: Int, seed: UInt64, perMachine: Int = 1000, onProgress: (Int) -> Void = { _ in }
  ) -> WorldsRun {
    var run = WorldsRun()
    var seeds = SeededNumbers(seed: seed)
    while run.actions < actions, run.problem == nil {
      onProgress(run.actions)
      run.one(seeds.next(), min(perMachine, actions - run.actions))
    }
    return run
  }

  private mutating func one(_ seed: UInt64, _ count: Int) {
    let configuration = WorldsDriver.configuration(seed: seed)
    var machine = Machine(configuration)
    machine.tracing = false
    machine.guestBudget = 1 << 9
    machine.entropy.numbers = SeededNumbers(seed: seed)
    var driver = WorldsDriver(seed: seed, configuration)
    machines += 1
    for n in 0..<count where problem == nil {
      let action = driver.next(machine)
      let isAllowed = Self.isAllowed(action, machine)
      let explained = Self.explanation(action, machine)
      let outcome = machine.perform(action)
      actions += 1
      note(outcome, isAllowed, explained)
      for decision in machine.decisions {
        if let entry = FFACalls.withFID(UInt64(decision.fid)) { conditions.insert("\(entry.name) \(decision.id)") }
      }
      if problem == nil, let broken = machine.invariantViolations().first {
        problem = "rule \(broken.rule) broken: \(broken.detail)"
      }
      if let found = problem { problem = "seed \(seed), action \(n), \(action.scriptText): \(found)" }
    }
    digest = mix(digest ^ machine.digest())
  }

  private mutating func note(_ outcome: Outcome, _ isAllowed: Bool?, _ explained: String?) {
    switch outcome {
    case .access(.fault):
      faults += 1
      if isAllowed == true { problem = "a fault, though the world may touch it" }
    case .access:
      passed += 1
      if isAllowed == false { problem = "it passed, though the world may not touch it" }
    case .smc(.answer(let x)):
      guard let explained else { return }
      let isRefused = x[0] == FFA.error
      if isRefused { refused += 1 } else { succeeded += 1 }
      let said = isRefused ? Names.status(.ffa, x[2]) : ""
      if said != explained { problem = "explained as \"\(explained)\", answered \"\(said)\"" }
    default: break
    }
  }

  /// Who may touch which address space (TF-A, docs/components/granule-protection-tables-design.rst), each world through its own; by the
  /// descriptors in memory, not by what stands beside a granule. Nil where that is not all there is to it.
  private static func isAllowed(_ action: Action, _ machine: borrowing Machine) -> Bool? {
    guard case .access(let access) = action, case .read64 = access.kind, access.address & 7 == 0,
      machine.isBacked(access.address, 8), !machine.control.pes[machine.control.currentPE].hasStopped || access.isDevice
    else { return nil }
    let gpi = machine.gptWalk(access.address).gpi
    let own: (pas: PAS, gpi: GPI) =
      switch access.isDevice ? .normal : access.world {
      case .normal: (.nonSecure, .nonSecure)
      case .secure: (.secure, .secure)
      case .realm: (.realm, .realm)
      case .root: (.root, .root)
      }
    // Where the GPT lets everybody pass, the memory itself looks who it is.
    return gpi == .any ? machine.isBacked(access.address, 8, own.pas) : gpi == own.gpi
  }

  /// The error a call of FF-A is explained with; empty if none. Nil where others than its conditions decide.
  private static func explanation(_ action: Action, _ machine: borrowing Machine) -> String? {
    guard case .smc(let world, let x) = action, world == .normal || world == .secure,
      let entry = FFACalls.withFID(x[0] & 0xFFFF_FFFF), entry.interface == .ffa, !entry.answersRevision
    else { return nil }
    let pe = machine.control.pes[machine.control.currentPE]
    let caller = machine.caller(from: world)
    let isFree = pe.runningREC | pe.runningVCPU == 0 && !pe.hasStopped && pe.isrEL1 == 0
    // Code has answers of its own, and a fault of the SPMC's may go to EL3.
    guard isFree, machine.configuration.gpf == .world, !machine.hasCode(Machine.codePartition),
      (world == .normal) == (caller == FFAEndpointIndex.normal)
    else { return nil }
    let explanation = machine.explain(entry, x, caller: caller)
    return explanation.decidedBy == nil ? "" : explanation.status
  }
}
