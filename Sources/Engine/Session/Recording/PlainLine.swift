import Machine

/// Lines of a recording that are read as bytes, because there can be millions of them: calls and accesses of the Host with numbers as they are
/// recorded, and what they were answered. What is written in another way is left to the language; it comes to the same.
struct PlainLine {
  /// Identifiers of functions, by their names: looked up once.
  private var functions: [(name: [UInt8], fid: UInt64)] = []
  /// What is recorded of an answer's code.
  private var codes: [Code: [UInt8]] = [:]
  private var answer: [UInt8] = []

  private struct Code: Hashable {
    let interface: Interface?
    let value: UInt64
  }

  /// Most names that are kept.
  private static let mostFunctions = 256

  private static let rmi = Array("RMI_".utf8)
  private static let call = Array("smc ".utf8)
  private static let write = Array("ns.write64 ".utf8)
  private static let read = Array("ns.read64 ".utf8)
  private static let fill = Array("ns.fill ".utf8)

  /// What a line does; nil if it is not as such a line is recorded.
  mutating func action(_ bytes: [UInt8]) -> Action? {
    bytes.withUnsafeBufferPointer { line in
      var at = 0
      if line.first == UInt8(ascii: "@") {
        while at < line.count, line[at] != UInt8(ascii: " ") {
          // When it was done is no other word.
          guard at == 0 || line[at] == UInt8(ascii: ".") || line[at] &- UInt8(ascii: "0") < 10 else { return nil }
          at += 1
        }
        at += 1
      }
      if Self.begins(Self.rmi, line, at) || Self.skip(Self.call, line, &at) { return callAction(line, at) }
      if Self.skip(Self.write, line, &at) {
        guard let n = Self.numbers(line, at, count: 2) else { return nil }
        return .access(MemoryAccess(world: .normal, address: n[0], kind: .write64(n[1])))
      }
      if Self.skip(Self.read, line, &at) {
        guard let n = Self.numbers(line, at, count: 1) else { return nil }
        return .access(MemoryAccess(world: .normal, address: n[0], kind: .read64))
      }
      if Self.skip(Self.fill, line, &at) {
        guard let n = Self.numbers(line, at, count: 3) else { return nil }
        return .access(MemoryAccess(world: .normal, address: n[0], kind: .fill(n[1], UInt8(truncatingIfNeeded: n[2]))))
      }
      return nil
    }
  }

  private mutating func callAction(_ line: UnsafeBufferPointer<UInt8>, _ begin: Int) -> Action? {
    var end = begin
    while end < line.count, line[end] != UInt8(ascii: " ") { end += 1 }
    guard let fid = function(UnsafeBufferPointer(rebasing: line[begin..<end])) else { return nil }
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = fid
    var next = 1
    while end < line.count {
      end += 1
      guard next < 18, let value = Self.number(line, &end) else { return nil }
      x[next] = value
      next += 1
    }
    return .smc(.normal, x)
  }

  private mutating func function(_ name: UnsafeBufferPointer<UInt8>) -> UInt64? {
    if let known = functions.first(where: { $0.name.count == name.count && $0.name.elementsEqual(name) }) { return known.fid }
    guard !name.isEmpty, name.count < 64, name.allSatisfy({ $0 < 0x80 }), functions.count < Self.mostFunctions,
      let fid = Calls.named(String(decoding: name, as: UTF8.self)).flatMap({ Names.value($0.name) })
    else { return nil }
    functions.append((Array(name), fid))
    return fid
  }

  private static func begins(_ word: [UInt8], _ line: UnsafeBufferPointer<UInt8>, _ at: Int) -> Bool {
    guard at + word.count < line.count else { return false }
    for n in word.indices where line[at + n] != word[n] { return false }
    return true
  }

  private static func skip(_ word: [UInt8], _ line: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> Bool {
    guard begins(word, line, at) else { return false }
    at += word.count
    return true
  }

  /// So many numbers up to the end of the line.
  private static func numbers(
    _ line: UnsafeBufferPointer<UInt8>, _ begin: Int, count: Int
  ) -> InlineArray<3, UInt64>? {
    var all = InlineArray<3, UInt64>(repeating: 0)
    var at = begin
    for n in 0..<count {
      if n > 0 { at += 1 }
      guard let value = number(line, &at) else { return nil }
      all[n] = value
    }
    return at == line.count ? all : nil
  }

  /// `0x` and up to 16 digits, with a space or the end behind it.
  private static func number(_ line: UnsafeBufferPointer<UInt8>, _ at: inout Int) -> UInt64? {
    guard at + 2 < line.count, line[at] == UInt8(ascii: "0"), line[at + 1] == UInt8(ascii: "x") else { return nil }
    at += 2
    var value: UInt64 = 0
    let first = at
    while at < line.count, line[at] != UInt8(ascii: " ") {
      let digit: UInt8
      switch line[at] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = line[at] - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = line[at] - UInt8(ascii: "a") + 10
      default: return nil
      }
      guard at - first < 16 else { return nil }
      value = value << 4 | UInt64(digit)
      at += 1
    }
    return at > first ? value : nil
  }

  // MARK: Answers

  /// Whether a result is recorded as these bytes; false also for what is not told so simply.
  mutating func isRecorded(_ result: StatementResult, as bytes: [UInt8]) -> Bool {
    guard let found = result.answer, result.guestResults.isEmpty, result.exit == nil, result.text == nil, result.found == nil
    else { return false }
    switch found.kind {
    case .ok: return found.x.first == 0 && bytes == Self.ok
    case .registers:
      guard let value = found.code else { return false }
      let code = Code(interface: found.interface, value: value)
      if let known = codes[code] {
        answer = known
      } else {
        answer = Array(found.text.utf8)
        if codes.count < Self.mostFunctions { codes[code] = answer }
      }
      for n in 1..<max(1, min(9, found.x.count)) where found.x[n] != 0 {
        answer += [UInt8(ascii: " "), UInt8(ascii: "x"), UInt8(ascii: "0") + UInt8(n), UInt8(ascii: "=")]
        append(found.x[n])
      }
      return answer == bytes
    default: return false
    }
  }

  private static let ok = Array("ok".utf8)

  private mutating func append(_ value: UInt64) {
    answer.append(UInt8(ascii: "0"))
    answer.append(UInt8(ascii: "x"))
    for digit in stride(from: 15 - value.leadingZeroBitCount / 4, through: 0, by: -1) {
      let nibble = UInt8(truncatingIfNeeded: value >> UInt64(4 * digit)) & 15
      answer.append(nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10)
    }
  }
}
