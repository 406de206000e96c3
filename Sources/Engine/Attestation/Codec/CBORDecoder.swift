/// Why bytes are not well-formed CBOR, or not within this decoder's limits.
public struct CBORError: Error, Equatable, Sendable {
  package enum Reason: String, Sendable {
    case endOfInput = "the input ends inside an item"
    case reservedInfo = "additional information 28 to 30 is reserved"
    case reservedSimple = "a simple value below 32 in two bytes"
    case unexpectedBreak = "a break outside an indefinite length"
    case indefiniteNotAllowed = "an indefinite length where there is none"
    case badChunk = "a chunk of another type in an indefinite-length string"
    case notUTF8 = "a text that is not UTF-8"
    case oddMap = "a map that ends after a key"
    case tooDeep = "this verifier's limit of 16 levels of nested items is passed"
    case tooMany = "this verifier's limit of 20000 items is passed"

    /// The bytes may be good: this decoder reads no further.
    var isLimit: Bool { self == .tooDeep || self == .tooMany }
  }
  package var reason: Reason
  /// Byte where it was noticed.
  public var offset: Int

  package init(reason: Reason, offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  public var message: String { "\(reason.rawValue), at byte \(offset)" }
}

/// Reads CBOR (RFC 8949) from strangers: whatever is well-formed is read, within bounds, and what a token should not have is
/// noted. Recursion is bounded by ``depthLimit`` and work by the input's size and ``itemLimit``.
package struct CBORDecoder {
  /// Something that is well-formed, but not as deterministic encoding (section 4.2) wants it.
  package enum Remark: Sendable, Equatable {
    /// A head longer than needed.
    case longHead(at: Int)
    case indefiniteLength(at: Int)
    /// A key that stood in the same map before.
    case duplicateKey(Range<Int>)
  }

  package static let depthLimit = 16
  package static let itemLimit = 20_000

  private let input: ArraySlice<UInt8>
  /// Next byte to read.
  package private(set) var position: Int
  package private(set) var remarks: [Remark] = []
  private var items = 0

  /// - Parameter input: a slice keeps its indices, so ranges count from the start of the array it was cut from.
  package init(_ input: ArraySlice<UInt8>) {
    self.input = input
    position = input.startIndex
  }

  package init(_ input: [UInt8]) { self.init(input[...]) }

  package var isAtEnd: Bool { position == input.endIndex }

  /// The next item.
  package mutating func item() throws(CBORError) -> CBORItem {
    guard let item = try next(depth: 0, breakEnds: false) else { throw CBORError(reason: .unexpectedBreak, offset: position) }
    return item
  }

  private struct Head {
    var major: UInt8
    var value: UInt64
    var info: UInt8
    var isIndefinite: Bool { info == 31 }
  }

  private mutating func head() throws(CBORError) -> Head {
    let start = position
    guard position < input.endIndex else { throw CBORError(reason: .endOfInput, offset: start) }
    let first = input[position]
    position += 1
    let info = first & 31
    var value = UInt64(info)
    if (24..<28).contains(info) {
      let count = 1 << Int(info - 24)
      guard input.endIndex - position >= count else { throw CBORError(reason: .endOfInput, offset: start) }
      value = 0
      for index in position..<position + count { value = value << 8 | UInt64(input[index]) }
      position += count
      if first >> 5 != 7 {
        let least: UInt64 = info == 24 ? 24 : 1 << (4 << UInt64(info - 24))
        if value < least { remarks.append(.longHead(at: start)) }
      }
    } else if (28..<31).contains(info) {
      throw CBORError(reason: .reservedInfo, offset: start)
    }
    return Head(major: first >> 5, value: value, info: info)
  }

  /// The next item, or nil for a break where one may stand.
  private mutating func next(depth: Int, breakEnds: Bool) throws(CBORError) -> CBORItem? {
    let start = position
    guard depth <= Self.depthLimit else { throw CBORError(reason: .tooDeep, offset: start) }
    items += 1
    guard items <= Self.itemLimit else { throw CBORError(reason: .tooMany, offset: start) }
    let head = try head()
    let headRange = start..<position
    if head.isIndefinite {
      switch head.major {
      case 7:
        guard breakEnds else { throw CBORError(reason: .unexpectedBreak, offset: start) }
        return nil
      case 2...5: remarks.append(.indefiniteLength(at: start))
      default: throw CBORError(reason: .indefiniteNotAllowed, offset: start)
      }
    }
    var children: [CBORItem] = []
    let value: CBORItem.Value
    switch head.major {
    case 0: value = .unsigned(head.value)
    case 1: value = .negative(head.value)
    case 2: value = .bytes(head.isIndefinite ? try chunks(of: 2)[...] : try take(head.value, start))
    case 3: value = .text(try text(head.isIndefinite ? try chunks(of: 3)[...] : try take(head.value, start), start))
    case 4:
      children = try sequence(head, items: 1, start, depth)
      value = .array
    case 5:
      children = try sequence(head, items: 2, start, depth)
      value = .map
      noteDuplicates(children)
    case 6:
      guard let child = try next(depth: depth + 1, breakEnds: false) else {
        throw CBORError(reason: .unexpectedBreak, offset: position)
      }
      children = [child]
      value = .tag(head.value)
    default: value = try simple(head, start)
    }
    return CBORItem(value: value, range: start..<position, head: headRange, children: children)
  }

  private mutating func take(_ count: UInt64, _ start: Int) throws(CBORError) -> ArraySlice<UInt8> {
    guard count <= UInt64(input.endIndex - position) else { throw CBORError(reason: .endOfInput, offset: start) }
    defer { position += Int(count) }
    return input[position..<position + Int(count)]
  }

  private func text(_ bytes: ArraySlice<UInt8>, _ start: Int) throws(CBORError) -> String {
    guard let text = try? UTF8Span(validating: bytes.span) else { throw CBORError(reason: .notUTF8, offset: start) }
    return String(copying: text)
  }

  /// The chunks of an indefinite-length string up to its break, joined.
  private mutating func chunks(of major: UInt8) throws(CBORError) -> [UInt8] {
    var joined: [UInt8] = []
    while true {
      let start = position
      let head = try head()
      if head.major == 7, head.isIndefinite { return joined }
      guard head.major == major, !head.isIndefinite else { throw CBORError(reason: .badChunk, offset: start) }
      items += 1
      guard items <= Self.itemLimit else { throw CBORError(reason: .tooMany, offset: start) }
      let chunk = try take(head.value, start)
      if major == 3 { _ = try text(chunk, start) }
      joined.append(contentsOf: chunk)
    }
  }

  private mutating func sequence(_ head: Head, items each: UInt64, _ start: Int, _ depth: Int) throws(CBORError) -> [CBORItem] {
    var children: [CBORItem] = []
    if head.isIndefinite {
      while let child = try next(depth: depth + 1, breakEnds: true) { children.append(child) }
      guard each == 1 || children.count.isMultiple(of: 2) else { throw CBORError(reason: .oddMap, offset: position - 1) }
      return children
    }
    // Each item has at least one byte: a count beyond what is left is refused before anything is allocated.
    let left = UInt64(input.endIndex - position)
    guard head.value <= left, head.value * each <= left else { throw CBORError(reason: .endOfInput, offset: start) }
    children.reserveCapacity(min(Int(head.value * each), 64))
    for _ in 0..<head.value * each {
      guard let child = try next(depth: depth + 1, breakEnds: false) else {
        throw CBORError(reason: .unexpectedBreak, offset: position)
      }
      children.append(child)
    }
    return children
  }

  /// What a key is compared by: its value, and for a container also what is in it, however it was encoded.
  private struct Key: Hashable {
    var value: CBORItem.Value
    var content: [UInt8]?

    init(_ item: CBORItem) {
      value = item.value
      content = item.children.isEmpty ? nil : item.identity
    }
  }

  private mutating func noteDuplicates(_ children: [CBORItem]) {
    guard children.count > 2, !areDifferentIntegers(children) else { return }
    var seen = Set<Key>(minimumCapacity: children.count / 2)
    for index in stride(from: 0, to: children.count - 1, by: 2) where !seen.insert(Key(children[index])).inserted {
      remarks.append(.duplicateKey(children[index].range))
    }
  }

  /// Whether the keys are integers, as claims mostly are, no two of them the same, and few enough for each to be compared with each.
  private func areDifferentIntegers(_ children: [CBORItem]) -> Bool {
    guard children.count <= 64 else { return false }
    var known = InlineArray<32, Int64>(repeating: 0)
    for index in 0..<children.count / 2 {
      guard let key = children[index * 2].int else { return false }
      for earlier in 0..<index where known[earlier] == key { return false }
      known[index] = key
    }
    return true
  }

  private func simple(_ head: Head, _ start: Int) throws(CBORError) -> CBORItem.Value {
    switch head.info {
    case 0..<24: return .simple(head.info)
    case 24:
      guard head.value >= 32 else { throw CBORError(reason: .reservedSimple, offset: start) }
      return .simple(UInt8(head.value))
    case 25: return .float(Self.half(UInt16(head.value)))
    case 26: return .float(Self.single(UInt32(head.value)))
    default: return .float(Double(bitPattern: head.value))
    }
  }

  /// IEEE 754 binary16; not every architecture has Float16.
  private static func half(_ bits: UInt16) -> Double {
    let sign: Double = bits >> 15 == 1 ? -1 : 1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Double(bits & 0x3FF)
    switch exponent {
    case 0: return sign * fraction * 0x1p-24
    case 31: return fraction == 0 ? sign * .infinity : nan(bits >> 15 == 1, UInt64(bits & 0x3FF) << 42)
    default: return sign * Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1024)
    }
  }

  private static func single(_ bits: UInt32) -> Double {
    let float = Float(bitPattern: bits)
    return float.isNaN ? nan(bits >> 31 == 1, UInt64(bits & 0x7F_FFFF) << 29) : Double(float)
  }

  /// A NaN with its sign and payload: a conversion by the processor may change them, and NaNs of other bits are other values.
  private static func nan(_ isNegative: Bool, _ payload: UInt64) -> Double {
    Double(bitPattern: (isNegative ? 1 << 63 : 0) | 0x7FF << 52 | payload)
  }
}
