/// A Realm that was never built, described by what would be measured: parameters, images at addresses, RIPAS, RECs, in the order
/// in which the Host would make the calls.
public struct RealmDescription: Sendable {
  public private(set) var steps: [MeasurementStep] = []

  /// The forms a line can have.
  public static let forms = [
    "realm [hash=sha-256] [s2sz=33] [num_bps=1] [num_wps=1] [flags=0] [sve_vl=0] [pmu_num_ctrs=0]",
    "ripas BASE TOP [level=3]", "data IPA [file=NAME] [pages=1] [fill=0] [measure=on]",
    "rec [pc=0] [flags=1] [x0=0] … [x7=0]", "extend REM HEX", "let NAME = EXPR",
  ]
  /// Most steps a description may make.
  static let stepLimit = 1 << 20

  private var measurements: RealmMeasurements?
  private var names = ScriptNames()

  /// - Parameters:
  ///   - lines: the text, a fact a line.
  ///   - padsREM: see ``RealmMeasurements``.
  ///   - load: gives the bytes of an image by its name.
  public init(
    lines: [String], padsREM: Bool = true, load: (String) throws(ScriptError) -> [UInt8]
  ) throws(ScriptError) {
    for (index, line) in lines.enumerated() { try take(line, index + 1, padsREM, load) }
    if measurements == nil { throw ScriptError(line: max(1, lines.count), column: 1, message: "there is no realm line") }
  }

  /// The last value of a measurement, 0 for the RIM; nil if nothing has been measured.
  public func value(_ index: Int) -> [UInt8]? { steps.last { $0.index == index }?.value ?? measurements?[index] }

  private mutating func take(
    _ text: String, _ number: Int, _ padsREM: Bool, _ load: (String) throws(ScriptError) -> [UInt8]
  ) throws(ScriptError) {
    let words = try Lexer(line: number).words(text)
    guard let verb = words.first else { return }
    let line = Line(number: number, verb: verb, words: Array(words.dropFirst()), names: names)
    switch verb.text {
    case "let":
      guard case .define(let name, let value) = try StatementParser(line: number, names: names).define(verb, line.words) else {
        return
      }
      names.values[name] = value
    case "realm":
      guard measurements == nil else { throw line.bad(verb, "there is a realm line already") }
      let parameters = try realm(line)
      measurements = RealmMeasurements(parameters.hash, padsREM: padsREM)
      try note(.create(parameters), line)
    case "ripas": try ripas(line)
    case "data": try data(line, load)
    case "rec": try rec(line)
    case "extend":
      let parts = try line.positional(2, "extend REM HEX")
      let index = try line.number(parts[0])
      guard (1...4).contains(index) else { throw line.bad(parts[0], "REM indices are 1 to 4, not \(index)") }
      guard let value = [UInt8](hex: parts[1].text), value.count <= 64 else {
        throw line.bad(parts[1], "expected up to 64 bytes in hexadecimal")
      }
      try note(.extend(value), line, index: Int(index))
    default:
      throw line.bad(verb, "unknown fact \"\(shown(verb.text))\"; expected one of: \(Self.forms.joined(separator: "; "))")
    }
  }

  private mutating func note(_ deed: MeasurementStep.Deed, _ line: Line, index: Int = 0) throws(ScriptError) {
    guard measurements != nil else { throw line.bad(line.verb, "\(line.verb.text) before the realm line") }
    guard steps.count < Self.stepLimit else { throw line.bad(line.verb, "more than \(Self.stepLimit) measured steps") }
    if let step = measurements?.take(deed, index: index) { steps.append(step) }
  }

  private func realm(_ line: Line) throws(ScriptError) -> MeasurementStep.RealmParameters {
    var parameters = MeasurementStep.RealmParameters()
    for (key, word) in try line.options(["hash", "s2sz", "num_bps", "num_wps", "flags", "sve_vl", "pmu_num_ctrs"]) {
      if key == "hash" {
        guard let hash = HashAlgorithm(iana: word.text) else {
          throw line.bad(word, "hash is sha-256 or sha-512, not \"\(shown(word.text))\"")
        }
        parameters.hash = hash
        continue
      }
      let value = try line.number(word)
      switch key {
      case "s2sz": parameters.s2sz = value
      case "num_bps": parameters.numBPs = value
      case "num_wps": parameters.numWPs = value
      case "flags": parameters.flags = value
      case "sve_vl": parameters.sveVL = value
      default: parameters.pmuCounters = value
      }
    }
    return parameters
  }

  private mutating func ripas(_ line: Line) throws(ScriptError) {
    let range = try line.positional(2, "ripas BASE TOP [level=3]")
    let base = try line.number(range[0])
    let top = try line.number(range[1])
    var level: UInt64 = 3
    for (_, word) in try line.options(["level"], after: 2) { level = try line.number(word) }
    guard level <= 3 else { throw line.bad(line.verb, "level is 0 to 3, not \(level)") }
    let size = rttEntrySize(Int(level))
    guard base.isAligned(to: size), top.isAligned(to: size), base < top, top <= 1 << 52 else {
      throw line.bad(
        line.verb, "the range must not be empty, and both ends multiples of \(hex(size)), which a level \(level) entry covers")
    }
    guard (top - base) / size <= UInt64(Self.stepLimit) else { throw line.bad(line.verb, "more than \(Self.stepLimit) entries") }
    for address in stride(from: base, to: top, by: Int(size)) {
      try note(.ripas(base: address, top: address + size), line)
    }
  }

  private mutating func data(_ line: Line, _ load: (String) throws(ScriptError) -> [UInt8]) throws(ScriptError) {
    let ipa = try line.number(try line.positional(1, "data IPA [file=NAME] [pages=1] [fill=0] [measure=on]")[0])
    guard ipa.isGranuleAligned, ipa < 1 << 52 else { throw line.bad(line.verb, "the IPA must be a multiple of 4096") }
    var bytes: [UInt8]?
    var pages: UInt64?
    var fill: UInt64 = 0
    var isMeasured = true
    for (key, word) in try line.options(["file", "pages", "fill", "measure"], after: 1) {
      switch key {
      case "file":
        do {
          bytes = try load(word.text)
        } catch {
          throw line.bad(word, error.message)
        }
      case "pages": pages = try line.number(word)
      case "fill": fill = try line.number(word)
      default:
        guard ["on", "off"].contains(word.text) else { throw line.bad(word, "measure is on or off") }
        isMeasured = word.text == "on"
      }
    }
    let count = pages ?? UInt64(((bytes?.count ?? 4096) + 4095) / 4096)
    guard (1...UInt64(Self.stepLimit)).contains(count) else { throw line.bad(line.verb, "pages must be 1 to \(Self.stepLimit)") }
    for page in 0..<Int(count) {
      var content: [UInt8]?
      if isMeasured {
        let granule =
          bytes.map { $0[min(page * 4096, $0.count)..<min((page + 1) * 4096, $0.count)] }
          ?? [UInt8](repeating: UInt8(truncatingIfNeeded: fill), count: 4096)[...]
        content = measurements?.content(granule)
      }
      try note(.data(ipa: ipa + UInt64(page) * 4096, flags: isMeasured ? 1 : 0, content: content), line)
    }
  }

  private mutating func rec(_ line: Line) throws(ScriptError) {
    var flags: UInt64 = 1
    var pc: UInt64 = 0
    var gprs = [UInt64](repeating: 0, count: 8)
    for (key, word) in try line.options(["flags", "pc"] + (0..<8).map { "x\($0)" }) {
      let value = try line.number(word)
      switch key {
      case "flags": flags = value
      case "pc": pc = value
      default: gprs[Int(key.dropFirst()) ?? 0] = value
      }
    }
    // A REC that is not runnable is not measured.
    if flags & 1 == 1 { try note(.rec(flags: flags, pc: pc, gprs: gprs), line) }
  }

  /// One line's words.
  private struct Line {
    let number: Int
    let verb: Word
    let words: [Word]
    let names: ScriptNames

    func bad(_ word: Word, _ message: String) -> ScriptError {
      ScriptError(line: number, column: word.column, message: message)
    }

    func number(_ word: Word) throws(ScriptError) -> UInt64 {
      try ExpressionParser.parse(word, line: number) { names.value($0) }
    }

    func positional(_ count: Int, _ form: String) throws(ScriptError) -> [Word] {
      guard words.count >= count else { throw bad(verb, "expected: \(form)") }
      return Array(words.prefix(count))
    }

    func options(_ keys: [String], after count: Int = 0) throws(ScriptError) -> [(String, Word)] {
      var result: [(String, Word)] = []
      for word in words.dropFirst(count) {
        guard let equals = word.text.firstIndex(of: "="), keys.contains(String(word.text[..<equals])) else {
          throw bad(word, "found \"\(shown(word.text))\"; \(verb.text) has \(keys.map { $0 + "=" }.joined(separator: ", "))")
        }
        let key = String(word.text[..<equals])
        result.append(
          (key, Word(text: String(word.text[word.text.index(after: equals)...]), column: word.column + key.count + 1)))
      }
      return result
    }
  }
}

/// Where two constructions of a measurement part.
public struct ConstructionDifference: Sendable, Equatable {
  /// Index of the first step that differs, from 0.
  public let index: Int
  /// What is different, in words.
  public let words: String

  /// The first step that differs; nil if all are the same.
  public init?(_ a: [MeasurementStep], _ b: [MeasurementStep]) {
    for index in 0..<max(a.count, b.count) {
      let left = index < a.count ? a[index] : nil
      let right = index < b.count ? b[index] : nil
      guard let left else {
        self.init(index: index, words: "only the second has \(right?.text ?? "")")
        return
      }
      guard let right else {
        self.init(index: index, words: "only the first has \(left.text)")
        return
      }
      if left.deed == right.deed, left.value == right.value { continue }
      self.init(index: index, words: Self.compare(left, right, a, b, index))
      return
    }
    return nil
  }

  private init(index: Int, words: String) {
    self.index = index
    self.words = words
  }

  private static func compare(
    _ left: MeasurementStep, _ right: MeasurementStep, _ a: [MeasurementStep], _ b: [MeasurementStep], _ index: Int
  ) -> String {
    if left.deed == right.deed { return "the same step on different rules: the REM is padded in one and not in the other" }
    if a.dropFirst(index + 1).first?.deed == right.deed, b.dropFirst(index + 1).first?.deed == left.deed {
      return "the same two steps in the other order: \(left.text), \(right.text)"
    }
    guard left.deed.command == right.deed.command else {
      return "\(left.text) in the first, \(right.text) in the second"
    }
    let fields = Dictionary(right.deed.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let mine = Dictionary(left.deed.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    let names = left.deed.fields.map(\.name) + right.deed.fields.map(\.name).filter { mine[$0] == nil }
    let differing = names.filter { mine[$0] != fields[$0] }.map { name in
      "\(name) \(shorten(mine[name] ?? "0")) in the first, \(shorten(fields[name] ?? "0")) in the second"
    }
    return "\(left.deed.command): \(differing.joined(separator: "; "))"
  }

  private static func shorten(_ text: String) -> String { text.count > 24 ? "\(text.prefix(24))…" : text }
}
