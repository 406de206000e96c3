import Attestation
import Basics
import Machine

/// A Realm that was never built, described by what would be measured: parameters, images at addresses, RIPAS, RECs, in the order
/// in which the Host would make the calls.
package struct RealmDescription: Sendable {
  package private(set) var steps: [MeasurementStep] = []

  /// The forms a line can have.
  package static let forms = [
    "realm " + parameters.map { "[\($0.key)=\($0.field.kind.names.first?.name ?? "\($0.field.usual)")]" }.joined(separator: " "),
    "ripas BASE TOP [level=3]", "data IPA [file=NAME] [pages=1] [fill=0] [measure=on]",
    "rec [pc=0] [flags=1] [x0=0] … [x7=0]", "extend REM [HEX]", "let NAME = EXPR",
  ]
  /// Most steps a description may make: 1 GiB in pages, and about 100 MB of memory.
  package static let stepLimit = 1 << 18
  /// Most bytes of images a description may have read, one after the other.
  static let imageLimit = 1 << 30

  private var measurements: RealmMeasurements?
  private var names = ScriptNames()
  /// The image that was read last: pages of one image are often given line by line.
  private var image: (name: String, bytes: [UInt8])?
  private var imageBytes = 0

  /// - Parameters:
  ///   - lines: the text, a fact a line.
  ///   - padsREM: see ``RealmMeasurements``.
  ///   - load: gives the bytes of an image by its name.
  package init(
    lines: [String], padsREM: Bool = true, load: (String) throws(ScriptError) -> [UInt8]
  ) throws(ScriptError) {
    for (index, line) in lines.enumerated() { try take(line, index + 1, padsREM, load) }
    image = nil
    guard measurements == nil else { return }
    let isEmpty = lines.allSatisfy { $0.allSatisfy(\.isWhitespace) }
    throw ScriptError(
      line: max(1, lines.count), column: 1,
      message: (isEmpty ? "the file is empty: " : "") + "there is no realm line, with which a description begins")
  }

  /// The last value of a measurement, 0 for the RIM; nil if nothing has been measured.
  package func value(_ index: Int) -> [UInt8]? { steps.last { $0.index == index }?.value ?? measurements?[index] }

  private mutating func take(
    _ text: String, _ number: Int, _ padsREM: Bool, _ load: (String) throws(ScriptError) -> [UInt8]
  ) throws(ScriptError) {
    let words = try Lexer(line: number).words(text)
    guard let verb = words.first else { return }
    let line = Line(number: number, verb: verb, words: Array(words.dropFirst()), names: names)
    switch verb.text {
    case "let":
      guard let definition = try StatementParser(line: number, names: names).parse(text) as? LetStatement else { return }
      names.values[definition.name] = definition.value
    case "realm":
      guard measurements == nil else { throw line.bad(verb, "there is a realm line already") }
      let parameters = try realm(line)
      measurements = RealmMeasurements(parameters.hash, padsREM: padsREM)
      try note(.create(parameters), line)
    case "ripas": try ripas(line)
    case "data": try data(line, load)
    case "rec": try rec(line)
    case "extend":
      try extend(line)
    default:
      throw line.bad(verb, "unknown fact \"\(shown(verb.text))\"; expected one of: \(Self.forms.joined(separator: "; "))")
    }
  }

  private mutating func note(_ input: MeasurementStep.Input, _ line: Line, index: Int = 0) throws(ScriptError) {
    guard measurements != nil else { throw line.bad(line.verb, "\(line.verb.text) before the realm line") }
    guard steps.count < Self.stepLimit else {
      throw line.bad(line.verb, "more than \(Self.stepLimit) measured steps, this program's limit")
    }
    if let step = measurements?.take(input, index: index) { steps.append(step) }
  }

  private func realm(_ line: Line) throws(ScriptError) -> MeasurementStep.RealmParameters {
    var parameters = MeasurementStep.RealmParameters()
    let options = try line.options(Self.parameters.map(\.key))
    let flags = RmiRealmParams.table.flags
    for (key, word) in options where key == flags.name.description { parameters[flags] = try line.number(word) }
    for (key, word) in options {
      guard let field = Self.parameters.first(where: { $0.key == key })?.field, field.offset != flags.offset else { continue }
      guard field.kind == .hashAlgorithm else {
        let (range, limit) = Self.range(field, parameters[flags])
        parameters[field] = try line.number(word, key, range, limit)
        continue
      }
      guard let hash = HashAlgorithm(iana: word.text) else {
        throw line.bad(word, "hash is sha-256 or sha-512, not \"\(shown(word.text))\"")
      }
      parameters[field] = UInt64(hash.rawValue)
    }
    return parameters
  }

  /// What a `realm` line can say: the hash, on which all else depends; then what no Realm has zero of; then the rest.
  private static let parameters: [(key: String, field: MemoryField)] = {
    let fields = RmiRealmParams.measured.map { field in
      (key: field.kind == .hashAlgorithm ? "hash" : field.name.description, field: field)
    }
    func first(_ field: MemoryField) -> Int { field.kind == .hashAlgorithm ? 0 : field.usual != 0 ? 1 : 2 }
    return (0...2).flatMap { place in fields.filter { first($0.field) == place } }
  }()

  /// What a number may be, and why. One whose feature is off is measured and not looked at: then it is what its bytes hold.
  private static func range(_ field: MemoryField, _ flags: UInt64) -> (range: ClosedRange<Int64>, limit: String) {
    guard field.feature == 0 || flags & field.feature != 0 else { return (0...0xFF, "a byte") }
    return (field.least...field.most, field.limit.description)
  }

  private mutating func ripas(_ line: Line) throws(ScriptError) {
    let range = try line.positional(2, "ripas BASE TOP [level=3]")
    let base = try line.number(range[0])
    let top = try line.number(range[1])
    var level = 3
    for (key, word) in try line.options(["level"], after: 2) {
      level = Int(Int64(bitPattern: try line.number(word, key, -1...3, "-1 with LPA2 alone")))
    }
    let size = rttEntrySize(level)
    guard base.isAligned(to: size), top.isAligned(to: size), base < top, top <= 1 << 52 else {
      throw line.bad(
        line.verb, "the range must not be empty, and both ends multiples of \(hex(size)), which a level \(level) entry covers")
    }
    guard (top - base) / size <= UInt64(Self.stepLimit) else {
      throw line.bad(line.verb, "more than \(Self.stepLimit) entries, this program's limit of measured steps")
    }
    for address in stride(from: base, to: top, by: Int(size)) {
      try note(.ripas(base: address, top: address + size), line)
    }
  }

  private mutating func data(_ line: Line, _ load: (String) throws(ScriptError) -> [UInt8]) throws(ScriptError) {
    let ipa = try line.number(try line.positional(1, "data IPA [file=NAME] [pages=1] [fill=0] [measure=on]")[0])
    guard ipa.isGranuleAligned, ipa < 1 << 52 else { throw line.bad(line.verb, "the IPA must be a multiple of 4096") }
    var file: Word?
    var pages: UInt64?
    var fill: (value: UInt64, word: Word)?
    var isMeasured = true
    for (key, word) in try line.options(["file", "pages", "fill", "measure"], after: 1) {
      switch key {
      case "file": file = word
      case "pages": pages = try line.number(word)
      case "fill": fill = (try line.number(word, key, 0...255, "a byte"), word)
      default:
        guard ["on", "off"].contains(word.text) else { throw line.bad(word, "measure is on or off") }
        isMeasured = word.text == "on"
      }
    }
    if file != nil, let fill {
      throw line.bad(fill.word, "fill= goes without file=; an image's last page is filled with zeroes")
    }
    var bytes: [UInt8]?
    if let file { bytes = try imageBytes(file, line, load) }
    let count = pages ?? UInt64(((bytes?.count ?? 4096) + 4095) / 4096)
    guard (1...UInt64(Self.stepLimit)).contains(count) else {
      throw line.bad(line.verb, "pages must be 1 to \(Self.stepLimit), this program's limit of measured steps, not \(count)")
    }
    let filled = [UInt8](repeating: UInt8(truncatingIfNeeded: fill?.value ?? 0), count: 4096)
    let same = bytes == nil && isMeasured ? measurements?.content(filled) : nil
    for page in 0..<Int(count) {
      var content = same
      if let bytes, isMeasured {
        content = measurements?.content(bytes[min(page * 4096, bytes.count)..<min((page + 1) * 4096, bytes.count)])
      }
      try note(.data(ipa: ipa + UInt64(page) * 4096, flags: isMeasured ? 1 : 0, content: content), line)
    }
  }

  /// An image's bytes, read once for lines that follow each other.
  private mutating func imageBytes(
    _ name: Word, _ line: Line, _ load: (String) throws(ScriptError) -> [UInt8]
  ) throws(ScriptError) -> [UInt8] {
    if let image, image.name.hasSameBytes(as: name.text) { return image.bytes }
    image = nil
    let bytes: [UInt8]
    do {
      bytes = try load(name.text)
    } catch {
      throw line.bad(name, error.message)
    }
    guard !bytes.isEmpty else { throw line.bad(name, "\(shown(name.text)) is empty: it has no page to measure") }
    imageBytes += bytes.count
    guard imageBytes <= Self.imageLimit else {
      throw line.bad(name, "the images have more than \(Self.imageLimit) bytes, this program's limit for a description")
    }
    image = (name.text, bytes)
    return bytes
  }

  private mutating func extend(_ line: Line) throws(ScriptError) {
    let parts = try line.positional(1, "extend REM [HEX]")
    let index = try line.number(parts[0])
    guard (1...4).contains(index) else { throw line.bad(parts[0], "REM indices are 1 to 4, not \(index)") }
    if line.words.count > 2 {
      throw line.bad(line.words[2], "found \"\(shown(line.words[2].text))\" after the bytes; expected: extend REM [HEX]")
    }
    // Without bytes: an extension of size 0, which RSI_MEASUREMENT_EXTEND accepts (DEN0137 B5.3.4).
    let word = line.words.count > 1 ? line.words[1] : nil
    guard let value = [UInt8](hex: word?.text ?? ""), value.count <= 64 else {
      throw line.bad(word ?? line.verb, "expected up to 64 bytes in hexadecimal")
    }
    try note(.extend(value), line, index: Int(index))
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
}
