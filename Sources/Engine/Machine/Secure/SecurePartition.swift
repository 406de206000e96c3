/// A partition of the Secure world, as its manifest has it. All are of one execution context, which goes to the PE that runs it.
package struct SecurePartition: Sendable {
  package let id: UInt64
  package let name: String
  /// Of the service it offers, in the order a UUID is written in.
  package let uuid: [UInt8]
  /// FFA_PARTITION_INFO_GET, partition properties.
  package let properties: UInt64
  /// What is its own from the beginning.
  package let memory: Range<UInt64>
  /// Device memory among that, if it has any.
  package let device: Range<UInt64>

  /// FF-A 1.1, table 13.37: bits of the properties.
  static let receivesDirectRequests: UInt64 = 1 << 0
  static let sendsDirectRequests: UInt64 = 1 << 1
  static let isAArch64: UInt64 = 1 << 8

  /// Those of this model, in the order of their ids. The SPMC itself has the beginning of the Secure DRAM.
  package static let all = [
    SecurePartition(
      id: 0x8001, name: "TEE",
      // OP-TEE's.
      uuid: [0x48, 0x61, 0x78, 0xE0, 0xE7, 0xF8, 0x11, 0xE3, 0xBC, 0x5E, 0x00, 0x02, 0xA5, 0xD5, 0xC5, 0x1B],
      properties: receivesDirectRequests | sendsDirectRequests | isAArch64,
      memory: 0x0620_0000..<0x0640_0000, device: 0x0640_0000..<0x0640_0000),
    SecurePartition(
      id: 0x8002, name: "keys",
      uuid: [0x6B, 0x65, 0x79, 0x73, 0x77, 0x6F, 0x42, 0x01, 0x8E, 0x11, 0x5B, 0x70, 0x0C, 0x22, 0x4D, 0x02],
      properties: receivesDirectRequests | sendsDirectRequests | isAArch64,
      memory: 0x0640_0000..<0x0650_1000, device: 0x0650_0000..<0x0650_1000),
    SecurePartition(
      id: 0x8003, name: "log",
      uuid: [0x6C, 0x6F, 0x67, 0x20, 0x77, 0x6F, 0x42, 0x03, 0x8E, 0x11, 0x5B, 0x70, 0x0C, 0x22, 0x4D, 0x03],
      properties: isAArch64,
      memory: 0x0660_0000..<0x0661_0000, device: 0x0661_0000..<0x0661_0000),
  ]

  /// The UUID in W1 to W4 of a call: four bytes a register, the first in its lowest bits (SMCCC, UUID).
  package var uuidWords: [UInt64] {
    (0..<4).map { word in (0..<4).reduce(0) { $0 | UInt64(uuid[word * 4 + $1]) << UInt64(8 * $1) } }
  }

  package func has(_ property: UInt64) -> Bool { properties & property != 0 }
}

/// Who takes part in FF-A, by a number: 0 is the Normal world, which is one to the SPMC; from 1 on the partitions in the order of
/// ``SecurePartition/all``.
package enum FFAEndpointIndex {
  package static let normal = 0
  package static let count = SecurePartition.all.count + 1

  /// Of an id, if there is one: each id without bit 15 is of the Normal world.
  package static func of(_ id: UInt64) -> Int? {
    if FFA.isNormalID(id) { return normal }
    return SecurePartition.all.firstIndex { $0.id == id }.map { $0 + 1 }
  }

  /// The id by which the SPMC knows it.
  package static func id(_ index: Int) -> UInt64 { index == normal ? 0 : SecurePartition.all[index - 1].id }
}
