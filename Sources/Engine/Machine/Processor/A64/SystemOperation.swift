/// An operation of SYS that the interpreter has: a row of ``table``, which is all that execution and the disassembler know of it
/// (Arm ARM C5.3 to C5.5).
struct SystemOperation: Sendable {
  /// Mnemonic and operation.
  let text: StaticString
  let encoding: SystemEncoding
  let effect: Effect
  /// Whether it has a general register.
  let hasRegister: Bool
  /// The bit of SCTLR_EL1 by which EL0 has it; nil where it cannot.
  let el0: UInt64?
  /// What a processor needs beyond Armv8.0 to have it.
  let feature: A64Features

  enum Effect: Sendable {
    /// Caches are not modelled.
    case none
    /// 64 bytes, aligned, become zero.
    case zero
    /// Translations that are kept are forgotten.
    case forgetTranslations
    /// The same of one page, by its address.
    case forgetPage
    /// PAR_EL1 gets what stage 1 makes of an address; some heed PSTATE.PAN.
    case translate(isWrite: Bool, level: UInt64, heedsPAN: Bool = false)
  }

  private init(
    _ text: StaticString, _ op1: UInt16, _ crn: UInt16, _ crm: UInt16, _ op2: UInt16, _ effect: Effect,
    hasRegister: Bool = true, el0: UInt64? = nil, feature: A64Features = []
  ) {
    self.feature = feature
    self.text = text
    encoding = SystemEncoding(1, op1, crn, crm, op2)
    self.effect = effect
    self.hasRegister = hasRegister
    self.el0 = el0
  }

  static let table: [SystemOperation] = caches + translations + invalidations + restrictions

  // SCTLR_EL1.UCI and DZE.
  private static let uci: UInt64 = 26
  private static let dze: UInt64 = 14
  private static let enrctx: UInt64 = 10

  private static let caches = [
    SystemOperation("ic\tialluis", 0, 7, 1, 0, .none, hasRegister: false),
    SystemOperation("ic\tiallu", 0, 7, 5, 0, .none, hasRegister: false),
    SystemOperation("ic\tivau", 3, 7, 5, 1, .none, el0: uci),
    SystemOperation("dc\tivac", 0, 7, 6, 1, .none),
    SystemOperation("dc\tisw", 0, 7, 6, 2, .none),
    SystemOperation("dc\tcsw", 0, 7, 10, 2, .none),
    SystemOperation("dc\tcisw", 0, 7, 14, 2, .none),
    SystemOperation("dc\tzva", 3, 7, 4, 1, .zero, el0: dze),
    SystemOperation("dc\tcvac", 3, 7, 10, 1, .none, el0: uci),
    SystemOperation("dc\tcvau", 3, 7, 11, 1, .none, el0: uci),
    SystemOperation("dc\tcvap", 3, 7, 12, 1, .none, el0: uci, feature: .dpb),
    SystemOperation("dc\tcvadp", 3, 7, 13, 1, .none, el0: uci, feature: .dpb),
    SystemOperation("dc\tcivac", 3, 7, 14, 1, .none, el0: uci),
  ]

  private static let translations = [
    SystemOperation("at\ts1e1r", 0, 7, 8, 0, .translate(isWrite: false, level: 1)),
    SystemOperation("at\ts1e1w", 0, 7, 8, 1, .translate(isWrite: true, level: 1)),
    SystemOperation("at\ts1e0r", 0, 7, 8, 2, .translate(isWrite: false, level: 0)),
    SystemOperation("at\ts1e0w", 0, 7, 8, 3, .translate(isWrite: true, level: 0)),
    SystemOperation("at\ts1e1rp", 0, 7, 9, 0, .translate(isWrite: false, level: 1, heedsPAN: true), feature: .pan),
    SystemOperation("at\ts1e1wp", 0, 7, 9, 1, .translate(isWrite: true, level: 1, heedsPAN: true), feature: .pan),
  ]

  /// Nothing is predicted, so there is nothing to restrict.
  private static let restrictions = [
    SystemOperation("cfp\trctx", 3, 7, 3, 4, .none, el0: enrctx, feature: .specres),
    SystemOperation("dvp\trctx", 3, 7, 3, 5, .none, el0: enrctx, feature: .specres),
    SystemOperation("cpp\trctx", 3, 7, 3, 7, .none, el0: enrctx, feature: .specres),
  ]

  private static let invalidations = [
    SystemOperation("tlbi\tvmalle1is", 0, 8, 3, 0, .forgetTranslations, hasRegister: false),
    SystemOperation("tlbi\tvae1is", 0, 8, 3, 1, .forgetPage),
    SystemOperation("tlbi\taside1is", 0, 8, 3, 2, .forgetTranslations),
    SystemOperation("tlbi\tvaae1is", 0, 8, 3, 3, .forgetPage),
    SystemOperation("tlbi\tvale1is", 0, 8, 3, 5, .forgetPage),
    SystemOperation("tlbi\tvaale1is", 0, 8, 3, 7, .forgetPage),
    SystemOperation("tlbi\tvmalle1", 0, 8, 7, 0, .forgetTranslations, hasRegister: false),
    SystemOperation("tlbi\tvae1", 0, 8, 7, 1, .forgetPage),
    SystemOperation("tlbi\taside1", 0, 8, 7, 2, .forgetTranslations),
    SystemOperation("tlbi\tvaae1", 0, 8, 7, 3, .forgetPage),
    SystemOperation("tlbi\tvale1", 0, 8, 7, 5, .forgetPage),
    SystemOperation("tlbi\tvaale1", 0, 8, 7, 7, .forgetPage),
  ]

  /// Rows by encoding, from 1; 0 where there is none. Op0 is 1 in each.
  private static let numbers: [UInt8] = {
    var numbers = [UInt8](repeating: 0, count: 1 << 14)
    for (n, row) in table.enumerated() { numbers[Int(row.encoding.bits & 0x3FFF)] = UInt8(n + 1) }
    return numbers
  }()

  /// The operation with an encoding whose Op0 is 1.
  static func at(_ encoding: SystemEncoding) -> SystemOperation? {
    let number = numbers[Int(encoding.bits & 0x3FFF)]
    return number == 0 ? nil : table[Int(number) - 1]
  }
}
