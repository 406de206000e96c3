import Attestation
import Basics

extension MemoryField {
  /// Its name, or that of one of several: `aux[3]`.
  package func name(_ index: Int) -> String {
    guard count > 1 else { return name.description }
    if kind == .systemRegister, let register = RealmRegister(number: UInt64(index)) { return register.rawValue }
    return "\(name)[\(index)]"
  }
}

extension MemoryField {
  /// What a rule leaves of the values it can hold, in words; empty where none does.
  package var allowed: String {
    let names = kind.names
    guard names.isEmpty else { return names.map { "\($0.value) \($0.name)" }.joined(separator: ", ") }
    guard most != .max else { return "" }
    let limit = "\(least) to \(most): \(limit)"
    return feature == 0 ? limit : limit + ", with its feature"
  }
}

extension MemoryField.Kind {
  /// A value in words.
  package func text(_ value: UInt64) -> String {
    switch self {
    case .number, .flag: return "\(value)"
    case .signed: return "\(Int64(bitPattern: value))"
    case .bits, .pa, .ipa, .bytes, .structure, .systemRegister: return hex(value)
    case .hashAlgorithm, .exitReason, .ripas, .realmState, .attestationState:
      return names.first { $0.value == value }?.name ?? "\(value)"
    }
  }

  /// The values it can have, where each has a name.
  package var names: [(value: UInt64, name: String)] {
    switch self {
    case .hashAlgorithm: rows { HashAlgorithm(rawValue: $0)?.name }
    case .exitReason: rows { ExitReason(rawValue: $0)?.name }
    case .ripas: rows { RIPAS(rawValue: $0)?.name }
    case .realmState: rows { RealmState(rawValue: $0)?.name }
    case .attestationState: rows { AttestationState(rawValue: $0).map { "\($0)" } }
    default: []
    }
  }

  private func rows(_ name: (UInt8) -> String?) -> [(value: UInt64, name: String)] {
    (0..<16).compactMap { value in name(value).map { (UInt64(value), $0) } }
  }
}
