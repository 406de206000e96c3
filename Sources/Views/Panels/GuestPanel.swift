import Engine

extension Panel {
  package static let guest: Panel = Panel(
    "guest", "Guest", key: ["v"], "Console, registers and instructions of the vCPU that ran last.",
    actions: [.guestKeys, .guestConsole, .guestPane, .guestMemory],
    hints: { _ in
      KeyHint.common
        + [
          KeyHint(.boot), KeyHint(.step), KeyHint(.stepBack), KeyHint(.stepOver), KeyHint(.runToExit), KeyHint(.run),
          KeyHint(.breakpoint), KeyHint(.runBack), KeyHint(.debug), KeyHint(.nextRealm, label: "next vCPU"),
          KeyHint(.guestKeys), KeyHint(.guestConsole), KeyHint(.guestPane), KeyHint(.guestMemory),
          KeyHint(.stepEarlier, .stepLater, label: "time"), KeyHint(.up, .down, label: "console"), KeyHint(.find),
        ]
    },
    prepared: { $1.guest.console.follow($0) }, listed: { GuestPanel($0, $1.guest, $1.bindings).lines($2) },
    empty: { GuestPanel($0, $1.guest, $1.bindings).whyEmpty }, moved: GuestPanel.move, changing: GuestPanel.bytes
  ) { canvas, rect, session, state, _ in GuestPanel(session, state.guest, state.bindings).draw(&canvas, rect) }
}

/// The guest of the vCPU that ran last: its console, its registers with what changed, the instructions around its pc, where its pc
/// leads, and why it left the Realm, or the VM that is none.
package struct GuestPanel {
  let session: Session
  let state: GuestViewState
  let keys: KeyBindings

  package init(_ session: Session, _ state: GuestViewState, _ keys: KeyBindings) {
    self.session = session
    self.state = state
    self.keys = keys
  }

  /// The vCPU that is looked at, as it is and as it was a step before.
  private var seen: (now: GuestRegisters, before: GuestRegisters?)? {
    state.vcpu.flatMap { session.guest($0) } ?? session.lastGuest()
  }

  var whyEmpty: String? { seen == nil ? "no guest has run code here; \(keys[.boot]) boots one" : nil }

  package func draw(_ canvas: inout Canvas, _ rect: Rect) {
    guard let (now, before) = seen else {
      nothing(&canvas, rect)
      return
    }
    let place = state.showsConsoleAlone ? rect : Self.consolePlace(rect)
    if isTEE(now) { partitionConsole(&canvas, place) } else { console(&canvas, place) }
    if state.showsConsoleAlone { return }
    if rect.width >= 110 {
      let left = Self.consolePlace(rect).width
      let right = rect.width - left
      let registers = Rect(rect.x + left, rect.y, right, right >= 84 ? 15 : 20)
      self.registers(now, before, &canvas, registers)
      panes(now, &canvas, Rect(rect.x + left, rect.y + registers.height, right, rect.height - registers.height))
    } else {
      let top = rect.height / 2
      let half = rect.width / 2
      registers(now, before, &canvas, Rect(rect.x, rect.y + top, half, rect.height - top))
      panes(now, &canvas, Rect(rect.x + half, rect.y + top, rect.width - half, rect.height - top))
    }
  }

  private static func consolePlace(_ rect: Rect) -> Rect {
    guard rect.width < 110 else { return Rect(rect.x, rect.y, rect.width - (rect.width >= 160 ? 84 : 62), rect.height) }
    return Rect(rect.x, rect.y, rect.width, rect.height / 2)
  }

  /// What was printed, as a terminal shows it: its end, or what one has scrolled back to.
  private func console(_ canvas: inout Canvas, _ rect: Rect) {
    let place = GuestLayout.standard.uart.lowerBound
    var view = state.console
    view.follow(session)
    let area = consoleArea(rect)
    let beyond = view.grid.columnsBeyond(width: area.width, height: area.height + state.consoleBack)
    let column = min(state.consoleColumn, beyond)
    let back =
      state.hasKeys
      ? "^] gives the keys back"
      : state.consoleBack > 0
        ? "\(state.consoleBack) lines back"
        : beyond > 0
          ? "\(keys.glyphs([.left, .right])) columns \(column + 1)..\(column + area.width) of \(area.width + beyond)"
          : "UART \(hex(place))"
    if hasSides(rect) {
      canvas.frame(rect, "Console", note: back, focused: true)
    } else {
      canvas.rule(rect, "Console", note: back)
    }
    guard !area.isEmpty else { return }
    if view.grid.isEmpty { canvas.text(area.x, area.y, "Nothing has been printed.", .dim, limit: area.width) }
    view.grid.draw(&canvas, area, back: state.consoleBack, from: column)
  }

  /// Whether the console has a frame: alone it has none, where its lines have room without one only.
  private func hasSides(_ rect: Rect) -> Bool {
    !state.showsConsoleAlone || rect.width >= state.console.grid.columns + 4 || rect.width < state.console.grid.columns
  }

  /// Where the console's lines are.
  private func consoleArea(_ rect: Rect) -> Rect {
    guard hasSides(rect) else { return Rect(rect.x, rect.y + 1, rect.width, max(0, rect.height - 1)) }
    let inside = rect.inside
    return Rect(inside.x + 1, inside.y, max(0, inside.width - 2), inside.height)
  }

  /// Columns that one key moves.
  private static let sideways = 8

  /// Through the lines; sideways where they are cut.
  @Sendable static func move(_ motion: Motion, _ effect: inout Effect) {
    let panel = GuestPanel(effect.session, effect.state.guest, effect.state.bindings)
    let rect = Screens.place(of: effect)
    let area = panel.consoleArea(effect.state.guest.showsConsoleAlone ? rect : consolePlace(rect))
    let back = effect.state.guest.consoleBack
    let beyond = effect.state.guest.console.grid.columnsBeyond(width: area.width, height: area.height + back)
    guard motion.isSideways, beyond > 0 else { return Panel.guest.scroll(motion, &effect) }
    let column = min(effect.state.guest.consoleColumn, beyond)
    effect.state.guest.consoleColumn = max(0, min(column + (motion == .left ? -sideways : sideways), beyond))
  }

  /// Whether a vCPU is that of the TEE: the registers of a partition are in the SPMC's memory.
  private func isTEE(_ now: GuestRegisters) -> Bool { now.address == Machine.partitionVCPU }

  /// What partitions of the Secure world have printed: its end, or what one has scrolled back to.
  private func partitionConsole(_ canvas: inout Canvas, _ rect: Rect) {
    let lines = session.partitionConsole
    let inside = canvas.frame(rect, "Console", note: "FFA_CONSOLE_LOG", focused: true)
    let end = max(0, lines.count - state.consoleBack)
    for (n, line) in lines[max(0, end - inside.height)..<end].enumerated() {
      canvas.text(inside.x + 1, inside.y + n, line, .text, limit: inside.width - 2)
    }
  }

  /// The lines of the console, those that have scrolled out of it with them.
  func lines(_ rect: Rect) -> PanelLines {
    let area = consoleArea(state.showsConsoleAlone ? rect : Self.consolePlace(rect))
    var view = state.console
    view.follow(session)
    let rows = view.grid.texts(width: area.width, height: .max)
    let end = max(0, rows.count - area.height)
    return PanelLines(
      count: rows.count, chosen: end - min(state.consoleBack, end), area: area, isText: true,
      text: { rows[$0] }, choose: { $1.guest.consoleBack = end - min($0, end) })
  }

  private func registers(_ now: GuestRegisters, _ before: GuestRegisters?, _ canvas: inout Canvas, _ rect: Rect) {
    let inside = canvas.frame(
      rect,
      isTEE(now) ? "TEE \(hex(now.address))" : "vCPU \(now.vcpu) · \(now.isInRealm ? "REC" : "Normal VM") \(hex(now.address))",
      note: inside(rect, now.state))
    guard !inside.isEmpty else { return }
    var cells: [(String, UInt64, Bool)] = [("pc", now.pc, false), ("sp", now.sp, before.map { $0.sp != now.sp } ?? false)]
    for n in 0..<31 { cells.append(("x\(n)", now.x[n], before.map { $0.x[n] != now.x[n] } ?? false)) }
    // Where it is narrow there are two columns, of values without the zeros before them.
    let isNarrow = inside.width < 42
    let columns = isNarrow ? 2 : inside.width / 21
    let rows = min((cells.count + columns - 1) / columns, inside.height)
    // Where not all have room, those that are zero stay away.
    let excess = cells.count - rows * columns
    if excess > 0 {
      let zeros = cells.indices.filter { $0 > 1 && cells[$0].1 == 0 && !cells[$0].2 }.suffix(excess)
      cells = cells.indices.filter { !zeros.contains($0) }.map { cells[$0] }
    }
    for (index, cell) in cells.enumerated() {
      let (column, row) = (index / rows, index % rows)
      guard column < columns else { break }
      let x = inside.x + 1 + column * (inside.width / columns)
      let digits = String(cell.1, radix: 16)
      let end = canvas.text(x, inside.y + row, cell.0.padding(4), .dim)
      let room = max(0, inside.width / columns - 5)
      let tail = digits.count > room ? "…" + digits.suffix(max(0, room - 1)) : digits
      let shown = isNarrow ? tail : String(repeating: "0", count: 16 - digits.count) + digits
      canvas.text(end, inside.y + row, shown, cell.2 ? .changed : .text, limit: room)
    }
  }

  /// What can be looked at: RECs, and the vCPU of a partition that executes code.
  static func vcpus(_ session: Session) -> [UInt64] {
    session.read { $0.control.recs + ($0.hasCode(Machine.codePartition) ? [Machine.partitionVCPU] : []) }
  }

  /// Looks at another vCPU.
  static func showNext(_ effect: inout Effect) {
    let session = effect.session
    let all = vcpus(session)
    let here = effect.state.guest.vcpu ?? session.lastGuest()?.now.address ?? 0
    let next = all[((all.firstIndex(of: here) ?? -1) + 1) % all.count]
    effect.state.guest.vcpu = next
    let name = next == Machine.partitionVCPU ? "the TEE" : "REC \(session.read { $0.rec(next).index })"
    effect.say("\(name) at \(hex(next))")
  }

  /// The note if there is room for it.
  private func inside(_ rect: Rect, _ note: String) -> String { rect.width >= 44 ? note : "" }

  func code(_ now: GuestRegisters, _ canvas: inout Canvas, _ rect: Rect) {
    let translation = session.read { $0.guestTranslation(now.address, now.pc) }
    let stage1 = session.read { $0.guestStage1(now.address) }
    let inside = canvas.frame(rect, "Code", note: rect.width >= 50 ? note(stage1?.isOn == true) : "")
    guard inside.height > 2 else { return }
    // Where the pc leads is always there whole; its number stands before its instruction, too.
    let kernel = session.knownKernel(now.address)
    func named(_ address: UInt64) -> String? { state.symbols.text(address) ?? kernel?.name(address) }
    let name = named(now.pc)
    let leads = "IPA \(translation.ipa.map(hex) ?? "none") → PA \(translation.pa.map(hex) ?? "none")"
    let forms = ["pc \(hex(now.pc))\(name.map { " \($0)" } ?? "") → \(leads)", "\(name ?? hex(now.pc)) → \(leads)", leads]
    let place = forms.first { $0.count <= inside.width - 2 } ?? leads
    canvas.text(inside.x + 1, inside.y, place, .dim, limit: inside.width - 2)
    var y = inside.y + 1
    if let exit = session.lastStep?.result.exit {
      let call = now.isInRealm ? nil : Session.hostFunction(of: exit).map(Calls.name)
      canvas.text(
        inside.x + 1, y, "left the \(now.isInRealm ? "Realm" : "VM"): \(call ?? Decoder.exitText(exit))", .warning,
        limit: inside.width - 2)
      y += 1
    }
    let count = inside.y + inside.height - y
    guard count > 0 else { return }
    let first = now.pc &- UInt64(4 * (count / 3))
    // Where there is little room, operands come closer to the mnemonic.
    let mnemonic = inside.width < 44 ? 4 : 7
    for (n, line) in session.read({ $0.guestWords(now.address, from: first, count: count) }).enumerated() {
      let isHere = line.address == now.pc
      let text = line.word.map { Disassembler.text($0, at: line.address) } ?? "not mapped"
      let parts = text.split(separator: "\t", maxSplits: 1).map(String.init)
      var words = (parts.first ?? "").padding(mnemonic) + (parts.count > 1 ? " " + parts[1] : "")
      // The name of the place the instruction leads to.
      if let target = line.word.flatMap({ Disassembler.target($0, at: line.address) }), let name = named(target) {
        words += " <\(name)>"
      }
      let mark = state.points.contains(.execute(line.address)) ? "●" : isHere ? "▶" : " "
      canvas.text(
        inside.x + 1, y + n, "\(mark) \(String(line.address, radix: 16))  \(words)",
        isHere ? .selected : line.word == nil ? .dim : .text, limit: inside.width - 2)
    }
  }

  private func note(_ isOn: Bool) -> String {
    [state.speed, isOn ? "MMU on" : "MMU off"].compactMap { $0 }.joined(separator: ", ")
  }

  private func nothing(_ canvas: inout Canvas, _ rect: Rect) {
    let inside = canvas.frame(rect, "Guest", focused: true)
    let words =
      "No guest has run code in this session. \(keys[.boot]) boots one, \(keys[.debug]) lets one be stepped from its first instruction; "
      + "a machine made with vcpu=code executes the "
      + "A64 instructions at a REC's pc instead of what guest statements have queued."
    for (n, line) in WhyPanel.wrap(words, to: max(inside.width - 2, 20), hanging: 0).enumerated() where n < inside.height {
      canvas.text(inside.x + 1, inside.y + n, line, .dim, limit: inside.width - 2)
    }
  }
}
