import Machine

/// What the guest's loads and stores find in the frames of the distributor and the redistributors (GIC architecture 12.8 to 12.11).
extension VirtualGIC {
  /// Where a register lies. A redistributor has two frames, RD_base and SGI_base.
  private enum Frame: Sendable {
    case distributor, redistributor, privateInterrupts
  }

  /// What a register is for. Those with a bit or a field for each interrupt are of the SPIs in the distributor, and of a vCPU's own
  /// SGIs and PPIs in its redistributor.
  private enum Register: Sendable {
    case control, type, implementer, architecture, redistributorType, waker, route
    case group, setEnabled, clearEnabled, setPending, clearPending, setActive, clearActive, priority, configuration
  }

  /// The registers there are; all else in the frames reads as zero and ignores writes.
  private static let registers: [(name: StaticString, frame: Frame, place: Range<UInt64>, register: Register)] = [
    ("GICD_CTLR", .distributor, 0x0000..<0x0004, .control),
    ("GICD_TYPER", .distributor, 0x0004..<0x0008, .type),
    ("GICD_IIDR", .distributor, 0x0008..<0x000C, .implementer),
    ("GICD_IGROUPR1", .distributor, 0x0084..<0x0088, .group),
    ("GICD_ISENABLER1", .distributor, 0x0104..<0x0108, .setEnabled),
    ("GICD_ICENABLER1", .distributor, 0x0184..<0x0188, .clearEnabled),
    ("GICD_ISPENDR1", .distributor, 0x0204..<0x0208, .setPending),
    ("GICD_ICPENDR1", .distributor, 0x0284..<0x0288, .clearPending),
    ("GICD_ISACTIVER1", .distributor, 0x0304..<0x0308, .setActive),
    ("GICD_ICACTIVER1", .distributor, 0x0384..<0x0388, .clearActive),
    ("GICD_IPRIORITYR8", .distributor, 0x0420..<0x0440, .priority),
    ("GICD_ICFGR2", .distributor, 0x0C08..<0x0C10, .configuration),
    ("GICD_IROUTER32", .distributor, 0x6100..<0x6200, .route),
    ("GICD_PIDR2", .distributor, 0xFFE8..<0xFFEC, .architecture),
    ("GICR_IIDR", .redistributor, 0x0004..<0x0008, .implementer),
    ("GICR_TYPER", .redistributor, 0x0008..<0x0010, .redistributorType),
    ("GICR_WAKER", .redistributor, 0x0014..<0x0018, .waker),
    ("GICR_PIDR2", .redistributor, 0xFFE8..<0xFFEC, .architecture),
    ("GICR_IGROUPR0", .privateInterrupts, 0x0080..<0x0084, .group),
    ("GICR_ISENABLER0", .privateInterrupts, 0x0100..<0x0104, .setEnabled),
    ("GICR_ICENABLER0", .privateInterrupts, 0x0180..<0x0184, .clearEnabled),
    ("GICR_ISPENDR0", .privateInterrupts, 0x0200..<0x0204, .setPending),
    ("GICR_ICPENDR0", .privateInterrupts, 0x0280..<0x0284, .clearPending),
    ("GICR_ISACTIVER0", .privateInterrupts, 0x0300..<0x0304, .setActive),
    ("GICR_ICACTIVER0", .privateInterrupts, 0x0380..<0x0384, .clearActive),
    ("GICR_IPRIORITYR0", .privateInterrupts, 0x0400..<0x0420, .priority),
    ("GICR_ICFGR0", .privateInterrupts, 0x0C00..<0x0C08, .configuration),
  ]

  /// A word of a register: of which vCPU's redistributor, nil for the distributor, and which of the register's words it is.
  private typealias Word = (register: Register, vcpu: Int?, index: Int)

  /// A place in the frames, wherever those are: see ``VGICFrames``.
  package enum Place: Sendable {
    case distributor(_ offset: UInt64)
    case redistributor(_ vcpu: Int, _ offset: UInt64)

    /// Bytes from the beginning of the distributor, or of the vCPU's redistributor.
    package var offset: UInt64 {
      switch self {
      case .distributor(let offset), .redistributor(_, let offset): offset
      }
    }

    /// So many bytes farther.
    package func advanced(by count: UInt64) -> Place {
      switch self {
      case .distributor(let offset): .distributor(offset + count)
      case .redistributor(let vcpu, let offset): .redistributor(vcpu, offset + count)
      }
    }

    /// The word it is in.
    fileprivate var word: Place {
      switch self {
      case .distributor(let offset): .distributor(offset & ~3)
      case .redistributor(let vcpu, let offset): .redistributor(vcpu, offset & ~3)
      }
    }
  }

  /// Where a register is, in a vCPU's redistributor if it is one of those.
  package static func place(of name: String, vcpu: Int = 0) -> Place? {
    guard let row = registers.first(where: { $0.name.description == name }) else { return nil }
    switch row.frame {
    case .distributor: return .distributor(row.place.lowerBound)
    case .redistributor: return .redistributor(vcpu, row.place.lowerBound)
    case .privateInterrupts: return .redistributor(vcpu, privateFrame + row.place.lowerBound)
    }
  }

  private static func word(at place: Place) -> Word? {
    let frame: Frame
    var vcpu: Int?
    var offset = place.offset
    switch place {
    case .distributor: frame = .distributor
    case .redistributor(let number, _):
      vcpu = number
      frame = offset < privateFrame ? .redistributor : .privateInterrupts
      if frame == .privateInterrupts { offset -= privateFrame }
    }
    guard let row = registers.first(where: { $0.frame == frame && $0.place.contains(offset) }) else { return nil }
    return (row.register, vcpu, Int(offset - row.place.lowerBound) / 4)
  }

  /// A load of `size` bytes.
  package func read(_ place: Place, size: UInt64) -> UInt64 {
    let low = UInt64(registerWord(place.word))
    let value = size == 8 ? low | UInt64(registerWord(place.word.advanced(by: 4))) << 32 : low >> (8 * (place.offset & 3))
    return size == 8 ? value : value & ((1 << (8 * size)) - 1)
  }

  /// A store of `size` bytes.
  package mutating func write(_ place: Place, size: UInt64, _ value: UInt64) {
    let word = place.word
    switch size {
    case 8:
      setWord(word, UInt32(truncatingIfNeeded: value))
      setWord(word.advanced(by: 4), UInt32(truncatingIfNeeded: value >> 32))
    case 4: setWord(word, UInt32(truncatingIfNeeded: value))
    default:
      // Meant for priorities, which can be written one by one: what is beside them stays as it is.
      let shift = UInt32(8 * (place.offset & 3))
      let mask: UInt32 = ((1 << UInt32(8 * size)) - 1) << shift
      setWord(word, registerWord(word) & ~mask | UInt32(truncatingIfNeeded: value) << shift & mask)
    }
  }

  private func registerWord(_ place: Place) -> UInt32 {
    guard let (register, vcpu, index) = Self.word(at: place) else { return 0 }
    let bank = vcpu.map { vcpus[$0].own } ?? spis
    switch register {
    // One Security state (DS), affinity routing.
    case .control: return UInt32(control & 0b11) | 1 << 4 | 1 << 6
    // 64 interrupts, 16 bits of INTID.
    case .type: return 1 | 15 << 19
    case .implementer: return 0x43B
    // GICv3.
    case .architecture: return 0x3B
    // Number and Last; the affinity.
    case .redistributorType:
      let number = UInt32(vcpu ?? 0)
      return index == 1 ? number : number << 8 | (vcpu == vcpus.count - 1 ? 1 << 4 : 0)
    case .waker: return vcpus[vcpu ?? 0].isAsleep ? 0b110 : 0
    case .route: return UInt32(truncatingIfNeeded: routes[index / 2] >> (index & 1 == 0 ? 0 : 32))
    case .group: return bank.group
    case .setEnabled, .clearEnabled: return bank.enabled
    case .setPending, .clearPending: return bank.pending | bank.level
    case .setActive, .clearActive: return active(vcpu, from: vcpu == nil ? 32 : 0)
    case .priority: return (0..<4).reduce(0) { $0 | UInt32(bank.priority[4 * index + $1]) << UInt32(8 * $1) }
    case .configuration:
      let half = bank.edge >> UInt32(16 * index)
      return (0..<16 as Range<UInt32>).reduce(0) { $0 | (half >> $1 & 1) << (2 * $1 + 1) }
    }
  }

  private mutating func setWord(_ place: Place, _ value: UInt32) {
    guard let (register, vcpu, index) = Self.word(at: place) else { return }
    switch register {
    case .type, .implementer, .architecture, .redistributorType: break
    case .control: control = UInt64(value & 0b11)
    case .waker: vcpus[vcpu ?? 0].isAsleep = value & 0b10 != 0
    case .route:
      let kept = routes[index / 2] & (index & 1 == 0 ? ~0xFFFF_FFFF : 0xFFFF_FFFF)
      routes[index / 2] = kept | UInt64(value) << (index & 1 == 0 ? 0 : 32)
    case .setActive: activate(vcpu, from: vcpu == nil ? 32 : 0, value)
    case .clearActive: deactivate(vcpu, from: vcpu == nil ? 32 : 0, value)
    case .group: change(vcpu) { $0.group = value }
    case .setEnabled: change(vcpu) { $0.enabled |= value }
    case .clearEnabled: change(vcpu) { $0.enabled &= ~value }
    case .setPending: change(vcpu) { $0.pending |= value }
    case .clearPending: change(vcpu) { $0.pending &= ~value }
    // 5 bits of priority.
    case .priority:
      change(vcpu) { bank in
        for n in 0..<4 { bank.priority[4 * index + n] = UInt8(truncatingIfNeeded: value >> UInt32(8 * n)) & 0xF8 }
      }
    case .configuration:
      // SGIs stay edges.
      guard vcpu == nil || index != 0 else { return }
      let shift = UInt32(16 * index)
      change(vcpu) { bank in
        for n in 0..<16 as Range<UInt32> {
          bank.edge = bank.edge & ~(1 << (n + shift)) | (value >> (2 * n + 1) & 1) << (n + shift)
        }
      }
    }
  }

  private mutating func change(_ vcpu: Int?, _ body: (inout Bank) -> Void) {
    if let vcpu { body(&vcpus[vcpu].own) } else { body(&spis) }
  }
}
