import Basics
import Host
import Machine

/// Guests that execute random instructions on a machine with every device: in a Realm and as an ordinary VM with virtio devices on the
/// workbench's own machine, and on QEMU's with flash, clock and GPIO. UART and interrupt controller are there in each.
package enum RandomBoard {
  package struct Run: Sendable {
    package var instructions: UInt64 = 0
    package var guests = 0
    package var endings: [String: Int] = [:]
    /// Accesses that devices served, buffers that came back from queues, and guests that a second engine has executed, too.
    package var accesses = 0
    package var buffers: UInt64 = 0
    package var compared = 0
    /// Of the machines' states at the end, one after the other.
    package var digest: UInt64 = 0
    /// What went wrong, with the seed of the guest.
    package var problem: String?
  }

  /// Instructions and entries of a guest at most.
  private static let longest: UInt64 = 100_000
  private static let mostEntries = 1500
  /// Most bytes all devices of a guest may know.
  private static let mostKnown = 32 << 20

  /// Runs guests until so many instructions were executed. Everything follows from the seed.
  ///
  /// - Parameter compareEvery: one guest of so many is executed by a second engine, too, and has to come to the same.
  package static func perform(
    instructions: UInt64, seed: UInt64, policy: Policy = .spec, engine: CodeEngine = .compiled, compareEvery: Int = 16,
    onProgress: (Int) -> Void = { _ in }
  ) -> Run {
    var run = Run()
    var random = SeededNumbers(seed: seed)
    while run.instructions < instructions, run.problem == nil {
      let seed = random.next()
      let found = one(seed, policy, engine, &run)
      if run.problem == nil, run.guests % compareEvery == 0 {
        var other = Run()
        let again = one(seed, policy, engine == .reference ? .compiled : .reference, &other)
        run.compared += 1
        run.problem = other.problem
        if run.problem == nil, let found, let again, found != again {
          run.problem = "seed \(seed): the engines differ: \(found.difference(from: again))"
        }
      }
      run.guests += 1
      onProgress(Int(clamping: run.instructions))
    }
    return run
  }

  /// What a guest came to.
  private struct Outcome: Equatable {
    var digest: UInt64
    var executed: UInt64
    var note: String

    func difference(from other: Outcome) -> String {
      if executed != other.executed { return "\(executed) and \(other.executed) instructions" }
      let lines = zip(note.split(separator: "\n"), other.note.split(separator: "\n"))
      if let (own, others) = lines.first(where: { $0 != $1 }) { return "\"\(own)\" and \"\(others)\"" }
      return "the machines' states"
    }
  }

  private static func one(_ seed: UInt64, _ policy: Policy, _ engine: CodeEngine, _ run: inout Run) -> Outcome? {
    var numbers = SeededNumbers(seed: seed)
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    configuration.recAuxCount = 0
    configuration.policy = policy
    if numbers.chance(50) { configuration.cpu = .armv85 }
    // Memory of the Host's own that no guest may change.
    let canary = configuration.dramTop - 0x4000..<configuration.dramTop
    let session = Session(configuration, keepsHistory: false)
    session.codeEngine = engine
    session.machine.entropy.numbers = SeededNumbers(seed: seed)
    session.setGuestBudget(1 << 13)
    let pattern = UInt8(truncatingIfNeeded: seed | 1)
    session.write(canary.lowerBound, [UInt8](repeating: pattern, count: canary.count))
    let vm: RealmVM
    do throws(RealmVM.Failure) {
      vm = try guest(session, configuration, &numbers)
    } catch {
      run.problem = "seed \(seed): \(error.message)"
      return nil
    }
    let ending = perform(vm, &numbers)
    run.endings[ending, default: 0] += 1
    run.digest = (run.digest &* 0x9E37_79B9_7F4A_7C15) ^ session.digest()
    run.instructions &+= vm.executed
    run.accesses += vm.served
    run.buffers &+= vm.deviceLooks.reduce(0) { $0 &+ UInt64(clamping: $1.counts.buffers) }
    let outcome = Outcome(digest: session.digest(), executed: vm.executed, note: vm.noteText)
    if let broken = session.read({ $0.invariantViolations() }).first {
      run.problem = "seed \(seed): rule \(broken.rule) broken: \(broken.detail)"
    } else if session.read(canary.lowerBound, canary.count)?.allSatisfy({ $0 == pattern }) != true {
      run.problem = "seed \(seed): the Host's memory was changed"
    } else if vm.knownBytes > mostKnown {
      run.problem = "seed \(seed): the devices know \(vm.knownBytes) bytes"
    } else if vm.canNote, let why = misread(outcome.note, session, configuration) {
      run.problem = "seed \(seed): what the Host knows is not known again: \(why)"
    }
    return outcome
  }

  /// Enters it until it ends, or has done enough. Now and then somebody types.
  private static func perform(_ vm: RealmVM, _ numbers: inout SeededNumbers) -> String {
    for _ in 0..<mostEntries {
      guard vm.executed < longest else { return "had executed enough" }
      if numbers.chance(3) { vm.type((0...numbers.below(40)).map { _ in UInt8(numbers.below(256)) }) }
      switch vm.run(entries: 1) {
      case nil: continue
      case .poweredOff, .reset: return "turned themselves off"
      case .failed: return "were given up by the Host"
      }
    }
    return "left often enough"
  }

  /// Why the note does not lead to a Host that writes the same; nil: it does.
  private static func misread(_ note: String, _ session: Session, _ configuration: MachineConfiguration) -> String? {
    do throws(HostNoteLine.Malformed) {
      let known = try HostNote(note.split(separator: "\n").map(String.init), on: configuration)
      let again = RealmVM(session, known).noteText
      let lines = zip(note.split(separator: "\n"), again.split(separator: "\n"))
      return lines.first { $0 != $1 }.map { "\"\($0)\" became \"\($1)\"" }
    } catch {
      return error.message
    }
  }

  // MARK: The guest

  private static let ram: UInt64 = 4 << 20

  private static func guest(
    _ session: Session, _ configuration: MachineConfiguration, _ numbers: inout SeededNumbers
  ) throws(RealmVM.Failure) -> RealmVM {
    let vcpus = 1 + numbers.below(2)
    if numbers.chance(35) { return try guestOfQEMU(session, configuration, vcpus, &numbers) }
    var options = RealmVM.Options()
    options.memory = ram
    options.vcpus = vcpus
    options.isRealm = numbers.chance(60)
    options.disks = [
      DiskImage("disk", (0..<numbers.below(20_000)).map { UInt8(truncatingIfNeeded: $0) }, isWritable: numbers.chance(70))
    ]
    (options.hasNetwork, options.hasRNG, options.hasConsole, options.hasSockets) = (true, true, true, true)
    options.rngSeed = numbers.next()
    options.share = VirtioBench.folder(&numbers)
    options.hasAccessPlatform = numbers.chance(80)
    options.deviceTree = false
    let vm = RealmVM(session, options)
    let place = RandomBoardProgram.Place(
      ram: RealmVM.ramBase, half: 1 << 32, isRealm: options.isRealm, virtio: vm.deviceLooks.map(\.address),
      others: [1 << 32 | 0x100_0000, 1 << 32 | 0x3FFF_0000, 1 << 32 | 0x3FEF_0000, 1 << 32 | 0x3FF0_0000])
    let blob = RandomBoardProgram.bytes(place, &numbers)
    guard let image = try? BootImage(blob, base: RealmVM.ramBase) else { throw RealmVM.Failure(message: "no image") }
    try vm.build(image)
    return vm
  }

  /// An ordinary guest on QEMU's machine, which begins in RAM or in flash.
  private static func guestOfQEMU(
    _ session: Session, _ configuration: MachineConfiguration, _ vcpus: Int, _ numbers: inout SeededNumbers
  ) throws(RealmVM.Failure) -> RealmVM {
    let place = RandomBoardProgram.Place(
      ram: 0x4000_0000, half: 0, isRealm: false, virtio: [],
      others: [0x900_0000, 0x800_0000, 0x80A_0000, 0x80B_0000, 0x901_0000, 0x903_0000, 0xA00_0000, 0, 0x400_0000, 0x404_0000])
    let blob = RandomBoardProgram.bytes(place, &numbers)
    let line = "-M virt,gic-version=3 -accel kvm -cpu host -m 4M -smp \(vcpus) -bios firmware"
    let files = GuestFiles { (_) throws(GuestFiles.Unreadable) in blob }
    let start = numbers.chance(70) ? place.ram : 0
    let (options, whole): (RealmVM.Options, RealmPlan)
    do throws(VMMRefusal) {
      let load = try QEMULoad(
        try QEMUCommandLine(line.split(separator: " ").map(String.init)),
        HostCapabilities(features: configuration.featureRegister0), files)
      (options, whole) = (load.options, try load.plan())
    } catch {
      throw RealmVM.Failure(message: error.sentence)
    }
    let vm = RealmVM(session, options)
    let pieces = [RealmPlan.Piece("firmware", at: 0, blob), RealmPlan.Piece("kernel", at: place.ram, blob)]
    try vm.build(
      RealmPlan(
        whole.parameters, vcpus: vcpus, ram: whole.ram, pieces: pieces, entry: RealmPlan.Entry(pc: start, x0: 0)))
    return vm
  }
}
