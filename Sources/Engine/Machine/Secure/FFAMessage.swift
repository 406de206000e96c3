/// The bytes of a sender's TX buffer, copied before anything in them is looked at, so that nobody changes them meanwhile.
package struct FFAMessage: Sendable {
  package let bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// A field of the structure at an offset. What lies outside reads as zero; lengths are checked by their own conditions.
  func value(_ field: MemoryField, at base: UInt64) -> UInt64 {
    guard base <= UInt64(bytes.count), Int(base) + field.offset + field.width <= bytes.count else { return 0 }
    return (0..<field.width).reduce(0) { $0 | UInt64(bytes[Int(base) + field.offset + $1]) << UInt64(8 * $1) }
  }
}

/// A memory transaction descriptor as its sender has written it: any bytes make one.
package struct FFARegion: Sendable {
  package struct Receiver: Sendable, Equatable {
    package var id: UInt64
    package var permissions: FFAPermissions
    package var composite: UInt64
    package var reserved: UInt64
  }

  /// Most receivers of one transaction.
  package static let mostReceivers = 4

  package var sender: UInt64
  package var attributes: UInt64
  package var flags: UInt64
  package var handle: UInt64
  package var tag: UInt64
  package var accessSize: UInt64
  package var accessCount: UInt64
  package var accessOffset: UInt64
  package var reserved: UInt64
  package var receivers: [Receiver] = []
  /// Of the composite the first receiver's descriptor leads to.
  package var pageCount: UInt64 = 0
  package var constituentCount: UInt64 = 0
  package var constituents: [PageRange] = []

  package init(_ message: FFAMessage) {
    let table = FFAMemoryTransaction.table
    func header(_ field: MemoryField) -> UInt64 { message.value(field, at: 0) }
    sender = header(table.sender)
    attributes = header(table.attributes)
    flags = header(table.flags)
    handle = header(table.handle)
    tag = header(table.tag)
    accessSize = header(table.accessSize)
    accessCount = header(table.accessCount)
    accessOffset = header(table.accessOffset)
    reserved = header(table.reserved0) | header(table.reserved1)
    let access = FFAMemoryAccess.table
    for n in 0..<min(accessCount, UInt64(Self.mostReceivers)) {
      let base = accessOffset + n * accessSize
      receivers.append(
        Receiver(
          id: message.value(access.receiver, at: base),
          permissions: FFAPermissions(raw: message.value(access.permissions, at: base)),
          composite: message.value(access.composite, at: base), reserved: message.value(access.reserved, at: base)))
    }
    guard let composite = receivers.first?.composite, composite != 0 else { return }
    pageCount = message.value(FFACompositeMemory.table.pages, at: composite)
    constituentCount = message.value(FFACompositeMemory.table.count, at: composite)
    var place = composite + UInt64(FFACompositeMemory.about.size)
    while constituents.count < constituentCount, place + UInt64(FFAConstituent.about.size) <= UInt64(message.bytes.count) {
      constituents.append(
        PageRange(
          base: message.value(FFAConstituent.table.address, at: place),
          pages: message.value(FFAConstituent.table.pages, at: place)))
      place += UInt64(FFAConstituent.about.size)
    }
  }

  /// Pages of all constituents.
  var sum: UInt64 { constituents.reduce(0) { $0 + $1.pages } }
  var type: UInt64 { FFAMemoryAttributes.table.type.of(attributes) }
  /// Where the access descriptors end.
  var accessEnd: UInt64 { accessOffset + accessSize * accessCount }

  /// Flags (DEN0077A 1.1, tables 10.21 and 10.22).
  static let clear: UInt64 = 1 << 0
  static let clearWhenRelinquished: UInt64 = 1 << 2
  static let kindMask: UInt64 = 3 << 3
  static let hint: UInt64 = 0x1F << 5
  static let bypass: UInt64 = 1 << 10
  static let known: UInt64 = 0x7FF
}

/// Pages that follow each other.
package struct PageRange: Sendable, Equatable {
  package var base: UInt64
  package var pages: UInt64

  package init(base: UInt64, pages: UInt64) {
    self.base = base
    self.pages = pages
  }

  /// The first address behind it; the last there is if it would lie beyond.
  package var end: UInt64 { base.addingReportingOverflow(pages << Granule.shift).overflow ? ~0 : base + pages << Granule.shift }
  package func contains(_ address: UInt64) -> Bool { address >= base && address < end }
  package func overlaps(_ other: PageRange) -> Bool { base < other.end && other.base < end }
}

/// Permissions of an access descriptor (DEN0077A 1.1, table 10.15).
package struct FFAPermissions: Sendable, Equatable {
  package var raw: UInt64

  package init(raw: UInt64) { self.raw = raw }
  package init(data: UInt64, instruction: UInt64) { raw = data | instruction << 2 }

  /// 0 not said, 1 read, 2 read and write, 3 reserved.
  package var data: UInt64 { raw & 3 }
  /// 0 not said, 1 not executable, 2 executable, 3 reserved.
  package var instruction: UInt64 { raw >> 2 & 3 }

  package static let read: UInt64 = 1
  package static let readWrite: UInt64 = 2
  package static let neverExecuted: UInt64 = 1
  package static let executable: UInt64 = 2
}
