package enum RMIFeatures: Command {
  static let name: StaticString = "RMI_FEATURES"
  static let section: StaticString = "DEN0137 B4.3.4"
  package static let fid: UInt32 = 0xC400_0165
  static let summary: StaticString = "Reads a feature register."

  static let index = Input("index", 1, .number, "feature register index; 0 is the only one with content")
  static let inputs = [index]
  static let outputs = [Output("value", 1, "the register")]

  static func effect(_ m: inout Machine, _ c: inout Call) {
    c.out[1] = c[index] == 0 ? m.features.raw : 0
  }
}
