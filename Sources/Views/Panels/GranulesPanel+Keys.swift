import Engine

/// Moving on the map.
extension GranulesPanel {
  /// The map as it is on the overview, if it is there.
  private static func geometry(_ effect: Effect) -> Geometry? {
    let body = Screens.place(of: .overview, effect.session, effect.state, width: effect.width, height: effect.height)
    let layout = OverviewPanel.layout(body, focus: .granules, isLarge: effect.state.isLarge)
    guard let rect = layout[.granules] else { return nil }
    return GranulesPanel(effect.session, effect.state).geometry(rect)
  }

  /// Most granules among which one is sought.
  private static let mostSought = 1 << 16

  /// The granules that are not simply the Host's, for who seeks one by its state, its Realm or its address.
  func lines(_ rect: Rect) -> PanelLines {
    let width = 64
    let (bytes, base) = (UInt64(width) << 12, session.configuration.dramBase)
    let rows = session.read { $0.piecesInUse(of: bytes) }.prefix(Self.mostSought / width).map { base + $0 * bytes }
    var found: [(address: UInt64, cell: MapCell)] = []
    for (row, line) in zip(rows, session.read { $0.map(rows: rows, granules: 1, width: width) }) {
      for (n, cell) in line.enumerated() where cell.state != .undelegated || cell.gpi != .nonSecure {
        found.append((row + UInt64(n) << 12, cell))
      }
    }
    let cursor = state.cursor ?? base
    return PanelLines(
      count: found.count, chosen: found.firstIndex { $0.address >= cursor } ?? found.count - 1, area: rect.inside,
      text: { line in
        let (address, cell) = found[line]
        let owner = cell.owner.map { " realm \($0 + 1)" } ?? ""
        return "\(hex(address)) \(cell.state == .undelegated ? cell.gpi.name : cell.state.name)\(owner)"
      }, choose: { line, state in if line < found.count { state.cursor = found[line].address } })
  }

  @Sendable static func move(_ motion: Motion, _ effect: inout Effect) {
    guard let map = geometry(effect) else { return }
    let configuration = effect.session.configuration
    let memory = configuration.dramBase..<configuration.dramTop
    let all = map.rows.rows.count
    let (columns, rows) =
      switch motion {
      case .up: (0, -1)
      case .down: (0, 1)
      case .left: (-1, 0)
      case .right: (1, 0)
      case .pageUp: (0, -max(1, map.rect.height - 1))
      case .pageDown: (0, max(1, map.rect.height - 1))
      case .first: (0, -all)
      case .last: (0, all)
      }
    effect.state.mapBase = map.rows.rows[map.first].base
    effect.state.cursor = map.rows.moved(effect.state.cursor ?? memory.lowerBound, columns: columns, rows: rows, within: memory)
  }

  /// Nearer to where a cell is a granule; there, what that is.
  @Sendable static func choose(_ effect: inout Effect) {
    if geometry(effect)?.rows.granules == 1 { return effect.state.show(.granule) }
    zoom(-4, &effect)
  }

  static func zoom(_ step: Int, _ effect: inout Effect) {
    effect.state.show(.granules)
    guard let map = geometry(effect) else { return }
    let wanted = map.rows.granules.trailingZeroBitCount + step
    effect.state.zoom = max(0, wanted)
    // What shows all of memory is no zoom.
    if let now = geometry(effect), now.rows.granules.trailingZeroBitCount < wanted { effect.state.zoom = nil }
    if effect.state.cursor == nil { effect.state.cursor = effect.session.configuration.dramBase }
  }

  @Sendable static func click(_ x: Int, _ y: Int, _ rect: Rect, _ effect: inout Effect) {
    let map = GranulesPanel(effect.session, effect.state).geometry(rect)
    guard let address = map.address(at: x, y), address < effect.session.configuration.dramTop else { return }
    effect.state.cursor = address
  }
}
