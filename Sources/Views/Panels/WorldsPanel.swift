import Engine

/// The four worlds as CCA draws them, what runs where, and the place of every PE. The last step's way through them is shown below.
public struct WorldsPanel {
  let session: Session
  /// Which hop of the last step's way is shown, while it is.
  let travel: Int?

  public init(_ session: Session, travel: Int? = nil) {
    self.session = session
    self.travel = travel
  }

  /// What runs at EL0, EL1 and EL2. The Secure partition manager of this model runs at S-EL1: there is no S-EL2 in it.
  private static let columns: [(world: World, title: String, role: Role, software: [String])] = [
    (.normal, "Normal", .normal, ["VMM", "kernel", "KVM"]),
    (.realm, "Realm", .realm, ["app", "guest", "RMM"]),
    (.secure, "Secure", .secure, ["TA", "SPMC", "-"]),
  ]

  public func draw(_ canvas: inout Canvas, _ rect: Rect, focused: Bool) {
    let inside = canvas.frame(rect, "Worlds", focused: focused)
    guard inside.height > 0 else { return }
    var control = session.read { $0.control }
    let hops = hops()
    if let travel, hops.indices.contains(travel), control.pes.indices.contains(Int(hops[travel].pe)) {
      control.pes[Int(hops[travel].pe)].world = hops[travel].world
      control.pes[Int(hops[travel].pe)].exceptionLevel = hops[travel].level
      control.pes[Int(hops[travel].pe)].scrEL3 = hops[travel].scr
    }
    let step = max(8, min(14, (inside.width - 5) / 3))
    for (n, column) in Self.columns.enumerated() {
      canvas.text(inside.x + 5 + n * step, inside.y, column.title, column.role, limit: step)
    }
    for (row, level) in [0, 1, 2].enumerated() {
      let y = inside.y + 1 + row
      guard y < inside.y + inside.height else { return }
      canvas.text(inside.x, y, "EL\(level)", .dim)
      for (n, column) in Self.columns.enumerated() {
        let software = column.software[row]
        let here = control.pes.indices.filter {
          control.pes[$0].world == column.world && control.pes[$0].exceptionLevel == UInt8(level)
        }
        let x = inside.x + 5 + n * step
        canvas.text(x - 1, y, here.isEmpty ? " " : "▶", .accent)
        canvas.text(x, y, software, here.isEmpty ? column.role : .title, limit: step - 2)
      }
    }
    guard inside.height > 4 else { return }
    let root = control.pes.contains { $0.world == .root }
    let line = inside.y + 4
    canvas.text(inside.x, line, "EL3", .dim)
    canvas.text(inside.x + 4, line, root ? "▶" : " ", .accent)
    canvas.text(inside.x + 5, line, "Root: EL3 monitor, GPT", .root, limit: inside.width - 5)
    if inside.height > 5 { drawPEs(control, &canvas, Rect(inside.x, line + 1, inside.width, inside.height - 5)) }
  }

  private func drawPEs(_ control: ControlState, _ canvas: inout Canvas, _ rect: Rect) {
    var y = rect.y
    for (n, pe) in control.pes.enumerated() {
      guard y < rect.y + rect.height else { return }
      let scr = "{NSE,NS}={\(pe.scrEL3 >> 62 & 1),\(pe.scrEL3 & 1)}"
      let running =
        pe.runningREC != 0 ? " REC \(hex(pe.runningREC))" : pe.runningVCPU != 0 ? " vCPU \(hex(pe.runningVCPU))" : ""
      let marker = n == control.currentPE ? "▶" : "▷"
      canvas.text(
        rect.x, y, "pe\(n) \(marker) \(pe.place.padding(7)) SCR_EL3.\(scr)\(running)",
        n == control.currentPE ? .text : .dim, limit: rect.width)
      y += 1
    }
    guard y < rect.y + rect.height else { return }
    let hops = hops()
    guard !hops.isEmpty else { return }
    var x = rect.x
    for (n, hop) in hops.enumerated() {
      if n > 0 { x = canvas.text(x, y, " → ", .dim, limit: rect.x + rect.width - x) }
      x = canvas.text(
        x, y, ProcessingElement.place(hop.world, hop.level), n == travel ? .changed : .accent, limit: rect.x + rect.width - x)
    }
  }

  /// The way the last step took through the worlds, from where it began.
  public func hops() -> [(world: World, level: UInt8, scr: UInt64, pe: UInt8)] {
    let moves = (session.lastStep?.events ?? []).filter { $0.kind == .move }
    guard let first = moves.first else { return [] }
    func place(_ value: UInt64) -> (World, UInt8) { (World(rawValue: UInt8(value >> 8 & 3)) ?? .root, UInt8(value & 3)) }
    let start = place(first.a)
    return [(start.0, start.1, first.c, first.pe)] + moves.map { (place($0.b).0, place($0.b).1, $0.c, $0.pe) }
  }
}
