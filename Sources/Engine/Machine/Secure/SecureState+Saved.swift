import Basics

extension SecureState {
  /// Reads what ``words`` has written, for a machine of this many PEs.
  init(_ reader: inout StateReader, peCount: Int) throws(SavedState.Malformed) {
    self.init(peCount: peCount)
    nextHandle = try reader.number()
    isByHand = try reader.flag()
    for pe in 0..<peCount { running[pe] = Int(try reader.number(upTo: UInt64(FFAEndpointIndex.count - 1))) }
    for index in endpoints.indices { endpoints[index] = try FFAEndpoint(&reader, peCount: peCount) }
    for _ in 0..<(try reader.number(upTo: UInt64(MemoryShare.limit))) { shares.append(try MemoryShare(&reader)) }
    for _ in 0..<(try reader.number(upTo: UInt64(OwnedRange.limit))) {
      let range = try PageRange(&reader)
      let owner = Int(try reader.number(upTo: UInt64(FFAEndpointIndex.count - 1)))
      owned.append(OwnedRange(range: range, owner: owner, isReadOnly: try reader.flag()))
    }
  }
}

extension PageRange {
  fileprivate init(_ reader: inout StateReader) throws(SavedState.Malformed) {
    base = try reader.number()
    pages = try reader.number(upTo: MemoryShare.pageLimit)
    guard base.isGranuleAligned, base <= ~(pages << Granule.shift) else {
      throw SavedState.Malformed(message: "pages of a transaction at \(hex(base))")
    }
  }
}

extension FFAEndpoint {
  fileprivate init(_ reader: inout StateReader, peCount: Int) throws(SavedState.Malformed) {
    tx = try reader.number()
    rx = try reader.number()
    isRXFull = try reader.flag()
    guard tx.isGranuleAligned, rx.isGranuleAligned else { throw SavedState.Malformed(message: "FF-A buffers that are no pages") }
    guard let state = State(rawValue: UInt8(try reader.number(upTo: 255))),
      let model = Model(rawValue: UInt8(try reader.number(upTo: 255)))
    else { throw SavedState.Malformed(message: "a partition in no state") }
    self.state = state
    self.model = model
    pe = Int(try reader.number(upTo: UInt64(peCount - 1)))
    caller = Int(try reader.number(upTo: UInt64(FFAEndpointIndex.count - 1)))
    callerID = try reader.number(upTo: 0xFFFF)
    callee = Int(try reader.number(upTo: UInt64(FFAEndpointIndex.count - 1)))
    awaitsAnswer = try reader.flag()
    for n in 0..<8 { message[n] = try reader.number() }
  }
}

extension MemoryShare {
  fileprivate init(_ reader: inout StateReader) throws(SavedState.Malformed) {
    handle = try reader.number()
    guard let kind = FFATransaction(rawValue: try reader.number()) else {
      throw SavedState.Malformed(message: "a memory transaction of no kind")
    }
    self.kind = kind
    sender = try reader.number(upTo: 0xFFFF)
    owner = Int(try reader.number(upTo: UInt64(FFAEndpointIndex.count - 1)))
    tag = try reader.number()
    attributes = try reader.number(upTo: 0xFFFF)
    isCleared = try reader.flag()
    isReadOnly = try reader.flag()
    isProtected = try reader.flag()
    constituents = []
    for _ in 0..<(try reader.number(upTo: 256)) { constituents.append(try PageRange(&reader)) }
    receivers = []
    for _ in 0..<(try reader.number(upTo: UInt64(FFARegion.mostReceivers))) {
      let id = try reader.number(upTo: 0xFFFF)
      let permissions = FFAPermissions(raw: try reader.number(upTo: 255))
      let isRetrieved = try reader.flag()
      let granted = FFAPermissions(raw: try reader.number(upTo: 255))
      receivers.append(Receiver(id: id, permissions: permissions, granted: isRetrieved ? granted : nil))
    }
  }
}

extension StateReader {
  fileprivate mutating func flag() throws(SavedState.Malformed) -> Bool { try number(upTo: 1) == 1 }
}
