import Engine

/// The ownership map: a letter and a colour for every granule or group of granules. In a group the rarest state wins, so that one
/// stray granule in a million is seen.
public struct GranulesPanel {
  let session: Session
  let state: ViewState

  public init(_ session: Session, _ state: ViewState) {
    self.session = session
    self.state = state
  }

  /// Where the map's cells lie and what they stand for.
  public struct Geometry: Equatable, Sendable {
    public var rect: Rect
    public var base: UInt64
    /// Granules a cell.
    public var granules: UInt64
    public var count: Int { rect.width * rect.height }
    public var bytesPerCell: UInt64 { granules << 12 }
  }

  public static func letter(_ cell: MapCell) -> Unicode.Scalar {
    switch cell.state {
    case .undelegated:
      switch cell.gpi {
      case .nonSecure: "N"
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

  public static func role(_ cell: MapCell) -> Role {
    switch cell.state {
    case .undelegated:
      switch cell.gpi {
      case .nonSecure: .normal
      case .secure: .secure
      case .root: .root
      case .realm, .any, .noAccess: .fault
      }
    case .delegated: .delegated
    case .rd: .rd
    case .rec: .rec
    case .recAux: .aux
    case .rtt: .rtt
    case .data: .data
    }
  }

  /// Rows below the map: the cursor's story and the legend.
  static func storyRows(_ height: Int) -> Int { height >= 10 ? 4 : height >= 6 ? 3 : height >= 4 ? 2 : 0 }

  /// The geometry for a panel of this size.
  public func geometry(_ rect: Rect) -> Geometry {
    let inside = rect.inside
    let configuration = session.configuration
    let height = max(1, inside.height - Self.storyRows(inside.height))
    let width = max(1, inside.width - 2)
    let cells = UInt64(width * height)
    let total = configuration.dramSize >> 12
    var fit = 0
    while cells << UInt64(fit) < total { fit += 1 }
    let zoom = min(state.zoom ?? fit, fit)
    let granules: UInt64 = 1 << UInt64(zoom)
    var base = configuration.dramBase
    if zoom < fit {
      let span = (granules << 12) * UInt64(width)
      // The cursor may be where another machine had its memory.
      let wanted = min(max(state.cursor ?? base, base), configuration.dramTop - 1)
      let row = (wanted - configuration.dramBase) / span
      let shown = UInt64(height)
      let top = state.mapBase.map { ($0 - min($0, configuration.dramBase)) / span } ?? 0
      var first = row < top || row >= top + shown ? (row >= shown / 2 ? row - shown / 2 : 0) : top
      let rows = (total + granules * UInt64(width) - 1) / (granules * UInt64(width))
      if rows > shown { first = min(first, rows - shown) } else { first = 0 }
      base += first * span
    }
    return Geometry(rect: Rect(inside.x + 1, inside.y, width, height), base: base, granules: granules)
  }

  public func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let configuration = session.configuration
    let map = geometry(rect)
    let cellText = map.granules == 1 ? "1 cell = 1 granule" : "1 cell = \(map.granules) granules"
    let inside = canvas.frame(
      rect, "Granules",
      note:
        "\(hex(map.base))‥\(hex(min(configuration.dramTop, map.base + map.bytesPerCell * UInt64(map.count)) - 1)) · \(cellText)",
      focused: focused)
    guard !inside.isEmpty else { return }
    let cells = session.read { $0.map(from: map.base, granules: map.granules, count: map.count) }
    let changed = changedGranules()
    let bytes = map.bytesPerCell
    var highlighted = Set<Int>()
    for address in changed where address >= map.base { highlighted.insert(Int((address - map.base) / bytes)) }
    for index in 0..<map.count {
      let address = map.base + UInt64(index) * bytes
      guard address < configuration.dramTop else { break }
      let cell = cells[index]
      let isCursor = state.cursor.map { $0 >= address && $0 - address < bytes } ?? false
      let isChanged = highlighted.contains(index)
      canvas[map.rect.x + index % map.rect.width, map.rect.y + index / map.rect.width] = Cell(
        Self.letter(cell), isChanged ? .changed : Self.role(cell), reverse: isCursor && !isChanged)
    }
    drawStory(&canvas, Rect(inside.x, map.rect.y + map.rect.height, inside.width, Self.storyRows(inside.height)))
  }

  /// Granules the last step changed.
  public func changedGranules() -> Set<UInt64> {
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

  private func drawStory(_ canvas: inout Canvas, _ rect: Rect) {
    guard rect.height > 0 else { return }
    let address = state.cursor ?? session.configuration.dramBase
    let story = session.story(address)
    let since = story.history.first.map { " · since step \($0.step)" } ?? ""
    let owner = story.owner.flatMap { owner in
      session.read { $0.control.realms.firstIndex(of: owner) }.map { " · realm \($0 + 1)" }
    }
    let pas = story.gpi == .nonSecure ? "Non-secure PAS" : story.gpi == .realm ? "Realm PAS" : "\(story.gpi.name) PAS"
    canvas.text(
      rect.x + 1, rect.y, "\(hex(story.address))  \(story.state.name) · \(pas)\(owner ?? "") · \(story.role)\(since)", .text,
      limit: rect.width - 2)
    guard rect.height > 1 else { return }
    if rect.height > 2 {
      for (n, entry) in story.history.prefix(rect.height - 2).enumerated() {
        canvas.text(rect.x + 1, rect.y + 1 + n, "step \(entry.step)  \(entry.text)", .dim, limit: rect.width - 2)
      }
    }
    legend(&canvas, rect.x + 1, rect.y + rect.height - 1, rect.width - 2)
  }

  private func legend(_ canvas: inout Canvas, _ x: Int, _ y: Int, _ width: Int) {
    let items: [(String, Role, String)] = [
      ("N", .normal, "undelegated"), ("d", .delegated, "delegated"), ("R", .rd, "rd"), ("C", .rec, "rec"), ("a", .aux, "aux"),
      ("T", .rtt, "rtt"), ("D", .data, "data"), ("S", .secure, "secure"), ("#", .root, "root"),
    ]
    var column = x
    for item in items where column + item.2.count + 2 <= x + width {
      canvas.text(column, y, item.0, item.1)
      column = canvas.text(column + 2, y, item.2, .dim) + 2
    }
  }
}
