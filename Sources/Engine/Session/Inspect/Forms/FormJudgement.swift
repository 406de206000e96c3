import Basics
import Machine

/// What would come of a form as it stands: the dry run of its call, each condition beside the row it is about.
package struct FormJudgement: Sendable, Equatable {
  /// What is said of a row.
  package struct Verdict: Sendable, Equatable {
    package enum Mark: Sendable {
      /// No condition is about it.
      case none
      case held, failed
      /// A condition before those about it decides.
      case notReached
      /// It is no value.
      case malformed
    }
    package let mark: Mark
    /// Names of the conditions; what is wrong, if something is.
    package let text: String

    package init(_ mark: Mark = .none, _ text: String = "") {
      self.mark = mark
      self.text = text
    }
  }

  /// Of each row.
  package internal(set) var rows: [Verdict]
  /// Conditions that are about none, or about all.
  package internal(set) var others: [Verdict] = []
  /// All conditions, in their order.
  package internal(set) var conditions: [ConditionVerdict] = []
  /// What would be answered, and by which condition; what is malformed first.
  package internal(set) var answer = ""
  /// Whether no condition refuses it now.
  package internal(set) var passes = false
  /// Whether it can be performed at all.
  package internal(set) var isWhole = true

  /// - Parameter rows: how many there are.
  package init(rows count: Int) { rows = [Verdict](repeating: Verdict(), count: count) }
}

extension Session {
  /// The dry run of a form.
  ///
  /// - Parameter typed: the text of each row; where it is empty, what would be right is meant.
  package func judgement(of form: Form, typed: [String], names: ScriptNames) -> FormJudgement {
    var judgement = FormJudgement(rows: form.rows.count)
    for (index, row) in form.rows.enumerated() {
      let text = index < typed.count ? typed[index] : ""
      let problem = text.isEmpty ? (row.right == nil ? row.missing : nil) : problem(form, index, typed, names)
      guard let problem else { continue }
      judgement.rows[index] = FormJudgement.Verdict(.malformed, problem)
      guard judgement.isWhole else { continue }
      judgement.isWhole = false
      judgement.answer = "\(row.name): \(problem)"
    }
    guard judgement.isWhole, let explanation = explanation(of: form, typed, names) else { return judgement }
    judge(explanation.result, form, explanation.entry, &judgement)
    return judgement
  }

  /// Why a row's text is no value of it.
  private func problem(_ form: Form, _ index: Int, _ typed: [String], _ names: ScriptNames) -> String? {
    let parser = StatementParser(line: 0, names: names)
    do throws(ScriptError) {
      guard case .structure(let name) = form.subject, index > 0 else {
        let value = try parser.value(typed[index])
        guard case .structure(let name) = form.subject else { return nil }
        _ = try parser.parse("fill \(name) \(hex(value))")
        return nil
      }
      // Whether a limit holds may depend on the flags.
      let flags = form.index(of: "flags").flatMap { $0 != index && $0 < typed.count && !typed[$0].isEmpty ? typed[$0] : nil }
      let row = form.rows[index].name
      let words = flags.flatMap { (try? parser.parse("fill \(name) 0 flags=\($0)")) == nil ? nil : "flags=\($0) " } ?? ""
      _ = try parser.parse("fill \(name) 0 \(words)\(row)=\(typed[index])")
      return nil
    } catch {
      return error.message
    }
  }

  private func explanation(of form: Form, _ typed: [String], _ names: ScriptNames) -> (entry: CommandEntry, result: Explanation)?
  {
    let parser = StatementParser(line: 0, names: names)
    let statement = try? parser.parse(form.line(typed))
    switch form.subject {
    case .command(let name):
      guard let entry = Calls.named(name) else { return nil }
      switch statement?.action {
      case .smc(_, let x): return (entry, explanation(of: entry, x))
      case .guest(let guest): return (entry, explanation(of: entry, guest.x))
      default: return nil
      }
    case .structure:
      guard let fill = statement as? FillStatement, let page = fill.page(in: self) else { return nil }
      for entry in Calls.all where entry.interface == .rmi {
        guard let pointer = entry.inputs.first(where: { StructureTables.written(at: $0)?.name == fill.structure }) else {
          continue
        }
        let x = call(entry, pointer, fill.base, page.granules)
        return (entry, imagining(page.bytes, at: fill.base) { $0.explain(entry, x, rec: $0.callingREC) })
      }
      return nil
    }
  }

  /// The call that would be made with a structure: its other arguments are what fits.
  ///
  /// - Parameter taken: granules that the structure names.
  private func call(
    _ entry: CommandEntry, _ pointer: Input, _ base: UInt64, _ taken: Set<UInt64>
  ) -> InlineArray<18, UInt64> {
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = UInt64(entry.fid)
    x[pointer.register] = base
    for input in entry.inputs where input.register != pointer.register {
      x[input.register] = read { machine in
        switch input.kind {
        case .delegatedPA: machine.delegatedGranules(24).first { !taken.contains($0) } ?? 0
        case .rdPA: machine.control.realms.first { machine.realm($0).state == .new } ?? machine.control.realms.first ?? 0
        default: machine.candidates(input).first?.value ?? 0
        }
      }
    }
    return x
  }

  /// Looks at the machine as it would be with a page of the Host's written; then it is as it was.
  func imagining<T>(_ bytes: [UInt8], at base: UInt64, _ body: (borrowing Machine) -> T) -> T {
    let isHosts = read { $0.isDRAM(base) && base.isGranuleAligned && $0.gpi(base).admits(.nonSecure) }
    guard isHosts else { return read(body) }
    let before = machine.bytes(base, bytes.count)
    machine.overwrite(base, bytes)
    defer { machine.overwrite(base, before) }
    return read(body)
  }

  // MARK: Beside its row

  private func judge(
    _ explanation: Explanation, _ form: Form, _ entry: CommandEntry, _ judgement: inout FormJudgement
  ) {
    guard explanation.hasCaller else {
      judgement.answer = "no REC to make it yet; it is queued for the next RMI_REC_ENTER"
      judgement.passes = true
      return
    }
    judgement.conditions = explanation.rows
    var about: [Int: [ConditionVerdict]] = [:]
    for row in explanation.rows {
      let places = form.rows(about: row, entry)
      if places.isEmpty { judgement.others.append(FormJudgement.Verdict([row])) }
      for place in places { about[place, default: []].append(row) }
    }
    for (place, rows) in about { judgement.rows[place] = FormJudgement.Verdict(rows) }
    judgement.passes = explanation.decidedBy == nil
    let what = form.subject == .command(entry.name) ? "" : "\(entry.name): "
    judgement.answer = what + (explanation.decidedBy.map { "\(explanation.status) by \($0)" } ?? explanation.status)
  }
}

extension FormJudgement.Verdict {
  fileprivate init(_ rows: [ConditionVerdict]) {
    if let failed = rows.first(where: { $0.verdict == .failed }) {
      self.init(.failed, "\(failed.id): \(failed.now)")
    } else {
      let isOpen = rows.contains { $0.verdict != .held }
      self.init(isOpen ? .notReached : .held, rows.map(\.id).joined(separator: " "))
    }
  }
}

extension Form {
  /// The rows a condition is about; of those, if it failed, the ones its operands name.
  fileprivate func rows(about condition: ConditionVerdict, _ entry: CommandEntry) -> [Int] {
    let places: [Int]
    switch subject {
    case .structure(let name):
      let declared = rows.indices.filter { index in
        guard let row = StructureTables.named(name)?.writable(named: rows[index].name)?.row else { return false }
        return row.field.rules.description.split(separator: " ").contains { $0 == condition.id }
      }
      // What is about no field of it may be about where it lies.
      let lies = entry.inputs(about: condition.id).contains { StructureTables.written(at: entry.inputs[$0])?.name == name }
      places = declared.isEmpty && lies ? [0] : declared
    case .command: places = entry.inputs(about: condition.id)
    }
    let named = places.filter { condition.now.contains("\(rows[$0].name) = ") }
    return condition.verdict == .failed && !named.isEmpty ? named : places
  }
}
