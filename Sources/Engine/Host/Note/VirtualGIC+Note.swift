import Machine

/// The interrupt controller in a note of its Host.
extension VirtualGIC {
  var noteLines: [String] {
    var distributor = HostNoteLine("gic")
    distributor.add("control", control)
    Self.add(spis, to: &distributor)
    distributor.add("routes", routes)
    return [distributor.text]
      + vcpus.map { vcpu in
        var line = HostNoteLine("gic_vcpu")
        Self.add(vcpu.own, to: &line)
        line.add("lists", vcpu.lists)
        line.add("spilled", vcpu.spilled)
        line.add("eois", vcpu.eoiCount)
        line.add("asleep", if: vcpu.isAsleep)
        return line.text
      }
  }

  private static func add(_ bank: Bank, to line: inout HostNoteLine) {
    line.add("enabled", UInt64(bank.enabled))
    line.add("pending", UInt64(bank.pending))
    line.add("level", UInt64(bank.level))
    line.add("group", UInt64(bank.group))
    line.add("edge", UInt64(bank.edge))
    line.add("priority", bytes: bank.priority)
  }

  /// Takes the lines of one.
  struct NoteReader {
    /// Most interrupts of a vCPU that wait for a list register.
    static let mostSpilled = 256

    private var gic: VirtualGIC?
    private var vcpus: [VCPU] = []

    mutating func take(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      guard gic == nil else { throw HostNoteLine.Malformed(message: "a second #host gic") }
      var gic = VirtualGIC(vcpus: 0, listRegisters: 0)
      gic.control = try line.number("control", 0...0b11)
      gic.spis = try Self.bank(&line)
      gic.routes = try line.list("routes", count: 32)
      self.gic = gic
    }

    mutating func takeVCPU(_ line: inout HostNoteLine, _ lists: Int) throws(HostNoteLine.Malformed) {
      guard vcpus.count < 8 else { throw HostNoteLine.Malformed(message: "more than 8 lines of #host gic_vcpu") }
      var vcpu = VCPU(lists: [])
      vcpu.own = try Self.bank(&line)
      vcpu.lists = try line.list("lists", count: lists)
      vcpu.spilled = try line.list("spilled", most: Self.mostSpilled)
      vcpu.eoiCount = try line.number("eois", 0...31)
      vcpu.isAsleep = line.takes("asleep")
      guard (vcpu.lists + vcpu.spilled).allSatisfy({ VirtualCPUInterface.LR.intid($0) < 64 }) else {
        throw HostNoteLine.Malformed(message: "an interrupt of 64 or more in a list register")
      }
      vcpus.append(vcpu)
    }

    private static func bank(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) -> Bank {
      let word: ClosedRange<UInt64> = 0...UInt64(UInt32.max)
      var bank = Bank()
      bank.enabled = UInt32(try line.number("enabled", word))
      bank.pending = UInt32(try line.number("pending", word))
      bank.level = UInt32(try line.number("level", word))
      bank.group = UInt32(try line.number("group", word))
      bank.edge = UInt32(try line.number("edge", word))
      bank.priority = try line.bytes("priority", count: 32)
      return bank
    }

    func finish(_ count: Int) throws(HostNoteLine.Malformed) -> VirtualGIC {
      guard var gic, vcpus.count == count else {
        throw HostNoteLine.Malformed(message: "expected a line #host gic and \(count) lines #host gic_vcpu")
      }
      gic.vcpus = vcpus
      return gic
    }
  }
}
