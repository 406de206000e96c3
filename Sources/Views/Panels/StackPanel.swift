import Engine

extension Panel {
  package static let stack: Panel = Panel(
    "stack", "Host stack", key: ["H"],
    "Domains and VMMs from libvirt to RECs; command lines, QMP, logs, the kernel's lines, consoles.",
    label: "host",
    hints: { _ in
      [
        KeyHint(.left, .right, label: "pane"), KeyHint(.up, .down, label: "line"), KeyHint(.find),
        KeyHint(.stepEarlier, .stepLater, label: "time"),
      ]
    },
    listed: { StackPanel($0, $1, width: $2.width).lines($2) },
    empty: { session, _ in StackPanel.isNothing(session) ? "no host is on this machine" : nil },
    notable: "line that says something went wrong",
    moved: { motion, effect in
      guard motion.isSideways else { return Panel.stack.scroll(motion, &effect) }
      StackPanel.turn(motion, &effect.state)
    }
  ) { canvas, rect, session, state, _ in StackPanel(session, state, width: rect.width).draw(&canvas, rect) }
}

extension ViewState {
  /// Shows the host after a command for it: what it printed, if that is more than a line, else its layers.
  package mutating func showHost(printed lines: Int) {
    screen = .stack
    stackPane = lines > 2 ? .said : .layers
    self[Stack.self].rows = [:]
  }

  private struct Stack: PanelState {
    var pane = StackPanel.Pane.layers
    var guest = 0
    /// The chosen line of each pane.
    var rows: [StackPanel.Pane: Int] = [:]
  }

  /// The pane of the host that is shown.
  var stackPane: StackPanel.Pane {
    get { self[Stack.self].pane }
    set { self[Stack.self].pane = newValue }
  }
  /// The guest that the panes beside the layers are about.
  var stackGuest: Int {
    get { self[Stack.self].guest }
    set { self[Stack.self].guest = newValue }
  }
  /// The chosen line of the pane; its last where nobody has chosen one and it is a log.
  fileprivate var stackRow: Int? {
    get { self[Stack.self].rows[stackPane] }
    set { self[Stack.self].rows[stackPane] = newValue }
  }
}

/// The host, layer by layer: libvirt's domains, their VMMs, KVM's VMs, the RMM's Realms, and what each of them says.
struct StackPanel {
  enum Pane: String, CaseIterable {
    case layers, said, command, qmp = "QMP", log, console, dmesg

    /// Whether new lines come at its end.
    var grows: Bool { self != .layers && self != .command }
    /// Whether it is about one guest.
    var isGuests: Bool { ![.layers, .said, .dmesg].contains(self) }
  }

  struct Row: Equatable {
    var text: String
    var role: Role = .text
    /// The guest it belongs to.
    var guest: Int?
    var isNotable = false
  }

  private let session: Session
  private let state: ViewState
  private let picture: StackPicture?
  /// The pane that keys go through, and its lines.
  private let pane: Pane
  private let rows: [Row]

  /// Columns from which the layers stand beside the other panes.
  private static let wide = 140

  init(_ session: Session, _ state: ViewState, width: Int) {
    self.session = session
    self.state = state
    picture = session.stackPicture
    pane = state.stackPane
    rows = Self.rows(pane, session, state, picture, Self.inner(width, pane))
  }

  /// Columns of a pane's lines.
  private static func inner(_ width: Int, _ pane: Pane) -> Int {
    let whole = width < wide ? width : pane == .layers ? left(width) : width - left(width)
    return max(20, whole - 2)
  }

  private static func left(_ width: Int) -> Int { width / 2 }

  // MARK: Lines

  private var chosen: Int {
    let last = max(0, rows.count - 1)
    return min(state.stackRow ?? (pane.grows ? last : 0), last)
  }

  func lines(_ rect: Rect) -> PanelLines {
    let rows = rows
    return PanelLines(
      count: rows.count, chosen: chosen, area: Self.area(rect, pane), text: { rows[$0].text }, isNotable: { rows[$0].isNotable },
      choose: { line, state in
        state.stackRow = line
        if state.stackPane == .layers, line < rows.count, let guest = rows[line].guest { state.stackGuest = guest }
      })
  }

  static func turn(_ motion: Motion, _ state: inout ViewState) {
    let all = Pane.allCases
    let index = all.firstIndex(of: state.stackPane) ?? 0
    state.stackPane = all[(index + (motion == .left ? all.count - 1 : 1)) % all.count]
  }

  private static func rows(
    _ pane: Pane, _ session: Session, _ state: ViewState, _ picture: StackPicture?, _ width: Int
  ) -> [Row] {
    guard let picture else { return nothing(session, width) }
    if pane == .layers { return road(session, width) + layers(session, picture, width) }
    if pane == .said { return said(session, width) }
    if pane == .dmesg { return text(picture.kernelLines, width, otherwise: "The kernel has printed nothing of KVM yet.") }
    guard !picture.guests.isEmpty else { return [Row(text: "No domain is there.", role: .dim)] }
    let guest = picture.guests[min(state.stackGuest, picture.guests.count - 1)]
    switch pane {
    case .command: return text(guest.commandLine.map { LogLine($0) }, width, otherwise: "\(guest.name) was not started.")
    case .qmp:
      return text(
        guest.talk.map { LogLine(($0.direction == .sent ? "→ " : "← ") + $0.text, isProblem: $0.isError) }, width,
        otherwise: "Nothing was said with its monitor.")
    case .log: return text(guest.log, width, otherwise: "Its log is empty.")
    case .console:
      var grid = ConsoleGrid(scrollback: consoleLines)
      grid.feed(guest.console)
      let lines = grid.texts(width: width, height: .max)
      return lines.isEmpty ? [Row(text: "Its guest has printed nothing.", role: .dim)] : lines.map { Row(text: $0) }
    case .layers, .said, .dmesg: return []
    }
  }

  /// Lines of a guest's console that have scrolled out of its screen and are still shown.
  private static let consoleLines = 1000

  /// Most rows of what was said: a frame costs the same however long a session is.
  private static let mostSaid = 1000

  /// What the host was told, and what it printed; of much of it the last.
  private static func said(_ session: Session, _ width: Int) -> [Row] {
    let orders = session.stackOrders
    var answers: [[Row]] = []
    var count = 0
    for order in orders.reversed() {
      guard count < mostSaid else { break }
      let rows =
        [Row(text: ":" + shown(order.command.text, limit: 400), role: .accent)]
        + text(order.lines.map { LogLine(shown($0.text, limit: 400), isProblem: $0.isProblem) }, width)
      answers.append(rows)
      count += rows.count
    }
    let left = orders.count - answers.count
    let before = left == 0 ? [] : [Row(text: "⋯ \(left) earlier: they are shown at the steps they made", role: .dim)]
    return before + answers.reversed().joined()
  }

  private static func text(_ lines: [LogLine], _ width: Int, otherwise: String? = nil) -> [Row] {
    if lines.isEmpty, let otherwise { return [Row(text: otherwise, role: .dim)] }
    return lines.flatMap { line in
      WhyPanel.wrap(line.text, to: width, hanging: 2).map {
        Row(text: $0, role: line.isProblem ? .fault : .text, isNotable: line.isProblem)
      }
    }
  }

  /// Whether there never was a host, at the step one is at: neither what it knows nor what it did.
  static func isNothing(_ session: Session) -> Bool {
    (session.position == 0 || session.groups(around: session.position - 1).isEmpty) && session.stackPicture == nil
  }

  /// Where no host is, or the recording has only what it did.
  private static func nothing(_ session: Session, _ width: Int) -> [Row] {
    let road = road(session, width)
    let words =
      road.isEmpty
      ? "No host is on this machine. \":virsh create FILE.xml\" starts one with a domain, \":qemu ARGUMENTS\" or \":lkvm run ARGUMENTS\" "
        + "one with a VMM of its own; then \":wait\" lets guests run."
      : "What libvirt and the VMMs knew is not in this recording: what they did is."
    return road + WhyPanel.wrap(words, to: width, hanging: 0).map { Row(text: $0, role: .dim) }
  }

  /// What the layers were doing in the step one is at: the way of the last event, from above.
  private static func road(_ session: Session, _ width: Int) -> [Row] {
    guard session.position > 0 else { return [] }
    let groups = session.groups(around: session.position - 1)
    guard !groups.isEmpty else { return [] }
    var rows = [Row(text: "Step \(session.position), from above:", role: .title)]
    for (depth, group) in groups.enumerated() {
      rows.append(Row(text: String(repeating: "  ", count: depth) + "└ " + shown(group.text, limit: 400), role: .text))
    }
    let step = session.steps[session.position - 1]
    let answer = Decoder.summary(step.result)
    rows.append(
      Row(
        text: String(repeating: "  ", count: groups.count) + "└ " + shown(step.text, limit: 200)
          + (answer.isEmpty ? "" : "  →  \(answer)"),
        role: step.hasFailed ? .fault : .accent, isNotable: step.hasFailed))
    return rows + [Row(text: "")]
  }

  // MARK: Layers

  private static func layers(_ session: Session, _ picture: StackPicture, _ width: Int) -> [Row] {
    let realms = session.read { $0.realmSummaries() }
    var rows: [Row] = []
    for (index, guest) in picture.guests.enumerated() {
      rows += self.rows(guest, realms, width).map { row in
        var row = row
        row.guest = index
        return row
      }
      rows.append(Row(text: "", guest: index))
    }
    if rows.isEmpty { rows.append(Row(text: "No domain is there.", role: .dim)) }
    return rows
  }

  private static func rows(_ guest: StackPicture.Guest, _ realms: [RealmSummary], _ width: Int) -> [Row] {
    var rows: [Row] = []
    let isRealm = guest.domain?.isRealm ?? guest.process?.vm.isRealm ?? false
    rows.append(Row(text: "▾ \(guest.name)\(isRealm ? "  (Realm)" : "  (ordinary VM)")", role: isRealm ? .realm : .normal))
    func head(_ name: String) -> String { name + String(repeating: " ", count: max(0, 10 - name.count)) }
    func layer(_ name: String, _ text: String, _ role: Role = .text, isNotable: Bool = false) {
      let lines = WhyPanel.wrap(text, to: max(10, width - 12), hanging: 0)
      for (n, line) in lines.enumerated() {
        rows.append(
          Row(text: "  " + head(n == 0 ? name : "") + line, role: role, isNotable: isNotable && n == 0))
      }
    }
    if let domain = guest.domain {
      let id = domain.id.map { "id \($0), " } ?? ""
      layer(
        "libvirt",
        "\(domain.state) (\(domain.reason)), \(id)\(domain.isPersistent ? "persistent" : "transient"); \(sizeText(domain.memory << 10)), "
          + "\(domain.vcpus) vCPU\(domain.vcpus == 1 ? "" : "s"); UUID \(domain.uuid)")
      for part in domain.parts { layer("", "\(part.what): \(shown(part.value, limit: 200))", .dim) }
      for finding in domain.findings { layer("", shown(finding, limit: 400), .warning, isNotable: true) }
    }
    guard let process = guest.process else {
      let start = guest.domain == nil ? "" : "; :virsh start \(guest.name) starts one"
      layer(guest.domain == nil ? "process" : "QEMU", "no process\(start)", .dim)
      return rows
    }
    layer(
      process.program,
      "process \(process.number), \(process.state), on PE \(process.pe); memory of the Host's \(hex(process.memory.lowerBound)) to "
        + hex(process.memory.upperBound))
    let vm = process.vm
    let exits = vm.exits.map { "\($0.reason) \($0.count)" }.joined(separator: ", ")
    layer(
      "KVM",
      (vm.isRealm ? "VM of a Realm, \(vm.state)" : "VM of the Normal world") + "; exits: \(exits.isEmpty ? "none" : exits)"
        + (vm.pagesGiven > 0 ? "; \(vm.pagesGiven) pages given on demand" : ""))
    if !vm.leaked.isEmpty { layer("", "leaked: \(vm.leaked.map(hex).joined(separator: " "))", .fault, isNotable: true) }
    if let call = vm.calls.last { layer("", "last call: \(call)", .dim) }
    let realm = realms.first { $0.rd == vm.rd }
    if vm.isRealm {
      layer(
        "RMM",
        realm.map { "Realm \($0.number), \($0.state.name), rd \(hex($0.rd)), VMID \($0.vmid)" } ?? "the Realm is no more",
        realm?.state == .active ? .realm : .warning)
    }
    for (number, vcpu) in vm.vcpus.enumerated() {
      let rec = realm?.recs.first { $0.address == vcpu.address }
      let state = !vcpu.isOn ? "off" : vcpu.isWaiting ? "waits for an interrupt" : "on"
      let place = vcpu.address == 0 ? "no registers yet" : "\(vm.isRealm ? "REC" : "registers") at \(hex(vcpu.address))"
      let runnable = rec.map { $0.runnable ? ", runnable" : ", not runnable" } ?? ""
      layer("", "vCPU \(number): \(state); \(place)\(runnable); ran \(vcpu.time / 1000) µs", vcpu.isOn ? .rec : .dim)
    }
    return rows
  }

  // MARK: Drawing

  /// Where the lines of the pane are that keys go through: below the names of the panes, if they are all it shows.
  private static func area(_ rect: Rect, _ pane: Pane) -> Rect {
    guard rect.width >= wide else {
      let inside = rect.inside
      return Rect(inside.x, inside.y + 1, inside.width, max(0, inside.height - 1))
    }
    if pane == .layers { return halves(rect).left.inside }
    let inside = halves(rect).right.inside
    return Rect(inside.x, inside.y + 1, inside.width, max(0, inside.height - 1))
  }

  private static func halves(_ rect: Rect) -> (left: Rect, right: Rect) {
    let left = left(rect.width)
    return (
      Rect(rect.x, rect.y, left, rect.height), Rect(rect.x + left, rect.y, rect.width - left, rect.height)
    )
  }

  private var note: String {
    guard let picture else { return "" }
    let running = picture.guests.count { $0.process != nil }
    return "\(picture.guests.count) guest\(picture.guests.count == 1 ? "" : "s"), \(running) with a process"
  }

  func draw(_ canvas: inout Canvas, _ rect: Rect) {
    if picture == nil, Self.isNothing(session) {
      let inside = canvas.frame(rect, "Host stack", focused: true)
      for (n, row) in Self.nothing(session, max(20, inside.width - 2)).prefix(inside.height).enumerated() {
        canvas.text(inside.x + 1, inside.y + n, row.text, row.role, limit: inside.width - 2)
      }
      return
    }
    guard rect.width >= Self.wide else {
      let inside = canvas.frame(rect, "Host stack", note: note, focused: true)
      guard !inside.isEmpty else { return }
      drawTabs(&canvas, inside, pane)
      return draw(rows, chosen, &canvas, Self.area(rect, pane))
    }
    let (left, right) = Self.halves(rect)
    // What was said last stands beside the layers.
    let other = pane == .layers ? Pane.said : pane
    func lines(_ pane: Pane) -> [Row] { Self.rows(pane, session, state, picture, Self.inner(rect.width, pane)) }
    let layers = pane == .layers ? rows : lines(.layers)
    let inside = canvas.frame(left, "Host stack", note: note, focused: pane == .layers)
    if !inside.isEmpty { draw(layers, pane == .layers ? chosen : nil, &canvas, inside) }
    let beside = canvas.frame(right, other.rawValue, focused: pane != .layers)
    guard !beside.isEmpty else { return }
    drawTabs(&canvas, beside, pane)
    draw(pane == .layers ? lines(other) : rows, pane == .layers ? nil : chosen, &canvas, Self.area(rect, other))
  }

  /// - Parameter chosen: the line that is; nil: none is, and the end is shown.
  private func draw(_ rows: [Row], _ chosen: Int?, _ canvas: inout Canvas, _ area: Rect) {
    let first = PanelLines.first(chosen ?? (area.x > 2 ? max(0, rows.count - 1) : 0), rows.count, area.height)
    for (n, row) in rows.dropFirst(first).prefix(area.height).enumerated() {
      let role = first + n == chosen && rows.count > 1 ? Role.selected : row.role
      canvas.text(area.x, area.y + n, row.text, role, limit: area.width)
    }
  }

  private func drawTabs(_ canvas: inout Canvas, _ inside: Rect, _ pane: Pane) {
    var x = inside.x
    for tab in Pane.allCases {
      let text = tab == pane ? "[\(tab.rawValue)]" : " \(tab.rawValue) "
      guard x + text.count <= inside.x + inside.width else { return }
      canvas.text(x, inside.y, text, tab == pane ? .accent : .dim, limit: text.count)
      x += text.count + 1
    }
    guard let picture, picture.guests.count > 1, pane.isGuests else { return }
    let name = "of \(picture.guests[min(state.stackGuest, picture.guests.count - 1)].name)"
    canvas.text(x + 1, inside.y, name, .text, limit: max(0, inside.x + inside.width - x - 1))
  }
}
