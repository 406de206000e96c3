import Basics

/// What FFA_MEM_SHARE, FFA_MEM_LEND and FFA_MEM_DONATE have in common (DEN0077A 1.1, 16.1 to 16.3). Their conditions stand in the order
/// in which Hafnium looks (`src/api.c`, `src/ffa_memory.c`): the buffer, the descriptor's shape, who is concerned, what is asked for, and
/// what the memory is.
enum FFAMemSend {
  static let length = Input("length", 1, .size, "bytes of the descriptor in the TX buffer")
  static let fragment = Input("fragment_length", 2, .size, "the same: a descriptor comes in one piece")
  static let address = Input("address", 3, .number, "0: the descriptor is in the TX buffer")
  static let pages = Input("pages", 4, .number, "0")
  static let inputs = [length, fragment, address, pages]
  static let outputs = [
    Output("handle_low", 2, "bits 31:0 of the transaction's handle"), Output("handle_high", 3, "bits 63:32"),
  ]

  static func conditions<W: Watcher>(
    _ kind: FFATransaction, _ m: borrowing Machine, _ c: inout Call, _ w: inout W
  ) throws(Refusal) {
    let sent = SentRegion()
    try w.buffer(m, c)
    try w.shape(m, c, sent)
    try composite(m, c, sent, &w)
    try parties(kind, m, c, sent, &w)
    try wishes(kind, m, c, sent, &w)
    try memory(kind, m, c, sent, &w)
  }

  private static func composite<W: Watcher>(
    _ m: borrowing Machine, _ c: Call, _ sent: SentRegion, _ w: inout W
  ) throws(Refusal) {
    try w.check(
      "composite_offset",
      "the memory is described within the access descriptors, beyond the descriptor's end, or not at a multiple of 16",
      .ffaInvalid, "composite_offset \(m.region(c, sent).receivers.map { hex($0.composite) })",
      m.region(c, sent).receivers.contains {
        $0.composite < m.region(c, sent).accessEnd || $0.composite & 15 != 0 || $0.composite + 16 > c[length]
      })
    try w.check(
      "composite_same", "receivers' descriptors lead to different places", .ffaInvalid,
      "composite_offset \(m.region(c, sent).receivers.map { hex($0.composite) })",
      Set(m.region(c, sent).receivers.map(\.composite)).count > 1)
    try w.check(
      "constituents", "there is no constituent, or the length is not that of all of them", .ffaInvalid,
      "constituent_count \(m.region(c, sent).constituentCount), length \(hex(c[length]))",
      m.region(c, sent).constituentCount == 0
        || (m.region(c, sent).receivers.first?.composite ?? 0) + 16 + m.region(c, sent).constituentCount * 16 != c[length])
  }

  /// Who sends, and to whom.
  private static func parties<W: Watcher>(
    _ kind: FFATransaction, _ m: borrowing Machine, _ c: Call, _ sent: SentRegion, _ w: inout W
  ) throws(Refusal) {
    try w.check(
      "flags_valid", "another flag than 0 (zero the memory), or that one for memory that is shared", .ffaInvalid,
      "flags \(hex(m.region(c, sent).flags))", m.region(c, sent).flags & ~(kind == .share ? 0 : FFARegion.clear) != 0)
    if kind == .donate {
      try w.check(
        "receiver_single", "memory is donated to more than one receiver", .ffaInvalid,
        "access_count \(m.region(c, sent).accessCount)", m.region(c, sent).accessCount != 1)
    }
    try w.check(
      "receiver_exists", "a receiver is the caller, or no partition", .ffaInvalid,
      "receivers \(m.region(c, sent).receivers.map { hex($0.id) })",
      m.region(c, sent).receivers.contains {
        FFAEndpointIndex.of($0.id) == nil || FFAEndpointIndex.id(c.endpoint) == $0.id
      })
    try w.check(
      "receiver_world", "memory of partitions, and memory that is lent or donated, goes to partitions alone", .ffaDenied,
      "receivers \(m.region(c, sent).receivers.map { hex($0.id) })",
      m.region(c, sent).receivers.contains {
        FFA.isNormalID($0.id)
          && (kind != .share || c.endpoint != FFAEndpointIndex.normal || m.region(c, sent).receivers.count == 1)
      })
    try w.check(
      "sender", "the sender is not the caller", .ffaDenied,
      "sender \(hex(m.region(c, sent).sender)), caller \(hex(FFAEndpointIndex.id(c.endpoint)))",
      FFAEndpointIndex.of(m.region(c, sent).sender) != c.endpoint)
    if kind == .share {
      try w.check(
        "receiver_other", "a receiver is the sender", .ffaInvalid, "sender \(hex(m.region(c, sent).sender))",
        m.region(c, sent).receivers.contains { $0.id == m.region(c, sent).sender })
    }
    if kind != .donate {
      try w.check(
        "receiver_once", "a receiver is named twice", .ffaInvalid, "receivers \(m.region(c, sent).receivers.map { hex($0.id) })",
        Set(m.region(c, sent).receivers.map(\.id)).count < m.region(c, sent).receivers.count)
    }
  }

  /// Permissions and attributes.
  private static func wishes<W: Watcher>(
    _ kind: FFATransaction, _ m: borrowing Machine, _ c: Call, _ sent: SentRegion, _ w: inout W
  ) throws(Refusal) {
    try w.check(
      "instruction_access", "the sender says something of execution, which is the receiver's to ask for", .ffaInvalid,
      "permissions \(m.region(c, sent).receivers.map { hex($0.permissions.raw) })",
      m.region(c, sent).receivers.contains { $0.permissions.instruction != 0 })
    try w.check(
      "data_access", "data access is reserved; or memory is shared or lent without any, or donated with one", .ffaInvalid,
      "permissions \(m.region(c, sent).receivers.map { hex($0.permissions.raw) })",
      m.region(c, sent).receivers.contains {
        $0.permissions.data == 3 || ($0.permissions.data == 0) != (kind == .donate)
      })
    try w.check(
      "ns_bit", "the NS bit, which is a response's, is set", .ffaInvalid, "attributes \(hex(m.region(c, sent).attributes))",
      FFAMemoryAttributes.table.security.isSet(in: m.region(c, sent).attributes)
        || FFAMemoryAttributes.table.zero.isSet(in: m.region(c, sent).attributes))
    if kind != .share {
      try w.check(
        "type_unsaid", "a sender with one borrower says a type, which is the receiver's to ask for", .ffaInvalid,
        "attributes \(hex(m.region(c, sent).attributes))", m.region(c, sent).accessCount == 1 && m.region(c, sent).type != 0)
    }
    if kind != .donate {
      try w.check(
        "attributes_valid", "memory for several is not normal and write-back (or device nGnRnE), inner shareable", .ffaDenied,
        "attributes \(hex(m.region(c, sent).attributes))",
        (kind == .share || m.region(c, sent).accessCount > 1) && !FFAMemoryAttributes.isMapped(m.region(c, sent).attributes))
    }
  }

  /// The pages.
  private static func memory<W: Watcher>(
    _ kind: FFATransaction, _ m: borrowing Machine, _ c: Call, _ sent: SentRegion, _ w: inout W
  ) throws(Refusal) {
    try w.check(
      "slot", "the SPMC keeps no more transactions", .ffaNoMemory, "\(m.spm.shares.count) of \(MemoryShare.limit)",
      m.spm.shares.count >= MemoryShare.limit)
    try w.check(
      "page_count", "a constituent is empty, or page_count is not the sum of all", .ffaInvalid,
      "page_count \(m.region(c, sent).pageCount), sum \(m.region(c, sent).sum)",
      m.region(c, sent).pageCount != m.region(c, sent).sum || m.region(c, sent).constituents.contains { $0.pages == 0 })
    try w.check(
      "page_align", "a constituent does not begin with a page", .ffaInvalid,
      "addresses \(m.region(c, sent).constituents.prefix(4).map { hex($0.base) })",
      m.region(c, sent).constituents.contains { !$0.base.isGranuleAligned })
    try w.check(
      "overlap", "two constituents overlap", .ffaInvalid, "\(m.region(c, sent).constituents.count) constituents",
      FFAMemSend.overlap(m.region(c, sent).constituents))
    try w.check(
      "same_state", "the pages are not all in one state for the sender", .ffaDenied, m.statesText(m.region(c, sent), c),
      m.commonState(m.region(c, sent).constituents, for: c.endpoint) == nil)
    if kind != .donate {
      try w.check(
        "device_normal", "device memory is sent as normal memory", .ffaDenied, m.statesText(m.region(c, sent), c),
        m.commonState(m.region(c, sent).constituents, for: c.endpoint) == .device
          && m.region(c, sent).type == FFAMemoryAttributes.normal)
    }
    try w.check(
      "device_lent", "device memory is not lent to a single borrower", .ffaDenied, m.statesText(m.region(c, sent), c),
      m.commonState(m.region(c, sent).constituents, for: c.endpoint) == .device
        && (kind != .lend || m.region(c, sent).accessCount != 1))
    try w.check(
      "exclusive", "the sender does not own the pages exclusively", .ffaDenied, m.statesText(m.region(c, sent), c),
      m.commonState(m.region(c, sent).constituents, for: c.endpoint)?.isExclusive != true)
    if kind != .share {
      try w.check(
        "clear_access", "memory is to be zeroed that its owner may only read", .ffaDenied, m.statesText(m.region(c, sent), c),
        m.commonState(m.region(c, sent).constituents, for: c.endpoint) == .readOnly
          && m.region(c, sent).flags & FFARegion.clear != 0)
    }
    if kind != .donate {
      try w.check(
        "wider_access", "a receiver is to write what its owner may only read", .ffaDenied, m.statesText(m.region(c, sent), c),
        m.commonState(m.region(c, sent).constituents, for: c.endpoint) == .readOnly
          && m.region(c, sent).receivers.contains { $0.permissions.data == FFAPermissions.readWrite })
    }
    try w.check(
      "table_room", "more pages than the SPMC has room for in its tables", .ffaNoMemory, "\(m.region(c, sent).sum) pages",
      m.region(c, sent).sum > MemoryShare.pageLimit)
    if kind != .share {
      try w.check(
        "protect", "EL3 does not move a page to the Secure PAS (PLAT_PROTECT_MEM)", .ffaDenied,
        m.unmovable(m.region(c, sent).constituents).map { "GPT entry of \(hex($0)) is \(m.gpi($0).name)" }
          ?? "all pages can be moved",
        m.isProtectable(kind, m.region(c, sent), c.endpoint) && m.unmovable(m.region(c, sent).constituents) != nil)
    }
    if kind != .share {
      try w.check(
        "clear_gpf", "the SPMC's write to a page to be zeroed ends in a granule protection fault", .ffaAborted,
        "\(m.region(c, sent).sum) pages",
        m.region(c, sent).flags & FFARegion.clear != 0 && !m.isProtectable(kind, m.region(c, sent), c.endpoint)
          && m.unreachable(m.region(c, sent).constituents) != nil)
    }
  }

  static func overlap(_ ranges: [PageRange]) -> Bool {
    let sorted = ranges.sorted { $0.base < $1.base }
    return zip(sorted, sorted.dropFirst()).contains { $0.overlaps($1) }
  }

  static func effect(_ kind: FFATransaction, _ m: inout Machine, _ c: inout Call) {
    let region = m.region(c, SentRegion())
    let state = m.commonState(region.constituents, for: c.endpoint)
    let isProtected = m.isProtectable(kind, region, c.endpoint)
    let handle = m.spm.nextHandle
    m.control.secure?.nextHandle += 1
    m.control.secure?.shares.append(
      MemoryShare(
        handle: handle, kind: kind, sender: region.sender, owner: c.endpoint, tag: region.tag, attributes: region.attributes,
        isCleared: region.flags & FFARegion.clear != 0, isReadOnly: state == .readOnly, isProtected: isProtected,
        constituents: region.constituents,
        receivers: region.receivers.map { MemoryShare.Receiver(id: $0.id, permissions: $0.permissions, granted: nil) }))
    if isProtected { m.protect(region.constituents, .secure) }
    if region.flags & FFARegion.clear != 0 { m.zero(region.constituents) }
    c.succeed(handle & 0xFFFF_FFFF, handle >> 32)
  }
}

extension FFAMemoryAttributes {
  /// Whether memory is mapped so: normal, write-back, or device nGnRnE, inner shareable in either case.
  static func isMapped(_ attributes: UInt64) -> Bool {
    let cacheability = table.cacheability.of(attributes)
    switch table.type.of(attributes) {
    case normal: return cacheability == 3 && table.shareability.of(attributes) == 3
    case device: return cacheability == 0 && table.shareability.of(attributes) == 3
    default: return table.shareability.of(attributes) == 3
    }
  }
}

extension Machine {
  /// Whether memory goes to the Secure PAS: lent or donated by the Normal world to partitions alone, on a machine that moves it.
  func isProtectable(_ kind: FFATransaction, _ region: FFARegion, _ endpoint: Int) -> Bool {
    configuration.protectsMemory && kind != .share && endpoint == FFAEndpointIndex.normal
      && !region.receivers.contains { FFA.isNormalID($0.id) }
  }

  /// The first page that EL3 would not move from the Non-secure to the Secure PAS.
  func unmovable(_ ranges: [PageRange]) -> UInt64? {
    guard hasTables(for: ranges) else { return ranges.first?.base }
    for range in ranges {
      if let address = unmovable(range.base, range.pages << Granule.shift, .nonSecure) { return address }
    }
    return nil
  }

  func unreachable(_ ranges: [PageRange]) -> UInt64? {
    for range in ranges {
      if let address = unreachable([range], spmcPAS(range.base)) { return address }
    }
    return nil
  }

  /// Whether Root memory has room for the tables all the gigabytes of some ranges need.
  private func hasTables(for ranges: [PageRange]) -> Bool {
    typealias GPT = GranuleProtectionTable
    let regions = Set(ranges.flatMap { ($0.base >> GPT.regionShift)...(($0.end - 1) >> GPT.regionShift) })
    let blocks = regions.filter { GPTTable.table.type.of(memory.load64(gpt.l0Base + $0 * 8)) != GPTTable.typeValue }
    return control.nextL1Table + UInt64(blocks.count) * GPT.l1Size <= gpt.l1Top
  }

  func statesText(_ region: FFARegion, _ c: Call) -> String {
    region.constituents.prefix(4).map { "\(hex($0.base)) is \(pageState($0.base, for: c.endpoint).state.rawValue)" }
      .joined(separator: ", ")
  }
}

extension Watcher {
  /// The TX buffer with a descriptor, as every call that reads one demands it.
  mutating func buffer(_ m: borrowing Machine, _ c: Call) throws(Refusal) {
    try check(
      "buffer_mbz", "the descriptor is to be elsewhere than in the TX buffer, which is not implemented", .ffaInvalid,
      "address \(hex(c.x[3])), pages \(c.x[4])", c.x[3] != 0 || c.x[4] != 0)
    try check(
      "fragment", "the descriptor comes in fragments, which are not implemented", .ffaInvalid,
      "length \(hex(c.x[1])), fragment_length \(hex(c.x[2]))", c.x[1] != c.x[2])
    try tx(m, c)
    try check(
      "length", "the descriptor is longer than the TX buffer, or no multiple of 16", .ffaInvalid, "length \(hex(c.x[1]))",
      c.x[1] > Granule.size || c.x[1] & 15 != 0)
  }

  mutating func tx(_ m: borrowing Machine, _ c: Call) throws(Refusal) {
    try check(
      "tx_mapped", "the caller has no TX buffer", .ffaInvalid, m.spm.endpoints[c.endpoint].txText,
      m.spm.endpoints[c.endpoint].tx == 0)
    try check(
      "tx_gpf", "the SPMC's access to the TX buffer ends in a granule protection fault", .ffaAborted,
      m.bufferText(m.spm.endpoints[c.endpoint].tx), !m.spmcCanAccess(m.spm.endpoints[c.endpoint].tx))
  }

  /// What a transaction descriptor is like, whichever call reads it.
  mutating func shape(_ m: borrowing Machine, _ c: Call, _ sent: SentRegion) throws(Refusal) {
    try check(
      "reserved", "the header's reserved fields are not zero", .ffaInvalid, "reserved \(hex(m.region(c, sent).reserved))",
      m.region(c, sent).reserved != 0)
    try check(
      "access_size", "access descriptors are not of 16 bytes", .ffaInvalid, "access_size \(m.region(c, sent).accessSize)",
      m.region(c, sent).accessSize != 16)
    try check(
      "access_offset", "access descriptors begin in the header, or not at a multiple of 16", .ffaInvalid,
      "access_offset \(hex(m.region(c, sent).accessOffset))",
      m.region(c, sent).accessOffset < 48 || m.region(c, sent).accessOffset & 15 != 0)
    try check(
      "access_count", "there is no receiver, or more than 4", .ffaInvalid, "access_count \(m.region(c, sent).accessCount)",
      m.region(c, sent).accessCount == 0 || m.region(c, sent).accessCount > UInt64(FFARegion.mostReceivers))
    try check(
      "access_end", "the access descriptors go beyond the length", .ffaInvalid,
      "they end at \(hex(m.region(c, sent).accessEnd)), length \(hex(c.x[1]))", m.region(c, sent).accessEnd > c.x[1])
    try check(
      "access_reserved", "the reserved field of an access descriptor is not zero", .ffaInvalid,
      "reserved \(m.region(c, sent).receivers.map { hex($0.reserved) })",
      m.region(c, sent).receivers.contains { $0.reserved != 0 })
  }
}
