package enum RSIMeasurementExtend: Command {
  static let name: StaticString = "RSI_MEASUREMENT_EXTEND"
  static let section: StaticString = "DEN0137 B5.3.7"
  package static let fid: UInt32 = 0xC400_0193
  static let summary: StaticString = "Extends a REM with up to 64 bytes."

  static let index = Input("index", 1, .number, "REM, 1 to 4")
  static let size = Input("size", 2, .size, "bytes of the value, 0 to 64")
  static let inputs =
    [index, size]
    + (0..<8).map { n in
      Input(
        ["value_0", "value_1", "value_2", "value_3", "value_4", "value_5", "value_6", "value_7"][n], n + 3, .bytes,
        "8 bytes of the value")
    }

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("index_bound", "not 1 to 4", .rsiInput, "index = \(c[index])", c[index] < 1 || c[index] > 4)
    try w.check("size_bound", "more than 64 bytes", .rsiInput, "size = \(c[size])", c[size] > 64)
  }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let rd = m.rec(c.rec).owner
    let realm = m.mutableRealm(rd)
    var value = InlineArray<8, UInt64>(repeating: 0)
    for n in 0..<8 { value[n] = c.x[n + 3].littleEndian }
    let index = realm.measurementIndex(c[Self.index])
    let size = Int(min(c[Self.size], 64))
    let padded = !m.policy.has(.measurementExtendUnpadded)
    withUnsafeBytes(of: &value) { bytes in
      Measurement.extendREM(
        realm.hash, realm.measurement(index), value: bytes, size: size, padded: padded)
      m.noteMeasurement(rd, index, .extend(Array(bytes.prefix(size))))
    }
  }
}
