import Basics

/// The granule protection table: L0 and L1 descriptors in Root memory, as the Arm ARM lays them out for a 4 KiB granule and an
/// L0 region of 1 GiB (GPCCR_EL3.PGS = 0, L0GPTSZ = 0).
///
/// An L0 entry is a block (one GPI for 1 GiB) or points to an L1 table of 16384 entries. An L1 entry describes 64 KiB: sixteen
/// 4-bit GPIs, or a contiguous descriptor that stands, repeated, for 2, 32 or 512 MiB.
///
/// A value of it says where the tables lie, which the machine's memory map decides. Walks are here; who writes is EL3: at boot
/// (GPTBuilding.swift) and for its services (GranuleTransition.swift).
///
/// L1 tables are one after another: those of the boot,
/// then those that are made when the first granule of a region changes.
package struct GranuleProtectionTable: Sendable {
  package let l0Base: UInt64
  /// The first L1 table.
  package let l1Base: UInt64
  /// Where there is no more room for one.
  let l1Top: UInt64
  /// First address beyond what it protects (GPCCR_EL3.PPS).
  package let limit: UInt64

  package static let l1Size: UInt64 = 128 << 10
  static let regionShift: UInt64 = 30

  static func l0Block(_ gpi: GPI) -> UInt64 {
    GPTBlock.table.type.placed(GPTBlock.typeValue) | GPTBlock.table.gpi.placed(UInt64(gpi.rawValue))
  }
  static func l0Table(_ l1: UInt64) -> UInt64 {
    GPTTable.table.type.placed(GPTTable.typeValue) | l1 & GPTTable.table.address.mask
  }
  /// - Parameter size: 1 for 2 MiB, 2 for 32 MiB, 3 for 512 MiB.
  static func contiguous(_ gpi: GPI, _ size: UInt64) -> UInt64 {
    GPTContiguous.table.type.placed(GPTContiguous.typeValue) | GPTContiguous.table.gpi.placed(UInt64(gpi.rawValue))
      | GPTContiguous.table.contig.placed(size)
  }
  static func granules(_ gpi: GPI) -> UInt64 { 0x1111_1111_1111_1111 &* UInt64(gpi.rawValue) }
  /// L1 entries a contiguous descriptor of each size covers.
  static let contiguousEntries: [UInt64] = [1, 32, 512, 8192]
}

/// Why an access did not pass: the fields of a granule protection exception (Arm ARM, "Granule protection faults").
public struct GranuleProtectionFault: Error, Sendable, Equatable {
  package enum Kind: UInt8, Sendable {
    case addressSize, walk, protection
  }
  package var kind: Kind
  /// GPT level at which it happened.
  package var level: UInt8
  /// The faulting physical address.
  public var address: UInt64
  /// The address space the access carried.
  package var pas: PAS
  /// What the GPT says of the granule, if the walk got that far.
  public var gpi: GPI?

  /// GPCSC of the syndrome: 0x00 address size, 0x04 walk, 0x0C GPF, plus the level.
  package var gpcsc: UInt8 {
    switch kind {
    case .addressSize: level
    case .walk: 0x04 + level
    case .protection: 0x0C + level
    }
  }

  /// ESR_EL3 of the exception if SCR_EL3.GPF routes it to EL3: EC 0x1E, IL, GPCSC in bits 19:14, WnR in bit 6, xFSC 0x28.
  package func syndrome(write: Bool) -> UInt64 {
    0x1E << 26 | 1 << 25 | UInt64(gpcsc) << 14 | (write ? 1 << 6 : 0) | 0x28
  }

  public var reason: String {
    let said = gpi.map { "the GPT says \($0.name)" } ?? "the GPT walk fails"
    return "granule protection fault: \(pas.name) access to \(hex(address)), \(said) (GPCSC 0x\(String(gpcsc, radix: 16)))"
  }
}

/// What a walk of the GPT found, hop by hop.
package struct GPTWalk: Sendable, Equatable {
  var l0Address: UInt64
  var l0Entry: UInt64
  /// Address and value of the L1 entry, when the L0 entry is a table.
  package var l1Address: UInt64?
  package var l1Entry: UInt64?
  /// Nil when a descriptor is not valid or the address is outside the protected space.
  package var gpi: GPI?
  /// Level at which the walk ended.
  package var level: UInt8
}

extension Machine {
  /// Walks the GPT for a physical address, reading the descriptors in Root memory.
  package func gptWalk(_ address: UInt64) -> GPTWalk {
    typealias GPT = GranuleProtectionTable
    let l0Address = gpt.l0Base + (address >> GPT.regionShift) * 8
    guard address < gpt.limit else {
      return GPTWalk(l0Address: l0Address, l0Entry: 0, gpi: nil, level: 0)
    }
    let l0 = memory.load64(l0Address)
    var walk = GPTWalk(l0Address: l0Address, l0Entry: l0, gpi: nil, level: 0)
    switch GPTBlock.table.type.of(l0) {
    case GPTBlock.typeValue:
      walk.gpi = GPTBlock.table.res0.isSet(in: l0) ? nil : GPI(rawValue: UInt8(GPTBlock.table.gpi.of(l0)))
    case GPTTable.typeValue where l0 & GPTTable.reserved == 0:
      let table = l0 & GPTTable.table.address.mask
      guard table < memory.limit else { break }
      let l1Address = table + (address.bits(GPT.regionShift - 1, 16)) * 8
      let l1 = memory.load64(l1Address)
      walk.level = 1
      walk.l1Address = l1Address
      walk.l1Entry = l1
      let contiguous = GPTContiguous.table
      if contiguous.type.of(l1) == GPTContiguous.typeValue {
        let isValid = !contiguous.res0.isSet(in: l1) && contiguous.contig.of(l1) != 0
        walk.gpi = isValid ? GPI(rawValue: UInt8(contiguous.gpi.of(l1))) : nil
      } else {
        walk.gpi = GPI(rawValue: UInt8(GPTGranules.gpi(of: address).of(l1)))
      }
    default:
      break
    }
    return walk
  }

  /// What the GPT says of a granule. DRAM is answered from the mirror beside each granule, the rest by a walk; all of it by a walk
  /// once software has written to the tables past EL3.
  @inline(__always) package func gpi(_ address: UInt64) -> GPI {
    if isDRAM(address), !control.isScribbled { return GranuleRecord(raw: memory.record(address)).gpi }
    return gptWalk(address).gpi ?? .noAccess
  }

  /// The granule protection check of one access, by the table walk alone.
  package func granuleProtectionCheckByWalk(_ address: UInt64, _ pas: PAS) -> GranuleProtectionFault? {
    isOff(pas.protection) ? nil : granuleProtectionFault(address, pas)
  }

  /// The fault the check comes to by the table walk alone, whether it is on or not.
  func granuleProtectionFault(_ address: UInt64, _ pas: PAS) -> GranuleProtectionFault? {
    guard address < gpt.limit else {
      // A Non-secure access beyond the protected space always passes (Arm ARM, GPC rule 2); others fault at level 0.
      return pas == .nonSecure
        ? nil : GranuleProtectionFault(kind: .protection, level: 0, address: address, pas: pas)
    }
    let walk = gptWalk(address)
    guard let gpi = walk.gpi else {
      return GranuleProtectionFault(kind: .walk, level: walk.level, address: address, pas: pas)
    }
    return gpi.admits(pas)
      ? nil
      : GranuleProtectionFault(kind: .protection, level: walk.level, address: address, pas: pas, gpi: gpi)
  }

  /// The granule protection check of one access. The fast path looks at the mirror only; a test holds it to the walk.
  @inline(__always) package func granuleProtectionCheck(_ address: UInt64, _ pas: PAS) -> GranuleProtectionFault? {
    if isDRAM(address), GranuleRecord(raw: memory.record(address)).gpi.admits(pas), !control.isScribbled { return nil }
    return granuleProtectionCheckByWalk(address, pas)
  }
}
