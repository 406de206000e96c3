import Basics

enum FFAPartitionInfoGet: Command {
  static let name: StaticString = "FFA_PARTITION_INFO_GET"
  static let section: StaticString = "DEN0077A 1.1 13.8"
  static let fid: UInt32 = 0x8400_0068
  static let summary: StaticString = "Tells of the partitions, or of those with a UUID, in the caller's RX buffer."

  static let uuid0 = Input("uuid0", 1, .number, "bytes 0 to 3 of the UUID, all four words 0 for every partition")
  static let uuid1 = Input("uuid1", 2, .number, "bytes 4 to 7")
  static let uuid2 = Input("uuid2", 3, .number, "bytes 8 to 11")
  static let uuid3 = Input("uuid3", 4, .number, "bytes 12 to 15")
  static let flags = Input("flags", 5, .flags, "bit 0: how many there are is enough")
  static let inputs = [uuid0, uuid1, uuid2, uuid3, flags]
  static let outputs = [Output("count", 2, "partitions"), Output("size", 3, "bytes of each one's information")]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("flags_mbz", "a bit above 0 is set", .ffaInvalid, "flags = \(hex(c[flags]))", c[flags] > 1)
    try w.check("uuid_known", "no partition has the UUID", .ffaInvalid, "UUID \(text(c))", partitions(c).isEmpty)
    try w.check(
      "rx_mapped", "the caller has no RX buffer", .ffaBusy, m.spm.endpoints[c.endpoint].rxText,
      c[flags] == 0 && m.spm.endpoints[c.endpoint].rx == 0)
    try w.check(
      "rx_free", "the caller has not released its RX buffer", .ffaBusy, m.spm.endpoints[c.endpoint].rxText,
      c[flags] == 0 && m.spm.endpoints[c.endpoint].isRXFull)
    try w.check(
      "rx_gpf", "the SPMC's access to the RX buffer ends in a granule protection fault", .ffaAborted,
      m.bufferText(m.spm.endpoints[c.endpoint].rx),
      c[flags] == 0 && !m.spmcCanAccess(m.spm.endpoints[c.endpoint].rx))
  }

  private static func partitions(_ c: Call) -> [Int] {
    let words = (1...4).map { c.x[$0] }
    return SecurePartition.all.indices.filter { words.allSatisfy { $0 == 0 } || SecurePartition.all[$0].uuidWords == words }
  }

  private static func text(_ c: Call) -> String { (1...4).map { hex(c.x[$0]) }.joined(separator: " ") }

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    let found = partitions(c)
    guard c[flags] == 0 else { return c.succeed(UInt64(found.count)) }
    let size = FFAPartitionInfo.about.size
    var bytes = [UInt8](repeating: 0, count: size * found.count)
    bytes.withUnsafeMutableBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      for (place, index) in found.enumerated() {
        let partition = SecurePartition.all[index]
        let entry = base + place * size
        entry[FFAPartitionInfo.table.id] = partition.id
        entry[FFAPartitionInfo.table.contexts] = 1
        entry[FFAPartitionInfo.table.properties] = partition.properties
        entry.bytes(FFAPartitionInfo.table.uuid).copyBytes(from: partition.uuid)
      }
    }
    m.fillRX(c.endpoint, bytes)
    c.succeed(UInt64(found.count), UInt64(size))
  }
}
