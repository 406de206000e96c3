import Engine

extension Panel {
  package static let granules: Panel = Panel(
    "granules", "Granules", .tile, key: ["2"], "The ownership map of memory.", actions: [.zoomIn, .zoomOut, .zoomAll],
    hints: { _ in
      [
        KeyHint(.up, .down, .left, .right, label: "move"), KeyHint(.zoomIn, .zoomOut, label: "zoom"),
        KeyHint(opening: .granule), KeyHint(.changeBefore, .nextChange, label: "changes"), KeyHint(.zoomAll),
      ]
    },
    listed: { GranulesPanel($0, $1).lines($2) }, moved: GranulesPanel.move,
    changing: { .granule(($1.cursor ?? $0.configuration.dramBase).granuleBase) }, chosen: GranulesPanel.choose,
    copied: { hex(($1.cursor ?? $0.configuration.dramBase).granuleBase) }, clicked: GranulesPanel.click
  ) { canvas, rect, session, state, focused in GranulesPanel(session, state).draw(&canvas, rect, focused: focused) }
}

extension UserAction {
  package static let zoomIn: UserAction = UserAction("zoom-in", ["+"], "Zoom in", halving) { GranulesPanel.zoom(-1, &$0) }
  package static let zoomOut: UserAction = UserAction("zoom-out", ["-"], "Zoom out", halving, unless: showsAll) {
    GranulesPanel.zoom(1, &$0)
  }
  package static let zoomAll: UserAction = UserAction(
    "zoom-all", ["0"], "All of memory", "Shows all of memory on the map.", label: "all", unless: showsAll
  ) { $0.state.zoom = nil }

  private static let halving = "Halves or doubles what a map cell stands for, down to one granule."

  @Sendable private static func showsAll(_ session: Session, _ state: ViewState) -> String? {
    state.zoom == nil ? "the map shows all of memory already" : nil
  }
}

/// The ownership map: a letter for what a granule is, a colour for whose. What is simply the Host's recedes, and where much of it lies
/// together it is folded. In a cell that stands for several granules the rarest state wins, so that one stray granule in a million
/// is seen.
package struct GranulesPanel {
  let session: Session
  let state: ViewState

  package init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
  }

  /// Where the map's cells lie and what they stand for.
  package struct Geometry: Equatable, Sendable {
    /// The cells, beside the addresses of their rows.
    package var rect: Rect
    package var rows: GranuleRows
    /// The row at the top.
    package var first: Int

    /// The rows that are seen.
    var visible: ArraySlice<GranuleRows.Row> { rows.rows[first..<min(first + rect.height, rows.rows.count)] }

    /// What a cell of the screen stands for, by its first address.
    package func address(at x: Int, _ y: Int) -> UInt64? {
      guard y >= rect.y, y - rect.y < visible.count, x < rect.x + rect.width else { return nil }
      let row = rows.rows[first + y - rect.y]
      return row.isFolded ? row.base : row.base + UInt64(max(0, x - rect.x)) * rows.bytesPerCell
    }
  }

  package static func letter(_ cell: MapCell) -> Unicode.Scalar {
    switch cell.state {
    case .undelegated:
      switch cell.gpi {
      case .nonSecure: "·"
      case .secure: "S"
      case .root: "#"
      case .realm: "?"
      case .any: "*"
      case .noAccess: "x"
      }
    case .delegated: "d"
    case .rd: "R"
    case .rec: "C"
    case .recAux: "a"
    case .rtt: "T"
    case .data: "D"
    }
  }

  package static func role(_ cell: MapCell) -> Role {
    if let owner = cell.owner { return Role.realm(owner) }
    switch cell.state {
    case .undelegated:
      return switch cell.gpi {
      case .nonSecure: .dim
      case .secure: .secure
      case .root: .root
      case .realm, .any, .noAccess: .fault
      }
    case .delegated: return .delegated
    case .rd, .rec, .recAux, .rtt, .data: return .realm
    }
  }

  /// Lines below the map at least: the cursor's story and the legend.
  static func storyRows(_ height: Int) -> Int { height >= 12 ? 5 : height >= 8 ? 4 : height >= 6 ? 3 : height >= 4 ? 2 : 0 }

  /// Lines below the map from which its legend counts.
  private static let countedHeight = 8

  /// Cells an address takes beside the map.
  private static let labelWidth = 12

  /// The geometry for a panel of this size.
  package func geometry(_ rect: Rect) -> Geometry {
    let inside = rect.inside
    let height = max(1, inside.height - Self.storyRows(inside.height))
    let label = inside.width >= 40 ? Self.labelWidth : 0
    // Rows that begin at round addresses, where there is room enough.
    let room = max(1, inside.width - 2 - label)
    let width = room >= 32 ? room & ~15 : room
    let rows = GranuleRows(session, zoom: state.zoom, width: width, height: height)
    var first = 0
    if rows.rows.count > height {
      let configuration = session.configuration
      // The cursor may be where another machine had its memory.
      let cursor = min(max(state.cursor ?? configuration.dramBase, configuration.dramBase), configuration.dramTop - 1)
      let row = rows.row(of: cursor) ?? 0
      first = state.mapBase.flatMap { rows.row(of: $0) } ?? 0
      if row < first || row >= first + height { first = row - height / 2 }
      first = max(0, min(first, rows.rows.count - height))
    }
    return Geometry(
      rect: Rect(inside.x + 1 + label, inside.y, width, min(height, rows.rows.count)), rows: rows, first: first)
  }

  package func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let map = geometry(rect)
    let cell = map.rows.granules == 1 ? "1 cell = 1 granule" : "1 cell = \(map.rows.granules) granules"
    let inside = canvas.frame(rect, "Granules", note: cell, focused: focused)
    guard !inside.isEmpty else { return }
    let plain = map.visible.filter { !$0.isFolded }.map(\.base)
    var cells = session.read { $0.map(rows: plain, granules: map.rows.granules, width: map.rows.width) }[...]
    var seen = Legend()
    let broken = session.brokenGranules
    seen.hasBroken = !broken.isEmpty
    for (n, row) in map.visible.enumerated() {
      let y = map.rect.y + n
      let isHere = state.cursor.map { $0 >= row.base && $0 - row.base < row.bytes } ?? false
      if map.rect.x > inside.x + 1 {
        canvas.text(inside.x + 1, y, hex(row.base), isHere ? .text : .dim, limit: map.rect.x - inside.x - 2)
      }
      if row.isFolded {
        let text = "⋯ \(binarySize(row.bytes)) of the Host's"
        canvas.text(map.rect.x, y, text, .dim, limit: map.rect.width, reverse: isHere)
      } else if let line = cells.popFirst() {
        draw(line, row, map, y, Set(broken.keys), &canvas)
        seen.take(line)
      }
    }
    let top = map.rect.y + map.rect.height
    let story = Rect(inside.x, top, inside.width, inside.y + inside.height - top)
    drawStory(&canvas, story, seen, broken[(state.cursor ?? session.configuration.dramBase).granuleBase])
  }

  /// - Parameter broken: granules where a rule of the model does not hold.
  private func draw(
    _ line: [MapCell], _ row: GranuleRows.Row, _ map: Geometry, _ y: Int, _ broken: Set<UInt64>, _ canvas: inout Canvas
  ) {
    let bytes = map.rows.bytesPerCell
    let wrong = Set(broken.filter { $0 >= row.base && $0 - row.base < row.bytes }.map { ($0 - row.base) / bytes })
    let changed = Set(changedGranules().filter { $0 >= row.base && $0 - row.base < row.bytes }.map { ($0 - row.base) / bytes })
    for (n, cell) in line.enumerated() {
      let address = row.base + UInt64(n) * bytes
      guard address < session.configuration.dramTop else { return }
      let isCursor = state.cursor.map { $0 >= address && $0 - address < bytes } ?? false
      let isChanged = changed.contains(UInt64(n))
      let isWrong = wrong.contains(UInt64(n))
      canvas[map.rect.x + n, y] = Cell(
        isWrong ? "✗" : Self.letter(cell), isWrong ? .fault : isChanged ? .changed : Self.role(cell),
        reverse: isCursor && (isWrong || !isChanged))
    }
  }

  /// Granules the last step changed.
  package func changedGranules() -> Set<UInt64> {
    var result = Set<UInt64>()
    for event in session.lastStep?.events ?? [] {
      switch event.kind {
      case .granule, .gpi: result.insert(event.a)
      case .rttEntry: result.insert(event.a & ~0xFFF)
      default: break
      }
    }
    return result
  }

  /// What the granule under the cursor is, who may access it, and what became of it.
  ///
  /// - Parameter broken: what of the rules does not hold there.
  private func drawStory(_ canvas: inout Canvas, _ rect: Rect, _ seen: Legend, _ broken: InvariantViolation?) {
    guard rect.height > 0 else { return }
    let address = state.cursor ?? session.configuration.dramBase
    let story = session.story(address, changes: rect.height)
    let owner = story.owner.flatMap { owner in session.read { $0.control.realms.firstIndex(of: owner) } }
    let name = session.labels[story.address].map { " \($0)" } ?? ""
    var x = canvas.text(
      rect.x + 1, rect.y, "\(hex(story.address))\(name)  \(story.state.name)", .text, limit: rect.width - 2)
    if let owner { x = canvas.text(x, rect.y, " · realm \(owner + 1)", .realm(owner), limit: rect.x + rect.width - 1 - x) }
    canvas.text(x, rect.y, " · \(story.role)", .text, limit: rect.x + rect.width - 1 - x)
    let counts = rect.height >= Self.countedHeight ? session.read { $0.granuleCounts() } : nil
    let legend = seen.lines(width: rect.width - 2, owners: session.read { $0.control.realms.count }, counts)
    let end = rect.y + rect.height - min(legend.count, max(0, rect.height - 1))
    let violation = broken.map { "✗ \($0.rule) is broken: \(session.labels.text($0.detail))" }
    var lines = ["\(story.gpi.name) in the GPT: \(story.gpi.access)"]
    lines += contents(story, width: rect.width - 2, room: end - rect.y - 2)
    lines += story.history.map { "step \($0.step)  \(session.labels.text($0.text))" }
    let told = [violation].compactMap { $0.map { ($0, Role.fault) } } + lines.map { ($0, .dim) }
    for (n, (line, role)) in told.enumerated() where rect.y + 1 + n < end {
      canvas.text(rect.x + 1, rect.y + 1 + n, line, role, limit: rect.width - 2)
    }
    for (n, items) in legend.enumerated() where end + n < rect.y + rect.height {
      var column = rect.x + 1
      for item in items {
        canvas.text(column, end + n, item.mark, item.role)
        column = canvas.text(column + 2, end + n, item.text, .dim) + 2
      }
    }
  }

  /// The fields of the structure that lies there, in up to half of the room: the other half is for its history.
  private func contents(_ story: GranuleStory, width: Int, room: Int) -> [String] {
    guard let (structure, fields) = story.contents, room > 1 else { return [] }
    let text = session.labels.text("\(structure): \(fields.isEmpty ? "all zero" : fields.joined(separator: ", "))")
    let lines = WhyPanel.wrap(text, to: width, hanging: 2)
    let most = max(1, room / 2)
    return lines.count <= most ? lines : lines.prefix(most - 1) + [lines[most - 1].trimmingEnd + " …"]
  }

  /// What is on the map, for the line that says what it means.
  private struct Legend {
    struct Item {
      var mark: String
      var role: Role
      var text: String
    }

    private var kinds: [(cell: MapCell, text: String)] = []
    private var owners = Set<Int>()
    /// Whether rules of the model do not hold somewhere.
    var hasBroken = false

    mutating func take(_ line: [MapCell]) {
      for cell in line {
        if let owner = cell.owner { owners.insert(owner) }
        let text = Self.name(cell)
        if !kinds.contains(where: { $0.text == text }) { kinds.append((cell, text)) }
      }
    }

    private static func name(_ cell: MapCell) -> String {
      guard cell.state == .undelegated else { return cell.state.name }
      return switch cell.gpi {
      case .nonSecure: "the Host's"
      case .realm: "Realm PAS, not delegated"
      default: "\(cell.gpi.name) PAS"
      }
    }

    /// The items, as few lines as they need; with the colours of the Realms if there are several.
    ///
    /// - Parameter counts: how many granules there are of a kind in all of memory.
    func lines(width: Int, owners count: Int, _ counts: [GranuleCount]?) -> [[Item]] {
      var items = kinds.sorted { $0.cell.rank > $1.cell.rank }.map { kind in
        let number = counts?.first { $0.cell.state == kind.cell.state && $0.cell.gpi == kind.cell.gpi }?.count
        return Item(
          mark: String(GranulesPanel.letter(kind.cell)), role: GranulesPanel.role(kind.cell),
          text: (number.map { "\($0) " } ?? "") + kind.text)
      }
      if hasBroken { items.insert(Item(mark: "✗", role: .fault, text: "breaks a rule"), at: 0) }
      if count > 1 { items += owners.sorted().map { Item(mark: "■", role: .realm($0), text: "realm \($0 + 1)") } }
      var lines: [[Item]] = []
      var room = 0
      for item in items {
        let needed = item.text.count + 4
        if needed - 2 > room {
          lines.append([])
          room = width
        }
        lines[lines.count - 1].append(item)
        room -= needed
      }
      return lines
    }
  }
}

extension GPI {
  /// Which worlds may access a granule with this entry (Arm ARM D9.4.1): Root may always.
  var access: String {
    switch self {
    case .noAccess: "nobody may access it"
    case .secure: "Secure and Root may access it"
    case .nonSecure: "every world may access it, by the Non-secure PAS"
    case .root: "Root alone may access it"
    case .realm: "Realm and Root may access it"
    case .any: "every world may access it, by any PAS"
    }
  }
}

extension Role {
  /// The colour of a Realm's granules, by its place in the list of RDs: after the sixth they come again.
  static func realm(_ number: Int) -> Role { [.owner1, .owner2, .owner3, .owner4, .owner5, .owner6][number % 6] }
}
