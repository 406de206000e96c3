import Basics

/// The structures that user space gives KVM_ENABLE_CAP for a Realm, as bytes.
package enum KVMArgument {
  /// arm_rme_config with an item: its number, and 256 bytes, of which the item's value takes the first.
  package static func configure(personalization value: [UInt8]) -> [UInt8] {
    config(.personalization, value)
  }

  package static func configure(hash number: UInt32) -> [UInt8] { config(.hash, little(UInt64(number), 4)) }

  /// An item that KVM may not know.
  package static func configure(item number: UInt32) -> [UInt8] {
    little(UInt64(number), 4) + [UInt8](repeating: 0, count: configSize - 4)
  }

  private static func config(_ item: KVMRealmCapability.Item, _ value: [UInt8]) -> [UInt8] {
    let bytes = little(UInt64(item.rawValue), 4) + value
    return bytes + [UInt8](repeating: 0, count: configSize - bytes.count)
  }

  static let configSize = 4 + 256

  /// arm_rme_init_ripas: base, size, and two that are reserved.
  package static func initRIPAS(base: UInt64, size: UInt64) -> [UInt8] { words([base, size, 0, 0]) }

  /// arm_rme_populate_realm: base, size, flags, and three that are reserved.
  package static func populate(base: UInt64, size: UInt64, flags: UInt32) -> [UInt8] {
    words([base, size]) + little(UInt64(flags), 4) + [UInt8](repeating: 0, count: 12)
  }

  private static func words(_ words: [UInt64]) -> [UInt8] { words.flatMap { little($0, 8) } }

  private static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
    (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }
}
