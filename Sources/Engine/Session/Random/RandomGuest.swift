import Basics
import Host
import Machine

/// Random code in a Realm, or in a VM that is none, to see that nothing it does breaks a rule of the model or reaches what is not the
/// guest's.
package enum RandomGuest {
  package struct Run: Sendable {
    package var instructions: UInt64 = 0
    package var guests = 0
    package var endings: [String: Int] = [:]
    /// Of the machines' states at the end, one after the other.
    package var digest: UInt64 = 0
    /// What went wrong, with the seed of the guest.
    package var problem: String?
  }

  /// Runs guests until so many instructions were executed. Everything follows from the seed.
  package static func perform(
    instructions: UInt64, seed: UInt64, policy: Policy = .spec, engine: CodeEngine = .compiled, isRealm: Bool = true,
    onProgress: (Int) -> Void = { _ in }
  ) -> Run {
    var run = Run()
    var random = SeededNumbers(seed: seed)
    while run.instructions < instructions, run.problem == nil {
      one(random.next(), policy, engine, isRealm, &run)
      run.guests += 1
      onProgress(Int(run.instructions))
    }
    return run
  }

  /// Where memory of the Host's own is that no guest may change.
  private static let canary: Range<UInt64> = 0x83F0_0000..<0x83F4_0000

  private static func one(_ seed: UInt64, _ policy: Policy, _ engine: CodeEngine, _ isRealm: Bool, _ run: inout Run) {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    configuration.recAuxCount = 0
    configuration.policy = policy
    let session = Session(configuration, keepsHistory: false)
    session.codeEngine = engine
    session.machine.entropy.numbers = SeededNumbers(seed: seed)
    session.setGuestBudget(1 << 12)
    var random = SeededNumbers(seed: seed)
    let pattern = UInt8(truncatingIfNeeded: seed | 1)
    session.write(canary.lowerBound, [UInt8](repeating: pattern, count: canary.count))
    var options = RealmVM.Options()
    options.memory = 4 << 20
    options.isRealm = isRealm
    let vm = RealmVM(session, options)
    let bytes = program(&random).flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    do throws(RealmVM.Failure) {
      guard let image = try? BootImage(bytes, base: RealmVM.ramBase) else { return }
      try vm.build(image)
    } catch {
      run.problem = "seed \(seed): \(error.message)"
      return
    }
    let ending = vm.run(entries: 12)
    let name =
      switch ending {
      case nil: "still running"
      case .poweredOff, .reset: "turned itself off"
      case .failed: "the Host gave up"
      }
    run.endings[name, default: 0] += 1
    run.digest = (run.digest &* 0x9E37_79B9_7F4A_7C15) ^ session.digest()
    run.instructions &+= session.read { $0.control.guestInstructions }
    if let broken = session.read({ $0.invariantViolations() }).first {
      run.problem = "seed \(seed): rule \(broken.rule) broken: \(broken.detail)"
    } else if !session.read({ machine in canary.allSatisfy { machine.readBytes($0, 1) == UInt64(pattern) } }) {
      run.problem = "seed \(seed): the Host's memory was changed"
    }
  }

  /// Registers with addresses worth trying, vectors in the middle of the code, then instructions: most that exist, some that do not.
  private static func program(_ random: inout SeededNumbers) -> [UInt32] {
    var words: [UInt32] = []
    func move(_ register: UInt32, _ value: UInt64) {
      for n in 0..<4 as Range<UInt32> {
        words.append((n == 0 ? 0xD280_0000 : 0xF280_0000) | n << 21 | UInt32(value >> UInt64(16 * n) & 0xFFFF) << 5 | register)
      }
    }
    let ram = RealmVM.ramBase
    move(0, ram + 0x800 * (1 + random.next() % 7))
    words.append(0xD518_C000)  // MSR VBAR_EL1, X0
    // FP and SIMD are let through in every second guest.
    if random.next() % 2 == 0 { words += [0xD2A0_0600, 0xD518_1040] }  // MOV X0, #3 << 20; MSR CPACR_EL1, X0
    let uart = GuestLayout.standard.uart.lowerBound
    let places: [UInt64] = [ram, ram + 0x1000, ram + 0x20_0000, ram | 1 << 32, uart, 0x4000_0000, 1 << 33, 0, ~0]
    for register in 0..<31 as Range<UInt32> {
      let value =
        random.next() % 3 == 0 ? random.next() : places[Int(random.next() % UInt64(places.count))] &+ random.next() % 4096
      move(register, value)
    }
    words.append(0x9100_03FF | 0 << 5)  // MOV SP, X0
    let rows = InstructionTable.rows
    let vectors = VectorTable.rows
    while words.count < 4096 {
      let noise = UInt32(truncatingIfNeeded: random.next())
      if random.next() % 16 == 0 {
        words.append(noise)
      } else {
        if random.next() % 4 == 0 {
          let row = vectors[Int(random.next() % UInt64(vectors.count))]
          words.append(row.value | noise & ~row.mask)
          continue
        }
        let row = rows[Int(random.next() % UInt64(rows.count))]
        words.append(row.value | noise & ~row.mask)
      }
    }
    return words
  }
}
