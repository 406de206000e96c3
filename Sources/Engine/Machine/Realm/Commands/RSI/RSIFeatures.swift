package enum RSIFeatures: Command {
  static let name: StaticString = "RSI_FEATURES"
  static let section: StaticString = "DEN0137 B5.3.3"
  package static let fid: UInt32 = 0xC400_0191
  static let summary: StaticString = "Reads a feature register; all are zero in 1.0."

  static let inputs = [Input("index", 1, .number, "feature register index")]
  static let outputs = [Output("value", 1, "the register")]

  static func effect(_ m: inout Machine, _ c: inout Call) { c.out[1] = 0 }
}
