import Basics
import Machine

/// The form of each kind of statement: how many arguments, of what sort.
extension StatementParser {
  func error(_ word: Word, _ message: String) -> ScriptError {
    ScriptError(line: line, column: word.column, message: message)
  }

  func number(_ word: Word) throws(ScriptError) -> UInt64 {
    try ExpressionParser.parse(word, line: line) { names.value($0) }
  }

  func expression(_ words: [Word]) throws(ScriptError) -> UInt64 {
    // Words are joined as they stand, so that columns in messages stay true.
    var text = ""
    let start = words[0].column
    var end = start
    for word in words {
      text += String(repeating: " ", count: word.column - end) + word.text
      end = word.column + word.text.unicodeScalars.count
    }
    return try number(Word(text: text, column: start))
  }

  func count(_ verb: Word, _ rest: [Word], _ range: ClosedRange<Int>, _ form: String) throws(ScriptError) {
    guard !range.contains(rest.count) else { return }
    let at = rest.count > range.upperBound ? rest[range.upperBound] : verb
    throw error(
      at, "\(shown(verb.text)) has \(rest.count) argument\(rest.count == 1 ? "" : "s"); expected: \(form)")
  }

  func one(_ verb: Word, _ rest: [Word], _ what: String) throws(ScriptError) -> UInt64 {
    try count(verb, rest, 1...1, "\(verb.text) \(what)")
    return try number(rest[0])
  }

  func index(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> Int {
    let value = try one(verb, rest, "PE")
    guard value < 8 else { throw error(rest[0], "there are at most 8 PEs, 0 to 7") }
    return Int(value)
  }

  func define(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> Statement {
    guard rest.count >= 3, rest[1].text == "=" else { throw error(verb, "expected: let NAME = EXPR") }
    let name = rest[0].text
    guard let first = name.unicodeScalars.first, first.properties.isAlphabetic || first == "_", first.isASCII,
      name.unicodeScalars.allSatisfy({ $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_") })
    else { throw error(rest[0], "\"\(shown(name))\" is not a name; expected letters, digits and _, not beginning with a digit") }
    guard Names.value(name) == nil else { throw error(rest[0], "\(name) already stands for a number") }
    return .define(name, try expression(Array(rest.dropFirst(2))))
  }

  /// X0 to X17 of `smc FID [A1 …]`.
  func registers(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> InlineArray<18, UInt64> {
    try count(verb, rest, 1...18, "\(verb.text) FID [A1 .. A17]")
    var x = InlineArray<18, UInt64>(repeating: 0)
    for (n, word) in rest.enumerated() { x[n] = try number(word) }
    return x
  }

  /// `token verify|appraise|show [N] [challenge=HEX] [platform=N] [against=N]`.
  func token(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> Session.TokenQuery {
    let form = "token verify|appraise|show [N] [challenge=HEX] [platform=N] [against=N]"
    guard let what = rest.first, let kind = Session.TokenQuery.Verb(rawValue: what.text.lowercased()) else {
      throw error(rest.first ?? verb, "expected: \(form)")
    }
    var query = Session.TokenQuery()
    query.verb = kind
    func tokenNumber(_ word: Word) throws(ScriptError) -> Int {
      let value = try number(word)
      guard (1...UInt64(Session.tokenLimit)).contains(value) else { throw error(word, "tokens are numbered from 1") }
      return Int(value)
    }
    for word in rest.dropFirst() {
      guard let equals = word.text.firstIndex(of: "=") else {
        guard query.number == nil else { throw error(word, "expected: \(form)") }
        query.number = try tokenNumber(word)
        continue
      }
      let key = word.text[..<equals].lowercased()
      let value = Word(
        text: String(word.text[word.text.index(after: equals)...]), column: word.column + key.unicodeScalars.count + 1)
      switch key {
      case "platform": query.platform = try tokenNumber(value)
      case "against" where kind == .appraise: query.against = try tokenNumber(value)
      case "challenge" where kind != .show:
        guard let bytes = [UInt8](hex: value.text), (1...64).contains(bytes.count) else {
          throw error(value, "a challenge is 1 to 64 bytes in hexadecimal, without 0x")
        }
        query.challenge = bytes
      default: throw error(word, "expected: \(form)")
      }
    }
    return query
  }

  func sysreg(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> Statement {
    try count(verb, rest, 1...2, "sysreg NAME [VALUE]")
    let name = rest[0].text.lowercased()
    guard ProcessingElement.registerNames.contains(name) else {
      throw error(
        rest[0],
        "unknown register \"\(shown(name))\"; expected one of \(ProcessingElement.registerNames.joined(separator: ", "))")
    }
    return rest.count == 1 ? .query(.register(name)) : .perform(.setRegister(name, try number(rest[1])))
  }

  func pas(_ word: Word) throws(ScriptError) -> GPI {
    switch word.text.lowercased() {
    case "ns", "nonsecure", "non-secure": return .nonSecure
    case "secure": return .secure
    case "realm": return .realm
    case "root": return .root
    case "any": return .any
    default:
      throw error(word, "found \"\(shown(word.text))\"; expected nonsecure, secure, realm, root or any")
    }
  }

  /// Most of what a single fill may write, so that a script cannot ask for all memory there is.
  static let fillLimit: UInt64 = 256 << 20

  func access(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> Statement? {
    let parts = verb.text.lowercased().split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let world: World
    switch parts[0] {
    case "ns": world = .normal
    case "secure": world = .secure
    case "realm": world = .realm
    case "root": world = .root
    default: return nil
    }
    let kind: MemoryAccess.Kind
    switch parts[1] {
    case "read64":
      try count(verb, rest, 1...1, "\(verb.text) PA")
      kind = .read64
    case "write64":
      try count(verb, rest, 2...2, "\(verb.text) PA VALUE")
      kind = .write64(try number(rest[1]))
    case "write8":
      try count(verb, rest, 2...2, "\(verb.text) PA VALUE")
      kind = .write8(UInt8(truncatingIfNeeded: try number(rest[1])))
    case "write":
      try count(verb, rest, 2...2, "\(verb.text) PA HEX")
      guard let bytes = [UInt8](hex: rest[1].text), !bytes.isEmpty else {
        throw error(rest[1], "expected bytes in hexadecimal, without 0x")
      }
      kind = .bytes(bytes)
    case "fill":
      try count(verb, rest, 3...3, "\(verb.text) PA LENGTH BYTE")
      kind = .fill(try number(rest[1]), UInt8(truncatingIfNeeded: try number(rest[2])))
    default:
      return nil
    }
    return .perform(.access(MemoryAccess(world: world, address: try number(rest[0]), kind: kind)))
  }

  func guest(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> Statement {
    guard let action = rest.first else {
      throw error(verb, "guest needs an action: \(StatementParser.guestVerbs.joined(separator: " "))")
    }
    let arguments = Array(rest.dropFirst())
    func values(_ range: ClosedRange<Int>, _ form: String) throws(ScriptError) -> [UInt64] {
      try count(action, arguments, range, "guest \(form)")
      var result: [UInt64] = []
      for word in arguments { result.append(try number(word)) }
      return result
    }
    func queue(_ kind: GuestAction.Kind, _ x: [UInt64]) -> Statement { .perform(.guest(GuestAction(kind, x))) }
    switch action.text.lowercased() {
    case "smc": return queue(.smc, try values(1...18, "smc FID [A1 .. A17]"))
    case "read64": return queue(.read64, try values(1...1, "read64 IPA"))
    case "write64": return queue(.write64, try values(2...2, "write64 IPA VALUE"))
    case "exec": return queue(.exec, try values(1...1, "exec IPA"))
    case "wfi": return queue(.wfi, try values(0...0, "wfi"))
    case "wfe": return queue(.wfe, try values(0...0, "wfe"))
    case "hvc": return queue(.hvc, try values(0...1, "hvc [IMM]"))
    case "irq": return queue(.irq, try values(0...0, "irq"))
    case "fiq": return queue(.fiq, try values(0...0, "fiq"))
    case "hold": return queue(.hold, try values(0...0, "hold"))
    case "pause":
      let most: UInt64 = 1 << 40
      let instructions = try values(1...1, "pause INSTRUCTIONS")[0]
      guard instructions <= most else { throw error(action, "guest pause takes up to \(most) instructions") }
      return .perform(.guestPause(Int(instructions)))
    case "serror": return queue(.serror, try values(1...1, "serror ESR"))
    case "abort": return queue(.sync, try values(3...3, "abort ESR FAR HPFAR"))
    case "sync":
      let x = try values(1...3, "sync ESR [FAR HPFAR]")
      guard x.count != 2 else { throw error(action, "expected: guest sync ESR [FAR HPFAR]") }
      return queue(.sync, x)
    case "setreg", "getreg":
      let sets = action.text.lowercased() == "setreg"
      let x = try values(sets ? 2...2 : 1...1, sets ? "setreg N VALUE" : "getreg N")
      let most: UInt64 = sets ? 30 : 31
      guard x[0] <= most else {
        throw error(arguments[0], "there is no register \(shown(arguments[0].text)); expected 0 to \(most)")
      }
      return queue(sets ? .setreg : .getreg, x)
    case "setsys", "getsys":
      let sets = action.text.lowercased() == "setsys"
      try count(action, arguments, sets ? 2...2 : 1...1, sets ? "guest setsys NAME VALUE" : "guest getsys NAME")
      guard let register = RealmRegister.named(arguments[0].text) else {
        throw error(
          arguments[0],
          "unknown register \"\(shown(arguments[0].text))\"; expected one of \(RealmRegister.allCases.map(\.name).joined(separator: ", "))"
        )
      }
      var x = [UInt64(register.number)]
      if sets { x.append(try number(arguments[1])) }
      return queue(sets ? .setsys : .getsys, x)
    case "clear":
      _ = try values(0...0, "clear")
      return .perform(.guestClear)
    case "expect":
      return .guestExpect(try expectation(action, arguments))
    default:
      throw error(
        action,
        "unknown guest action \"\(shown(action.text))\"; expected one of \(StatementParser.guestVerbs.joined(separator: " "))")
    }
  }

  /// A command by its own name: `RMI_…` is an SMC of the Host, `RSI_…` and `PSCI_…` one of a Realm's vCPU. Arguments in order, or
  /// as `name=value`.
  func command(_ entry: CommandEntry, _ verb: Word, _ rest: [Word]) throws(ScriptError) -> Statement {
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = UInt64(entry.fid)
    var highest = 0
    var next = 1
    for word in rest {
      if let equals = word.text.firstIndex(of: "="), equals != word.text.startIndex {
        let name = String(word.text[..<equals])
        guard let input = entry.inputs.first(where: { $0.name.description == name.lowercased() }) else {
          throw error(
            word,
            "\(entry.name) has no argument \"\(shown(name))\"; it has \(entry.inputs.map { $0.name.description }.joined(separator: ", "))"
          )
        }
        let value = String(word.text[word.text.index(after: equals)...])
        x[input.register] = try number(Word(text: value, column: word.column + name.unicodeScalars.count + 1))
        highest = max(highest, input.register)
        next = input.register + 1
      } else {
        guard next < 18 else { throw error(word, "an SMC has at most 17 arguments") }
        x[next] = try number(word)
        highest = max(highest, next)
        next += 1
      }
    }
    if entry.interface == .rmi { return .perform(.smc(.normal, x)) }
    var values: [UInt64] = []
    for n in 0...highest { values.append(x[n]) }
    return .perform(.guest(GuestAction(.smc, values)))
  }

  func machine(_ rest: [Word]) throws(ScriptError) -> Statement {
    var properties: [(key: String, value: String, column: Int)] = []
    for word in rest {
      guard let equals = word.text.firstIndex(of: "=") else {
        properties.append((key: "preset", value: word.text, column: word.column))
        continue
      }
      properties.append(
        (
          key: word.text[..<equals].lowercased(), value: String(word.text[word.text.index(after: equals)...]),
          column: word.column
        ))
    }
    return .machine(properties)
  }

  func expectation(_ verb: Word, _ rest: [Word]) throws(ScriptError) -> Expectation {
    guard let status = rest.first else {
      throw error(verb, "expect needs a status: a name such as RMI_SUCCESS, a number, any, ok, gpf or fault")
    }
    var text = status.text
    var column = status.column
    var negated = false
    if text.hasPrefix("!") {
      negated = true
      text.removeFirst()
      column += 1
    }
    var alternatives: [Expectation.Status] = []
    for part in text.split(separator: "|", omittingEmptySubsequences: false) {
      alternatives.append(try alternative(Word(text: String(part), column: column)))
      column += part.unicodeScalars.count + 1
    }
    var conditions: [Expectation.Condition] = []
    var decidedBy: String?
    for word in rest.dropFirst() {
      if word.text.hasPrefix("by=") {
        decidedBy = String(word.text.dropFirst(3))
      } else {
        conditions.append(try condition(word))
      }
    }
    return Expectation(
      alternatives: alternatives, negated: negated, conditions: conditions, decidedBy: decidedBy,
      text: rest.map(\.text).joined(separator: " "))
  }

  /// What `state` and `gpt` can say.
  static let stateWords: Set<String> = [
    "NS", "DELEGATED", "RD", "REC", "REC_AUX", "DATA", "RTT", "INVALID", "REALM", "SECURE", "ROOT", "ANY", "NO_ACCESS",
  ]

  func alternative(_ word: Word) throws(ScriptError) -> Expectation.Status {
    switch word.text.lowercased() {
    case "any": return .any
    case "ok": return .ok
    case "gpf": return .gpf
    case "fault": return .fault
    case "": throw error(word, "an alternative is missing; expected STATUS or A|B")
    default: break
    }
    if StatementParser.stateWords.contains(word.text.uppercased()) { return .word(word.text.uppercased()) }
    if Session.TokenQuery.answers.contains(word.text.lowercased()) { return .word(word.text.lowercased()) }
    if GuestDesk.answers.contains(word.text.lowercased()) { return .word(word.text.lowercased()) }
    guard let colon = word.text.firstIndex(of: ":") else { return .code(try number(word), word.text) }
    let name = String(word.text[..<colon])
    let index = try number(
      Word(text: String(word.text[word.text.index(after: colon)...]), column: word.column + name.unicodeScalars.count + 1))
    let base = try number(Word(text: name, column: word.column))
    return .code(base | (index & 0xFF) << 8, word.text)
  }

  /// `xN=V`, `xN!=V`, `xN&MASK=V`, with `?name` for V.
  func condition(_ word: Word) throws(ScriptError) -> Expectation.Condition {
    let form = "expected xN=V, xN!=V or xN&MASK=V"
    guard let equals = word.text.firstIndex(of: "=") else { throw error(word, "found \"\(shown(word.text))\"; \(form)") }
    var left = String(word.text[..<equals])
    let right = String(word.text[word.text.index(after: equals)...])
    let rightColumn = word.column + left.unicodeScalars.count + 1
    var negated = false
    if left.hasSuffix("!") {
      negated = true
      left.removeLast()
    }
    var mask = UInt64.max
    if let ampersand = left.firstIndex(of: "&") {
      let text = String(left[left.index(after: ampersand)...])
      left = String(left[..<ampersand])
      mask = try number(Word(text: text, column: word.column + left.unicodeScalars.count + 1))
    }
    guard left.lowercased().hasPrefix("x"), let register = Int(left.dropFirst()), (0...30).contains(register) else {
      throw error(word, "expected a register x0 to x30, found \"\(shown(left))\"")
    }
    let operand: Expectation.Operand
    if right.hasPrefix("?") {
      guard right.count > 1 else { throw error(word, "? needs a name") }
      operand = .capture(String(right.dropFirst()))
    } else {
      operand = .value(try number(Word(text: right, column: rightColumn)))
    }
    return Expectation.Condition(register: register, mask: mask, negated: negated, operand: operand, text: word.text)
  }
}
