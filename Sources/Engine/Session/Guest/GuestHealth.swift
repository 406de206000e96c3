import Basics
import Host
import Machine

/// Recognises a guest that will do nothing any more, although it goes on: it takes one exception after the other at its own vectors, it
/// turns in a circle that no interrupt ends, or Linux has panicked.
package struct GuestHealth {
  /// Looks in a row that find the same, before it is said.
  private static let patience = 2
  /// Bytes of the console that are looked through for the last line.
  private static let tail = 4096

  private struct Place: Equatable {
    var pc: UInt64
    var exception: GuestException
  }

  private var last: [Place] = []
  private var looks = 0
  private var printed = 0
  private var panic = ConsoleWords("---[ end Kernel panic".utf8)

  package init() {}

  /// Looks at a guest between two entries, now and then.
  ///
  /// - Returns: what is wrong with it, in a sentence; nil while it may go on.
  package mutating func look(at vm: RealmVM, _ session: Session) -> String? {
    if vm.uart.count != printed {
      for byte in vm.uart.bytes(from: printed) { panic.take(byte) }
      printed = vm.uart.count
      (looks, last) = (0, [])
    }
    if panic.isFound { return "Linux has panicked" }
    let places = vm.vcpus.filter(\.isOn).compactMap { vcpu in
      session.read { machine in
        machine.guestRegisters(vcpu.address).flatMap { registers in
          machine.guestException(vcpu.address).map { (vcpu.address, registers, Place(pc: registers.pc, exception: $0)) }
        }
      }
    }
    guard !places.isEmpty else { return nil }
    let isStuck = places.allSatisfy { address, registers, place in
      Self.loops(place) || session.read { Self.stands(registers, $0.guestWords(address, from: registers.pc &- 4, count: 3)) }
    }
    // In its vectors it may be at any instruction of them.
    let now = places.map {
      Place(pc: $0.2.exception.isVector($0.2.pc) ? $0.2.exception.vbar : $0.2.pc & ~7, exception: $0.2.exception)
    }
    guard isStuck, now == last || last.isEmpty else {
      (looks, last) = (0, [])
      return nil
    }
    last = now
    looks += 1
    guard looks >= Self.patience, let place = places.first?.2 else { return nil }
    return Self.loops(place)
      ? "it takes the same exception again and again at its own vectors" : "it turns in a circle that no interrupt ends"
  }

  /// Whether it is in its vectors, and came there from there.
  private static func loops(_ place: Place) -> Bool {
    let exception = place.exception
    return exception.isVector(place.pc) && exception.isVector(exception.elr) && isSynchronous(exception.esr)
  }

  /// An abort, or an instruction that is none (Arm ARM, ESR_EL1.EC).
  private static func isSynchronous(_ esr: UInt64) -> Bool {
    [0x00, 0x20, 0x21, 0x22, 0x24, 0x25, 0x26].contains(esr >> 26)
  }

  private static let branchHere: UInt32 = 0x1400_0000
  private static let branchBack: UInt32 = 0x17FF_FFFF
  private static let waits: Set<UInt32> = [0xD503_205F, 0xD503_207F, 0xD503_203F, 0xD503_201F]

  /// Whether a vCPU is at a branch to itself, or at a hint and a branch back to it, with interrupts masked.
  private static func stands(_ registers: GuestRegisters, _ words: [(address: UInt64, word: UInt32?)]) -> Bool {
    // PSTATE.I and F.
    guard registers.pstate & 0xC0 == 0xC0, words.count == 3, let here = words[1].word else { return false }
    if here == branchHere { return true }
    if here == branchBack { return words[0].word.map(waits.contains) ?? false }
    return waits.contains(here) && words[2].word == branchBack
  }

  // MARK: Words

  /// The last line it has printed that is not empty.
  package static func lastLine(of vm: RealmVM) -> String? {
    let text = String(decoding: PL011.printable(vm.uart.bytes(from: vm.uart.count - tail)), as: UTF8.self)
    return text.split(separator: "\n").last { !$0.allSatisfy(\.isWhitespace) }.map(String.init)
  }

  /// What is known of where a guest stopped, and what may help, a line each.
  package static func account(of vm: RealmVM, _ session: Session) -> [String] {
    let (number, address) = vm.lastVCPU
    guard let registers = session.read({ $0.guestRegisters(address) }),
      let exception = session.read({ $0.guestException(address) })
    else { return [] }
    var lines = [
      "vCPU \(number): pc \(hex(registers.pc)), PSTATE \(hex(registers.pstate)); the last exception it took: ESR_EL1 \(hex(exception.esr)) "
        + "(\(name(exception.esr))), FAR_EL1 \(hex(exception.far)), ELR_EL1 \(hex(exception.elr))"
    ]
    if let line = lastLine(of: vm) { lines.append("its last line: \(shown(line, limit: 200))") }
    lines += session.kernelLines(address)
    lines += advice(vm, session, registers, exception)
    return lines
  }

  private static func name(_ esr: UInt64) -> String {
    switch esr >> 26 {
    case 0x00: "no instruction"
    case 0x15: "SVC"
    case 0x18: "a system register"
    case 0x20, 0x21: "instruction abort"
    case 0x24, 0x25: "data abort"
    case 0x22: "pc alignment"
    case 0x26: "sp alignment"
    default: "class \(hex(esr >> 26))"
    }
  }

  private static func advice(
    _ vm: RealmVM, _ session: Session, _ registers: GuestRegisters, _ exception: GuestException
  ) -> [String] {
    var lines: [String] = []
    let word = session.read { $0.guestWords(vm.lastVCPU.registers, from: exception.elr, count: 1) }.first?.word
    // MRS and MSR with op1 4 or 6: registers of EL2 and EL3.
    if exception.esr >> 26 == 0, let word, word >> 22 & 0x3FF == 0b11_0101_0100, [4, 6].contains(word >> 16 & 7) {
      lines.append(
        "it uses a register of EL\(word >> 16 & 7 == 4 ? 2 : 3), and a guest begins at EL1: is the image one for a hypervisor, or firmware?"
      )
    }
    if printedNothing(vm) {
      lines.append(
        "it printed nothing: RAM begins at \(hex(RealmVM.ramBase)), the UART is at \(hex(vm.uartAddress)); a kernel wants console=ttyAMA0, and "
          + "earlycon=pl011,mmio32,\(hex(vm.uartAddress)) shows what comes before")
    }
    if vm.isRealm, exception.far >> 32 == 0, exception.far != 0, [0x24, 0x25].contains(exception.esr >> 26),
      exception.far < RealmVM.ramBase
    {
      lines.append("devices are in the shared half: --shared-bit on puts that bit into the device tree's addresses")
    }
    return lines
  }

  private static func printedNothing(_ vm: RealmVM) -> Bool { vm.uart.count == 0 }
}
