import Machine

/// What somebody thinks a call will answer.
package struct Prediction: Sendable, Equatable {
  private let status: UInt64
  /// The index of an RMI status, if it was said.
  private let index: UInt64?
  private let interface: Interface

  /// - Parameter text: a status in any case, with the interface before it or without: `RMI_ERROR_RTT:2`, `success`; nil if it is none.
  package init?(_ text: String, _ interface: Interface) {
    let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
    guard let word = parts.first?.trimmed, !word.isEmpty else { return nil }
    let names = [word, "\(interface.rawValue)_\(word)", "\(interface.rawValue)_ERROR_\(word)"]
    guard let value = names.lazy.compactMap({ name in Names.statuses.first { $0.name == name.uppercased() }?.value }).first else {
      return nil
    }
    status = value
    index = parts.count == 2 ? UInt64(parts[1].trimmed) : nil
    if parts.count == 2, index == nil { return nil }
    self.interface = interface
  }

  /// Whether it answered that. Without an index any will do.
  package func holds(_ answer: Answer?) -> Bool {
    guard case .registers = answer?.kind, let x0 = answer?.x.first else { return false }
    guard interface == .rmi, x0 >> 16 == 0 else { return x0 == status }
    return x0 & 0xFF == status && (index == nil || index == x0 >> 8)
  }

  /// What may be said of an interface's calls.
  package static func choices(_ interface: Interface) -> [String] {
    var seen: Set<UInt64> = []
    return Names.statuses.filter { $0.name.hasPrefix(interface.rawValue + "_") && seen.insert($0.value).inserted }.map(\.name)
  }
}
