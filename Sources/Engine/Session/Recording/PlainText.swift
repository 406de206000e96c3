import Machine

/// Lines of steps of which there is no more to say than what was done, as bytes, because there can be millions of them: calls of RMI and writes
/// of the Host that were answered as usual. They are as ``Recording/lines(_:seconds:)`` has them.
struct PlainText {
  private(set) var bytes: [UInt8] = []
  /// Names of functions, by their identifiers; none of those that are not of RMI.
  private var names: [UInt64: [UInt8]] = [:]

  /// Most names that are kept.
  private static let mostNames = 256
  private static let write = Array("ns.write64".utf8)
  private static let fill = Array("ns.fill".utf8)

  /// Adds the line of a step.
  ///
  /// - Returns: whether that is all there is to say of it.
  mutating func append(_ index: Int, of steps: StepList) -> Bool {
    guard steps.host(index) == nil, let action = steps.usual(index) else { return false }
    switch action {
    case .smc(.normal, let x):
      guard let name = name(of: x[0]) else { return false }
      bytes += name
      var count = 18
      while count > 1, x[count - 1] == 0 { count -= 1 }
      for n in 1..<max(1, count) { append(x[n]) }
    case .access(let access) where access.world == .normal && !access.isDevice:
      switch access.kind {
      case .write64(let value):
        bytes += Self.write
        append(access.address)
        append(value)
      case .fill(let length, let byte):
        bytes += Self.fill
        append(access.address)
        append(length)
        append(UInt64(byte))
      default: return false
      }
    default: return false
    }
    bytes.append(UInt8(ascii: "\n"))
    return true
  }

  /// What was added since the last call.
  mutating func take() -> String {
    defer { bytes.removeAll(keepingCapacity: true) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func name(of fid: UInt64) -> [UInt8]? {
    if let known = names[fid] { return known.isEmpty ? nil : known }
    let name = Names.function(fid)
    let known = name.hasPrefix(Recording.rmi) ? Array(name.dropFirst(Recording.rmi.count).utf8) : []
    if names.count < Self.mostNames { names[fid] = known }
    return known.isEmpty ? nil : known
  }

  /// A space and a number.
  private mutating func append(_ value: UInt64) {
    bytes.append(UInt8(ascii: " "))
    bytes.append(hexadecimal: value)
  }
}

extension [UInt8] {
  /// A number as recordings have it: `0x` and its digits.
  mutating func append(hexadecimal value: UInt64) {
    append(UInt8(ascii: "0"))
    append(UInt8(ascii: "x"))
    for digit in stride(from: (63 - (value | 1).leadingZeroBitCount) / 4, through: 0, by: -1) {
      let nibble = UInt8(truncatingIfNeeded: value >> UInt64(4 * digit)) & 15
      append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
    }
  }
}
