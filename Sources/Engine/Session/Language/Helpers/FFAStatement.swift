import Basics
import Machine

/// Memory that goes from one world or partition to another: a descriptor is written to the caller's TX buffer, and the call made that
/// takes it. A partition is given the PE for that, if it has none, and gives it back.
struct FFAStatement: HelperStatement {
  enum Kind: String, Sendable, CaseIterable {
    case map, share, lend, donate, retrieve, relinquish, reclaim

    var isSending: Bool { [.share, .lend, .donate].contains(self) }
  }

  let kind: Kind
  /// Whose call it is: 0 the Normal world, else a partition. Nil for whoever it must be.
  let caller: UInt64?
  let ranges: [PageRange]
  let receivers: [UInt64]
  let handle: UInt64
  /// Fields that are not what they should be, and arguments of the call as `call.NAME`.
  let changes: [String: UInt64]

  private static let callFields = ["call.length", "call.fragment_length", "call.address", "call.pages"]
  private static let fieldText =
    "fields of the descriptor may be named to be other than they should: those of `ffa_memory_region`, `access[N].NAME`, "
    + "`composite.NAME`, `constituent[N].NAME`; and `call.length` and the like"

  static let verbs =
    [
      Verb(
        "ffa map", "[by=WHO] [tx=PA] [rx=PA]", 0...3, help: "gives the SPMC two pages for messages",
        details:
          "pages of one's own with nothing in them, if they are not named. WHO is `host`, the name of a partition, or an id",
        examples: ["ffa map", "ffa map by=keys", "ffa map tx=0x81000000 rx=0x81001000"], places: .helpers
      ) { arguments throws(ScriptError) in try read(.map, arguments, fields: ["tx", "rx"]) }
    ]
    + [
      (Kind.share, "others get at memory of one's own, too"), (.lend, "others get at memory of one's own, and one does not"),
      (.donate, "memory of one's own becomes another's"),
    ].map { kind, help in
      Verb(
        "ffa \(kind.rawValue)", "PA[..END] [PA[..END] ..] to=WHO[,WHO ..] [by=WHO] [FIELD=VALUE ..]", 2...300, help: help,
        details: "\(fieldText). Answers the handle in X0",
        examples: [
          "ffa \(kind.rawValue) 0x82000000 to=tee", "ffa \(kind.rawValue) 0x82000000..0x82002000 to=keys by=host flags=1",
        ],
        places: .helpers
      ) { arguments throws(ScriptError) in try read(kind, arguments, fields: FFADescriptor.transactionFields + callFields) }
    } + [
      Verb(
        "ffa retrieve", "HANDLE [by=WHO] [FIELD=VALUE ..]", 1...20, help: "a receiver has memory mapped",
        details: "the first that has not, unless it is named; \(fieldText)",
        examples: ["ffa retrieve 1", "ffa retrieve 1 by=keys access.permissions=1"], places: .helpers
      ) { arguments throws(ScriptError) in
        try read(.retrieve, arguments, fields: FFADescriptor.transactionFields + callFields)
      },
      Verb(
        "ffa relinquish", "HANDLE [by=WHO] [FIELD=VALUE ..]", 1...8, help: "a borrower gives memory back",
        details: "the first that has it, unless it is named", examples: ["ffa relinquish 1", "ffa relinquish 1 by=tee flags=1"],
        places: .helpers
      ) { arguments throws(ScriptError) in try read(.relinquish, arguments, fields: FFADescriptor.relinquishFields) },
      Verb(
        "ffa reclaim", "HANDLE [by=WHO] [flags=VALUE]", 1...3, help: "the owner takes memory back",
        details: "whoever has sent it, unless somebody is named", examples: ["ffa reclaim 1", "ffa reclaim 1 by=keys flags=1"],
        places: .helpers
      ) { arguments throws(ScriptError) in try read(.reclaim, arguments, fields: ["flags"]) },
    ]

  private static func read(_ kind: Kind, _ arguments: Arguments, fields: [String]) throws(ScriptError) -> FFAStatement {
    var caller: UInt64? = kind == .map || kind.isSending ? 0 : nil
    var (ranges, receivers, changes): ([PageRange], [UInt64], [String: UInt64]) = ([], [], [:])
    var handle: UInt64?
    for word in arguments.words {
      guard let (key, value) = arguments.pair(word) else {
        if kind.isSending {
          ranges.append(try arguments.pages(word))
        } else if kind != .map, handle == nil {
          handle = try arguments.number(word)
        } else {
          throw arguments.expected(at: word)
        }
        continue
      }
      switch key.lowercased() {
      case "by": caller = try arguments.endpoint(value)
      case "to" where kind.isSending: receivers = try arguments.endpoints(value)
      default:
        let name = key.lowercased()
        guard fields.contains(FFADescriptor.withoutIndex(name)) else {
          let near = closest(to: name, among: fields).map { "did you mean \($0)?" }
          throw arguments.error(
            word, "ffa \(kind.rawValue) has no \"\(shown(key))\"; \(near ?? "expected \(fields.joined(separator: ", "))")")
        }
        changes[name] = try arguments.number(value)
      }
    }
    if kind.isSending, ranges.isEmpty || receivers.isEmpty { throw arguments.expected() }
    if kind != .map, !kind.isSending, handle == nil { throw arguments.expected() }
    return FFAStatement(
      kind: kind, caller: caller, ranges: ranges, receivers: receivers, handle: handle ?? 0, changes: changes)
  }

  var text: String {
    var words = ["ffa \(kind.rawValue)"]
    words += ranges.map { $0.pages == 1 ? hex($0.base) : "\(hex($0.base))..\(hex($0.end))" }
    if kind != .map, !kind.isSending { words.append(hex(handle)) }
    if !receivers.isEmpty { words.append("to=\(receivers.map(FFAParty.name).joined(separator: ","))") }
    if let caller, caller != 0 || !kind.isSending { words.append("by=\(FFAParty.name(caller))") }
    return (words + changes.sorted { $0.key < $1.key }.map { "\($0.key)=\(hex($0.value))" }).joined(separator: " ")
  }

  func expand(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    guard expansion.read({ $0.control.secure != nil }) else {
      throw .impossible("the Secure world of this machine has no software that knows FF-A (machine secure=spmc)")
    }
    switch kind {
    case .map: return try map(expansion)
    case .share, .lend, .donate: return try send(expansion)
    case .retrieve: return try retrieve(expansion)
    case .relinquish: return try relinquish(expansion)
    case .reclaim: return try reclaim(expansion)
    }
  }

  // MARK: Calls

  private func map(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    let party = try FFAParty(caller ?? 0, expansion)
    let pages = try party.sparePages(2)
    let (tx, rx) = (changes["tx"] ?? pages[0], changes["rx"] ?? pages[1])
    try party.call("FFA_RXTX_MAP", [tx, rx, 1])
    return Expansion.Achievement(sentence: "\(party.name) writes to \(hex(tx)) and reads from \(hex(rx))", values: [tx, rx])
  }

  private func send(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    let party = try FFAParty(caller ?? 0, expansion)
    let isForSeveral = kind == .share || kind == .lend && receivers.count > 1
    let permissions: UInt64 = kind == .donate ? 0 : FFAPermissions.readWrite
    let descriptor = FFADescriptor.transaction(
      sender: party.id, attributes: isForSeveral ? FFAMemoryAttributes.usual : 0,
      receivers.map { .init(id: $0, permissions: permissions) }, ranges, changes)
    let answer = try party.call("FFA_MEM_\(kind.rawValue.uppercased())", descriptor, arguments(descriptor))
    let handle = answer[2] | answer[3] << 32
    let pages = ranges.reduce(0) { $0 + $1.pages }
    return Expansion.Achievement(
      sentence: "handle \(hex(handle)): \(pages) page\(pages == 1 ? "" : "s") of \(party.name)'s, \(kind.rawValue) to "
        + receivers.map(FFAParty.name).joined(separator: ", "), values: [handle])
  }

  private func arguments(_ descriptor: FFADescriptor) -> [UInt64] {
    let length = UInt64(descriptor.bytes.count)
    let total = changes["call.length"] ?? length
    return [total, changes["call.fragment_length"] ?? total, changes["call.address"] ?? 0, changes["call.pages"] ?? 0]
  }

  private func retrieve(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    let share = expansion.read { $0.spm.share(handle) }
    let next = share?.receivers.first { $0.granted == nil } ?? share?.receivers.first
    let party = try FFAParty(caller ?? next?.id ?? 0, expansion)
    // Execution is for the receiver to say where it is the only one (DEN0077A 1.1, 10.10.3).
    let isForOne = share.map { $0.kind != .share && $0.receivers.count == 1 } ?? true
    let permissions = isForOne ? FFAPermissions(data: 0, instruction: FFAPermissions.neverExecuted).raw : 0
    let descriptor = FFADescriptor.transaction(
      sender: share?.sender ?? 0, attributes: 0, handle: handle, tag: share?.tag ?? 0,
      (share?.receivers.map(\.id) ?? [party.id]).map { .init(id: $0, permissions: permissions) }, [], changes)
    try party.call("FFA_MEM_RETRIEVE_REQ", descriptor, arguments(descriptor), releases: true)
    let pages = share?.pages ?? 0
    return Expansion.Achievement(
      sentence: "\(party.name) has \(pages) page\(pages == 1 ? "" : "s") of \(hex(handle)) mapped", values: [handle])
  }

  private func relinquish(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    let holder = expansion.read { $0.spm.share(handle)?.receivers.first { $0.granted != nil }?.id }
    let party = try FFAParty(caller ?? holder ?? 0, expansion)
    let descriptor = FFADescriptor.relinquish(handle, party.id, changes)
    try party.call("FFA_MEM_RELINQUISH", descriptor, [])
    return Expansion.Achievement(sentence: "\(party.name) has given \(hex(handle)) back", values: [handle])
  }

  private func reclaim(_ expansion: Expansion) throws(Expansion.Stop) -> Expansion.Achievement {
    let owner = expansion.read { machine in machine.spm.share(handle).map { FFAEndpointIndex.id($0.owner) } }
    let party = try FFAParty(caller ?? owner ?? 0, expansion)
    try party.call("FFA_MEM_RECLAIM", [handle & 0xFFFF_FFFF, handle >> 32, changes["flags"] ?? 0])
    return Expansion.Achievement(sentence: "\(party.name) has the memory of \(hex(handle)) again", values: [handle])
  }
}

extension Arguments {
  /// Pages: the address of one, or from an address up to where they end.
  fileprivate func pages(_ word: Word) throws(ScriptError) -> PageRange {
    guard let (first, last) = word.halves(at: "..") else { return PageRange(base: try number(word), pages: 1) }
    let (base, end) = (try number(first), try number(last))
    guard end > base, (end - base) % Granule.size == 0 else {
      throw error(word, "expected PA..END, so many whole pages, found \(hex(base))..\(hex(end))")
    }
    return PageRange(base: base, pages: (end - base) / Granule.size)
  }

  /// Who takes part in FF-A: `host`, a partition's name, or an id.
  fileprivate func endpoint(_ word: Word) throws(ScriptError) -> UInt64 {
    if let id = FFAParty.id(named: word.text) { return id }
    do throws(ScriptError) { return try number(word) } catch {
      let names = ["host"] + SecurePartition.all.map { $0.name.lowercased() }
      throw self.error(word, "nobody is called \"\(shown(word.text))\"; expected \(names.joined(separator: ", ")), or an id")
    }
  }

  fileprivate func endpoints(_ word: Word) throws(ScriptError) -> [UInt64] {
    var ids: [UInt64] = []
    for part in word.parts(",") { ids.append(try endpoint(part)) }
    return ids
  }
}
