/// Names of the operations of SYS, by encoding (Arm ARM C5.3 and C5.4): those the interpreter has.
enum SystemOperations {
  /// Mnemonic with its operation, and whether it has a register.
  private static let operations: [SystemEncoding: (String, Bool)] = [
    .init(1, 0, 7, 1, 0): ("ic\tialluis", false), .init(1, 0, 7, 5, 0): ("ic\tiallu", false),
    .init(1, 3, 7, 5, 1): ("ic\tivau", true),
    .init(1, 0, 7, 6, 1): ("dc\tivac", true), .init(1, 0, 7, 6, 2): ("dc\tisw", true), .init(1, 0, 7, 10, 2): ("dc\tcsw", true),
    .init(1, 0, 7, 14, 2): ("dc\tcisw", true), .init(1, 3, 7, 4, 1): ("dc\tzva", true), .init(1, 3, 7, 10, 1): ("dc\tcvac", true),
    .init(1, 3, 7, 11, 1): ("dc\tcvau", true), .init(1, 3, 7, 14, 1): ("dc\tcivac", true),
    .init(1, 0, 7, 8, 0): ("at\ts1e1r", true),
    .init(1, 0, 7, 8, 1): ("at\ts1e1w", true), .init(1, 0, 7, 8, 2): ("at\ts1e0r", true),
    .init(1, 0, 7, 8, 3): ("at\ts1e0w", true),
    .init(1, 0, 8, 3, 0): ("tlbi\tvmalle1is", false), .init(1, 0, 8, 3, 1): ("tlbi\tvae1is", true),
    .init(1, 0, 8, 3, 2): ("tlbi\taside1is", true), .init(1, 0, 8, 3, 3): ("tlbi\tvaae1is", true),
    .init(1, 0, 8, 3, 5): ("tlbi\tvale1is", true), .init(1, 0, 8, 3, 7): ("tlbi\tvaale1is", true),
    .init(1, 0, 8, 7, 0): ("tlbi\tvmalle1", false), .init(1, 0, 8, 7, 1): ("tlbi\tvae1", true),
    .init(1, 0, 8, 7, 2): ("tlbi\taside1", true),
    .init(1, 0, 8, 7, 3): ("tlbi\tvaae1", true), .init(1, 0, 8, 7, 5): ("tlbi\tvale1", true),
    .init(1, 0, 8, 7, 7): ("tlbi\tvaale1", true),
  ]

  static func named(_ encoding: SystemEncoding) -> (String, Bool)? { operations[encoding] }
}
