/// A memory access of a world, through the granule protection check.
extension Machine {
  /// Whether every byte of the range passes the check for `pas`.
  package func check(_ address: UInt64, _ length: UInt64, _ pas: PAS) -> GranuleProtectionFault? {
    guard length > 0 else { return nil }
    guard address <= ~(length - 1) else {
      return GranuleProtectionFault(kind: .protection, level: 0, address: address, pas: pas)
    }
    var granule = address.granuleBase
    let last = (address + (length - 1)).granuleBase
    while true {
      if let fault = granuleProtectionCheck(granule, pas) {
        var fault = fault
        fault.address = max(granule, address)
        return fault
      }
      if granule == last { return nil }
      granule += Granule.size
    }
  }

  /// Reads up to 8 bytes, little-endian, unaligned allowed. What is not backed by memory reads as zero.
  package func readBytes(_ address: UInt64, _ count: Int) -> UInt64 {
    var value: UInt64 = 0
    for i in 0..<count {
      let byteAddress = address &+ UInt64(i)
      guard byteAddress < memory.limit else { continue }
      let byte = memory.page(byteAddress).load(fromByteOffset: Int(byteAddress & 4095), as: UInt8.self)
      value |= UInt64(byte) << UInt64(8 * i)
    }
    return value
  }

  /// Copies bytes from anywhere in memory. What is not backed by memory reads as zero.
  package func bytes(_ address: UInt64, _ count: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let at = address &+ UInt64(filled)
        let length = min(count - filled, Int(Granule.size - (at & 4095)))
        let place = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<filled + length])
        if at < memory.limit {
          place.copyMemory(from: UnsafeRawBufferPointer(start: memory.page(at) + Int(at & 4095), count: length))
        } else {
          place.initializeMemory(as: UInt8.self, repeating: 0)
        }
        filled += length
      }
    }
  }

  mutating func writeBytes(_ address: UInt64, _ count: Int, _ value: UInt64) {
    if address & 7 == 0, count == 8 {
      if address < memory.limit { memory.store64(address, value) }
      return
    }
    for i in 0..<count {
      let byteAddress = address &+ UInt64(i)
      guard byteAddress < memory.limit else { continue }
      memory.writablePage(byteAddress).storeBytes(
        of: UInt8(truncatingIfNeeded: value >> UInt64(8 * i)), toByteOffset: Int(byteAddress & 4095), as: UInt8.self)
    }
  }

  /// The range is backed: see ``isBacked(_:_:)``.
  private mutating func fillBytes(_ address: UInt64, _ length: UInt64, _ byte: UInt8) {
    var at = address
    let top = address + length
    let whole = length < Granule.size ? nil : UniformPages.all.page(of: byte)
    while at < top {
      let end = min(top, at.granuleBase + Granule.size)
      if let whole, end - at == Granule.size {
        memory.share(whole, at: at)
      } else if !(byte == 0 && !memory.hasPage(at)) {
        memory.writablePage(at).advanced(by: Int(at & 4095))
          .initializeMemory(as: UInt8.self, repeating: byte, count: Int(end - at))
      }
      at = end
    }
  }

  private mutating func copyBytes(_ address: UInt64, _ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count {
      let at = address + UInt64(done)
      let count = min(bytes.count - done, Int(Granule.size - (at & 4095)))
      bytes[done..<done + count].withUnsafeBytes { source in
        if let base = source.baseAddress {
          memory.writablePage(at).advanced(by: Int(at & 4095)).copyMemory(from: base, byteCount: count)
        }
      }
      done += count
    }
  }

  /// The first address of the range whose granule is not of the address space, whether anybody asks or not.
  func foreignAddress(_ address: UInt64, _ length: UInt64, _ pas: PAS) -> UInt64? {
    guard length > 0 else { return nil }
    var granule = address.granuleBase
    let last = (address &+ (length - 1)).granuleBase
    while granule <= last {
      if granuleProtectionFault(granule, pas) != nil { return max(granule, address) }
      granule &+= Granule.size
    }
    return nil
  }

  /// Whether somebody asks the GPT before the access goes on.
  func isChecked(_ access: MemoryAccess) -> Bool {
    !access.isDevice || configuration.smmu == .on && !isOff(.gpcSMMU)
  }

  /// The fault an access takes. Only DRAM and the memories of the Root and Secure worlds answer; anything else on the bus is refused.
  func fault(of access: MemoryAccess) -> GranuleProtectionFault? {
    let (pas, isChecked) = (access.world.ownPAS, isChecked(access))
    if isBacked(access.address, access.length, pas) { return isChecked ? check(access.address, access.length, pas) : nil }
    return (isChecked ? granuleProtectionCheckByWalk(access.address, pas) : nil)
      ?? GranuleProtectionFault(kind: .addressSize, level: 0, address: access.address, pas: pas)
  }

  /// Whether the fault of an access is EL3's, and not of the world that made it (SCR_EL3.GPF).
  func isTakenToEL3(_ fault: GranuleProtectionFault, of access: MemoryAccess) -> Bool {
    configuration.gpf == .el3 && !access.isDevice && access.world != .root && fault.kind != .addressSize
  }

  /// Performs an access action: what a world reads or writes through its own PAS, or the fault it takes.
  mutating func perform(_ access: MemoryAccess) -> AccessOutcome {
    let pas = access.world.ownPAS
    let length = access.length
    let isChecked = isChecked(access)
    if !isChecked, configuration.smmu == .on { overrule(.gpcSMMU) }
    let detail = access.isDevice ? configuration.smmu.detail : 0
    if let fault = fault(of: access) {
      if tracing {
        emit(
          .fault, fault.address, UInt64(pas.rawValue), fault.syndrome(write: access.kind.isWrite),
          world: access.world, detail: detail)
      }
      if isTakenToEL3(fault, of: access) {
        takeToEL3(fault, ofCaller: access.world, write: access.kind.isWrite)
      }
      return .fault(fault)
    }
    if tracing { emit(.access, access.address, length, access.kind.isWrite ? 1 : 0, world: access.world, detail: detail) }
    if control.lab != nil, !access.isDevice, isOff(pas.protection), foreignAddress(access.address, length, pas) != nil {
      overrule(pas.protection)
      breaks(.isolation, access.address, UInt64(access.world.rawValue) | (access.kind.isWrite ? 1 << 8 : 0))
    }
    if control.lab != nil, access.isDevice, !isChecked, foreignAddress(access.address, length, pas) != nil {
      breaks(.isolation, access.address, 0xFF | (access.kind.isWrite ? 1 << 8 : 0))
    }
    if access.kind.isWrite,
      access.world == .realm || access.world == .root || !isChecked && check(access.address, length, pas) != nil
        || control.lab != nil && foreignAddress(access.address, length, pas) != nil
    {
      control.isScribbled = true
    }
    switch access.kind {
    case .read64: return .value(readBytes(access.address, 8))
    case .write64(let value): writeBytes(access.address, 8, value)
    case .write8(let value): writeBytes(access.address, 1, UInt64(value))
    case .fill(let length, let byte): fillBytes(access.address, length, byte)
    case .bytes(let bytes): copyBytes(access.address, bytes)
    }
    return .ok
  }
}

/// One access of one world, or of the device, which works for the Normal world.
public struct MemoryAccess: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case read64
    case write64(UInt64)
    case write8(UInt8)
    /// Length in bytes, and the byte.
    case fill(UInt64, UInt8)
    case bytes([UInt8])

    package var isWrite: Bool { self != .read64 }
  }
  /// Most bytes one fill writes.
  package static let fillLimit: UInt64 = 256 << 20
  public var world: World
  public var address: UInt64
  public var kind: Kind
  /// Whether the machine's device makes it, and not a PE: see ``SMMUCheck``.
  package var isDevice = false

  /// How many bytes it is about.
  package var length: UInt64 {
    switch kind {
    case .read64, .write64: 8
    case .write8: 1
    case .fill(let length, _): length
    case .bytes(let bytes): UInt64(bytes.count)
    }
  }

  public init(world: World, address: UInt64, kind: Kind) {
    self.world = world
    self.address = address
    self.kind = kind
  }

  /// One of the device.
  package init(device address: UInt64, kind: Kind) {
    self.init(world: .normal, address: address, kind: kind)
    isDevice = true
  }
}

public enum AccessOutcome: Sendable, Equatable {
  case value(UInt64)
  case ok
  case fault(GranuleProtectionFault)
}
