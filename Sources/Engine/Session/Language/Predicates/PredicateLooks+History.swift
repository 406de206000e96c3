import Basics
import Machine

private func call(_ arguments: [PredicateLook.Argument]) -> (name: String, tally: (PredicateReader) -> StepTally.Call?) {
  let name = arguments.first?.text ?? ""
  let fid = Calls.named(name)?.fid ?? 0
  return (name, { $0.tally.calls[fid] })
}

/// In a lesson calls count from where its task began, so one that was made before has still to be made.
private func uncalled(_ name: String, _ reader: PredicateReader) -> PredicateValue {
  .absent("\(name) has not been called\(reader.first > 0 ? " in this task" : "")")
}

private func world(_ arguments: [PredicateLook.Argument]) -> World {
  World.allCases.first { $0.name.uppercased() == arguments.first?.text } ?? .normal
}

private func times(_ count: Int) -> PredicateValue { .number(UInt64(count)) }

/// What was done: steps count from the beginning of the session, in a lesson from that of the lesson's step.
extension PredicateLook {
  private static let worlds = World.allCases.map { $0.name.uppercased() }
  private static let reasons = ExitReason.allCases.map(\.name)

  static let history: [PredicateLook] = [
    PredicateLook(
      "answered", [.call], finding: .status, help: "X0 of the last such call; alone: it was called at all", adjective: "called"
    ) {
      call($0).name
    } read: { reader, arguments in
      let (name, tally) = call(arguments)
      guard let entry = Calls.named(name), let made = tally(reader) else { return uncalled(name, reader) }
      guard let x0 = made.x.first else { return .absent("\(name) has not been answered") }
      return .status(entry.interface == .ffa && x0 == FFA.error && made.x.count > 2 ? made.x[2] : x0, entry.interface)
    },
    PredicateLook("output", [.call, .number("X")], finding: .number, help: "register X1 to X8 of its answer") {
      "X\($0.last?.text ?? "") of \(call($0).name)"
    } read: { reader, arguments in
      let (name, tally) = call(arguments)
      guard let made = tally(reader) else { return uncalled(name, reader) }
      guard case .number(let register)? = arguments.last, register < 18 else { return .absent("an answer has X0 to X17") }
      guard !made.x.isEmpty else { return .absent("\(name) has not been answered") }
      return .number(Int(register) < made.x.count ? made.x[Int(register)] : 0)
    },
    PredicateLook("decided", [.call], finding: .condition, help: "the failure condition that decided its last answer") {
      "the condition that decided \(call($0).name)"
    } read: { reader, arguments in
      let (name, tally) = call(arguments)
      guard let made = tally(reader) else { return uncalled(name, reader) }
      return made.decidedBy.map { .word($0) } ?? .absent("no condition has refused the last \(name)")
    },
    PredicateLook("calls", [.call], finding: .number, help: "how often a call was made") {
      "the number of calls of \(call($0).name)"
    } read: {
      times(call($1).tally($0)?.count ?? 0)
    },
    PredicateLook("refused", [.call], finding: .number, help: "how often a condition refused it") {
      "how often \(call($0).name) was refused"
    } read: {
      times(call($1).tally($0)?.refused ?? 0)
    },
    PredicateLook(
      "exits", [.word("REASON", reasons)], least: 0, finding: .number, help: "how often vCPUs exited, for a reason or any"
    ) {
      $0.isEmpty ? "the number of exits" : "the number of exits for \($0[0].text)"
    } read: { reader, arguments in
      let reason = ExitReason.allCases.first { $0.name == arguments.first?.text }
      return times(reason.map { reader.tally.exits[$0] ?? 0 } ?? reader.tally.exits.values.reduce(0, +))
    },
    PredicateLook(
      "faults", [.word("WORLD", worlds)], finding: .number,
      help: "how often a read or write by hand of a world took a granule protection fault"
    ) {
      "the number of faults of the \(world($0).name) world"
    } read: {
      times($0.tally.accesses[world($1)]?.faulted ?? 0)
    },
    PredicateLook("accesses", [.word("WORLD", worlds)], finding: .number, help: "how often one went through") {
      "the number of accesses of the \(world($0).name) world that went through"
    } read: {
      times($0.tally.accesses[world($1)]?.done ?? 0)
    },
    PredicateLook("read", [.word("WORLD", worlds)], finding: .number, help: "what the last read by hand of a world found") {
      "what the \(world($0).name) world read"
    } read: { reader, arguments in
      reader.tally.lastRead[world(arguments)].map { .number($0) }
        ?? .absent("the \(world(arguments).name) world has read nothing")
    },
    PredicateLook("steps", finding: .number, help: "steps of the session") { _ in
      "the number of steps"
    } read: { reader, _ in
      times(reader.session.position - min(reader.first, reader.session.position))
    },
    PredicateLook("tokens", finding: .number, help: "tokens that were finished") { _ in
      "the number of tokens"
    } read: { reader, _ in
      times(reader.session.tokens.filter { $0.step > reader.first }.count)
    },
    PredicateLook("console", finding: .text, help: "what guests have printed") { _ in
      "the console"
    } read: { reader, _ in
      .text(String(decoding: reader.session.console.filter { $0 != 13 }, as: UTF8.self))
    },
  ]

  static let machine: [PredicateLook] = [
    PredicateLook("firmware", finding: .text, help: "what firmware and EL3 have printed") { _ in
      "the firmware's console"
    } read: { reader, _ in
      .text(reader.session.rootConsole.joined(separator: "\n"))
    },
    PredicateLook("partitions", finding: .text, help: "what partitions of the Secure world have printed") { _ in
      "the partitions' console"
    } read: { reader, _ in
      .text(reader.session.partitionConsole.joined(separator: "\n"))
    },
    PredicateLook("kernel", finding: .text, help: "what the host's kernel has printed (dmesg)") { _ in
      "the host's kernel log"
    } read: { reader, _ in
      .text(reader.session.stackPicture?.kernelLines.map(\.text).joined(separator: "\n") ?? "")
    },
    PredicateLook("host", finding: .text, help: "what virsh, QEMU and kvmtool have answered, all of it") { _ in
      "what the host has answered"
    } read: { reader, _ in
      .text(reader.session.stackOrders.filter { $0.end > reader.first }.flatMap { $0.lines.map(\.text) }.joined(separator: "\n"))
    },
    PredicateLook(
      "domains", [.word("STATE", ["RUNNING", "PAUSED", "SHUT_OFF"])], finding: .number, help: "domains of libvirt in a state"
    ) {
      "the number of domains that are \($0.first?.text ?? "")"
    } read: { reader, arguments in
      let wanted = arguments.first?.text.lowercased().split(separator: "_").joined(separator: " ") ?? ""
      return times(reader.session.stackPicture?.guests.filter { $0.domain?.state == wanted }.count ?? 0)
    },
    PredicateLook(
      "pe", [.number("N")], property: "world", finding: .word(["NORMAL", "REALM", "SECURE", "ROOT"]), help: "the world a PE is in"
    ) {
      "PE \($0.first?.text ?? "")"
    } read: { reader, arguments in
      guard case .number(let pe)? = arguments.first, pe < UInt64(reader.session.configuration.peCount) else {
        return .absent("this machine has the PEs 0 to \(reader.session.configuration.peCount - 1)")
      }
      return .word(reader.session.read { $0.control.pes[Int(pe)].world.name.uppercased() })
    },
    PredicateLook(
      "by_hand", finding: .flag, help: "software of the Realm or the Root world has written memory by hand",
      adjective: "written by hand"
    ) {
      _ in
      "memory of the RMM or EL3"
    } read: { reader, _ in
      .flag(reader.session.read { $0.control.isScribbled })
    },
    PredicateLook("rmm_stopped", finding: .flag, help: "the RMM has stopped", adjective: "stopped") { _ in
      "the RMM"
    } read: { reader, _ in
      .flag(reader.session.read { $0.control.panic != nil })
    },
  ]
}
