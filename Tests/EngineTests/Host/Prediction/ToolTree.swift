@testable import Host

/// The device trees that cca-realm-measurements makes for the command lines of its own tests: its RIMs are theirs.
enum ToolTree {
  static func qemu(
    cpus: Int = 1, memory: UInt64 = 128 << 20, pmu: Bool = false, arguments: String? = nil, disk: Range<UInt64>? = nil
  )
    -> [UInt8]
  {
    let (clock, gic) = (0x8000 as UInt32, 0x8001 + UInt32(cpus))
    let its = gic + 1
    return FlattenedDeviceTree { root in
      begin(&root, 0x4000_0000, memory, cpus, gic, arguments, disk)
      root.node("platform-bus@c000000") { node in
        node.set("interrupt-parent", cells: [gic])
        node.set("ranges", cells: [0, 0, 0xC00_0000, 0x200_0000])
        node.set("#address-cells", cells: [1])
        node.set("#size-cells", cells: [1])
        node.set("compatible", "qemu,platform", "simple-bus")
      }
      root.node("fw-cfg@9020000") { node in
        node.set("dma-coherent")
        node.set("reg", wide: [0x902_0000, 0x18])
        node.set("compatible", "qemu,fw-cfg-mmio")
      }
      for number in 0..<32 as Range<UInt32> {
        let address = 0xA00_0000 + UInt64(number) * 0x200
        root.node("virtio_mmio@" + String(address, radix: 16)) { node in
          node.set("dma-coherent")
          node.set("interrupts", cells: [0, 16 + number, 1])
          node.set("reg", wide: [address, 0x200])
          node.set("compatible", "virtio,mmio")
        }
      }
      root.node("pcie@10000000") { node in
        var map: [UInt32] = []
        for slot in 0..<4 as Range<UInt32> {
          for pin in 0..<4 as Range<UInt32> { map += [slot << 11, 0, 0, pin + 1, gic, 0, 0, 0, 3 + (slot + pin) % 4, 4] }
        }
        node.set("interrupt-map", cells: map)
        node.set("interrupt-map-mask", cells: [0x1800, 0, 0, 7])
        node.set("#interrupt-cells", cells: [1])
        node.set(
          "ranges",
          cells: [0x100_0000, 0, 0, 0, 0x3EFF_0000, 0, 0x1_0000, 0x200_0000, 0, 0x1000_0000, 0, 0x1000_0000, 0, 0x2EFF_0000]
            + [0x300_0000, 0x80, 0, 0x80, 0, 0x80, 0])
        node.set("reg", wide: [0x40_1000_0000, 0x1000_0000])
        node.set("msi-map", cells: [0, its, 0, 0x1_0000])
        node.set("dma-coherent")
        node.set("bus-range", cells: [0, 0xFF])
        node.set("linux,pci-domain", cells: [0])
        node.set("#size-cells", cells: [2])
        node.set("#address-cells", cells: [3])
        node.set("device_type", "pci")
        node.set("compatible", "pci-host-ecam-generic")
      }
      root.node("pl031@9010000") { node in
        node.set("clock-names", "apb_pclk")
        node.set("reg", wide: [0x901_0000, 0x1000])
        node.set("clocks", cells: [clock])
        node.set("interrupts", cells: [0, 2, 4])
        node.set("compatible", "arm,pl031", "arm,primecell")
      }
      root.node("pl011@9000000") { node in
        node.set("clock-names", "uartclk", "apb_pclk")
        node.set("reg", wide: [0x900_0000, 0x1000])
        node.set("clocks", cells: [clock, clock])
        node.set("interrupts", cells: [0, 1, 4])
        node.set("compatible", "arm,pl011", "arm,primecell")
      }
      if pmu { addPMU(&root) }
      root.node("intc@8000000") { node in
        node.set("phandle", cells: [gic])
        node.set("reg", wide: [0x800_0000, 0x1_0000, 0x80A_0000, 0xF6_0000])
        node.set("#redistributor-regions", cells: [1])
        node.set("compatible", "arm,gic-v3")
        node.set("ranges")
        node.set("#size-cells", cells: [2])
        node.set("#address-cells", cells: [2])
        node.set("interrupt-controller")
        node.set("#interrupt-cells", cells: [3])
        node.node("its@8080000") { node in
          node.set("phandle", cells: [its])
          node.set("reg", wide: [0x808_0000, 0x2_0000])
          node.set("#msi-cells", cells: [1])
          node.set("msi-controller")
          node.set("compatible", "arm,gic-v3-its")
        }
      }
      addTimer(&root, 4)
      root.node("apb-pclk") { node in
        node.set("phandle", cells: [clock])
        node.set("clock-output-names", "clk24mhz")
        node.set("clock-frequency", cells: [24_000_000])
        node.set("#clock-cells", cells: [0])
        node.set("compatible", "fixed-clock")
      }
    }.blob
  }

  static func kvmtool(cpus: Int, memory: UInt64) -> [UInt8] {
    FlattenedDeviceTree { root in
      begin(&root, 0x8000_0000, memory, cpus, 1, " console=hvc0 root=/dev/vda rw ", nil)
      let size = UInt64(cpus) * 0x2_0000
      root.node("intc") { node in
        node.set("compatible", "arm,gic-v3")
        node.set("#interrupt-cells", cells: [3])
        node.set("interrupt-controller")
        node.set("reg", wide: [0x3FFF_0000, 0x1_0000, 0x3FFF_0000 - size, size])
        node.set("phandle", cells: [1])
        node.set("#address-cells", cells: [2])
        node.set("#size-cells", cells: [2])
        node.set("ranges")
        node.node("msic") { node in
          node.set("compatible", "arm,gic-v3-its")
          node.set("msi-controller")
          node.set("phandle", cells: [2])
          node.set("reg", wide: [0x3FFD_0000 - size, 0x2_0000])
        }
      }
      addTimer(&root, 8)
      for number in 0..<4 as Range<UInt32> {
        let address = 0x100_0000 + UInt64(number) * 0x1000
        root.node("U6_16550A@" + String(address, radix: 16)) { node in
          node.set("compatible", "ns16550a")
          node.set("reg", wide: [address, 8])
          node.set("interrupts", cells: [0, number, 4])
          node.set("clock-frequency", cells: [1_843_200])
        }
      }
      root.node("rtc@1010000") { node in
        node.set("compatible", "motorola,mc146818")
        node.set("reg", wide: [0x101_0000, 2])
      }
      root.node("pci@40000000") { node in
        node.set("device_type", "pci")
        node.set("#address-cells", cells: [3])
        node.set("#size-cells", cells: [2])
        node.set("dma-coherent")
        node.set("bus-range", cells: [0, 0])
        node.set("compatible", "pci-host-ecam-generic")
        node.set("reg", wide: [0x4000_0000, 0x1000_0000])
        node.set(
          "ranges", cells: [0x100_0000, 0, 0, 0, 0, 0, 0x1_0000, 0x200_0000, 0, 0x5000_0000, 0, 0x5000_0000, 0, 0x3000_0000])
        let map = (0..<32).flatMap { (slot: UInt32) in [slot << 11, 0, 0, 1, 1, 0, 0, 0, 64 + slot, 4] as [UInt32] }
        node.set("interrupt-map", cells: map)
        node.set("interrupt-map-mask", cells: [0xF800, 0, 0, 7])
        node.set("#interrupt-cells", cells: [1])
        node.set("msi-map", cells: [0, 2, 0, 0x1_0000])
      }
    }.blob
  }

  private static func begin(
    _ root: inout FlattenedDeviceTree, _ base: UInt64, _ memory: UInt64, _ cpus: Int, _ gic: UInt32, _ arguments: String?,
    _ disk: Range<UInt64>?
  ) {
    root.set("compatible", "linux,dummy-virt")
    root.set("model", "linux,dummy-virt-realm")
    root.set("#address-cells", cells: [2])
    root.set("#size-cells", cells: [2])
    root.set("interrupt-parent", cells: [gic])
    root.node("chosen") { node in
      if let arguments { node.set("bootargs", arguments) }
      if let disk {
        node.set("linux,initrd-start", wide: [disk.lowerBound])
        node.set("linux,initrd-end", wide: [disk.upperBound])
      }
    }
    root.node("memory@" + String(base, radix: 16)) { node in
      node.set("device_type", "memory")
      node.set("reg", wide: [base, memory])
    }
    root.node("cpus") { node in
      node.set("#size-cells", cells: [0])
      node.set("#address-cells", cells: [1])
      for number in 0..<cpus {
        node.node("cpu@\(number)") { node in
          node.set("reg", cells: [UInt32(number)])
          node.set("enable-method", "psci")
          node.set("compatible", "arm,armv8")
          node.set("device_type", "cpu")
        }
      }
    }
    root.node("psci") { node in
      node.set("cpu_on", cells: [0xC400_0003])
      node.set("cpu_off", cells: [0x8400_0002])
      node.set("method", "smc")
      node.set("compatible", "arm,psci-1.0", "arm,psci-0.2", "arm,psci")
    }
  }

  private static func addTimer(_ root: inout FlattenedDeviceTree, _ trigger: UInt32) {
    root.node("timer") { node in
      node.set("interrupts", cells: [13, 14, 11].flatMap { [1, $0, trigger] })
      node.set("always-on")
      node.set("compatible", "arm,armv8-timer", "arm,armv7-timer")
    }
  }

  private static func addPMU(_ root: inout FlattenedDeviceTree) {
    root.node("pmu") { node in
      node.set("interrupts", cells: [1, 7, 4])
      node.set("compatible", "arm,armv8-pmuv3")
    }
  }
}
