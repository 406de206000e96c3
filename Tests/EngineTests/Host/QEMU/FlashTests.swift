import Basics
import Engine
import Testing

@testable import Host

/// Flash of QEMU's machine: a guest of the project that goes through its commands, and what a host makes of it.
struct FlashTests {
  private static let words = "-M virt,gic-version=3 -accel kvm -cpu host -m 32M"

  private static func vm(_ session: Session, _ line: String, _ files: [String: [UInt8]]) throws -> (RealmVM, RealmPlan) {
    let commandLine = try QEMUCommandLine((words + " " + line).split(separator: " ").map(String.init))
    let load = try QEMULoad(
      commandLine, HostCapabilities(features: session.configuration.featureRegister0),
      GuestFiles { (name) throws(GuestFiles.Unreadable) in
        guard let bytes = files[name] else { throw GuestFiles.Unreadable(message: "no \(name)") }
        return bytes
      })
    return (RealmVM(session, load.options), try load.plan())
  }

  /// Line by line what a real QEMU prints (7.2): array, query, identifier, status, erasure, program, buffer, code that runs in it.
  @Test(arguments: CodeEngine.allCases)
  func itsCommandsDoWhatThoseOfQEMUsDo(_ engine: CodeEngine) throws {
    let session = QEMURunTests.session()
    session.codeEngine = engine
    let (vm, plan) = try Self.vm(session, "-kernel flash.elf", ["flash.elf": try Project.bytes("Sessions/guests/flash.elf")])
    try vm.build(plan)
    #expect(vm.run(entries: 20_000) == .poweredOff)
    #expect(String(decoding: vm.uart.output, as: UTF8.self) == (try Project.text("Tests/EngineTests/Fixtures/flash-console.txt")))
    #expect(session.read { $0.invariantViolations() } == [])
  }

  /// At each of many places another host takes over with what the first has written down, and goes on with the same.
  @Test func aHostThatReadsTheNoteGoesOn() throws {
    let session = QEMURunTests.session()
    var (vm, plan) = try Self.vm(session, "-kernel flash.elf", ["flash.elf": try Project.bytes("Sessions/guests/flash.elf")])
    try vm.build(plan)
    var console: [UInt8] = []
    var ending: RealmVM.Ending?
    var kinds: Set<NORFlash.Cycle> = []
    while ending == nil {
      ending = vm.run(entries: 7)
      kinds.formUnion(vm.flash.map(\.state.cycle))
      let text = vm.noteText
      console = vm.uart.output
      vm = RealmVM(session, try HostNote(text.split(separator: "\n").map(String.init), on: session.configuration))
      vm.recall(try HostNote(text.split(separator: "\n").map(String.init), on: session.configuration), console: console)
      #expect(vm.noteText == text)
    }
    #expect(ending == .poweredOff && kinds.contains(.bufferData))
    #expect(String(decoding: console, as: UTF8.self) == (try Project.text("Tests/EngineTests/Fixtures/flash-console.txt")))
  }

  /// MOVZ X1, #0x900, LSL #16; LDR W0, [X2]; STR W0, [X1]; PSCI_SYSTEM_OFF: it prints a byte of the second bank.
  private static func firmware(_ size: Int) -> [UInt8] {
    let code: [UInt32] = [0xD2A1_2001, 0xD2A0_8002, 0xB940_0040, 0xB900_0020, 0xD2B0_8000, 0xF280_0100, 0xD400_0002]
    let bytes = code.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    return bytes + [UInt8](repeating: 0, count: size - bytes.count)
  }

  /// Images as long as a bank, of which only what is there costs memory; a guest that begins in one reads the other.
  @Test func drivesAreItsContent() throws {
    let session = QEMURunTests.session()
    let size = Int(NORFlash.size)
    let files = ["code": Self.firmware(size), "vars": Array("V".utf8) + [UInt8](repeating: 0, count: size - 1)]
    let line = "-drive if=pflash,format=raw,file=code,readonly=on -drive if=pflash,format=raw,file=vars"
    let (vm, plan) = try Self.vm(session, line, files)
    #expect(vm.options.readOnlyFlash == [0])
    try vm.build(plan)
    #expect(vm.run(entries: 100) == .poweredOff)
    #expect(vm.uart.output == Array("V".utf8))
    #expect(vm.kvm.state.given.count < 8)
  }

  @Test(arguments: [
    ("-drive if=pflash,file=short", "device requires 67108864 bytes, block backend provides 3 bytes"),
    ("-drive if=pflash,file=none", "Could not open 'none'"),
    ("-drive if=pflash,unit=2,file=bank", "machine type does not support if=pflash,bus=0,unit=2"),
    ("-drive if=pflash,unit=0,file=bank -drive if=pflash,unit=0,file=bank", "drive with bus=0, unit=0 (index=0) exists"),
    ("-drive if=pflash,unit=x,file=bank", "Parameter 'unit' expects a number"),
    ("-drive if=pflash,format=qcow2,file=bank", "not modelled"),
    ("-drive if=pflash", "Device needs media, but drive is empty"),
  ])
  func aDriveThatCannotBeOneIsRefusedInQEMUsWords(_ line: String, _ words: String) throws {
    let files = ["short": [1, 2, 3], "bank": [UInt8](repeating: 0, count: Int(NORFlash.size))]
    let error = #expect(throws: VMMRefusal.self) { try Self.vm(QEMURunTests.session(), line, files) }
    #expect(error?.sentence.contains(words) == true, "\(error?.sentence ?? "")")
  }

  @Test func theFirstBankIsGivenOnce() throws {
    let line = try QEMUCommandLine((Self.words + " -bios a -pflash b").split(separator: " ").map(String.init))
    #expect(line.problems.contains { $0.sentence.contains("you cannot use both options at once") })
  }

  /// What a stranger has written of it.
  @Test(arguments: ["bank=0x2", "mode=0x9", "cycle=0x7", "awaited=0x1", "bank=0x1 buffer=00", "status=0x100", "what=0x1"])
  func aNoteThatCannotBeIsRefused(_ words: String) throws {
    let session = QEMURunTests.session()
    let (vm, plan) = try Self.vm(session, "-kernel flash.elf", ["flash.elf": try Project.bytes("Sessions/guests/flash.elf")])
    try vm.build(plan)
    var lines = vm.noteText.split(separator: "\n").map(String.init)
    lines.insert("#host flash \(words)", at: lines.count - 1)
    #expect(throws: HostNoteLine.Malformed.self) { try HostNote(lines, on: session.configuration) }
  }
}
