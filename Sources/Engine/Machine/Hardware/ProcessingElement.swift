/// A processing element as far as SMCs and the RMM see it.
package struct ProcessingElement: Sendable {
  /// Where it executes now.
  package var world: World = .root
  /// Exception level, 0 to 3.
  package var exceptionLevel: UInt8 = 3
  /// X0 to X17 of the Host as the last SMC left them.
  package var x = InlineArray<18, UInt64>(repeating: 0)
  /// SCR_EL3, the bits that make a security state, NS (0) and NSE (62), and GPF (48).
  package var scrEL3: UInt64 = 0
  /// GIC virtual CPU interface registers the RMM reads and writes.
  package var ichHCR: UInt64 = 0
  package var ichVMCR: UInt64 = 0
  package var ichMISR: UInt64 = 0
  package var ichLR = InlineArray<16, UInt64>(repeating: 0)
  /// Active priorities of the Realm that runs here, while it does.
  package var ichAP0R: UInt64 = 0
  package var ichAP1R: UInt64 = 0
  /// Non-zero while an interrupt for the Host is pending.
  package var isrEL1: UInt64 = 0
  /// The REC that runs here, 0 when none does.
  package var runningREC: UInt64 = 0
  /// Registers of NS-EL2 that a vCPU of the Normal world's own runs with.
  package var vttbrEL2: UInt64 = 0
  package var vtcrEL2: UInt64 = 0
  package var hcrEL2: UInt64 = 0
  /// Where the registers of the vCPU are that runs here outside any Realm, 0 when none does.
  package var runningVCPU: UInt64 = 0
  /// Instructions that are left in the entry of what runs here: calls the RMM answers itself do not begin anew. 0 when nothing runs.
  var guestLeft = 0

  package init() {}

  /// Adds every field to a digest.
  func add(to hash: inout StateHash) {
    hash.add(UInt64(world.rawValue))
    hash.add(UInt64(exceptionLevel))
    for n in 0..<18 { hash.add(x[n]) }
    hash.add(scrEL3)
    hash.add(ichHCR)
    hash.add(ichVMCR)
    hash.add(ichMISR)
    for n in 0..<16 { hash.add(ichLR[n]) }
    hash.add(ichAP0R)
    hash.add(ichAP1R)
    hash.add(isrEL1)
    hash.add(runningREC)
    hash.add(vttbrEL2)
    hash.add(vtcrEL2)
    hash.add(hcrEL2)
    hash.add(runningVCPU)
    hash.add(UInt64(guestLeft))
  }

  /// `NS-EL2`, `R-EL1`, `EL3`…
  package var place: String { ProcessingElement.place(world, exceptionLevel) }

  package static func place(_ world: World, _ level: UInt8) -> String {
    switch world {
    case .root: "EL3"
    case .normal: "NS-EL\(level)"
    case .realm: "R-EL\(level)"
    case .secure: "S-EL\(level)"
    }
  }

  /// SCR_EL3.{NSE, NS} for a world below EL3.
  @inline(__always) static func scr(_ world: World) -> UInt64 { (world.ns ? 1 : 0) | (world.nse ? 1 << 62 : 0) }

  /// SCR_EL3.GPF: granule protection faults go to EL3.
  static let scrGPF: UInt64 = 1 << 48

  /// The registers `sysreg` can name: a row each, with where it is kept and who may set it.
  private static let registers: [(name: String, place: any WritableKeyPath<Self, UInt64> & Sendable, isEL3sAlone: Bool)] = [
    ("isr_el1", \.isrEL1, false), ("ich_misr_el2", \.ichMISR, false), ("ich_vmcr_el2", \.ichVMCR, false),
    ("ich_hcr_el2", \.ichHCR, false), ("vttbr_el2", \.vttbrEL2, false), ("vtcr_el2", \.vtcrEL2, false),
    ("hcr_el2", \.hcrEL2, false), ("scr_el3", \.scrEL3, true),
  ]

  package static let registerNames = registers.map(\.name)
  static let settableNames = registers.filter { !$0.isEL3sAlone }.map(\.name)

  package func register(_ name: String) -> UInt64? {
    Self.registers.first { $0.name == name }.map { self[keyPath: $0.place] }
  }

  /// Sets a register from outside. False for an unknown name, or one that only EL3 writes.
  package mutating func setRegister(_ name: String, _ value: UInt64) -> Bool {
    guard let register = Self.registers.first(where: { $0.name == name }), !register.isEL3sAlone else { return false }
    self[keyPath: register.place] = value
    return true
  }
}
