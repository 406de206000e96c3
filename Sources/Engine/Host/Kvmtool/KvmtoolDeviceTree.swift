import Basics
import Machine

/// The device tree kvmtool makes, as its sources have it (arm/fdt.c).
package struct KvmtoolDeviceTree {
  private enum Phandle {
    static let gic: UInt32 = 1
    static let msi: UInt32 = 2
  }
  private enum Trigger {
    static let edge: UInt32 = 1
    static let high: UInt32 = 4
    static let low: UInt32 = 8
  }

  private let load: KvmtoolLoad

  package init(_ load: KvmtoolLoad) { self.load = load }

  package var blob: [UInt8] {
    FlattenedDeviceTree { root in
      root.set("interrupt-parent", cells: [Phandle.gic])
      root.set("compatible", "linux,dummy-virt")
      root.set("#address-cells", cells: [2])
      root.set("#size-cells", cells: [2])
      addChosen(&root)
      root.node("memory@" + String(load.ram.lowerBound, radix: 16)) { node in
        node.set("device_type", "memory")
        node.set("reg", wide: [load.ram.lowerBound, load.ram.upperBound - load.ram.lowerBound])
      }
      addLog(&root)
      addCPUs(&root)
      addGIC(&root)
      addTimerAndPMU(&root)
      addVirtio(&root)
      addUARTs(&root)
      addPCI(&root)
      addPSCI(&root)
      root.node("aliases") { $0.set("serial0", "/U6_16550A@" + String(KvmtoolMap.uart, radix: 16)) }
    }.blob
  }

  private func addChosen(_ root: inout FlattenedDeviceTree) {
    root.node("chosen") { node in
      if load.commandLine.firmware == nil {
        let own = load.commandLine.parameters.map { " " + $0 } ?? ""
        node.set("bootargs", " console=hvc0 root=/dev/vda rw " + own)
      } else if let text = load.commandLine.parameters {
        node.set("bootargs", text)
      }
      // A Realm's tree is the same at each start.
      node.set("kaslr-seed", wide: [0])
      node.set("stdout-path", "serial0")
      if let disk = load.initrd {
        node.set("linux,initrd-start", wide: [disk.lowerBound])
        node.set("linux,initrd-end", wide: [disk.upperBound])
      }
    }
  }

  /// Where the guest finds the event log of its own construction.
  private func addLog(_ root: inout FlattenedDeviceTree) {
    guard let log = load.log else { return }
    root.node("reserved-memory") { node in
      node.set("#address-cells", cells: [2])
      node.set("#size-cells", cells: [2])
      node.set("ranges")
      node.node("event-log@" + String(log.lowerBound, radix: 16)) { node in
        node.set("compatible", "cc-event-log")
        node.set("reg", wide: [log.lowerBound, log.upperBound - log.lowerBound])
      }
    }
  }

  private func addCPUs(_ root: inout FlattenedDeviceTree) {
    root.node("cpus") { node in
      node.set("#address-cells", cells: [1])
      node.set("#size-cells", cells: [0])
      for number in 0..<load.cpus {
        // MPIDR_EL1, as KVM numbers them: 16 of them have one Aff1.
        let affinity = UInt32((number / 16) << 8 | number % 16)
        node.node("cpu@" + String(affinity, radix: 16)) { node in
          node.set("device_type", "cpu")
          node.set("compatible", "arm,arm-v8")
          if load.cpus > 1 { node.set("enable-method", "psci") }
          node.set("reg", cells: [affinity])
        }
      }
    }
  }

  private func addGIC(_ root: inout FlattenedDeviceTree) {
    let size = UInt64(load.cpus) * KvmtoolMap.redistributorSize
    let redistributors = KvmtoolMap.distributor - size
    root.node("intc") { node in
      node.set("compatible", "arm,gic-v3")
      node.set("#interrupt-cells", cells: [3])
      node.set("interrupt-controller")
      node.set("reg", wide: [KvmtoolMap.distributor, KvmtoolMap.distributorSize, redistributors, size])
      node.set("phandle", cells: [Phandle.gic])
      node.set("#address-cells", cells: [2])
      node.set("#size-cells", cells: [2])
      guard load.commandLine.hasITS else { return }
      node.set("ranges")
      node.node("msic") { node in
        node.set("compatible", "arm,gic-v3-its")
        node.set("msi-controller")
        node.set("phandle", cells: [Phandle.msi])
        node.set("reg", wide: [redistributors - KvmtoolMap.itsSize, KvmtoolMap.itsSize])
      }
    }
  }

  private func addTimerAndPMU(_ root: inout FlattenedDeviceTree) {
    root.node("timer") { node in
      node.set("compatible", "arm,armv8-timer", "arm,armv7-timer")
      // EL3, EL1 physical, EL1 virtual, EL2.
      node.set("interrupts", cells: [13, 14, 11, 10].flatMap { [1, $0, Trigger.low] })
      node.set("always-on")
    }
    guard load.capabilities.pmu == true else { return }
    root.node("pmu") { node in
      node.set("compatible", "arm,armv8-pmuv3")
      node.set("interrupts", cells: [1, 7, Trigger.high])
    }
  }

  private func addVirtio(_ root: inout FlattenedDeviceTree) {
    guard load.commandLine.usesMMIO else { return }
    for number in 0..<load.commandLine.devices {
      let address = KvmtoolMap.virtio + UInt64(number) * KvmtoolMap.virtioSize
      root.node("virtio@" + String(address, radix: 16)) { node in
        node.set("compatible", "virtio,mmio")
        node.set("reg", wide: [address, KvmtoolMap.virtioSize])
        node.set("dma-coherent")
        node.set("interrupts", cells: [0, KvmtoolMap.virtioSPI + UInt32(number), Trigger.edge])
      }
    }
  }

  private func addUARTs(_ root: inout FlattenedDeviceTree) {
    for number in 0..<KvmtoolMap.uartCount {
      let address = KvmtoolMap.uart + UInt64(number) * KvmtoolMap.uartStride
      root.node("U6_16550A@" + String(address, radix: 16)) { node in
        node.set("compatible", "ns16550a")
        node.set("reg", wide: [address, KvmtoolMap.uartSize])
        node.set("interrupts", cells: [0, KvmtoolMap.uartSPI + UInt32(number), Trigger.high])
        node.set("clock-frequency", cells: [1_843_200])
      }
    }
    root.node("rtc@" + String(KvmtoolMap.rtc, radix: 16)) { node in
      node.set("compatible", "motorola,mc146818")
      node.set("reg", wide: [KvmtoolMap.rtc, 2])
    }
  }

  private func addPCI(_ root: inout FlattenedDeviceTree) {
    func two(_ value: UInt64) -> [UInt32] { [UInt32(value >> 32), UInt32(truncatingIfNeeded: value)] }
    root.node("pci") { node in
      node.set("device_type", "pci")
      node.set("#address-cells", cells: [3])
      node.set("#size-cells", cells: [2])
      node.set("#interrupt-cells", cells: [1])
      node.set("compatible", "pci-host-ecam-generic")
      node.set("dma-coherent")
      node.set("bus-range", cells: [0, 0])
      node.set("reg", wide: [KvmtoolMap.pciConfiguration, KvmtoolMap.pciConfigurationSize])
      let ports = [0x100_0000] + two(0) + two(KvmtoolMap.pciPorts) + two(KvmtoolMap.pciPortsSize)
      let memory = two(KvmtoolMap.pciMemory) + two(KvmtoolMap.pciMemory) + two(KvmtoolLoad.ramBase - KvmtoolMap.pciMemory)
      node.set("ranges", cells: ports + [0x200_0000] + memory)
      let interrupts = (0..<32).flatMap { (slot: UInt32) in
        [slot << 11, 0, 0, 1, Phandle.gic, 0, 0, 0, KvmtoolMap.pciSPI + slot, Trigger.high] as [UInt32]
      }
      node.set("interrupt-map", cells: interrupts)
      node.set("interrupt-map-mask", cells: [0xF800, 0, 0, 7])
      if load.commandLine.hasITS { node.set("msi-parent", cells: [Phandle.msi]) }
    }
  }

  private func addPSCI(_ root: inout FlattenedDeviceTree) {
    root.node("psci") { node in
      node.set("compatible", "arm,psci-0.2", "arm,psci")
      node.set("method", load.commandLine.isRealm ? "smc" : "hvc")
      node.set("cpu_suspend", cells: [0xC400_0001])
      node.set("cpu_off", cells: [0x8400_0002])
      node.set("cpu_on", cells: [0xC400_0003])
      node.set("migrate", cells: [0xC400_0005])
    }
  }
}
