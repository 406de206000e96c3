import Basics

/// EL3's services for the SPMC alone: memory goes from the Non-secure to the Secure PAS, and back.
enum PlatProtectMem: Command {
  static let name: StaticString = "PLAT_PROTECT_MEM"
  static let section: StaticString = "TF-A, include/plat/arm/common/arm_sip_svc.h"
  static let fid: UInt32 = 0xC200_0101
  static let summary: StaticString = "The SPMC has EL3 move memory from the Non-secure to the Secure PAS."

  static let base = Input("base", 1, .number, "PA of the first granule")
  static let size = Input("size", 2, .size, "bytes")
  static let inputs = [base, size]
  static let outputs = [Output("last", 1, "the last granule that was moved, if EL3 stopped on the way")]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.platformRange(m, c[base], c[size])
    try w.check(
      "pas", "a granule is not in the Non-secure PAS", .smcDenied,
      m.unmovable(c[base], c[size], .nonSecure).map { "GPT entry of \(hex($0)) is \(m.gpi($0).name)" } ?? "all are NS",
      m.unmovable(c[base], c[size], .nonSecure) != nil)
  }

  static func effect(_ m: inout Machine, _ c: inout Call) { m.moveByHand(c[base], c[size], .secure) }

  /// The granules before the one that stops EL3 have moved.
  static func refused(_ m: inout Machine, _ c: inout Call) { m.movePart(&c, c[base], c[size], .secure) }
}

enum PlatUnprotectMem: Command {
  static let name: StaticString = "PLAT_UNPROTECT_MEM"
  static let section: StaticString = "TF-A, include/plat/arm/common/arm_sip_svc.h"
  static let fid: UInt32 = 0xC200_0102
  static let summary: StaticString = "The SPMC has EL3 move memory from the Secure to the Non-secure PAS."

  static let base = Input("base", 1, .number, "PA of the first granule")
  static let size = Input("size", 2, .size, "bytes")
  static let inputs = [base, size]
  static let outputs = [Output("last", 1, "the last granule that was moved, if EL3 stopped on the way")]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.platformRange(m, c[base], c[size])
    try w.check(
      "pas", "a granule is not in the Secure PAS", .smcDenied,
      m.unmovable(c[base], c[size], .secure).map { "GPT entry of \(hex($0)) is \(m.gpi($0).name)" } ?? "all are SECURE",
      m.unmovable(c[base], c[size], .secure) != nil)
  }

  static func effect(_ m: inout Machine, _ c: inout Call) { m.moveByHand(c[base], c[size], .nonSecure) }

  static func refused(_ m: inout Machine, _ c: inout Call) { m.movePart(&c, c[base], c[size], .nonSecure) }
}

extension Watcher {
  /// What both demand of the range. TF-A has no limit of its own; this model moves 256 MiB in a call.
  fileprivate mutating func platformRange(_ m: borrowing Machine, _ base: UInt64, _ size: UInt64) throws(Refusal) {
    try check(
      "align", "base or size is not a multiple of 4096", .smcInvalid, "base = \(hex(base)), size = \(hex(size))",
      !base.isGranuleAligned || !size.isGranuleAligned)
    try check(
      "overflow", "the range goes beyond the last address, or is longer than 256 MiB", .smcInvalid,
      "base = \(hex(base)), size = \(hex(size))", size > ~base || size >> Granule.shift > MemoryShare.pageLimit)
    try check(
      "bound", "the range is not DRAM, whose granules alone can be moved", .smcInvalid,
      "\(hex(base))+\(hex(size)), \(m.dramText)", size > 0 && (!m.isDRAM(base) || !m.isDRAM(base + size - 1)))
  }
}

extension Machine {
  /// The first granule of a range that EL3 does not move, as it is not in the space it is to leave, or its table cannot be written.
  func unmovable(_ base: UInt64, _ size: UInt64, _ from: GPI) -> UInt64? {
    var address = base
    while address < base + size {
      if gpi(address) != from || !canSetGPI(address) { return address }
      address += Granule.size
    }
    return nil
  }

  /// The SPMC has EL3 move pages. They were looked at before.
  mutating func protect(_ ranges: [PageRange], _ gpi: GPI) {
    for range in ranges {
      movePages(range.base..<range.end, to: gpi)
      if tracing {
        let fid = gpi == .secure ? PlatProtectMem.fid : PlatUnprotectMem.fid
        emit(.service, UInt64(fid), range.base, 0, world: .secure, detail: 2)
      }
    }
  }

  fileprivate mutating func moveByHand(_ base: UInt64, _ size: UInt64, _ gpi: GPI) {
    control.secure?.isByHand = true
    protect([PageRange(base: base, pages: size >> Granule.shift)], gpi)
  }

  /// What was moved before EL3 came to a granule that it does not move.
  fileprivate mutating func movePart(_ c: inout Call, _ base: UInt64, _ size: UInt64, _ to: GPI) {
    guard c.isRefused(by: "pas"), let stop = unmovable(base, size, to == .secure ? .nonSecure : .secure), stop > base else {
      return
    }
    moveByHand(base, stop - base, to)
    c.out[1] = stop - Granule.size
  }

  /// A call of S-EL2 for these services. False if it is for another.
  mutating func platformCall(_ fid: UInt64, _ x: inout InlineArray<18, UInt64>) -> Bool {
    var call = Call()
    for n in 0..<8 { call.x[n] = x[n] }
    switch UInt32(fid) {
    case PlatProtectMem.fid: execute(PlatProtectMem.self, &call)
    case PlatUnprotectMem.fid: execute(PlatUnprotectMem.self, &call)
    default: return false
    }
    for n in 0..<8 { x[n] = call.out[n] }
    for n in 8..<18 { x[n] = 0 }
    return true
  }
}
