import Basics
import Machine

/// A memory transaction descriptor, and what a borrower gives back, as bytes: each field what it should be, but for those that were named.
///
/// A field of the header has its name, one of a receiver's access descriptor `access[N].NAME` (without `[N]` of all), and so
/// `composite.NAME` and `constituent[N].NAME`.
struct FFADescriptor {
  private(set) var bytes: [UInt8] = []
  private let changes: [String: UInt64]

  private init(_ changes: [String: UInt64]) { self.changes = changes }

  struct Receiver {
    var id: UInt64
    var permissions: UInt64
  }

  /// A transaction: of memory that is sent, or without ranges one that is retrieved.
  static func transaction(
    sender: UInt64, attributes: UInt64, handle: UInt64 = 0, tag: UInt64 = 0, _ receivers: [Receiver], _ ranges: [PageRange],
    _ changes: [String: UInt64]
  ) -> FFADescriptor {
    var descriptor = FFADescriptor(changes)
    let header = FFAMemoryTransaction.table
    let (begin, step) = (FFAMemoryTransaction.about.size, FFAMemoryAccess.about.size)
    let composite = begin + step * receivers.count
    descriptor.put("", header.sender, 0, sender)
    descriptor.put("", header.attributes, 0, attributes)
    descriptor.put("", header.flags, 0, 0)
    descriptor.put("", header.handle, 0, handle)
    descriptor.put("", header.tag, 0, tag)
    descriptor.put("", header.accessSize, 0, UInt64(step))
    descriptor.put("", header.accessCount, 0, UInt64(receivers.count))
    descriptor.put("", header.accessOffset, 0, UInt64(begin))
    descriptor.put("", header.reserved0, 0, 0)
    descriptor.put("", header.reserved1, 0, 0)
    for (n, receiver) in receivers.enumerated() {
      let (base, table) = (begin + step * n, FFAMemoryAccess.table)
      descriptor.put("access[\(n)]", table.receiver, base, receiver.id)
      descriptor.put("access[\(n)]", table.permissions, base, receiver.permissions)
      descriptor.put("access[\(n)]", table.flags, base, 0)
      descriptor.put("access[\(n)]", table.composite, base, ranges.isEmpty ? 0 : UInt64(composite))
      descriptor.put("access[\(n)]", table.reserved, base, 0)
    }
    guard !ranges.isEmpty else { return descriptor }
    let memory = FFACompositeMemory.table
    descriptor.put("composite", memory.pages, composite, ranges.reduce(0) { $0 + $1.pages })
    descriptor.put("composite", memory.count, composite, UInt64(ranges.count))
    descriptor.put("composite", memory.reserved, composite, 0)
    for (n, range) in ranges.enumerated() {
      let base = composite + FFACompositeMemory.about.size + n * FFAConstituent.about.size
      descriptor.put("constituent[\(n)]", FFAConstituent.table.address, base, range.base)
      descriptor.put("constituent[\(n)]", FFAConstituent.table.pages, base, range.pages)
      descriptor.put("constituent[\(n)]", FFAConstituent.table.reserved, base, 0)
    }
    return descriptor
  }

  static func relinquish(_ handle: UInt64, _ borrower: UInt64, _ changes: [String: UInt64]) -> FFADescriptor {
    var descriptor = FFADescriptor(changes)
    let table = FFARelinquish.table
    descriptor.put("", table.handle, 0, handle)
    descriptor.put("", table.flags, 0, 0)
    descriptor.put("", table.count, 0, 1)
    descriptor.put("", table.endpoint, 0, borrower)
    return descriptor
  }

  private mutating func put(_ group: String, _ field: MemoryField, _ base: Int, _ value: UInt64) {
    let name = field.name.description
    let all = group.prefix { $0 != "[" }
    let value = changes[group.isEmpty ? name : "\(group).\(name)"] ?? (group.isEmpty ? nil : changes["\(all).\(name)"]) ?? value
    let end = base + field.offset + field.width
    if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
    for n in 0..<field.width { bytes[base + field.offset + n] = UInt8(truncatingIfNeeded: value >> UInt64(8 * n)) }
  }

  // MARK: Names

  /// The tables of a transaction by what stands before the names of their fields.
  private static let groups: [(name: String, table: StructureTable)] = [
    ("", StructureTable(FFAMemoryTransaction.self)), ("access", StructureTable(FFAMemoryAccess.self)),
    ("composite", StructureTable(FFACompositeMemory.self)), ("constituent", StructureTable(FFAConstituent.self)),
  ]

  /// Names of a transaction's fields, without an index.
  static let transactionFields = groups.flatMap { group in
    group.table.fields.map { group.name.isEmpty ? $0.name.description : "\(group.name).\($0.name)" }
  }
  static let relinquishFields = StructureTable(FFARelinquish.self).fields.map(\.name.description)

  /// A field's name without its index.
  static func withoutIndex(_ name: String) -> String {
    guard let open = name.firstIndex(of: "["), let close = name.firstIndex(of: "]"), open < close,
      Int(name[name.index(after: open)..<close]) != nil
    else { return name }
    return String(name[..<open]) + name[name.index(after: close)...]
  }
}
