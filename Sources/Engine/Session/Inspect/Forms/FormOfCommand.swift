import Basics
import Machine

extension Session {
  /// The form of a command or a structure, as things stand.
  ///
  /// - Parameters:
  ///   - name: of a command or a structure, in any case.
  ///   - typed: what the rows have so far, by their names: what is right for one depends on others.
  ///   - names: what words stand for.
  package func form(_ name: String, typed: [String: String] = [:], names: ScriptNames = ScriptNames()) -> Form? {
    let parser = StatementParser(line: 0, names: names)
    var given: [String: UInt64] = [:]
    for (key, text) in typed where !text.isEmpty {
      if let value = try? parser.value(text) { given[key] = value }
    }
    if let entry = Calls.named(name) { return form(entry, given) }
    let written = StructureTables.written.first { $0.table.name.lowercased() == name.lowercased() }
    return written.map { form($0.table, $0.author, given) }
  }

  private func form(_ entry: CommandEntry, _ given: [String: UInt64]) -> Form {
    var known = given
    let rows = entry.inputs.map { input -> Form.Row in
      let name = input.name.description
      let offers = offers(entry, input, known)
      let right = offers.first
      if known[name] == nil, let right { known[name] = try? StatementParser(line: 0, names: ScriptNames()).value(right.text) }
      return Form.Row(
        name: name, unit: input.kind.unit, meaning: input.meaning.description, allowed: input.kind.allowed,
        place: "X\(input.register)", right: right?.text ?? (input.kind.isGranule ? nil : "0"),
        missing: right == nil && input.kind.isGranule ? input.kind.missing : nil, offers: offers)
    }
    return Form(.command(entry.name), rows, entry.summary)
  }

  /// What fits an argument now, the best first.
  private func offers(_ entry: CommandEntry, _ input: Input, _ known: [String: UInt64]) -> [Form.Offer] {
    if let table = StructureTables.written(at: input) {
      let filled = filledPages(table.name).map { Form.Offer($0, "filled as \(table.name)") }
      let pages = read { $0.hostPages(4) }.map { Form.Offer($0, "the Host's, nothing in it") }
      return input.kind == .nsPA ? filled + pages : filled
    }
    switch input.kind {
    case .undelegatedPA: return read { $0.spareGranules(8) }.map { Form.Offer($0, "the Host's, nothing in it") }
    case .delegatedPA:
      // What a structure that was filled names is not for the call itself.
      let taken = takenByParameters(known)
      return read { $0.delegatedGranules(24) }.filter { !taken.contains($0) }.prefix(8).map { Form.Offer($0, "DELEGATED") }
    case .level: return levels(entry, known)
    default: return read { $0.candidates(input) }.map { Form.Offer($0.value, $0.note) }
    }
  }

  /// Pages that were filled as a structure, the last first, as long as they are the Host's.
  func filledPages(_ structure: String) -> [UInt64] {
    var found: [UInt64] = []
    for group in groups.all.reversed() where group.range.lowerBound < position && found.count < 4 {
      let words = group.text.split(separator: " ")
      guard words.count > 2, words[0] == "fill", words[1] == structure, let base = UInt64(words[2].dropFirst(2), radix: 16) else {
        continue
      }
      if !found.contains(base), read({ $0.gpi(base) == .nonSecure }) { found.append(base) }
    }
    return found
  }

  /// Granules that the last filled RmiRealmParams and RmiRecParams name.
  private func takenByParameters(_ known: [String: UInt64]) -> Set<UInt64> {
    var taken: Set<UInt64> = []
    if let base = filledPages(RmiRealmParams.about.name.description).first {
      let fields = RmiRealmParams.table
      read { machine in
        let first = machine.readBytes(fields.rttBase.address(in: base), 8)
        let count = min(machine.readBytes(fields.rttNumStart.address(in: base), 4), 16)
        for n in 0..<count { taken.insert(first &+ n * Granule.size) }
      }
    }
    if let base = filledPages(RmiRecParams.about.name.description).first {
      let fields = RmiRecParams.table
      read { machine in
        for n in 0..<fields.aux.count { taken.insert(machine.readBytes(fields.aux.address(in: base, n), 8)) }
      }
    }
    return taken
  }

  /// Levels a table or an entry can be at; that of a table that is missing comes first.
  private func levels(_ entry: CommandEntry, _ known: [String: UInt64]) -> [Form.Offer] {
    guard let rd = known["rd"], read({ rd.isGranuleAligned && $0.granuleIs(rd, .rd) }) else {
      return (1...3).reversed().map { Form.Offer(UInt64($0), "") }
    }
    let ipa = known["ipa"] ?? 0
    let (start, walk) = read { machine in
      let realm = machine.realm(rd)
      return (realm.startLevel, ipa < realm.ipaTop ? machine.rttWalk(realm, ipa, to: 3).level : 3)
    }
    let isTable = entry.fid == RTTCreate.fid
    let best = isTable ? min(walk + 1, 3) : isTableCommand(entry) ? walk : 3
    let others = (max(start + 1, 1)...3).reversed().filter { $0 != best }
    return ([best] + others).map {
      Form.Offer(UInt64($0), $0 == best ? (isTable ? "the walk ends at level \(walk)" : "") : "")
    }
  }

  private func isTableCommand(_ entry: CommandEntry) -> Bool { entry.fid == RTTDestroy.fid || entry.fid == RTTFold.fid }
}

extension Input.Kind {
  /// What a value of it is, as a form says.
  var unit: String {
    switch self {
    case .undelegatedPA, .delegatedPA, .rdPA, .recPA, .nsPA: "PA"
    case .ipa, .ipaTop: "IPA"
    case .level: "level"
    case .descriptor: "descriptor"
    case .flags: "bits"
    case .version: "version"
    case .number: "number"
    case .size: "bytes"
    case .status: "status"
    case .mpidr: "MPIDR"
    case .ripas: "RIPAS"
    case .bytes: "8 bytes"
    }
  }

  /// What it may be, in words.
  var allowed: String {
    switch self {
    case .undelegatedPA: "an UNDELEGATED granule"
    case .delegatedPA: "a DELEGATED granule"
    case .rdPA: "a Realm's RD"
    case .recPA: "a REC"
    case .nsPA: "a page of the Host's"
    case .level: "-1 to 3, within the Realm's tables"
    case .ripas: "0 EMPTY, 1 RAM"
    case .ipa, .ipaTop: "an IPA of the Realm's"
    case .version: "major << 16 | minor"
    case .descriptor, .flags, .number, .size, .status, .mpidr, .bytes: ""
    }
  }

  var isGranule: Bool {
    switch self {
    case .undelegatedPA, .delegatedPA, .rdPA, .recPA, .nsPA: true
    default: false
    }
  }

  /// Why nothing fits.
  var missing: String {
    switch self {
    case .delegatedPA: "no granule is DELEGATED"
    case .rdPA: "there is no Realm"
    case .recPA: "there is no REC"
    default: "no granule of the Host's is free"
    }
  }
}
