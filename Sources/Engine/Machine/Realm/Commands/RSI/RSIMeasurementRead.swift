package enum RSIMeasurementRead: Command {
  static let name: StaticString = "RSI_MEASUREMENT_READ"
  static let section: StaticString = "DEN0137 B5.3.8"
  package static let fid: UInt32 = 0xC400_0192
  static let summary: StaticString = "Reads the RIM (0) or a REM (1 to 4)."

  static let index = Input("index", 1, .number, "0 RIM, 1 to 4 REM")
  static let inputs = [index]
  static let outputs = (0..<8).map { n in
    Output(
      ["value_0", "value_1", "value_2", "value_3", "value_4", "value_5", "value_6", "value_7"][n], n + 1,
      "8 bytes of the measurement")
  }
  static let lastOutput = 8

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("index_bound", "not 0 to 4", .rsiInput, "index = \(c[index])", c[index] > 4)
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let realm = m.realm(m.rec(c.rec).owner)
    let measurement = realm.measurement(realm.measurementIndex(c[index]))
    for n in 0..<8 {
      c.out[n + 1] = UInt64(littleEndian: measurement.loadUnaligned(fromByteOffset: n * 8, as: UInt64.self))
    }
  }
}
