import Basics

extension ConditionSubject {
  /// Whether an event made it what it is now.
  package func isMade(by event: Event) -> Bool {
    switch self {
    case .granule(let address): event.changedGranule == address
    case .realm(let rd): event.kind == .realmState && event.a == rd
    case .entry(let address):
      // A new table says what the entry above it said.
      event.kind == .rttEntry && event.a == address || event.kind == .granule && event.a == address.granuleBase
    case .field(let place):
      event.kind == .access && event.c == 1 && place.base &+ UInt64(place.offset) &- event.a < max(event.b, 1)
    case .kept(let place):
      // The RMM writes to it without an event; with it the granule became what it is.
      event.kind == .granule && event.a == place.base
    }
  }
}

extension Event {
  /// The granule whose state or PAS it tells of.
  package var changedGranule: UInt64? { kind == .granule || kind == .gpi ? a : nil }
}

extension CommandEntry {
  /// The inputs a condition is about: those whose structure has a field it looks at, or whose name it begins with. Places in ``inputs``.
  package func inputs(about condition: String) -> [Int] {
    let declared = inputs.indices.filter { StructureTables.written(at: inputs[$0])?.lookedAt[condition] != nil }
    if !declared.isEmpty { return declared }
    let first = condition.prefix { $0 != "_" }
    let places = inputs.indices.filter { index in
      let name = inputs[index].name.description
      let stem = name.hasSuffix("_ptr") ? name.dropLast(4) : name[...]
      return stem == first || first.hasPrefix(stem) && first.dropFirst(stem.count).allSatisfy(\.isNumber)
    }
    if !places.isEmpty { return places }
    if inputs.count == 1 { return [0] }
    // The walk is that of the IPA.
    return Self.walks.contains(first) ? inputs.indices.filter { ["ipa", "base"].contains(inputs[$0].name.description) } : []
  }

  /// How the names of conditions begin that look at the entry a walk came to.
  fileprivate static let walks: Set<Substring> = ["rtt", "rtte", "ripas"]
}

extension Machine {
  /// What the deciding condition of a call looked at.
  func subjects(_ entry: CommandEntry, _ call: Call, decidedBy rule: String, _ fields: [FieldValue]) -> [ConditionSubject] {
    var subjects: [ConditionSubject] = fields.filter { granuleIs($0.place.base, .undelegated) }.map { .field($0.place) }
    let kept = fields.filter { granuleIs($0.place.base, .rd) || granuleIs($0.place.base, .rec) }.map(\.place)
    let realms = entry.inputs.filter { $0.kind == .rdPA }.map { call.x[$0.register] }
    if CommandEntry.walks.contains(rule.prefix { $0 != "_" }), call.walk.table != 0 {
      subjects.append(.entry(call.walk.table &+ UInt64(call.walk.index) &* 8))
    }
    // The life of a Realm has events of its own.
    let isLife = kept.allSatisfy { $0.structure == RmmRealm.about.name.description && $0.field == "state" }
    if rule.hasPrefix("realm_"), isLife { subjects += realms.map { .realm($0) } } else { subjects += kept.map { .kept($0) } }
    for index in entry.inputs(about: rule) where subjects.isEmpty {
      let input = entry.inputs[index]
      let value = call.x[input.register]
      guard input.kind.isPA, value.isGranuleAligned, isDRAM(value) else { continue }
      subjects.append(.granule(value))
    }
    return subjects
  }
}

extension Input.Kind {
  /// Whether a value is the address of a granule.
  fileprivate var isPA: Bool {
    switch self {
    case .undelegatedPA, .delegatedPA, .rdPA, .recPA, .nsPA: true
    default: false
    }
  }
}
