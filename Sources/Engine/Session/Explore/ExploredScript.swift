import Basics
import Machine

/// A way through an exploration as a script: what the Host prepares, the calls, what each is for.
struct ExploredScript {
  /// What the Host writes into a granule, where it writes something.
  static let mark: UInt64 = 0x5A

  private let explorer: Explorer
  private let broken: Explorer.Broken
  private let steps: [PathWalker.Step]

  init(_ explorer: Explorer, _ broken: Explorer.Broken, _ steps: [PathWalker.Step]) {
    self.explorer = explorer
    self.broken = broken
    self.steps = steps
  }

  var text: String {
    let world = explorer.world
    var lines: [String] = []
    let name = broken.condition.map { explorer.conditions.names[$0] }
    if let name {
      lines.append(
        "# Without \(name) the rule \(broken.rule) can be broken. No shorter way does it in the world \(shown(world.name)).")
    } else {
      lines.append("# The rule \(broken.rule) is broken. No shorter way does it in the world \(shown(world.name)).")
    }
    lines.append("machine \(world.configuration.propertyText)")
    var label = 0
    for (index, step) in steps.enumerated() {
      lines.append("")
      if step.label != label, let name {
        lines.append("# From here on the check is off.")
        lines.append("without \(name)")
        label = step.label
      }
      lines.append("# \(index + 1) of \(steps.count): \(summary(step))")
      lines += self.lines(step)
    }
    lines.append("")
    lines.append("# Now \(broken.rule) does not hold: \(broken.detail)")
    if ModelRule.named(broken.rule) != nil { lines.append("expect broken \(broken.rule)") }
    if broken.rule == ExploredRule.noPanic { lines.append("expect that rmm_stopped") }
    return lines.joined(separator: "\n") + "\n"
  }

  // MARK: Steps

  private func form(_ step: PathWalker.Step) -> Alphabet.Form { explorer.alphabet.forms[step.move.form] }

  private func summary(_ step: PathWalker.Step) -> String {
    let form = form(step)
    switch form.deed {
    case .call(let entry):
      if let guest = guest(step, form), case .smc = guest.kind, let inner = Commands.called(guest.x[0]) {
        return "the Realm runs. \(inner.summary)"
      }
      return entry.summary
    case .read(let world): return "the \(world.name) world reads."
    case .write: return "the Host writes."
    case .transaction(let isWrite): return "the device \(isWrite ? "writes" : "reads")."
    case .assign(let gpi): return "EL3 moves a granule to \(gpi.name)."
    case .select: return "another PE goes on."
    case .resume: return "the Realm that keeps its PE goes on."
    }
  }

  private func guest(_ step: PathWalker.Step, _ form: Alphabet.Form) -> GuestAction? {
    for (n, slot) in form.slots.enumerated() {
      if case .guest = slot.place, step.move.values[n] != Move.noGuest {
        return explorer.alphabet.guests[Int(step.move.values[n]) - 1].action
      }
    }
    return nil
  }

  private func lines(_ step: PathWalker.Step) -> [String] {
    let form = form(step)
    let first = step.move.values[0]
    switch form.deed {
    case .call(let entry):
      var lines = form.structures.flatMap { structure(step, form, $0) }
      if let guest = guest(step, form) { lines.append(Action.guest(guest).scriptText) }
      var x = InlineArray<18, UInt64>(repeating: 0)
      x[0] = UInt64(entry.fid)
      for (n, slot) in form.slots.enumerated() {
        if case .register(let register) = slot.place { x[register] = step.move.values[n] }
      }
      lines.append(Action.smc(.normal, x).scriptText)
      if step.leavesQueue { lines.append(Action.guestClear.scriptText) }
      return lines
    case .read(let world): return [Action.access(MemoryAccess(world: world, address: first, kind: .read64)).scriptText]
    case .transaction(let isWrite):
      return [Action.access(MemoryAccess(device: first, kind: isWrite ? .write64(Self.mark) : .read64)).scriptText]
    case .write:
      return [Action.access(MemoryAccess(world: .normal, address: first, kind: .write64(Self.mark))).scriptText]
    case .assign(let gpi): return [Action.assignGranule(first, gpi).scriptText]
    case .select: return [Action.selectPE(Int(first)).scriptText]
    case .resume: return [Action.resume(Int(first)).scriptText]
    }
  }

  /// What the Host writes before a call: the fields by their names, and by hand what `fill` would not write.
  private func structure(_ step: PathWalker.Step, _ form: Alphabet.Form, _ index: Int) -> [String] {
    let prepared = explorer.alphabet.structures[index]
    var named: [String] = ["fill", prepared.table.name, hex(prepared.address)]
    var byHand: [String] = []
    for row in prepared.table.writable where row.field.kind != .bytes {
      for n in 0..<row.field.count {
        let field = row.field
        let offset = row.offset + n * field.width
        var value: UInt64 = 0
        for byte in 0..<min(field.width, 8) { value |= UInt64(prepared.bytes[offset + byte]) << UInt64(8 * byte) }
        var isChosen = false
        for (k, slot) in form.slots.enumerated() {
          if case .field(index, offset, _) = slot.place {
            value = step.move.values[k]
            isChosen = value != 0
          }
        }
        guard value != 0 || isChosen || explorer.alphabet.hasDefault(prepared.table, field.name(n)) else { continue }
        let kept = field.width < 8 ? value & ((1 << UInt64(8 * field.width)) - 1) : value
        if Self.isWritable(field, kept) {
          named.append("\(field.name(n))=\(hex(kept))")
        } else {
          let bytes = (0..<field.width).map { UInt8(truncatingIfNeeded: kept >> UInt64(8 * $0)) }
          byHand.append(
            Action.access(MemoryAccess(world: .normal, address: prepared.address + UInt64(offset), kind: .bytes(bytes)))
              .scriptText)
        }
      }
    }
    return [named.joined(separator: " ")] + byHand
  }

  /// Whether `fill` writes it: what a rule leaves of what the field can hold.
  private static func isWritable(_ field: MemoryField, _ value: UInt64) -> Bool {
    let names = field.kind.names
    if !names.isEmpty { return names.contains { $0.value == value } }
    guard field.most != .max, field.feature == 0 else { return true }
    return (field.least...field.most).contains(Int64(bitPattern: value))
  }
}

extension Alphabet {
  /// Whether `fill` would give a field a value of its own.
  func hasDefault(_ table: StructureTable, _ field: String) -> Bool {
    structures.contains { $0.table.name == table.name && defaults[$0.table.name]?.contains(field) ?? false }
  }
}
