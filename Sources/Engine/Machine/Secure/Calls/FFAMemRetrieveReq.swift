import Basics

/// A retriever is found by the handle, and asks for no more than the sender has given.
enum FFAMemRetrieveReq: Command {
  static let name: StaticString = "FFA_MEM_RETRIEVE_REQ"
  static let section: StaticString = "DEN0077A 1.1 16.4"
  static let fid: UInt32 = 0x8400_0074
  static let alias: UInt32? = 0xC400_0074
  static let summary: StaticString = "A receiver has memory of a transaction mapped; what it got stands in its RX buffer."
  static let inputs = FFAMemSend.inputs
  static let outputs = [Output("length", 1, "bytes of the response in the RX buffer"), Output("fragment_length", 2, "the same")]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    let sent = SentRegion()
    try w.buffer(m, c)
    try w.check(
      "rx_free", "the caller has not released its RX buffer", .ffaBusy, m.spm.endpoints[c.endpoint].rxText,
      m.spm.endpoints[c.endpoint].isRXFull)
    try w.shape(m, c, sent)
    try w.check(
      "composite_mbz", "the retriever says where the memory is to be, which is not implemented", .ffaInvalid,
      "composite_offset \(m.region(c, sent).receivers.map { hex($0.composite) })",
      m.region(c, sent).receivers.contains { $0.composite != 0 })
    try w.check(
      "handle", "no transaction has the handle", .ffaInvalid, "handle \(hex(m.region(c, sent).handle))",
      m.share(c, sent) == nil)
    try w.check(
      "length_exact", "the length is not that of the access descriptors", .ffaInvalid,
      "length \(hex(c.x[1])), expected \(hex(m.region(c, sent).accessEnd))", c.x[1] != m.region(c, sent).accessEnd)
    try w.check(
      "sender", "another sender than the transaction's", .ffaDenied,
      "sender \(hex(m.region(c, sent).sender)), of the transaction \(hex(m.share(c, sent)?.sender ?? 0))",
      m.region(c, sent).sender != m.share(c, sent)?.sender)
    try transaction(m, c, sent, &w)
    try receivers(m, c, sent, &w)
    try w.check(
      "device_normal", "device memory is retrieved as normal memory", .ffaDenied,
      "attributes \(hex(m.region(c, sent).attributes))",
      m.region(c, sent).type == FFAMemoryAttributes.normal && m.isDevice(m.share(c, sent)))
    try w.check(
      "retrieved", "the caller has retrieved it", .ffaDenied, "handle \(hex(m.region(c, sent).handle))",
      m.receiver(c, sent)?.granted != nil)
    try w.check(
      "table_room", "the SPMC has no room to note that the memory is another's", .ffaNoMemory,
      "\(m.spm.owned.count) of \(OwnedRange.limit)",
      m.share(c, sent)?.kind == .donate
        && m.owned(m.share(c, sent)?.constituents ?? [], by: c.endpoint, isReadOnly: false).count > OwnedRange.limit)
    try w.check(
      "rx_gpf", "the SPMC's access to the RX buffer ends in a granule protection fault", .ffaAborted,
      m.bufferText(m.spm.endpoints[c.endpoint].rx), !m.spmcCanAccess(m.spm.endpoints[c.endpoint].rx))
  }

  /// What the retriever knows of the transaction.
  private static func transaction<W: Watcher>(
    _ m: borrowing Machine, _ c: Call, _ sent: SentRegion, _ w: inout W
  ) throws(Refusal) {
    try w.check(
      "one_vm", "more than one receiver of the Normal world, whom the SPMC cannot tell apart", .ffaNotSupported,
      "receivers \(m.region(c, sent).receivers.map { hex($0.id) })",
      c.endpoint == FFAEndpointIndex.normal && m.region(c, sent).receivers.count { FFA.isNormalID($0.id) } > 1)
    try w.check(
      "kind", "flags 4:3 name another kind of transaction", .ffaInvalid, "flags \(hex(m.region(c, sent).flags))",
      m.region(c, sent).flags & FFARegion.kindMask != 0
        && m.region(c, sent).flags & FFARegion.kindMask != (m.share(c, sent)?.kind.rawValue ?? 0) << 3)
    try w.check(
      "tag", "another tag than the sender's", .ffaInvalid, "tag \(hex(m.region(c, sent).tag))",
      m.region(c, sent).tag != m.share(c, sent)?.tag)
    try w.check(
      "caller_receives", "the caller is no receiver of the transaction", .ffaInvalid, "handle \(hex(m.region(c, sent).handle))",
      m.receiver(c, sent) == nil)
    try w.check(
      "hint_mbz", "an alignment hint, which is not implemented", .ffaInvalid, "flags \(hex(m.region(c, sent).flags))",
      m.region(c, sent).flags & FFARegion.hint != 0)
    try w.check(
      "flags_mbz", "flags that are none", .ffaInvalid, "flags \(hex(m.region(c, sent).flags))",
      m.region(c, sent).flags & ~FFARegion.known != 0)
    try w.check(
      "clear_shared", "memory that is shared is to be zeroed", .ffaInvalid, "flags \(hex(m.region(c, sent).flags))",
      m.share(c, sent)?.kind == .share && m.region(c, sent).isClearing)
    try w.check(
      "clear_unsent", "zeroed memory is asked for, and the sender has not had it zeroed", .ffaDenied,
      "flags \(hex(m.region(c, sent).flags))",
      m.region(c, sent).flags & FFARegion.clear != 0 && m.share(c, sent)?.isCleared != true)
    try w.check(
      "ns_bit", "the NS bit, which is a response's, is set", .ffaInvalid, "attributes \(hex(m.region(c, sent).attributes))",
      FFAMemoryAttributes.table.security.isSet(in: m.region(c, sent).attributes))
    try w.check(
      "attributes_valid", "the memory is not to be normal and write-back (or device nGnRnE), inner shareable", .ffaDenied,
      "attributes \(hex(m.region(c, sent).attributes))",
      m.region(c, sent).type != 0 && !FFAMemoryAttributes.isMapped(m.region(c, sent).attributes))
  }

  /// The list of receivers, and what the caller wants.
  private static func receivers<W: Watcher>(
    _ m: borrowing Machine, _ c: Call, _ sent: SentRegion, _ w: inout W
  ) throws(Refusal) {
    try w.check(
      "receiver_list", "not as many receivers as the sender has named", .ffaInvalid,
      "access_count \(m.region(c, sent).accessCount), sent \(m.share(c, sent)?.receivers.count ?? 0)",
      !m.region(c, sent).bypasses && m.region(c, sent).receivers.count != m.share(c, sent)?.receivers.count)
    try w.check(
      "bypass", "flag 10 with another receiver than one, or of a transaction with one", .ffaInvalid,
      "access_count \(m.region(c, sent).accessCount), sent \(m.share(c, sent)?.receivers.count ?? 0)",
      m.region(c, sent).bypasses && (m.region(c, sent).receivers.count != 1 || m.share(c, sent)?.receivers.count == 1))
    try w.check(
      "receiver_sent", "a receiver the sender has not named", .ffaDenied,
      "receivers \(m.region(c, sent).receivers.map { hex($0.id) })",
      m.region(c, sent).receivers.contains { receiver in m.share(c, sent)?.receivers.contains { $0.id == receiver.id } != true })
    try w.check(
      "caller_listed", "the caller is not among the receivers it names", .ffaInvalid,
      "receivers \(m.region(c, sent).receivers.map { hex($0.id) })", m.wish(c, sent) == nil)
    try w.check(
      "data_access", "a receiver is to have more data access than the sender gives", .ffaDenied,
      "wanted \(m.wish(c, sent)?.data ?? 0), given \(m.receiver(c, sent)?.permissions.data ?? 0)",
      m.granted(c, sent) == nil || m.wantsTooMuch(c, sent))
    try w.check(
      "instruction_access", "execution is said for memory several have, or not said for memory one has", .ffaInvalid,
      "instruction access \(m.wish(c, sent)?.instruction ?? 0)", m.hasWrongInstructionAccess(c, sent))
    try w.check(
      "execute_ns", "Non-secure memory is to be executed", .ffaInvalid, "instruction access \(m.wish(c, sent)?.instruction ?? 0)",
      m.wish(c, sent)?.instruction == FFAPermissions.executable && m.isNonSecure(m.share(c, sent)))
    try w.check(
      "clear_access", "memory is to be zeroed that the receiver only reads", .ffaDenied, "flags \(hex(m.region(c, sent).flags))",
      m.region(c, sent).isClearing && m.granted(c, sent)?.data == FFAPermissions.read)
  }

  static func success(_ c: Call) -> Success { .answers(FFA.retrieveResponse) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let sent = SentRegion()
    guard let share = m.share(c, sent), let granted = m.granted(c, sent), let receiver = m.receiver(c, sent),
      let place = m.spm.shares.firstIndex(where: { $0.handle == share.handle }),
      let index = share.receivers.firstIndex(where: { $0.id == receiver.id })
    else { return }
    let response = m.response(share, receiver.id, granted)
    if share.kind == .donate {
      // What is donated is nobody's to give back: the transaction is over.
      let owned = m.owned(share.constituents, by: c.endpoint, isReadOnly: granted.data == FFAPermissions.read)
      m.control.secure?.owned = owned
      m.control.secure?.shares.remove(at: place)
    } else {
      m.control.secure?.shares[place].receivers[index].granted = granted
    }
    m.fillRX(c.endpoint, response)
    c.out[0] = FFA.retrieveResponse
    c.out[1] = UInt64(response.count)
    c.out[2] = UInt64(response.count)
  }
}

extension FFARegion {
  fileprivate var isClearing: Bool { flags & (Self.clear | Self.clearWhenRelinquished) != 0 }
  fileprivate var bypasses: Bool { flags & Self.bypass != 0 }
}

extension MemoryShare {
  /// The data access a receiver can have. A donation says nothing: its receiver owns the memory, as far as its owner could use it.
  fileprivate func mostData(_ receiver: Receiver) -> UInt64 {
    isReadOnly || receiver.permissions.data == FFAPermissions.read ? FFAPermissions.read : FFAPermissions.readWrite
  }
}

extension Machine {
  /// The transaction a retriever names.
  fileprivate func share(_ c: Call, _ sent: SentRegion) -> MemoryShare? { spm.share(region(c, sent).handle) }

  /// Whether an id is the caller's: all of the Normal world's are, as the SPMC does not know which VM calls.
  private func isCaller(_ id: UInt64, _ c: Call) -> Bool { FFAEndpointIndex.of(id) == c.endpoint }

  /// The caller as the sender has named it: of several VMs the one the request names.
  fileprivate func receiver(_ c: Call, _ sent: SentRegion) -> MemoryShare.Receiver? {
    let named = region(c, sent).receivers.first { isCaller($0.id, c) }?.id ?? FFAEndpointIndex.id(c.endpoint)
    return share(c, sent)?.receivers.first { $0.id == named }
  }

  /// What the caller asks for.
  fileprivate func wish(_ c: Call, _ sent: SentRegion) -> FFAPermissions? {
    region(c, sent).receivers.first { isCaller($0.id, c) }?.permissions
  }

  /// What it gets; nil if it asks for more than there is.
  fileprivate func granted(_ c: Call, _ sent: SentRegion) -> FFAPermissions? {
    guard let wish = wish(c, sent), let share = share(c, sent), let given = receiver(c, sent) else { return nil }
    let most = share.mostData(given)
    guard wish.data <= most else { return nil }
    let data = wish.data == 0 ? most : wish.data
    let isExecutable = wish.instruction == FFAPermissions.executable
    return FFAPermissions(data: data, instruction: isExecutable ? FFAPermissions.executable : FFAPermissions.neverExecuted)
  }

  /// Whether a receiver that is listed, be it another, is to have more than the sender has given it.
  fileprivate func wantsTooMuch(_ c: Call, _ sent: SentRegion) -> Bool {
    guard let share = share(c, sent) else { return false }
    return region(c, sent).receivers.contains { wish in
      share.receivers.contains { $0.id == wish.id && wish.permissions.data > share.mostData($0) }
    }
  }

  fileprivate func hasWrongInstructionAccess(_ c: Call, _ sent: SentRegion) -> Bool {
    guard let share = share(c, sent) else { return false }
    let isForOne = share.kind != .share && share.receivers.count == 1
    return region(c, sent).receivers.contains {
      $0.permissions.instruction == 3 || ($0.permissions.instruction == 0) == isForOne
    }
  }

  fileprivate func isDevice(_ share: MemoryShare?) -> Bool {
    guard let base = share?.constituents.first?.base else { return false }
    return ownership(base).page.isDevice
  }

  /// Whether the SPMC maps memory of a transaction as Non-secure.
  fileprivate func isNonSecure(_ share: MemoryShare?) -> Bool {
    guard let base = share?.constituents.first?.base else { return false }
    return spmcPAS(base) == .nonSecure
  }

  /// The descriptor of what a receiver got (DEN0077A 1.1, 16.4.2).
  fileprivate func response(_ share: MemoryShare, _ receiver: UInt64, _ granted: FFAPermissions) -> [UInt8] {
    let (header, access) = (FFAMemoryTransaction.about.size, FFAMemoryAccess.about.size)
    let size = FFACompositeMemory.about.size
    var bytes = [UInt8](repeating: 0, count: header + access + size + share.constituents.count * FFAConstituent.about.size)
    var attributes =
      isDevice(share) ? FFAMemoryAttributes.table.type.placed(FFAMemoryAttributes.device) | 3 : FFAMemoryAttributes.usual
    if isNonSecure(share) { attributes |= FFAMemoryAttributes.table.security.mask }
    bytes.withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      base[FFAMemoryTransaction.table.sender] = share.sender
      base[FFAMemoryTransaction.table.attributes] = attributes
      base[FFAMemoryTransaction.table.flags] = share.kind.rawValue << 3 | (share.isCleared ? FFARegion.clear : 0)
      base[FFAMemoryTransaction.table.handle] = share.handle
      base[FFAMemoryTransaction.table.tag] = share.tag
      base[FFAMemoryTransaction.table.accessSize] = UInt64(access)
      base[FFAMemoryTransaction.table.accessCount] = 1
      base[FFAMemoryTransaction.table.accessOffset] = UInt64(header)
      let entry = base + header
      entry[FFAMemoryAccess.table.receiver] = receiver
      entry[FFAMemoryAccess.table.permissions] = granted.raw
      entry[FFAMemoryAccess.table.composite] = UInt64(header + access)
      let composite = entry + access
      composite[FFACompositeMemory.table.pages] = share.pages
      composite[FFACompositeMemory.table.count] = UInt64(share.constituents.count)
      for (n, range) in share.constituents.enumerated() {
        let constituent = composite + size + n * FFAConstituent.about.size
        constituent[FFAConstituent.table.address] = range.base
        constituent[FFAConstituent.table.pages] = range.pages
      }
    }
    return bytes
  }
}
