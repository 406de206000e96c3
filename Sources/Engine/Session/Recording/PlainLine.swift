import Basics
import Machine

/// Lines of a recording that are read as bytes, because there can be millions of them: calls and accesses of the Host with numbers as they are
/// recorded, and what they were answered. What is written in another way is left to the language; it comes to the same.
struct PlainLine {
  /// Identifiers of functions, by their names: looked up once. Those of statements are of RMI, with or without that in front.
  private var functions: [(name: [UInt8], fid: UInt64, isRMI: Bool)] = []
  private var commands: [(name: [UInt8], fid: UInt64)] = []
  /// Whether the line that was read last is an access, or a call of RMI.
  private(set) var isPlain = false
  /// What is recorded of an answer's code.
  private var codes: [Code: [UInt8]] = [:]
  private var answer: [UInt8] = []

  private struct Code: Hashable {
    let interface: Interface?
    let value: UInt64
  }

  /// Most names that are kept.
  private static let mostFunctions = 256

  private static let call = Array("smc ".utf8)
  private static let write = Array("ns.write64 ".utf8)
  private static let bytes = Array("ns.write ".utf8)
  private static let read = Array("ns.read64 ".utf8)
  private static let fill = Array("ns.fill ".utf8)

  /// Reads what a line does.
  ///
  /// - Returns: false if it is not as such a line is recorded.
  mutating func read(_ bytes: [UInt8], _ action: inout Action) -> Bool {
    isPlain = true
    return bytes.withUnsafeBufferPointer { line in
      var at = 0
      if line.first == UInt8(ascii: "@") {
        while at < line.count, line[at] != UInt8(ascii: " ") {
          // When it was done is no other word.
          guard at == 0 || line[at] == UInt8(ascii: ".") || line[at] &- UInt8(ascii: "0") < 10 else { return false }
          at += 1
        }
        at += 1
      }
      if at < line.count, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(line[at]) {
        return readCall(line, at, &action, isCommand: true)
      }
      if Self.skip(Self.call, line, &at) { return readCall(line, at, &action, isCommand: false) }
      if Self.skip(Self.write, line, &at) {
        guard let n = Self.numbers(line, at, count: 2) else { return false }
        action = .access(MemoryAccess(world: .normal, address: n[0], kind: .write64(n[1])))
        return true
      }
      if Self.skip(Self.bytes, line, &at) {
        guard let address = Self.number(line, &at), at + 1 < line.count,
          let bytes = Self.hexadecimal(UnsafeBufferPointer(rebasing: line[(at + 1)...]))
        else { return false }
        action = .access(MemoryAccess(world: .normal, address: address, kind: .bytes(bytes)))
        return true
      }
      if Self.skip(Self.read, line, &at) {
        guard let n = Self.numbers(line, at, count: 1) else { return false }
        action = .access(MemoryAccess(world: .normal, address: n[0], kind: .read64))
        return true
      }
      if Self.skip(Self.fill, line, &at) {
        guard let n = Self.numbers(line, at, count: 3) else { return false }
        action = .access(MemoryAccess(world: .normal, address: n[0], kind: .fill(n[1], UInt8(truncatingIfNeeded: n[2]))))
        return true
      }
      return false
    }
  }

  private mutating func readCall(
    _ line: UnsafeBufferPointer<UInt8>, _ begin: Int, _ action: inout Action, isCommand: Bool
  ) -> Bool {
    var end = begin
    while end < line.count, line[end] != UInt8(ascii: " ") { end += 1 }
    let name = UnsafeBufferPointer(rebasing: line[begin..<end])
    guard let fid = isCommand ? command(name) : function(name) else { return false }
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = fid
    var next = 1
    while end < line.count {
      end += 1
      guard next < 18, let value = Self.number(line, &end) else { return false }
      x[next] = value
      next += 1
    }
    action = .smc(.normal, x)
    return true
  }

  private mutating func function(_ name: UnsafeBufferPointer<UInt8>) -> UInt64? {
    for known in functions where known.name.count == name.count && Self.begins(known.name, name, 0, orIsAll: true) {
      isPlain = known.isRMI
      return known.fid
    }
    guard !name.isEmpty, name.count < 64, name.allSatisfy({ $0 < 0x80 }), functions.count < Self.mostFunctions,
      let call = Calls.named(String(decoding: name, as: UTF8.self)), let fid = Names.value(call.name)
    else { return nil }
    isPlain = call.interface == .rmi
    functions.append((Array(name), fid, isPlain))
    return fid
  }

  /// The same of a statement, which is a call of RMI by its name.
  private mutating func command(_ name: UnsafeBufferPointer<UInt8>) -> UInt64? {
    isPlain = true
    for known in commands where known.name.count == name.count && Self.begins(known.name, name, 0, orIsAll: true) {
      return known.fid
    }
    guard name.count < 64, name.allSatisfy({ $0 < 0x80 }), commands.count < Self.mostFunctions,
      let call = Recording.command(String(decoding: name, as: UTF8.self)), let fid = Names.value(call)
    else { return nil }
    commands.append((Array(name), fid))
    return fid
  }

  private static func begins(
    _ word: [UInt8], _ line: UnsafeBufferPointer<UInt8>, _ at: Int, orIsAll: Bool = false
  ) -> Bool {
    guard at + word.count < line.count + (orIsAll ? 1 : 0) else { return false }
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

  /// Bytes of two digits each.
  private static func hexadecimal(_ digits: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard digits.count.isMultiple(of: 2) else { return nil }
    var wrong: UInt8 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: digits.count / 2) { bytes, count in
      for n in 0..<digits.count / 2 {
        let (high, low) = (values[Int(digits[2 * n])], values[Int(digits[2 * n + 1])])
        wrong |= high | low
        bytes.initializeElement(at: n, to: high << 4 | low & 15)
      }
      count = digits.count / 2
    }
    return wrong & 0xF0 == 0 ? bytes : nil
  }

  /// What each byte is as a hexadecimal digit; 0xF0 for one that is none.
  private static let values: [UInt8] = (0...255).map { byte in
    Character(Unicode.Scalar(UInt8(byte))).hexDigitValue.flatMap { byte < 0x80 ? UInt8($0) : nil } ?? 0xF0
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
      return found.x.withUnsafeBufferPointer { isRecorded(value, found.interface, max(1, min(9, $0.count)), bytes, $0) }
    default: return false
    }
  }

  /// The same of an answer to what ``isPlain``.
  mutating func isRecorded(_ found: PlainAnswer, as bytes: [UInt8]) -> Bool {
    switch found.kind {
    case .done: return bytes == Self.ok
    case .registers:
      return withUnsafeBytes(of: found.x) {
        let x = $0.bindMemory(to: UInt64.self)
        return isRecorded(x[0], .rmi, 9, bytes, x)
      }
    case .read:
      answer.removeAll(keepingCapacity: true)
      answer += Self.found
      answer.append(hexadecimal: found.x[0])
      return answer == bytes
    }
  }

  /// - Parameters:
  ///   - value: the code in X0.
  ///   - count: how many registers are told.
  private mutating func isRecorded(
    _ value: UInt64, _ interface: Interface?, _ count: Int, _ bytes: [UInt8], _ x: UnsafeBufferPointer<UInt64>
  ) -> Bool {
    let code = Code(interface: interface, value: value)
    if let known = codes[code] {
      answer = known
    } else {
      answer = Array((interface.map { Names.status($0, value) } ?? hex(value)).utf8)
      if codes.count < Self.mostFunctions { codes[code] = answer }
    }
    let status = answer.count
    for n in 1..<count where x[n] != 0 {
      answer.append(UInt8(ascii: " "))
      answer.append(UInt8(ascii: "x"))
      answer.append(UInt8(ascii: "0") + UInt8(n))
      answer.append(UInt8(ascii: "="))
      answer.append(hexadecimal: x[n])
    }
    if answer == bytes { return true }
    // Of a success that has given something, this may be all that is recorded.
    return value == 0 && interface == .rmi && answer.count > status && answer[(status + 1)...].elementsEqual(bytes)
  }

  private static let ok = Array("ok".utf8)
  private static let found = Array("-> ".utf8)

}
