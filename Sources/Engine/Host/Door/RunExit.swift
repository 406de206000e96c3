import Machine

/// RmiRecExit as a hypervisor reads it.
package struct RunExit: Sendable {
  package let reason: ExitReason
  private let bytes: [UInt8]

  /// - Parameter bytes: all of them.
  package init(_ bytes: [UInt8]) {
    self.bytes = bytes
    reason = ExitReason(rawValue: UInt8(RunExit.value(RmiRecExit.table.exitReason, bytes))) ?? .sync
  }

  private static func value(_ field: MemoryField, _ bytes: [UInt8], _ index: Int = 0) -> UInt64 {
    let offset = field.offset + index * field.width
    let word = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset & ~7, as: UInt64.self) }
    return UInt64(littleEndian: word) >> UInt64(offset % 8 * 8) & ~0 >> UInt64(64 - field.width * 8)
  }

  private func at(_ field: MemoryField, _ index: Int = 0) -> UInt64 { RunExit.value(field, bytes, index) }
  package var esr: UInt64 { at(RmiRecExit.table.esr) }
  package var far: UInt64 { at(RmiRecExit.table.far) }
  /// The IPA of an abort, down to its page.
  package var ipa: UInt64 { at(RmiRecExit.table.hpfar).bits(43, 4) << 12 }
  func gpr(_ n: Int) -> UInt64 { at(RmiRecExit.table.gprs, n) }
  package var gprs: [UInt64] { (0..<RmiRecExit.table.gprs.count).map { gpr($0) } }
  var gicHCR: UInt64 { at(RmiRecExit.table.gicv3HCR) }
  func listRegister(_ n: Int) -> UInt64 { at(RmiRecExit.table.gicv3LRs, n) }
  var physicalTimer: (control: UInt64, compare: UInt64) { (at(RmiRecExit.table.cntpCtl), at(RmiRecExit.table.cntpCval)) }
  var virtualTimer: (control: UInt64, compare: UInt64) { (at(RmiRecExit.table.cntvCtl), at(RmiRecExit.table.cntvCval)) }
  package var ripas: (base: UInt64, top: UInt64, isRAM: Bool) {
    (at(RmiRecExit.table.ripasBase), at(RmiRecExit.table.ripasTop), at(RmiRecExit.table.ripasValue) == UInt64(RIPAS.ram.rawValue))
  }
  package var immediate: UInt64 { at(RmiRecExit.table.imm) }
}
