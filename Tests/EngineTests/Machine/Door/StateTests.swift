import Engine
import Testing

@testable import Attestation
@testable import Host
@testable import Machine
@testable import Session

/// The state of a machine is one thing: a digest covers all of it and nothing else, and a file keeps it.
struct StateTests {
  /// Each stored property of the control state, with a change of it. A property that is added must be added here.
  private static let changes: [String: @Sendable (inout ControlState) -> Void] = [
    "pes": { $0.pes[1].x[17] ^= 1 },
    "currentPE": { $0.currentPE = 1 },
    "busyPEs": { $0.busyPEs ^= 2 },
    "nextL1Table": { $0.nextL1Table += GranuleProtectionTable.l1Size },
    "bootStages": { $0.bootStages ^= 2 },
    "realms": { $0.realms.append(0x8000_0000) },
    "recs": { $0.recs.append(0x8000_0000) },
    "vmids": { $0.vmids[3] ^= 1 },
    "guestQueue": { _ = $0.guestQueue.append(GuestAction(.wfi)) },
    "guestInstructions": { $0.guestInstructions += 1 },
    "vectors": { $0.vectors[0x8000_0000] = [UInt64](repeating: 0, count: VectorUnit.wordCount) },
    "guestPause": { $0.guestPause = 0 },
    "isScribbled": { $0.isScribbled.toggle() },
    "lab": { $0.lab = LabState(off: SwitchSet()) },
    "panic": { $0.panic = RMMPanic(address: 0) },
    "secure": { $0.secure = SecureState(peCount: 2) },
  ]

  /// The same for a PE.
  private static let peChanges: [String: @Sendable (inout ProcessingElement) -> Void] = [
    "world": { $0.world = .secure },
    "exceptionLevel": { $0.exceptionLevel ^= 1 },
    "x": { $0.x[4] ^= 1 },
    "scrEL3": { $0.scrEL3 ^= 1 },
    "ichHCR": { $0.ichHCR ^= 1 },
    "ichVMCR": { $0.ichVMCR ^= 1 },
    "ichMISR": { $0.ichMISR ^= 1 },
    "ichLR": { $0.ichLR[15] ^= 1 },
    "ichAP0R": { $0.ichAP0R ^= 1 },
    "ichAP1R": { $0.ichAP1R ^= 1 },
    "isrEL1": { $0.isrEL1 ^= 1 },
    "runningREC": { $0.runningREC = 0x8000_0000 },
    "vttbrEL2": { $0.vttbrEL2 ^= 1 },
    "vtcrEL2": { $0.vtcrEL2 ^= 1 },
    "hcrEL2": { $0.hcrEL2 ^= 1 },
    "runningVCPU": { $0.runningVCPU = 0x8000_0000 },
    "guestLeft": { $0.guestLeft += 1 },
  ]

  @Test func eachFieldOfTheStateChangesTheDigest() {
    var machine = Machine(MachineConfiguration())
    let plain = machine.digest()
    let control = machine.control
    #expect(Set(Mirror(reflecting: control).children.compactMap(\.label)) == Set(Self.changes.keys).union(["isWary"]))
    #expect(Set(Mirror(reflecting: control.pes[0]).children.compactMap(\.label)) == Set(Self.peChanges.keys))
    var digests: Set<UInt64> = [plain]
    for (name, change) in Self.changes.sorted(by: { $0.key < $1.key }) {
      machine.control = control
      change(&machine.control)
      #expect(digests.insert(machine.digest()).inserted, "\(name)")
    }
    for (name, change) in Self.peChanges.sorted(by: { $0.key < $1.key }) {
      for pe in 0..<2 {
        machine.control = control
        change(&machine.control.pes[pe])
        #expect(digests.insert(machine.digest()).inserted, "\(name) of PE \(pe)")
      }
    }
    machine.control = control
    machine.memory.store64(0x8123_4560, 1)
    #expect(digests.insert(machine.digest()).inserted, "a byte of memory")
    machine.memory.store64(0x8123_4560, 0)
    machine.memory.setRecord(0x8123_4000, GranuleRecord(state: .delegated, gpi: .realm).raw)
    #expect(digests.insert(machine.digest()).inserted, "a granule's record")
  }

  /// Whose vector registers they are is part of the state: the old digest took two RECs for one.
  @Test func vectorRegistersBelongToAREC() {
    var machine = Machine(MachineConfiguration())
    let words = [UInt64](repeating: 7, count: VectorUnit.wordCount)
    machine.control.vectors = [0x8000_0000: words]
    let one = (machine.digest(), machine.digestOfVersion2())
    machine.control.vectors = [0x8000_1000: words]
    #expect(machine.digest() != one.0)
    #expect(machine.digestOfVersion2() == one.1)
  }

  @Test func noObservationAndNoCacheChangesTheDigest() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    let session = script.session
    session.perform(.action(.guest(GuestAction(.smc, [0xC400_0194, 1, 2, 3]))))
    try script.run("RMI_REC_ENTER rec run\nexpect RMI_SUCCESS")
    let digest = session.digest()
    #expect(!session.machine.events.isEmpty)
    session.machine.observation.clear()
    session.machine.progress = ActionProgress()
    session.machine.workspace = A64Workspace(.armv80)
    session.machine.keys = nil
    session.machine.tracing.toggle()
    session.machine.explaining.toggle()
    session.machine.codeEngine = .reference
    _ = session.machine.memory.noPage
    _ = session.machine.memory.page(1 << 60)
    session.machine.lookAtEverything()
    #expect(session.digest() == digest)
  }

  /// The keys of the platform follow from what booted, not from what somebody has written over the measurements since.
  @Test func keysDoNotDependOnWhenTheyWereMade() {
    var early = Machine(MachineConfiguration())
    let key = early.platformPublicKey()
    var late = Machine(MachineConfiguration())
    _ = late.perform(.access(MemoryAccess(world: .root, address: late.map.measurementLog, kind: .write64(1))))
    #expect(late.platformPublicKey() == key)
  }

  @Test func anIdleMachineIsAFewHundredBytes() throws {
    for preset in MachineConfiguration.presets {
      var machine = Machine(preset.configuration)
      let bytes = SavedState.bytes(&machine)
      #expect(bytes.count < 1024, "\(preset.name)")
      var again = try SavedState.machine(bytes)
      #expect(again.digest() == machine.digest())
    }
  }

  @Test func aSessionsStateIsKeptByAFile() throws {
    for path in ["Sessions/07-attestation-token.session", "Sessions/15-guest-step-by-step.session"] {
      let script = Script()
      try script.run(try Project.text(path), file: path)
      let bytes = SavedState.bytes(&script.session.machine)
      var again = try SavedState.machine(bytes)
      #expect(again.digest() == script.session.digest(), "\(path)")
      #expect(SavedState.bytes(&again) == bytes, "\(path)")
    }
  }

  /// A stranger's file ends in an error that says what is wrong: none traps, and none that is changed is taken for the state it was.
  @Test func aDamagedStateIsRefused() throws {
    let script = Script()
    try script.run(Script.activeRealm)
    let bytes = SavedState.bytes(&script.session.machine)
    #expect(message([]) == "not a state: its first line is not \"#workbench-state 1\"")
    #expect(message(bytes + [0])?.contains("1 bytes follow the state") == true)
    for end in stride(from: 0, to: bytes.count, by: 97) { #expect(message(Array(bytes[..<end])) != nil) }
    var numbers = SeededNumbers(seed: 5)
    let body = bytes.enumerated().filter { $0.element == 10 }[2].offset + 1
    for _ in 0..<300 {
      var other = bytes
      let place = body + numbers.below(bytes.count - body)
      other[place] ^= UInt8(1 + numbers.below(255))
      #expect(message(other) != nil, "byte \(place)")
    }
  }

  /// A few bytes for each of many pages that lie far from each other: such a file may not take more memory than it says it will, and none is
  /// written that may not be read.
  @Test func aFileUnpacksToNoMoreThanItMay() throws {
    let script = Script()
    try script.run("machine dram=4G\n")
    for n in 0..<400 { try script.run("ns.write64 \(hex(0x9000_0000 + UInt64(n) << 21)) \(n + 1)\n") }
    let configuration = script.session.machine.configuration
    let bytes = SavedState.bytes(&script.session.machine)
    #expect(
      throws: SavedState.Malformed(message: "its granules take more than 1M of memory, as much as a state of that size may")
    ) {
      _ = try SavedState.machine(bytes, leastUnpacked: 1 << 20) { _ throws(SavedState.Malformed) in configuration }
    }
    let larger = SavedState.bytes(&script.session.machine, leastUnpacked: 1 << 20)
    var again = try SavedState.machine(larger, leastUnpacked: 1 << 20) { _ throws(SavedState.Malformed) in configuration }
    #expect(again.digest() == script.session.digest())
    #expect(larger.count > bytes.count)
    #expect(SavedState.bytes(&again) == bytes)
  }

  /// Pages far from each other take more than their contents: a run's limit counts what finds them.
  @Test func whatFindsPagesCountsAsMemory() throws {
    let script = Script()
    try script.run("machine dram=1024G\n")
    let before = script.session.memoryInUse
    try script.run("ns.write8 0x2000000000 1\n")
    #expect(script.session.memoryInUse - before > 3 * 4096)
  }

  private func message(_ bytes: [UInt8]) -> String? {
    do throws(SavedState.Malformed) {
      _ = try SavedState.machine(bytes)
      return nil
    } catch {
      return error.message
    }
  }
}
