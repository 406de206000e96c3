import Engine

/// What lies beside the registers of a guest: its code, its stack, or its memory; a large terminal shows all three.
package enum GuestPane: String, Sendable, CaseIterable {
  case code, stack, memory, kernel
}

extension UserAction {
  package static let guestKeys: UserAction = UserAction(
    "guest-keys", ["i"], in: [.panel("guest")], "Type into the guest",
    "Lets the guest go on and gives it the keyboard, byte for byte; ^] gives it back.", label: "type",
    unless: cannotGoOn
  ) { $0.ask(.giveKeys) }

  package static let guestConsole: UserAction = UserAction(
    "guest-console", ["z"], in: [.panel("guest")], "Console alone",
    "Shows nothing but the guest's console, or everything again.", label: "console alone",
    unless: { Panel.guest.whyEmpty($0, $1) }
  ) { $0.state.guest.showsConsoleAlone.toggle() }

  package static let guestPane: UserAction = UserAction(
    "guest-pane", ["p"], in: [.panel("guest")], "The guest's next pane",
    "Shows the guest's code, its stack, its memory, or what its Linux kernel does, where there is no room for all.",
    label: "pane",
    unless: { Panel.guest.whyEmpty($0, $1) }
  ) { effect in
    let all = GuestPane.allCases
    let next = (all.firstIndex(of: effect.state.guest.pane) ?? 0) + 1
    effect.state.guest.pane = all[next % all.count]
    effect.say("pane \(effect.state.guest.pane.rawValue)")
  }

  package static let guestMemory: UserAction = UserAction(
    "guest-memory", ["A"], in: [.panel("guest")], "Memory at",
    "Asks for an address of the guest's, a name of its program or a register, and shows what lies there.", label: "memory at",
    unless: { Panel.guest.whyEmpty($0, $1) }
  ) { $0.ask(.open(.guestMemory, text: "")) }
}

extension Prompt {
  static let guestMemory: Prompt = Prompt(
    "memory", "memory at: ", help: "an address of the guest's, a name of its program, or a register: 0x80002000, main, sp, x0",
    entered: { text, effect in
      let word = text.split(separator: " ").joined()
      guard let address = GuestPanel.address(word, effect) else {
        return effect.say("\"\(shown(word))\" is no address, no name of the guest's program and no register", isError: true)
      }
      effect.state.guest.memory = address
      effect.state.guest.pane = .memory
    })
}

extension GuestPanel {
  /// An address as a person says it.
  static func address(_ word: String, _ effect: Effect) -> UInt64? {
    let guest = effect.state.guest.vcpu.flatMap { effect.session.guest($0) } ?? effect.session.lastGuest()
    if let registers = guest?.now {
      switch word {
      case "sp": return registers.sp
      case "pc": return registers.pc
      default:
        if word.first == "x", let n = Int(word.dropFirst()), registers.x.indices.contains(n) { return registers.x[n] }
      }
    }
    if let address = effect.state.guest.symbols.address(of: word) { return address }
    do throws(ScriptError) {
      return try StatementParser(line: 0, names: effect.names).value(word)
    } catch {
      return nil
    }
  }

  /// Where the memory begins that one looks at: eight bytes of it.
  @Sendable static func bytes(_ session: Session, _ state: ViewState) -> Changing? {
    guard let now = (state.guest.vcpu.flatMap { session.guest($0) } ?? session.lastGuest())?.now else { return nil }
    return session.read { $0.guestPlace(now.address, state.guest.memory ?? now.x[0]) }.map { .bytes($0, count: 8) }
  }

  /// Code, stack and memory, as many as have room: at least the one that is chosen.
  func panes(_ now: GuestRegisters, _ canvas: inout Canvas, _ rect: Rect) {
    let least = 14
    let isLast = [.memory, .kernel].contains(state.pane)
    var shown = [state.pane]
    if rect.height >= least * 3 {
      shown = [.code, .stack, state.pane == .kernel ? .kernel : .memory]
    } else if rect.height >= least * 2 {
      shown = [.code, isLast ? state.pane : .stack]
    }
    var y = rect.y
    for (n, pane) in shown.enumerated() {
      // What is left goes to the first.
      let height = n == 0 ? rect.height - least * (shown.count - 1) : least
      let place = Rect(rect.x, y, rect.width, height)
      switch pane {
      case .code: code(now, &canvas, place)
      case .stack: stack(now, &canvas, place)
      case .memory: memory(now, &canvas, place)
      case .kernel: kernel(now, &canvas, place)
      }
      y += height
    }
  }

  /// The words from the stack pointer on, those of its frame first: where a name of the guest is at an address, that too.
  private func stack(_ now: GuestRegisters, _ canvas: inout Canvas, _ rect: Rect) {
    guard !rect.isEmpty else { return }
    let inside = canvas.frame(rect, "Stack", note: "sp \(hex(now.sp))")
    // Two words stand side by side where they have room.
    let count = inside.width >= 42 ? 2 : 1
    for line in 0..<inside.height {
      let offset = UInt64(line * count * 8)
      let bytes = session.read { $0.guestBytes(now.address, now.sp &+ offset, count * 8) }
      guard bytes.count == count * 8 else {
        canvas.text(inside.x + 1, inside.y + line, line == 0 ? "not mapped" : "", .dim, limit: inside.width - 2)
        return
      }
      let words = (0..<count).map { n in
        bytes[(n * 8)..<(n * 8 + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      }
      var x = canvas.text(inside.x + 1, inside.y + line, "+\(hex(offset))".padding(7), .dim)
      for word in words {
        let digits = String(word, radix: 16)
        let text = String(repeating: "0", count: 16 - digits.count) + digits
        x = canvas.text(x, inside.y + line, text + " ", word == 0 ? .dim : .text, limit: inside.x + inside.width - 1 - x)
      }
      let names = words.compactMap { state.symbols.text($0) }
      let end = now.sp &+ offset &+ UInt64(count * 8)
      let place = now.x[29] >= now.sp &+ offset && now.x[29] < end ? ["← x29"] : []
      canvas.text(
        x + 1, inside.y + line, (place + names).joined(separator: "  "), .accent, limit: inside.x + inside.width - 2 - x)
    }
  }

  /// A frame as a line: without its address where there is no room for both, and it has a name.
  private static func frame(_ line: String, width: Int) -> String {
    let words = line.split(separator: " ")
    return line.count > width && words.count > 2 ? ([words[0]] + words[2...]).joined(separator: " ") : line
  }

  /// Current task, who has called what, and the end of the log of a Linux kernel.
  private func kernel(_ now: GuestRegisters, _ canvas: inout Canvas, _ rect: Rect) {
    guard !rect.isEmpty else { return }
    let found = session.linuxKernel(now.address)
    let inside = canvas.frame(rect, "Kernel", note: found?.release.map { "Linux \($0)" } ?? "")
    guard inside.height > 0 else { return }
    guard let found else {
      for (n, line) in WhyPanel.wrap(Session.noKernel, to: max(inside.width - 2, 20), hanging: 0).enumerated()
      where n < inside.height { canvas.text(inside.x + 1, inside.y + n, line, .dim, limit: inside.width - 2) }
      return
    }
    canvas.text(inside.x + 1, inside.y, found.task, .accent, limit: inside.width - 2)
    // Half of the room is for who called, what is left for the log.
    let room = inside.height - 1
    let frames = found.backTrace(state.symbols).prefix(max(1, (room + 1) / 2)).map { Self.frame($0, width: inside.width - 2) }
    let log = found.log(last: max(0, room - frames.count))
    let lines = log.problem.map { [$0] } ?? Array(log.lines.suffix(max(0, room - frames.count)))
    for (n, line) in frames.enumerated() where n < room {
      canvas.text(inside.x + 1, inside.y + 1 + n, line, n == 0 ? .selected : .text, limit: inside.width - 2)
    }
    for (n, line) in lines.enumerated() where n + frames.count < room {
      canvas.text(inside.x + 1, inside.y + 1 + frames.count + n, line, .dim, limit: inside.width - 2)
    }
  }

  /// Bytes at the address that was asked for, or where X0 points, as the vCPU would read them.
  private func memory(_ now: GuestRegisters, _ canvas: inout Canvas, _ rect: Rect) {
    guard !rect.isEmpty else { return }
    let address = state.memory ?? now.x[0]
    let place = state.symbols.text(address) ?? hex(address)
    let inside = canvas.frame(
      rect, "Memory", note: "\(state.memory == nil ? "x0 " : "")\(place) · \(keys[.guestMemory]) other")
    let width = inside.width - 2
    let count = width >= 77 ? 16 : 8
    for line in 0..<inside.height {
      let (place, isBeyond) = address.addingReportingOverflow(UInt64(line * count))
      let bytes = isBeyond ? [] : session.read { $0.guestBytes(now.address, place, count) }
      guard bytes.count == count else {
        canvas.text(inside.x + 1, inside.y + line, line == 0 ? "not mapped" : "", .dim, limit: width)
        return
      }
      let hexadecimal = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
      let characters = String(String.UnicodeScalarView(bytes.map { (0x20..<0x7F).contains($0) ? Unicode.Scalar($0) : "·" }))
      var x = canvas.text(inside.x + 1, inside.y + line, String(place, radix: 16).padding(9) + " ", .dim, limit: width)
      x = canvas.text(x, inside.y + line, hexadecimal + "  ", .text, limit: inside.x + 1 + width - x)
      if x + count <= inside.x + 1 + width { canvas.text(x, inside.y + line, characters, .dim) }
    }
  }
}
