import Engine

extension Panel {
  package static let worlds: Panel = Panel(
    "worlds", "Worlds", .tile, key: ["1"], "The four worlds and where each PE is.", hints: { _ in [] }
  ) { canvas, rect, session, state, focused in
    WorldsPanel(session, travel: state.travel).draw(&canvas, rect, focused: focused)
  }
}

/// The four worlds as CCA draws them: Normal, Realm and Secure over Root, with what really runs at each level, the place of every PE,
/// and the way of the last SMC, hop by hop.
package struct WorldsPanel {
  private let model: WorldsModel
  /// Which hop of the last step's way is shown, while it is.
  let travel: Int?

  package init(_ session: Session, travel: Int? = nil) {
    model = WorldsModel(session, travel: travel)
    self.travel = travel
  }

  /// How many places the last step's way has.
  package var hopCount: Int { model.hops.count }

  package func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let inside = canvas.frame(rect, "Worlds", focused: focused)
    guard !inside.isEmpty else { return }
    if inside.width >= 70, inside.height >= 14 { drawBoxes(&canvas, inside) } else { drawTable(&canvas, inside) }
  }

  // MARK: Little room

  private func drawTable(_ canvas: inout Canvas, _ rect: Rect) {
    let places = places(rect.width - 5).map { ($0.start + rect.x + 5, $0.width) }
    for (column, (x, width)) in zip(model.columns, places) {
      canvas.text(x, rect.y, column.title, column.role, limit: width - 1)
    }
    for level in 0...2 {
      let y = rect.y + 1 + level
      guard y < rect.y + rect.height else { return }
      canvas.text(rect.x, y, "EL\(level)", .dim)
      for (column, (x, width)) in zip(model.columns, places) {
        let here = !model.pes(column.world, level).isEmpty
        if here { canvas.text(x - 1, y, "▶", .accent) }
        let residents = column.residents[level]
        guard let first = residents.first else { continue }
        let more = residents.count > 1 ? " +\(residents.count - 1)" : ""
        let words = Canvas.columns(of: first.short + more) > width - 2 ? first.shortest : first.short
        canvas.text(x, y, words + more, here ? .title : first.role, limit: width - 2)
      }
    }
    let y = rect.y + 4
    guard y < rect.y + rect.height else { return }
    canvas.text(rect.x, y, "EL3", .dim)
    if !model.pes(.root, 3).isEmpty { canvas.text(rect.x + 4, y, "▶", .accent) }
    canvas.text(rect.x + 5, y, "Root: \(model.monitor.short)", .root, limit: rect.width - 5)
    drawPEs(&canvas, Rect(rect.x, y + 1, rect.width, rect.height - 5))
  }

  /// Where the columns of the three worlds begin, and how wide they are: that of the Realms has most to say.
  private func places(_ width: Int) -> [(start: Int, width: Int)] {
    let side = width < 60 ? max(4, min(8, width * 3 / 11)) : width * 3 / 11
    // Where there is little room, the partitions of the Secure world need as much of it as the Realms.
    let isNarrow = width >= 60 && width < 120 && !model.columns[2].residents[1].isEmpty
    let right = isNarrow ? (width - side) / 2 : side
    let middle = max(4, width - side - right)
    return [(0, side), (side, middle), (side + middle, right)]
  }

  private func drawPEs(_ canvas: inout Canvas, _ rect: Rect) {
    // The way comes first: there may be more PEs than lines.
    let lines = model.hops.isEmpty ? rect.height : rect.height - 1
    for (n, pe) in model.pes.prefix(max(0, lines)).enumerated() {
      let role: Role = n == model.currentPE ? .text : .dim
      canvas.text(rect.x, rect.y + n, text(of: n, pe), role, limit: rect.width)
    }
    guard !model.hops.isEmpty, rect.height > 0 else { return }
    drawWay(&canvas, rect.x, rect.y + min(max(0, lines), model.pes.count), rect.width, numbered: false)
  }

  private func text(of number: Int, _ pe: ProcessingElement) -> String {
    let running =
      pe.runningREC != 0 ? " REC \(hex(pe.runningREC))" : pe.runningVCPU != 0 ? " vCPU \(hex(pe.runningVCPU))" : ""
    let scr = "{NSE,NS}={\(pe.scrEL3 >> 62 & 1),\(pe.scrEL3 & 1)}"
    return "pe\(number) \(number == model.currentPE ? "▶" : "▷") \(pe.place.padding(7)) SCR_EL3.\(scr)\(running)"
  }

  /// The way of the last step, place by place.
  private func drawWay(_ canvas: inout Canvas, _ x: Int, _ y: Int, _ width: Int, numbered: Bool) {
    var column = x
    for (n, hop) in model.hops.enumerated() {
      if n > 0 { column = canvas.text(column, y, " → ", .dim, limit: x + width - column) }
      let mark = numbered ? "\(WorldsModel.mark(n)) " : ""
      column = canvas.text(
        column, y, mark + ProcessingElement.place(hop.world, hop.level), n == travel ? .changed : .accent,
        limit: x + width - column)
    }
  }

  // MARK: Room for boxes

  private func drawBoxes(_ canvas: inout Canvas, _ rect: Rect) {
    // PEs stand in two columns where they have room.
    let columns = peColumns(rect)
    let root = min(3 + (model.pes.count + columns - 1) / columns + (model.hops.isEmpty ? 0 : 1), rect.height / 2)
    let height = rect.height - root
    for (column, place) in zip(model.columns, places(rect.width)) {
      draw(column, &canvas, Rect(rect.x + place.start, rect.y, place.width, height))
    }
    drawRoot(&canvas, Rect(rect.x, rect.y + height, rect.width, root))
    drawRoads(&canvas, rect, rect.y + height)
  }

  private func peColumns(_ rect: Rect) -> Int { rect.width >= 120 ? 2 : 1 }

  /// Where the last SMC went from a world to Root or back: the boxes are open there.
  private func drawRoads(_ canvas: inout Canvas, _ rect: Rect, _ y: Int) {
    for (column, place) in zip(model.columns, places(rect.width)) {
      let numbers = model.hops.indices.filter { model.hops[$0].world == column.world }
      guard !numbers.isEmpty else { continue }
      let x = rect.x + place.start + place.width / 2
      let isNow = travel.map { $0 > 0 && numbers.contains($0) || numbers.contains($0 - 1) } ?? false
      canvas[x, y - 1] = Cell("┬", isNow ? .changed : .accent)
      canvas[x, y] = Cell("┴", isNow ? .changed : .accent)
    }
  }

  private func draw(_ column: WorldsModel.Column, _ canvas: inout Canvas, _ box: Rect) {
    let inside = canvas.frame(box, "")
    canvas.text(box.x + 2, box.y, " \(column.title) ", column.role)
    drawLevel(column, 0, &canvas, Rect(inside.x, inside.y, inside.width, 1))
    drawLevel(column, 1, &canvas, Rect(inside.x, inside.y + 1, inside.width, inside.height - 2))
    drawLevel(column, 2, &canvas, Rect(inside.x, inside.y + inside.height - 1, inside.width, 1))
    if column.residents.allSatisfy(\.isEmpty) {
      canvas.text(inside.x + 5, inside.y + 1, "no software", .dim, limit: inside.width - 5)
    }
  }

  private func drawLevel(_ column: WorldsModel.Column, _ level: Int, _ canvas: inout Canvas, _ rect: Rect) {
    canvas.text(rect.x + 1, rect.y, "EL\(level)", .dim)
    let lines = column.lines(level, rect.height, rect.width - 5)
    let room = rect.width - 6 - Canvas.columns(of: lines.first.map { $0.text + " " } ?? "")
    let right = marks(column.world, level, room)
    let end = rect.x + rect.width - 1 - Canvas.columns(of: right)
    for (n, line) in lines.enumerated() {
      let limit = (n == 0 && !right.isEmpty ? end - 1 : rect.x + rect.width) - (rect.x + 5)
      canvas.text(rect.x + 5, rect.y + n, line.text, line.role, limit: limit)
    }
    if !right.isEmpty { canvas.text(end, rect.y, right, .accent) }
  }

  /// The PEs that are at a level, and the numbers of the hops that end there; short where they would leave no room for words.
  private func marks(_ world: World, _ level: Int, _ room: Int) -> String {
    let hops = model.numbers(world, level).map { WorldsModel.mark($0) }.joined()
    let pes = model.pes(world, level).map(String.init)
    func joined(_ pes: String) -> String { [hops, pes].filter { !$0.isEmpty }.joined(separator: " ") }
    guard !pes.isEmpty else { return hops }
    let full = joined("▶pe" + pes.joined(separator: " pe"))
    return Canvas.columns(of: full) <= room ? full : joined("▶" + pes.joined(separator: ","))
  }

  private func drawRoot(_ canvas: inout Canvas, _ box: Rect) {
    let inside = canvas.frame(box, "")
    guard !inside.isEmpty else { return }
    canvas.text(box.x + 2, box.y, " Root ", .root)
    canvas.text(inside.x + 1, inside.y, "EL3", .dim)
    let right = marks(.root, 3, inside.width / 2)
    let end = inside.x + inside.width - 1 - Canvas.columns(of: right)
    canvas.text(inside.x + 5, inside.y, model.monitor.text, .root, limit: end - inside.x - 6)
    canvas.text(end, inside.y, right, .accent)
    let columns = peColumns(inside)
    let width = (inside.width - 2) / columns
    for (n, pe) in model.pes.enumerated() where n / columns + 1 < inside.height {
      let role: Role = n == model.currentPE ? .text : .dim
      canvas.text(inside.x + 1 + n % columns * width, inside.y + 1 + n / columns, text(of: n, pe), role, limit: width - 1)
    }
    let y = inside.y + inside.height - 1
    guard !model.hops.isEmpty, inside.height > 1 else { return }
    canvas.fill(Rect(inside.x, y, inside.width, 1), Cell())
    let x = canvas.text(inside.x + 1, y, model.isBoot ? "the boot: " : "last SMC: ", .dim)
    drawWay(&canvas, x, y, inside.x + inside.width - 1 - x, numbered: true)
  }
}
