import Attestation
import Basics

/// One step in the making of a RIM or a REM: what was measured, and the value after it.
package struct MeasurementStep: Sendable, Equatable {
  /// What went into the hash.
  package enum Input: Sendable, Equatable {
    /// RMI_REALM_CREATE: the parameters that count (DEN0137 A7.1.1).
    case create(RealmParameters)
    /// RMI_DATA_CREATE; the hash of the granule if it is measured.
    case data(ipa: UInt64, flags: UInt64, content: [UInt8]?)
    /// RMI_REC_CREATE of a runnable REC; X0 to X7.
    case rec(flags: UInt64, pc: UInt64, gprs: [UInt64])
    /// RMI_RTT_INIT_RIPAS, one RTT entry of it.
    case ripas(base: UInt64, top: UInt64)
    /// RSI_MEASUREMENT_EXTEND with the bytes that count.
    case extend([UInt8])
  }

  package let rd: UInt64
  /// 0 is the RIM, 1 to 4 are the REMs.
  package let index: Int
  package let input: Input
  /// As long as the Realm's hash.
  package let value: [UInt8]

  package init(rd: UInt64, index: Int, input: Input, value: [UInt8]) {
    self.rd = rd
    self.index = index
    self.input = input
    self.value = value
  }

  /// The parameters of a Realm that are measured: a value for each of those fields of RmiRealmParams.
  package struct RealmParameters: Sendable, Equatable {
    /// In the order of ``RmiRealmParams/measured``.
    package private(set) var values: [UInt64]

    /// - Parameter values: in that order.
    package init(values: [UInt64]) { self.values = values }

    /// Those of a Realm that asks for nothing special.
    package init() { self.init { $0.usual } }

    package init(_ value: (MemoryField) -> UInt64) { values = RmiRealmParams.measured.map(value) }

    /// - Parameter field: one that is measured; others are zero and stay so.
    package subscript(_ field: MemoryField) -> UInt64 {
      get { Self.index(field).map { values[$0] } ?? 0 }
      set { if let index = Self.index(field) { values[index] = newValue } }
    }

    private static func index(_ field: MemoryField) -> Int? {
      RmiRealmParams.measured.firstIndex { $0.offset == field.offset }
    }

    package var hash: HashAlgorithm { self[RmiRealmParams.table.hashAlgo] == 0 ? .sha256 : .sha512 }

    func forEach(_ body: (MemoryField, UInt64) -> Void) {
      for (field, value) in zip(RmiRealmParams.measured, values) { body(field, value) }
    }
  }
}

extension MeasurementStep.Input {
  /// Which command does it.
  package var command: String {
    switch self {
    case .create: "RMI_REALM_CREATE"
    case .data: "RMI_DATA_CREATE"
    case .rec: "RMI_REC_CREATE"
    case .ripas: "RMI_RTT_INIT_RIPAS"
    case .extend: "RSI_MEASUREMENT_EXTEND"
    }
  }

  /// What it puts into the hash, by name, in one order: what two constructions are compared by.
  package var fields: [(name: String, value: String)] {
    switch self {
    case .create(let p):
      return RmiRealmParams.measured.map { ($0.name.description, $0.kind.text(p[$0])) }
    case .data(let ipa, let flags, let content):
      return [("ipa", hex(ipa)), ("flags", hex(flags)), ("content", content.map { hexBytes($0) } ?? "not measured")]
    case .rec(let flags, let pc, let gprs):
      return [("flags", hex(flags)), ("pc", hex(pc))]
        + gprs.enumerated().filter { $0.element != 0 }.map { ("x\($0.offset)", hex($0.element)) }
    case .ripas(let base, let top): return [("base", hex(base)), ("top", hex(top))]
    case .extend(let value): return [("size", "\(value.count)"), ("value", hexBytes(value))]
    }
  }
}

extension MeasurementStep {
  /// The step in one line, without its value.
  package var text: String {
    var fields = input.fields
    if case .create = input { fields = fields.filter { $0.value != "0" && $0.value != "0x0" } }
    let words = fields.map { name, value in
      "\(name)=\(value.count > 40 ? value.prefix(16) + "…" : value[...])"
    }
    return "\(input.command) \(words.joined(separator: " "))"
  }
}

/// The measurements of a Realm as steps make them, without a machine: the same rules on values.
package struct RealmMeasurements: Sendable {
  package let hash: HashAlgorithm
  /// Whether REM extensions pad both operands to 64 bytes; TF-RMM does not (D23).
  package let padsREM: Bool
  /// RIM and REMs, 64 bytes each.
  private var slots = [[UInt8]](repeating: [UInt8](repeating: 0, count: 64), count: 5)

  package init(_ hash: HashAlgorithm, padsREM: Bool = true) {
    self.hash = hash
    self.padsREM = padsREM
  }

  /// The value of a measurement, as long as the hash. 0 is the RIM.
  package subscript(index: Int) -> [UInt8] { Array(slots[index].prefix(hash.length)) }

  /// Does one step and returns it with its value.
  ///
  /// - Parameter index: 0 for everything but an extension, which is of 1 to 4.
  @discardableResult
  package mutating func take(_ input: MeasurementStep.Input, index: Int = 0, rd: UInt64 = 0) -> MeasurementStep {
    slots[index].withUnsafeMutableBytes { Self.apply(input, hash, $0, padded: padsREM) }
    return MeasurementStep(rd: rd, index: index, input: input, value: self[index])
  }

  private static func apply(
    _ input: MeasurementStep.Input, _ hash: HashAlgorithm, _ slot: UnsafeMutableRawBufferPointer, padded: Bool
  ) {
    switch input {
    case .create(let parameters): Measurement.initial(hash, parameters, into: slot)
    case .data(let ipa, let flags, let content):
      if let content {
        content.withUnsafeBytes { Measurement.data(hash, slot, ipa: ipa, flags: flags, digest: $0) }
      } else {
        Measurement.data(hash, slot, ipa: ipa, flags: flags, digest: nil)
      }
    case .rec(let flags, let pc, let gprs):
      let words = (0..<8).map { ($0 < gprs.count ? gprs[$0] : 0).littleEndian }
      words.withUnsafeBytes {
        if let base = $0.baseAddress { Measurement.rec(hash, slot, flags: flags, pc: pc, gprs: base) }
      }
    case .ripas(let base, let top): Measurement.ripas(hash, slot, base: base, top: top)
    case .extend(let value):
      value.withUnsafeBytes { Measurement.extendREM(hash, slot, value: $0, size: value.count, padded: padded) }
    }
  }

  /// The hash of a granule's content, as RMI_DATA_CREATE takes it.
  ///
  /// - Parameter page: at most 4096 bytes; the rest is zero.
  package func content(_ page: some Collection<UInt8>) -> [UInt8] {
    var granule = [UInt8](page.prefix(4096))
    granule.append(contentsOf: [UInt8](repeating: 0, count: 4096 - granule.count))
    var out = [UInt8](repeating: 0, count: 64)
    granule.withUnsafeBytes { source in out.withUnsafeMutableBytes { Measurement.hash(hash, source, into: $0) } }
    return Array(out.prefix(hash.length))
  }
}

extension Machine {
  /// Leaves an event and a step for a measurement that changed.
  @inline(__always) mutating func noteMeasurement(_ rd: UInt64, _ index: Int, _ input: @autoclosure () -> MeasurementStep.Input) {
    if tracing {
      let realm = realm(rd)
      let slot = realm.measurement(index)
      emit(
        .measurement, rd, UInt64(index), UInt64(bigEndian: slot.loadUnaligned(as: UInt64.self)), world: .realm)
      observation.append(
        MeasurementStep(rd: rd, index: index, input: input(), value: Array(slot[0..<realm.hash.length])))
    }
  }
}
