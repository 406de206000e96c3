import Basics

extension Machine {
  /// Evaluates a command's conditions in the present state, changing nothing.
  ///
  /// - Parameters:
  ///   - x: X0 to X17 of the caller.
  ///   - rec: the REC that makes an RSI or PSCI call.
  package func explain(_ entry: CommandEntry, _ x: InlineArray<18, UInt64>, rec: UInt64? = nil) -> Explanation {
    if entry.interface == .ffa || entry.interface == .platform { return explain(entry, x, caller: FFAEndpointIndex.normal) }
    var call = Call()
    for n in 0..<11 { call.x[n] = x[n] }
    if entry.interface == .rsi || entry.interface == .psci {
      guard let rec, rec.isGranuleAligned, granuleIs(rec, .rec) else {
        let rows = entry.list(self).map {
          ConditionVerdict(id: $0.id, text: $0.text, status: $0.status, now: "", verdict: .notReached)
        }
        return Explanation(
          entry: entry, section: entry.section, call: Decoder.call { x[$0] }, rows: rows, decidedBy: nil, status: "",
          hasCaller: false)
      }
      call.rec = rec
    }
    return explanation(entry, &call)
  }

  /// The same for a call that is about to be made.
  func explanation(_ entry: CommandEntry, _ call: inout Call) -> Explanation {
    let text = Decoder.call({ call.x[$0] }, count: 11)
    let explainer = entry.explain(self, &call)
    let status = explainer.refusal.map { Names.status(entry.interface, $0.code) } ?? success(entry, call)
    let decidedBy = explainer.refusal?.id.description
    let fields = decidedBy.map { fieldValues(entry, call, decidedBy: $0) } ?? []
    return Explanation(
      entry: entry, section: entry.section, call: text, rows: explainer.rows, decidedBy: decidedBy, status: status,
      caveat: decidedBy == nil ? entry.caveat(self, call) : nil, fields: fields,
      subjects: decidedBy.map { subjects(entry, call, decidedBy: $0, fields) } ?? [])
  }

  private func success(_ entry: CommandEntry, _ call: Call) -> String {
    switch entry.success(call) {
    case .answers(let x0): Names.status(entry.interface, x0)
    case .exits: entry.interface == .ffa ? "the PE changes hands" : "exit to the Host"
    }
  }
}

/// What fits an argument in the present state, for completion and forms.
package struct Candidate: Sendable, Equatable {
  package var value: UInt64
  package var note: String
}

extension Machine {
  /// Values that fit an input now: granules in the state the command needs, IPAs of interest, levels.
  package func candidates(_ input: Input, limit: Int = 8) -> [Candidate] {
    switch input.kind {
    case .undelegatedPA, .nsPA: return granules(.undelegated, limit)
    case .delegatedPA: return granules(.delegated, limit)
    case .rdPA:
      return control.realms.prefix(limit).map { Candidate(value: $0, note: "RD, Realm \(realm($0).state.name)") }
    case .recPA:
      return control.recs.prefix(limit).map {
        Candidate(value: $0, note: "REC \(rec($0).index) of \(hex(rec($0).owner))")
      }
    case .level: return (1...3).map { Candidate(value: UInt64($0), note: "level \($0)") }
    case .ripas: return [Candidate(value: 0, note: "EMPTY"), Candidate(value: 1, note: "RAM")]
    case .version: return [Candidate(value: 0x1_0000, note: "1.0")]
    case .status: return [Candidate(value: 0, note: "PSCI_SUCCESS"), Candidate(value: PSCIReturn.denied, note: "PSCI_DENIED")]
    case .flags: return [Candidate(value: 0, note: ""), Candidate(value: 1, note: "bit 0 set")]
    case .ipa, .ipaTop:
      guard let rd = control.realms.first else { return [] }
      let realm = realm(rd)
      return [
        Candidate(value: 0, note: "first Protected IPA"),
        Candidate(value: realm.protectedTop, note: "first Unprotected IPA of \(hex(rd))"),
      ]
    case .descriptor, .number, .size, .mpidr, .bytes: return []
    }
  }

  private func granules(_ state: GranuleState, _ limit: Int) -> [Candidate] {
    var found: [Candidate] = []
    var address = dramBase
    // The first 64 MiB are enough to find some; a search of a terabyte would take long.
    let top = min(configuration.dramTop, dramBase + (64 << 20))
    while address < top, found.count < limit {
      let record = GranuleRecord(raw: memory.record(address))
      if record.isState(state), state != .undelegated || record.gpi == .nonSecure {
        found.append(Candidate(value: address, note: state.name))
      }
      address += Granule.size
    }
    return found
  }
}

/// An argument as a form shows it.
package struct Field: Sendable, Equatable {
  package var name: String
  package var meaning: String
  package var register: Int
  /// Values that fit in the present state.
  package var candidates: [Candidate]
}

extension Machine {
  /// The arguments of a command with what would fit each now.
  package func fields(of entry: CommandEntry) -> [Field] {
    entry.inputs.map {
      Field(
        name: $0.name.description, meaning: $0.meaning.description, register: $0.register, candidates: candidates($0))
    }
  }
}
