import Testing

@testable import Machine

/// Every failure condition of every call of FF-A decides once, with the answer it is declared with.
struct FFAConditionTests {
  private static let page: UInt64 = 0x8200_0000
  private static let (tee, keys, log) = (SecureScript.tee, SecureScript.keys, SecureScript.log)

  /// Notes what must decide, and with what.
  final class Watch {
    private(set) var seen: Set<String> = []

    func expect(
      _ name: String, _ condition: String, _ status: String, _ script: SecureScript,
      sourceLocation: SourceLocation = #_sourceLocation,
      _ call: () -> SecureScript.Answer
    ) {
      let before = script.decisions.count
      let answer = call()
      let decided = script.decisions[before...].filter { $0.call == name }.map(\.condition)
      #expect(decided == [condition], sourceLocation: sourceLocation)
      let got =
        name == "FFA_VERSION"
        ? Names.status(.ffa, answer.x.first ?? 0) : name.hasPrefix("PLAT") ? Names.status(.platform, answer.x[0]) : answer.status
      #expect(got == status, sourceLocation: sourceLocation)
      let declared = FFACalls.named(name)?.list(script.machine).first { $0.id == condition }
      #expect(declared != nil, sourceLocation: sourceLocation)
      seen.insert("\(name) \(condition)")
    }
  }

  @Test func eachConditionDecidesOnce() {
    let watch = Watch()
    Self.setup(watch)
    Self.messages(watch)
    for kind in ["share", "lend", "donate"] {
      Self.shape("FFA_MEM_\(kind.uppercased())", watch) { transaction, script in
        script.send(kind, transaction, by: 0)
      } make: {
        Transaction(kind, 0, [Self.tee], [Self.page])
      }
      Self.send(kind, watch)
      Self.memory(kind, watch)
    }
    Self.retrieve(watch)
    Self.giveBack(watch)
    Self.platform(watch)
    let machine = Machine(MachineConfiguration())
    let all = Set(FFACalls.all.flatMap { entry in entry.list(machine).map { "\(entry.name) \($0.id)" } })
    #expect(all.subtracting(watch.seen).sorted() == [])
  }

  private static let (invalid, denied, busy) = ("FFA_INVALID_PARAMETERS", "FFA_DENIED", "FFA_BUSY")
  private static let (unsupported, aborted, noMemory) = ("FFA_NOT_SUPPORTED", "FFA_ABORTED", "FFA_NO_MEMORY")

  private static func setup(_ w: Watch) {
    let s = SecureScript(mapped: false)
    w.expect("FFA_VERSION", "version_mbz", unsupported, s) { s.call(0, "FFA_VERSION", 0x8001_0001) }
    w.expect("FFA_VERSION", "version_major", unsupported, s) { s.call(0, "FFA_VERSION", 0x2_0001) }
    w.expect("FFA_VERSION", "version_minor", unsupported, s) { s.call(0, "FFA_VERSION", 0x1_0002) }
    #expect(s.call(0, "FFA_VERSION", 0x1_0001).x[0] == 0x1_0001)
    w.expect("FFA_FEATURES", "feature_known", unsupported, s) { s.call(0, "FFA_FEATURES", 1) }
    w.expect("FFA_FEATURES", "function_known", unsupported, s) { s.call(0, "FFA_FEATURES", 0x8400_007F) }
    w.expect("FFA_FEATURES", "function_here", unsupported, s) { s.call(0, "FFA_FEATURES", 0x8400_006C) }
    w.expect("FFA_FEATURES", "ns_bit", unsupported, s) { s.call(0, "FFA_FEATURES", 0x8400_0074) }
    w.expect("FFA_RX_RELEASE", "id_mbz", invalid, s) { s.call(0, "FFA_RX_RELEASE", 1) }
    w.expect("FFA_RX_RELEASE", "rx_full", denied, s) { s.call(0, "FFA_RX_RELEASE") }
    w.expect("FFA_RXTX_MAP", "pages", invalid, s) { s.call(0, "FFA_RXTX_MAP", page, page + 0x1000, 2) }
    w.expect("FFA_RXTX_MAP", "tx_align", invalid, s) { s.call(0, "FFA_RXTX_MAP", page + 8, page + 0x1000, 1) }
    w.expect("FFA_RXTX_MAP", "rx_align", invalid, s) { s.call(0, "FFA_RXTX_MAP", page, page + 0x1008, 1) }
    w.expect("FFA_RXTX_MAP", "overlap", invalid, s) { s.call(0, "FFA_RXTX_MAP", page, page, 1) }
    w.expect("FFA_RXTX_MAP", "tx_owned", denied, s) { s.call(0, "FFA_RXTX_MAP", 0x0620_0000, page, 1) }
    w.expect("FFA_RXTX_MAP", "rx_owned", invalid, s) { s.call(tee, "FFA_RXTX_MAP", 0x0620_0000, page, 1) }
    w.expect("FFA_RXTX_UNMAP", "mapped", invalid, s) { s.call(0, "FFA_RXTX_UNMAP") }
    w.expect("FFA_PARTITION_INFO_GET", "rx_mapped", busy, s) { s.call(0, "FFA_PARTITION_INFO_GET") }
    #expect(s.map(0).status == "OK")
    w.expect("FFA_RXTX_MAP", "mapped", denied, s) { s.map(0) }
    w.expect("FFA_RXTX_UNMAP", "id_mbz", invalid, s) { s.call(0, "FFA_RXTX_UNMAP", 1 << 16) }
    w.expect("FFA_PARTITION_INFO_GET", "flags_mbz", invalid, s) { s.call(0, "FFA_PARTITION_INFO_GET", 0, 0, 0, 0, 2) }
    w.expect("FFA_PARTITION_INFO_GET", "uuid_known", invalid, s) { s.call(0, "FFA_PARTITION_INFO_GET", 1) }
    #expect(s.call(0, "FFA_PARTITION_INFO_GET").x[2] == 3)
    w.expect("FFA_PARTITION_INFO_GET", "rx_free", busy, s) { s.call(0, "FFA_PARTITION_INFO_GET") }
    #expect(s.call(0, "FFA_RX_RELEASE").status == "OK")
    #expect(s.smc(.normal, 0xC400_0151, [0x8100_1000]).x[0] == 0)
    w.expect("FFA_PARTITION_INFO_GET", "rx_gpf", aborted, s) { s.call(0, "FFA_PARTITION_INFO_GET") }
  }

  private static func messages(_ w: Watch) {
    let s = SecureScript()
    func request(_ source: UInt64, _ target: UInt64, _ flags: UInt64 = 0) -> SecureScript.Answer {
      s.smc(s.machine.spm.running[0] == 0 ? .normal : .secure, 0x8400_006F, [source << 16 | target, flags, 1, 2, 3, 4, 5])
    }
    func respond(_ source: UInt64, _ target: UInt64, _ flags: UInt64 = 0) -> SecureScript.Answer {
      s.smc(.secure, 0x8400_0070, [source << 16 | target, flags])
    }
    func run(_ id: UInt64, _ context: UInt64 = 0) -> SecureScript.Answer {
      s.smc(s.machine.spm.running[s.machine.control.currentPE] == 0 ? .normal : .secure, 0x8400_006D, [id << 16 | context])
    }
    func wait() -> SecureScript.Answer { s.smc(.secure, 0x8400_006B, []) }
    let (req, resp) = ("FFA_MSG_SEND_DIRECT_REQ", "FFA_MSG_SEND_DIRECT_RESP")
    w.expect(req, "source_world", invalid, s) { request(tee, keys) }
    w.expect(req, "flags_mbz", invalid, s) { request(0, tee, 1 << 31) }
    w.expect(req, "target_exists", invalid, s) { request(0, 0x8009) }
    w.expect(req, "target_other", invalid, s) { request(7, 7) }
    w.expect(req, "target_receives", denied, s) { request(0, log) }
    w.expect("FFA_MSG_WAIT", "caller_secure", unsupported, s) { s.call(0, "FFA_MSG_WAIT") }
    w.expect("FFA_YIELD", "caller_secure", unsupported, s) { s.call(0, "FFA_YIELD") }
    w.expect("FFA_RUN", "target_exists", invalid, s) { run(0x8009) }
    w.expect("FFA_RUN", "context_exists", invalid, s) { run(tee, 1) }

    w.expect("FFA_CONSOLE_LOG", "caller_secure", unsupported, s) { s.call(0, "FFA_CONSOLE_LOG", 1) }
    w.expect("FFA_CONSOLE_LOG", "length", invalid, s) { s.call(log, "FFA_CONSOLE_LOG", 25) }
    // A partition that has come to an end.
    let ended = SecureScript()
    ended.machine.control.secure?.endpoints[1].state = .aborted
    w.expect(req, "target_aborted", aborted, ended) { ended.smc(.normal, 0x8400_006F, [tee]) }
    w.expect("FFA_RUN", "target_aborted", aborted, ended) { ended.smc(.normal, 0x8400_006D, [tee << 16]) }

    // The log partition has cycles, and sends no requests.
    #expect(run(log).isRunning)
    w.expect(req, "source_sends", denied, s) { request(log, tee) }
    w.expect("FFA_MSG_WAIT", "parameters_mbz", invalid, s) { s.smc(.secure, 0x8400_006B, [1]) }
    w.expect("FFA_YIELD", "parameters_mbz", invalid, s) { s.smc(.secure, 0x8400_006C, [0, 0, 0, 1]) }
    w.expect("FFA_RUN", "target_stopped", denied, s) { run(tee) }
    #expect(wait().x[0] == 0x8400_006B)

    // A request of a VM's, and what its receiver may not do.
    #expect(request(5, tee).isRunning)
    w.expect(req, "source_own", invalid, s) { request(keys, log) }
    w.expect("FFA_MSG_WAIT", "request", denied, s) { wait() }
    w.expect(resp, "flags_mbz", invalid, s) { respond(tee, 5, 1) }
    w.expect(resp, "source_own", invalid, s) { respond(keys, 5) }
    w.expect(resp, "target_other", invalid, s) { respond(tee, tee) }
    w.expect(resp, "request", denied, s) { respond(tee, 6) }
    // The other PE's Host finds it busy.
    _ = s.machine.perform(.selectPE(1))
    w.expect(req, "target_busy", busy, s) { s.smc(.normal, 0x8400_006F, [tee]) }
    w.expect("FFA_RUN", "target_busy", busy, s) { run(tee) }
    _ = s.machine.perform(.selectPE(0))
    // The TEE has the keys partition work for it; that yields, and the TEE has the PE with a request it cannot answer yet.
    #expect(request(tee, keys).isRunning)
    #expect(s.smc(.secure, 0x8400_006C, [0, 9, 0]).x[..<3] == [0x8400_006C, keys << 16, 9])
    w.expect(resp, "call_chain", denied, s) { respond(tee, 5) }
    #expect(run(keys).isRunning)
    #expect(respond(keys, tee).x[0] == 0x8400_0070)
    #expect(respond(tee, 5).x[1] == tee << 16 | 5)

    // With cycles of FFA_RUN: the keys partition cannot have work for it who has it work.
    #expect(run(tee).isRunning)
    #expect(request(tee, keys).isRunning)
    w.expect(req, "call_chain", denied, s) { request(keys, tee) }
    #expect(s.smc(.secure, 0x8400_006C, []).x[0] == 0x8400_006C)
    w.expect("FFA_MSG_WAIT", "call_chain", denied, s) { wait() }
    // The TEE yields, too: the Host goes on with it, not with the one that works for it.
    #expect(s.smc(.secure, 0x8400_006C, []).x[0] == 0x8400_006C)
    w.expect(req, "target_waiting", busy, s) { request(0, tee) }
    w.expect("FFA_RUN", "call_chain", denied, s) { run(keys) }
    #expect(s.machine.invariantViolations() == [])
  }

  /// What a descriptor must be like, in each call that reads one.
  private static func shape(
    _ name: String, _ w: Watch, call: (Transaction, SecureScript) -> SecureScript.Answer, make: () -> Transaction
  ) {
    let s = SecureScript()
    func wrong(_ condition: String, _ status: String = invalid, _ change: (inout Transaction) -> Void) {
      var transaction = make()
      change(&transaction)
      w.expect(name, condition, status, s) { call(transaction, s) }
    }
    w.expect(name, "buffer_mbz", invalid, s) { s.call(0, name, 64, 64, page, 1) }
    w.expect(name, "fragment", invalid, s) { s.call(0, name, 128, 64) }
    w.expect(name, "length", invalid, s) { s.call(0, name, 0x2000, 0x2000) }
    wrong("reserved") { $0.reserved = 1 }
    wrong("access_size") { $0.accessSize = 32 }
    wrong("access_offset") { $0.accessOffset = 40 }
    wrong("access_count") { $0.accessCount = 5 }
    wrong("access_end") { $0.accessOffset = 0x400 }
    wrong("access_reserved") { $0.receiverReserved = 1 }
    let bare = SecureScript(mapped: false)
    w.expect(name, "tx_mapped", invalid, bare) { bare.call(0, name, 64, 64) }
    #expect(bare.map(0).status == "OK")
    #expect(bare.smc(.normal, 0xC400_0151, [0x8100_0000]).x[0] == 0)
    w.expect(name, "tx_gpf", aborted, bare) { bare.call(0, name, 64, 64) }
  }

  private static func send(_ kind: String, _ w: Watch) {
    let s = SecureScript()
    let name = "FFA_MEM_\(kind.uppercased())"
    func wrong(
      _ condition: String, _ status: String = invalid, _ receivers: [UInt64] = [tee], by sender: UInt64 = 0,
      _ change: (inout Transaction) -> Void
    ) {
      var transaction = Transaction(kind, sender, receivers, sender == 0 ? [page] : [0x0621_0000])
      change(&transaction)
      w.expect(name, condition, status, s) { s.send(kind, transaction, by: sender) }
    }
    wrong("composite_offset") { $0.composite = [8] }
    if kind != "donate" { wrong("composite_same", invalid, [tee, keys]) { $0.composite = [80, 96] } }
    if kind == "donate" {
      wrong("composite_same", invalid, [tee, keys]) { $0.composite = [80, 96] }
      wrong("receiver_single", invalid, [tee, keys]) { _ in }
    }
    wrong("constituents") { $0.constituentCount = 2 }
    wrong("flags_valid") { $0.flags = kind == "share" ? 1 : 2 }
    wrong("receiver_exists") { $0.receivers[0].id = 0x8009 }
    wrong("receiver_world", denied) { $0.receivers[0].id = 7 }
    wrong("sender", denied) { $0.sender = keys }
    if kind == "share" {
      wrong("receiver_other", invalid, [tee, 5]) { $0.sender = 5 }
    }
    if kind != "donate" { wrong("receiver_once", invalid, [tee, tee]) { _ in } }
    wrong("instruction_access") { $0.receivers[0].permissions |= 4 }
    wrong("data_access") { $0.receivers[0].permissions = 3 }
    wrong("ns_bit") { $0.attributes |= 1 << 6 }
    if kind != "share" { wrong("type_unsaid") { $0.attributes = 0x2F } }
    if kind == "share" { wrong("attributes_valid", denied) { $0.attributes = 0x2B } }
    if kind == "lend" { wrong("attributes_valid", denied, [tee, keys]) { $0.attributes = 0x2B } }
    wrong("page_count") { $0.pageCount = 2 }
    wrong("page_align") { $0.ranges[0].base += 0x10 }
    wrong("overlap") { $0.ranges = [(page, 2), (page + 0x1000, 1)] }
    wrong("same_state", denied) { $0.ranges = [(page, 1), (0x0700_0000, 1)] }
    wrong("exclusive", denied) { $0.ranges = [(SecureScript.buffers[0]?.tx ?? 0, 1)] }
    for n in 0..<UInt64(MemoryShare.limit) { #expect(s.send("share", 0, [tee], [0x8300_0000 + n << 12]).status == "OK") }
    wrong("slot", noMemory) { _ in }
  }

  /// What memory must be like.
  private static func memory(_ kind: String, _ w: Watch) {
    let name = "FFA_MEM_\(kind.uppercased())"
    let s = SecureScript()
    let device: UInt64 = 0x0650_0000
    if kind != "donate" {
      var normal = Transaction(kind, keys, [tee, 0x8003], [device])
      normal.attributes = 0x2F
      w.expect(name, "device_normal", denied, s) { s.send(kind, normal, by: keys) }
    }
    var several = Transaction(kind, keys, kind == "donate" ? [tee] : [tee, log], [device])
    if kind != "donate" { several.attributes = 0x13 }
    w.expect(name, "device_lent", denied, s) { s.send(kind, several, by: keys) }
    // A donation that was retrieved for reading only.
    #expect(s.send("donate", 0, [tee], [page]).status == "OK")
    #expect(s.retrieve(1, tee) { $0.receivers[0].permissions = 0b0101 }.status == "OK")
    if kind != "share" {
      var cleared = Transaction(kind, tee, [keys], [page])
      cleared.flags = 1
      w.expect(name, "clear_access", denied, s) { s.send(kind, cleared, by: tee) }
    }
    if kind != "donate" { w.expect(name, "wider_access", denied, s) { s.send(kind, tee, [keys], [page]) } }
    let large = SecureScript(dram: 512 << 20)
    var many = Transaction(kind, 0, [tee], [page])
    many.ranges = [(0x8800_0000, MemoryShare.pageLimit + 1)]
    w.expect(name, "table_room", noMemory, large) { large.send(kind, many, by: 0) }
    guard kind != "share" else { return }
    #expect(s.smc(.normal, 0xC400_0151, [page + 0x1000]).x[0] == 0)
    w.expect(name, "protect", denied, s) { s.send(kind, 0, [tee], [page + 0x2000, page + 0x1000]) }
    let unprotected = SecureScript(protects: false)
    #expect(unprotected.smc(.normal, 0xC400_0151, [page]).x[0] == 0)
    w.expect(name, "clear_gpf", aborted, unprotected) { unprotected.send(kind, 0, [tee], [page], clear: true) }
    if kind == "lend" {
      // The same of memory that a borrower or its owner has zeroed.
      #expect(unprotected.send("lend", 0, [tee], [page]).status == "OK")
      #expect(unprotected.retrieve(1, tee).status == "OK")
      w.expect("FFA_MEM_RELINQUISH", "clear_gpf", aborted, unprotected) { unprotected.relinquish(1, tee, flags: 1) }
      #expect(unprotected.relinquish(1, tee).status == "OK")
      w.expect("FFA_MEM_RECLAIM", "clear_gpf", aborted, unprotected) { unprotected.reclaim(1, 0, flags: 1) }
      #expect(unprotected.send("lend", 0, [tee], [page + 0x1000]).status == "OK")
      w.expect("FFA_MEM_RETRIEVE_REQ", "execute_ns", invalid, unprotected) {
        unprotected.retrieve(2, tee) { $0.receivers[0].permissions = 0b1010 }
      }
    }
  }

  private static func retrieve(_ w: Watch) {
    let name = "FFA_MEM_RETRIEVE_REQ"
    let s = SecureScript()
    // 1 lent, 2 shared with two and a VM, 3 lent to read to two, 4 device memory.
    #expect(s.send("lend", 0, [tee], [page]).status == "OK")
    #expect(s.send("share", 5, [tee, keys, 9], [page + 0x1000], by: 0).status == "OK")
    var read = Transaction("lend", 0, [tee, keys], [page + 0x2000])
    read.receivers = [(tee, 1), (keys, 1)]
    read.flags = 1
    #expect(s.send("lend", read, by: 0).status == "OK")
    #expect(s.send("lend", keys, [tee], [0x0650_0000]).status == "OK")
    shape(name, w) { s1, script in
      script.write(0, s1.bytes)
      return script.call(0, name, UInt64(s1.bytes.count), UInt64(s1.bytes.count))
    } make: {
      Transaction("retrieve", 0, [0], [])
    }
    func wrong(
      _ condition: String, _ status: String = invalid, _ handle: UInt64 = 1, by receiver: UInt64 = tee,
      _ change: (inout Transaction) -> Void
    ) {
      w.expect(name, condition, status, s) { s.retrieve(handle, receiver, change) }
    }
    wrong("composite_mbz") { $0.composite = [64] }
    wrong("handle", invalid, 77) { _ in }
    w.expect(name, "length_exact", invalid, s) {
      var request = Transaction("retrieve", 0, [tee], [])
      request.handle = 1
      s.write(tee, request.bytes)
      return s.call(tee, name, 80, 80)
    }
    wrong("sender", denied) { $0.sender = 3 }
    wrong("one_vm", unsupported, 2, by: 0) { $0.receivers[1].id = 8 }
    wrong("kind") { $0.flags = 1 << 3 }
    wrong("tag") { $0.tag = 1 }
    wrong("caller_receives", invalid, 1, by: keys) { _ in }
    wrong("hint_mbz") { $0.flags = 1 << 9 }
    wrong("flags_mbz") { $0.flags = 1 << 11 }
    wrong("clear_shared", invalid, 2) { $0.flags = 4 }
    wrong("clear_unsent", denied) { $0.flags = 1 }
    wrong("ns_bit") { $0.attributes = 1 << 6 }
    wrong("attributes_valid", denied) { $0.attributes = 0x2B }
    wrong("receiver_list", invalid, 2) { $0.receivers.removeLast() }
    wrong("bypass", invalid, 1) { $0.flags = 1 << 10 }
    wrong("receiver_sent", denied, 2) { $0.receivers[1].id = log }
    wrong("caller_listed", invalid, 2) {
      $0.flags = 1 << 10
      $0.receivers = [(keys, 0)]
    }
    wrong("data_access", denied, 3) { $0.receivers[0].permissions = 2 }
    wrong("instruction_access", invalid, 1) { $0.receivers[0].permissions = 0 }
    wrong("clear_access", denied, 3) { $0.flags = 1 }
    wrong("device_normal", denied, 4) { $0.attributes = 0x2F }
    #expect(s.retrieve(1, tee).status == "OK")
    wrong("retrieved", denied) { _ in }
    // What has come is still there; and another comes.
    #expect(s.retrieve(2, 0) { $0.attributes = 0 }.status == "OK")
    #expect(s.call(0, "FFA_PARTITION_INFO_GET").status == "OK")
    w.expect(name, "rx_free", busy, s) { s.call(0, name, 64, 64) }
    #expect(s.call(0, "FFA_RX_RELEASE").status == "OK")
    // An RX buffer that has become the Realm world's.
    #expect(s.send("share", 5, [tee, keys, 9], [page + 0x4000], by: 0).status == "OK")
    #expect(s.smc(.normal, 0xC400_0151, [0x8100_1000]).x[0] == 0)
    wrong("rx_gpf", aborted, 5, by: 0) { _ in }
    // More pieces of memory with another owner than the SPMC notes.
    let pages = (0...UInt64(OwnedRange.limit)).map { 0x8300_0000 + $0 << 13 }
    #expect(s.send("donate", 0, [tee], pages).status == "OK")
    wrong("table_room", noMemory, 6) { _ in }
    #expect(s.machine.invariantViolations() == [])
  }

  private static func giveBack(_ w: Watch) {
    let name = "FFA_MEM_RELINQUISH"
    let s = SecureScript(mapped: false)
    w.expect(name, "tx_mapped", invalid, s) { s.call(0, name) }
    for id in [0, tee, keys] as [UInt64] { _ = s.map(id) }
    #expect(s.send("lend", 0, [tee], [page]).status == "OK")
    #expect(s.send("share", 0, [tee], [page + 0x1000]).status == "OK")
    var read = Transaction("lend", 0, [tee], [page + 0x2000])
    read.receivers[0].permissions = 1
    #expect(s.send("lend", read, by: 0).status == "OK")
    w.expect(name, "endpoint_count", invalid, s) {
      s.write(tee, Transaction.little(1, 8) + [0, 0, 0, 0, 2, 0, 0, 0])
      return s.call(tee, name)
    }
    w.expect(name, "endpoint_own", invalid, s) {
      s.write(tee, Transaction.little(1, 8) + [0, 0, 0, 0, 1, 0, 0, 0, 2, 0x80])
      return s.call(tee, name)
    }
    w.expect(name, "handle", invalid, s) { s.relinquish(77, tee) }
    w.expect(name, "borrower", invalid, s) { s.relinquish(1, keys) }
    w.expect(name, "retrieved", invalid, s) { s.relinquish(1, tee) }
    for handle in 1...3 as ClosedRange<UInt64> { #expect(s.retrieve(handle, tee).status == "OK") }
    w.expect(name, "clear_shared", invalid, s) { s.relinquish(2, tee, flags: 1) }
    w.expect(name, "clear_access", denied, s) { s.relinquish(3, tee, flags: 1) }
    w.expect("FFA_MEM_RECLAIM", "handle", invalid, s) { s.reclaim(77, 0) }
    w.expect("FFA_MEM_RECLAIM", "owner", invalid, s) { s.reclaim(1, tee) }
    w.expect("FFA_MEM_RECLAIM", "borrowed", denied, s) { s.reclaim(1, 0) }
    // Memory its owner may only read, shared to read and taken back.
    #expect(s.send("donate", 0, [tee], [page + 0x3000]).status == "OK")
    #expect(s.retrieve(4, tee) { $0.receivers[0].permissions = 0b0101 }.status == "OK")
    var share = Transaction("share", tee, [keys], [page + 0x3000])
    share.receivers[0].permissions = 1
    #expect(s.send("share", share, by: tee).status == "OK")
    w.expect("FFA_MEM_RECLAIM", "clear_access", denied, s) { s.reclaim(5, tee, flags: 1) }
    #expect(s.reclaim(5, tee).status == "OK")
    #expect(s.smc(.normal, 0xC400_0151, [0x8100_0000]).x[0] == 0)
    w.expect(name, "tx_gpf", aborted, s) { s.call(0, name) }
  }

  private static func platform(_ w: Watch) {
    let s = SecureScript()
    func protect(_ base: UInt64, _ size: UInt64) -> SecureScript.Answer { s.smc(.secure, 0xC200_0101, [base, size]) }
    for (name, fid) in [("PLAT_PROTECT_MEM", 0xC200_0101), ("PLAT_UNPROTECT_MEM", 0xC200_0102)] as [(String, UInt64)] {
      w.expect(name, "align", "SMC_INVALID_PARAM", s) { s.smc(.secure, fid, [page + 1, 0x1000]) }
      w.expect(name, "overflow", "SMC_INVALID_PARAM", s) { s.smc(.secure, fid, [~0xFFF, 0x2000]) }
      w.expect(name, "bound", "SMC_INVALID_PARAM", s) { s.smc(.secure, fid, [0x0620_0000, 0x1000]) }
    }
    #expect(s.smc(.normal, 0xC400_0151, [page + 0x2000]).x[0] == 0)
    w.expect("PLAT_PROTECT_MEM", "pas", "SMC_DENIED", s) { protect(page, 0x3000) }
    // What was moved before it came to the granule that is the RMM's.
    #expect(s.machine.gpi(page + 0x1000) == .secure)
    w.expect("PLAT_UNPROTECT_MEM", "pas", "SMC_DENIED", s) { s.smc(.secure, 0xC200_0102, [page + 0x2000, 0x1000]) }
    #expect(s.smc(.normal, 0xC200_0101, [page, 0x1000]).x[0] == SMCCC.notSupported)
  }
}

extension SecureScript {
  /// Shares by the Host for one of its VMs.
  func send(_ kind: String, _ sender: UInt64, _ receivers: [UInt64], _ pages: [UInt64], by caller: UInt64) -> Answer {
    send(kind, Transaction(kind, sender, receivers, pages), by: caller)
  }
}
