import Basics
import Machine

/// A device tree in the form a kernel is given it (Devicetree Specification 0.4, chapter 5), written node by node.
struct FlattenedDeviceTree {
  private enum Token {
    static let beginNode: UInt32 = 1
    static let endNode: UInt32 = 2
    static let property: UInt32 = 3
    static let end: UInt32 = 9
  }
  private static let headerSize = 40
  /// One entry of zeros, which ends it.
  private static let reservationSize = 16

  private var structure: [UInt8] = []
  private var strings: [UInt8] = []
  private var names: [String: Int] = [:]

  /// - Parameter root: writes what is in the root.
  init(_ root: (inout FlattenedDeviceTree) -> Void) {
    node("", root)
    Self.append(Token.end, to: &structure)
  }

  /// A node within the one that is being written; its properties come before its nodes.
  mutating func node(_ name: String, _ body: (inout FlattenedDeviceTree) -> Void) {
    Self.append(Token.beginNode, to: &structure)
    structure += Array(name.utf8) + [0]
    pad()
    body(&self)
    Self.append(Token.endNode, to: &structure)
  }

  mutating func set(_ name: String, bytes: [UInt8] = []) {
    Self.append(Token.property, to: &structure)
    Self.append(UInt32(bytes.count), to: &structure)
    Self.append(UInt32(offset(of: name)), to: &structure)
    structure += bytes
    pad()
  }

  mutating func set(_ name: String, _ texts: String...) { set(name, bytes: texts.flatMap { Array($0.utf8) + [0] }) }

  mutating func set(_ name: String, cells: [UInt32]) {
    var bytes: [UInt8] = []
    for cell in cells { Self.append(cell, to: &bytes) }
    set(name, bytes: bytes)
  }

  /// Numbers of two cells each.
  mutating func set(_ name: String, wide: [UInt64]) {
    set(name, cells: wide.flatMap { [UInt32($0 >> 32), UInt32(truncatingIfNeeded: $0)] })
  }

  private mutating func offset(of name: String) -> Int {
    if let known = names[name] { return known }
    let offset = strings.count
    names[name] = offset
    strings += Array(name.utf8) + [0]
    return offset
  }

  private mutating func pad() { while structure.count % 4 != 0 { structure.append(0) } }

  private static func append(_ word: UInt32, to bytes: inout [UInt8]) {
    for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
  }

  /// Header, reservations, structure and strings: version 17, which readers of version 16 understand.
  var blob: [UInt8] {
    let structureOffset = Self.headerSize + Self.reservationSize
    let stringsOffset = structureOffset + structure.count
    var bytes: [UInt8] = []
    for word in [
      0xD00D_FEED, stringsOffset + strings.count, structureOffset, stringsOffset, Self.headerSize, 17, 16, 0, strings.count,
      structure.count,
    ] { Self.append(UInt32(word), to: &bytes) }
    return bytes + [UInt8](repeating: 0, count: Self.reservationSize) + structure + strings
  }
}

extension FlattenedDeviceTree {
  /// The virtual machine a guest is in, told as kvmtool tells it. Devices are where the Host emulates them, in the shared half.
  ///
  /// - Parameter hasSharedBit: whether addresses of devices are as the guest has to access them; if not, its kernel sets the bit that says
  ///   that they are shared.
  init(ofGuestWith options: RealmVM.Options, initrd: Range<UInt64>?, hasSharedBit: Bool = true) {
    let (gic, clock): (UInt32, UInt32) = (1, 2)
    let level: UInt32 = 4
    func shared(_ interrupt: UInt32) -> [UInt32] { [0, interrupt, level] }
    func own(_ interrupt: Int) -> [UInt32] { [1, UInt32(interrupt - 16), level] }
    let layout = GuestLayout(memory: options.memory)
    func place(_ address: UInt64) -> UInt64 { hasSharedBit ? address : address & ~layout.half }
    let serial = place(layout.uart.lowerBound)
    let (distributor, redistributors) = (place(layout.gic.distributor), place(layout.gic.redistributors))
    let uart = "pl011@" + String(serial, radix: 16)
    self.init { root in
      root.set("interrupt-parent", cells: [gic])
      root.set("compatible", "linux,dummy-virt")
      root.set("model", "linux,dummy-virt")
      root.set("#address-cells", cells: [2])
      root.set("#size-cells", cells: [2])
      root.node("chosen") { node in
        node.set("stdout-path", "/" + uart)
        if let text = options.bootArguments { node.set("bootargs", text) }
        if let initrd {
          node.set("linux,initrd-start", wide: [initrd.lowerBound])
          node.set("linux,initrd-end", wide: [initrd.upperBound])
        }
        if let seed = options.treeSeed {
          var numbers = SeededNumbers(seed: seed)
          node.set("kaslr-seed", wide: [numbers.next()])
          node.set("rng-seed", wide: (0..<4).map { _ in numbers.next() })
        }
      }
      root.node("memory@" + String(RealmVM.ramBase, radix: 16)) { node in
        node.set("device_type", "memory")
        node.set("reg", wide: [RealmVM.ramBase, options.memory])
      }
      root.node("cpus") { node in
        node.set("#address-cells", cells: [1])
        node.set("#size-cells", cells: [0])
        for number in 0..<UInt32(options.vcpus) {
          node.node("cpu@" + String(number, radix: 16)) { node in
            node.set("device_type", "cpu")
            node.set("compatible", "arm,armv8")
            node.set("enable-method", "psci")
            node.set("reg", cells: [number])
          }
        }
      }
      root.node("psci") { node in
        node.set("compatible", "arm,psci-1.0", "arm,psci-0.2")
        node.set("method", "smc")
      }
      root.node("timer") { node in
        node.set("compatible", "arm,armv8-timer")
        // In the binding's order: EL3, EL1 physical, EL1 virtual, EL2. The first and the last never come.
        node.set("interrupts", cells: own(29) + own(VirtualGIC.physicalTimer) + own(VirtualGIC.virtualTimer) + own(26))
        node.set("always-on")
      }
      root.node("intc@" + String(distributor, radix: 16)) { node in
        node.set("compatible", "arm,gic-v3")
        node.set("#interrupt-cells", cells: [3])
        node.set("#address-cells", cells: [0])
        node.set("interrupt-controller")
        let size = UInt64(options.vcpus) * VirtualGIC.redistributorSize
        node.set("reg", wide: [distributor, VirtualGIC.distributorSize, redistributors, size])
        node.set("phandle", cells: [gic])
      }
      root.node("apb-pclk") { node in
        node.set("compatible", "fixed-clock")
        node.set("#clock-cells", cells: [0])
        node.set("clock-frequency", cells: [24_000_000])
        node.set("clock-output-names", "clk24mhz")
        node.set("phandle", cells: [clock])
      }
      root.node(uart) { node in
        node.set("compatible", "arm,pl011", "arm,primecell")
        node.set("reg", wide: [serial, UInt64(layout.uart.count)])
        node.set("interrupts", cells: shared(1))
        node.set("clocks", cells: [clock, clock])
        node.set("clock-names", "uartclk", "apb_pclk")
      }
      for n in RealmVM.virtioFunctions(options).indices {
        let base = place(layout.virtio(n))
        root.node("virtio_mmio@" + String(base, radix: 16)) { node in
          node.set("compatible", "virtio,mmio")
          node.set("reg", wide: [base, VirtioDevice.size])
          node.set("interrupts", cells: shared(UInt32(RealmVM.virtioSPI + n)))
          node.set("dma-coherent")
        }
      }
    }
  }
}
