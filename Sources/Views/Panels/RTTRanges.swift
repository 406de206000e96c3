import Engine

/// What the RTT explorer looks at.
struct RTTState: PanelState {
  var realm = 0
  /// The IPA a person has chosen; nil: the first at which the Realm has memory.
  var chosen: UInt64?
  /// What the Realm's IPA space holds.
  private(set) var ranges: [MappedRange] = []

  private struct Key: Equatable {
    var realm = -1
    var session: SessionMark?
  }
  private var key = Key()

  var ipa: UInt64 { chosen ?? (ranges.first { $0.hipas == .assigned } ?? ranges.first)?.ipa ?? 0 }

  /// Works the ranges out when the session, or the Realm that is looked at, is another.
  mutating func follow(_ session: Session) {
    let key = Key(realm: realm, session: SessionMark(session))
    guard key != self.key else { return }
    self.key = key
    let number = realm
    ranges = session.read { machine in
      let realms = machine.control.realms
      return realms.isEmpty ? [] : machine.mappedRanges(realms[min(number, realms.count - 1)])
    }
  }
}

/// The list of ranges beside the tables.
struct RTTRanges {
  let ranges: [MappedRange]

  init(_ ranges: [MappedRange]) { self.ranges = ranges }

  /// Columns with the frame.
  var width: Int { min(56, 4 + max(24, ranges.map { Self.text($0).count }.max() ?? 0)) }

  static func text(_ range: MappedRange) -> String {
    let state = range.hipas == .assignedNS ? "NS \(range.access ?? "")" : "\(range.ripas.name)"
    let place = range.address.map { "→ \(hex($0))" } ?? (range.hipas == .unassigned ? "not populated" : "")
    return "\(hex(range.ipa).padding(12)) \(sizeText(range.size).padding(7)) \(state.padding(9)) \(place)"
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect, at ipa: UInt64) {
    let inside = canvas.frame(rect, "Ranges", note: ranges.isEmpty ? "" : "\(ranges.count)")
    guard !inside.isEmpty else { return }
    guard !ranges.isEmpty else {
      canvas.text(inside.x + 1, inside.y, "Nothing is mapped.", .dim, limit: inside.width - 2)
      return
    }
    let here = ranges.lastIndex { $0.ipa <= ipa } ?? 0
    let first = PanelLines.first(here, ranges.count, inside.height)
    canvas.markEnds(inside, first: first, count: ranges.count)
    for (n, range) in ranges.dropFirst(first).prefix(inside.height).enumerated() {
      let isHere = range.ipa <= ipa && ipa < range.end
      canvas.text(
        inside.x, inside.y + n, "\(isHere ? "▶" : " ")\(Self.text(range))", isHere ? .title : Self.role(range),
        limit: inside.width)
    }
  }

  private static func role(_ range: MappedRange) -> Role {
    switch (range.hipas, range.ripas) {
    case (.assignedNS, _): .normal
    case (.assigned, .ram): .data
    case (_, .destroyed): .fault
    case (.unassigned, .ram): .ok
    default: .dim
    }
  }
}
