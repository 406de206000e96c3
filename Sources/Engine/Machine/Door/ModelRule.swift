/// A rule of the model, by its name: one that must hold between any two actions, or that an action must keep.
package struct ModelRule: Sendable {
  package let name: String
  package let says: String
  /// Whether it is one of the Secure world's.
  package var isOfSecureWorld = false

  /// All, those of the Secure world last.
  package static let all: [ModelRule] =
    [
      ("gpt_mirror", "the metadata byte of a granule says the same GPI as the GPT walk"),
      ("pas_state", "a granule's state is UNDELEGATED exactly when its GPI is not REALM"),
      ("delegated_zero", "a DELEGATED granule holds zeroes"),
      ("one_owner", "every RD, REC, REC_AUX, RTT and DATA granule is owned by exactly one Realm, in one place"),
      ("assigned_data", "an ASSIGNED entry maps DATA granules, each mapped nowhere else"),
      ("table_rtt", "a TABLE entry points to an RTT granule that no other entry points to"),
      ("half", "Protected entries are UNASSIGNED, ASSIGNED or TABLE, Unprotected ones their NS counterparts or TABLE"),
      ("rec_count", "a Realm's recCount is the number of its RECs, and its recIndex is at least that"),
      ("vmid", "Realms have different VMIDs, and those in use are marked"),
      ("running", "a REC is RUNNING exactly when a PE runs it; a PE runs one guest at most, and is busy exactly when it does"),
      ("ripas_range", "a REC's RIPAS progress lies within its request"),
      ("normal_cannot_read", "no Realm, Root or Secure granule passes the check for the Non-secure PAS"),
      ("rim_hash", "bytes of a measurement beyond the hash's length are zero"),
      ("lists", "the RMM's lists of Realms and RECs are those granules that are RD and REC"),
    ].map { ModelRule(name: $0, says: $1) }
    + LabRule.allCases.map { ModelRule(name: $0.name.description, says: $0.says) }
    + [
      ("ffa_once", "a page is in one memory transaction at most, and its owner is the one that sent it"),
      ("ffa_exclusive", "a page that is lent or donated is accessible to nobody but the borrowers that have retrieved it"),
      ("ffa_gpt", "memory the Normal world has lent or donated is in the Secure PAS, on a machine that moves it"),
      ("ffa_lists", "handles ascend and were given out; ranges with another owner ascend and do not overlap"),
      ("ffa_running", "a partition is running exactly when a PE runs it, and that PE is busy; who works for whom is agreed on"),
    ].map { ModelRule(name: $0, says: $1, isOfSecureWorld: true) }

  package static func named(_ name: String) -> ModelRule? { all.first { $0.name == name } }
}

/// A rule that only a machine of the lab (``LabState``) is held to: its checks make sure of it, so that with all of them on it holds by
/// itself.
package enum LabRule: UInt8, CaseIterable, Sendable {
  // What must be true between two actions.
  case rimTrue
  case rimFrozen
  case tlbClean
  // What an action must keep.
  case isolation
  case leftovers
  case recEntry
  case listRegisters
  case mmioAnswer
  case exitRecord
  case ripasConsent
  case ripasAnswer
  case ripasLoss

  package var name: StaticString {
    switch self {
    case .rimTrue: "rim_true"
    case .rimFrozen: "rim_frozen"
    case .tlbClean: "tlb_clean"
    case .isolation: "isolation"
    case .leftovers: "leftovers"
    case .recEntry: "rec_entry"
    case .listRegisters: "list_registers"
    case .mmioAnswer: "mmio_answer"
    case .exitRecord: "exit_record"
    case .ripasConsent: "ripas_consent"
    case .ripasAnswer: "ripas_answer"
    case .ripasLoss: "ripas_loss"
    }
  }

  package var says: String {
    switch self {
    case .rimTrue: "a RIM is what follows from what was done to the Realm while it was NEW (DEN0137 A7.1.1)"
    case .rimFrozen: "the RIM of a Realm is the one it had when it was activated"
    case .tlbClean: "no PE translates an IPA as a table no longer does"
    case .isolation: "software of one world reads and writes no memory of another, unless EL3 or the RMM do so for it"
    case .leftovers: "a granule comes back to the Host without what it held"
    case .recEntry: "a REC that runs belongs to an ACTIVE Realm, is runnable, runs once and waits for no PSCI_COMPLETE"
    case .listRegisters: "the list registers a Realm runs with are valid (DEN0137 A6.1)"
    case .mmioAnswer: "a Host completes those accesses of a Realm that it was asked to emulate"
    case .exitRecord: "an exit record tells the Host of the Realm what the reason needs"
    case .ripasConsent: "a RIPAS changes as far as a REC of the Realm has asked for it"
    case .ripasAnswer: "a Realm is told what its Host has decided about a RIPAS change"
    case .ripasLoss: "a Realm whose RAM was taken finds DESTROYED there"
    }
  }
}

/// That an action has broken a rule: what it concerns are two numbers.
package struct BrokenRule: Sendable {
  package let rule: LabRule
  package let a: UInt64
  package let b: UInt64

  package init(rule: LabRule, a: UInt64, b: UInt64) {
    self.rule = rule
    self.a = a
    self.b = b
  }
}
