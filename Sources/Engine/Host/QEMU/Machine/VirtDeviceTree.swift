import Basics
import Machine

/// The device tree of QEMU's virt machine, node by node in the order in which QEMU's own has them.
///
/// An ordinary guest's is that of a real QEMU; a Realm's differs where Documentation/VMMs.md says so.
package struct VirtDeviceTree {
  private let load: QEMULoad
  private let phandles: Phandles

  /// References between nodes: QEMU counts them up as it makes its nodes, the last CPU's first.
  private struct Phandles {
    let clock: UInt32 = 0x8000
    let cpu0: UInt32
    let gic: UInt32
    let its: UInt32
    let gpio: UInt32

    init(cpus: Int, hasITS: Bool) {
      cpu0 = 0x8000 + UInt32(cpus)
      gic = cpu0 + 1
      its = gic + 1
      gpio = hasITS ? its + 1 : gic + 1
    }

    func cpu(_ number: Int) -> UInt32 { cpu0 - UInt32(number) }
  }

  private enum Trigger {
    static let edge: UInt32 = 1
    static let level: UInt32 = 4
  }

  /// - Parameter load: where what is.
  package init(_ load: QEMULoad) {
    self.load = load
    phandles = Phandles(cpus: load.commandLine.topology.cpus, hasITS: load.commandLine.machine.hasITS)
  }

  private var commandLine: QEMUCommandLine { load.commandLine }
  private var isRealm: Bool { commandLine.isRealm }
  private var hasFirmware: Bool { commandLine.firmware != nil }
  /// Firmware gets the power button as an ACPI event, if there is ACPI.
  private var hasGPIO: Bool { !(hasFirmware && commandLine.machine.acpi) }
  private var hasNUMA: Bool { commandLine.memory.slots > 0 }

  package var blob: [UInt8] { tree.blob }

  var tree: FlattenedDeviceTree {
    FlattenedDeviceTree { root in
      root.set("interrupt-parent", cells: [phandles.gic])
      root.set("model", "linux,dummy-virt")
      root.set("#size-cells", cells: [2])
      root.set("#address-cells", cells: [2])
      root.set("compatible", "linux,dummy-virt")
      addPSCI(&root)
      addMemory(&root)
      addPlatformBus(&root)
      addLog(&root)
      addFirmwareConfiguration(&root)
      addVirtio(&root)
      if hasGPIO { addGPIO(&root) }
      addPCIe(&root)
      addRTC(&root)
      addUART(&root)
      addPMU(&root)
      addGIC(&root)
      if !isRealm { addFlash(&root) }
      addCPUs(&root)
      addTimer(&root)
      addClock(&root)
      addChosen(&root)
    }
  }

  // MARK: The board

  private func addPSCI(_ root: inout FlattenedDeviceTree) {
    root.node("psci") { node in
      node.set("migrate", cells: [0xC400_0005])
      node.set("cpu_on", cells: [0xC400_0003])
      node.set("cpu_off", cells: [0x8400_0002])
      node.set("cpu_suspend", cells: [0xC400_0001])
      // A Realm's calls go to the RMM, by SMC.
      node.set("method", isRealm ? "smc" : "hvc")
      node.set("compatible", "arm,psci-1.0", "arm,psci-0.2", "arm,psci")
    }
  }

  private func addMemory(_ root: inout FlattenedDeviceTree) {
    root.node("memory@" + String(load.map.ram.base, radix: 16)) { node in
      if hasNUMA { node.set("numa-node-id", cells: [0]) }
      node.set("reg", load.map.ram)
      node.set("device_type", "memory")
    }
  }

  private func addPlatformBus(_ root: inout FlattenedDeviceTree) {
    let bus = VirtMap.platformBus
    root.node("platform-bus", bus) { node in
      node.set("interrupt-parent", cells: [phandles.gic])
      node.set("ranges", cells: [0, 0, UInt32(bus.base), UInt32(bus.size)])
      node.set("#address-cells", cells: [1])
      node.set("#size-cells", cells: [1])
      node.set("compatible", "qemu,platform", "simple-bus")
    }
  }

  /// Where the guest finds the event log of its own construction.
  private func addLog(_ root: inout FlattenedDeviceTree) {
    guard let log = load.log else { return }
    root.node("reserved-memory") { node in
      node.set("ranges")
      node.set("#size-cells", cells: [2])
      node.set("#address-cells", cells: [2])
      let region = VirtMap.Region(base: log.lowerBound, size: log.upperBound - log.lowerBound)
      node.node("event-log", region) { node in
        node.set("reg", region)
        node.set("compatible", "cc-event-log")
      }
    }
  }

  private func addFirmwareConfiguration(_ root: inout FlattenedDeviceTree) {
    root.node("fw-cfg", VirtMap.firmwareConfiguration) { node in
      node.set("dma-coherent")
      node.set("reg", VirtMap.firmwareConfiguration)
      node.set("compatible", "qemu,fw-cfg-mmio")
    }
  }

  private func addVirtio(_ root: inout FlattenedDeviceTree) {
    for number in 0..<VirtMap.virtioCount {
      let size = VirtMap.virtio.size
      let region = VirtMap.Region(base: VirtMap.virtio.base + UInt64(number) * size, size: size)
      root.node("virtio_mmio", region) { node in
        node.set("dma-coherent")
        node.set("interrupts", cells: [0, VirtMap.SPI.virtio + UInt32(number), Trigger.edge])
        node.set("reg", region)
        node.set("compatible", "virtio,mmio")
      }
    }
  }

  private func addGPIO(_ root: inout FlattenedDeviceTree) {
    root.node("gpio-keys") { node in
      node.set("compatible", "gpio-keys")
      node.node("poweroff") { node in
        node.set("gpios", cells: [phandles.gpio, 3, 0])
        node.set("linux,code", cells: [116])
        node.set("label", "GPIO Key Poweroff")
      }
    }
    root.node("pl061", VirtMap.gpio) { node in
      node.set("phandle", cells: [phandles.gpio])
      node.set("clock-names", "apb_pclk")
      node.set("clocks", cells: [phandles.clock])
      node.set("interrupts", cells: [0, VirtMap.SPI.gpio, Trigger.level])
      node.set("gpio-controller")
      node.set("#gpio-cells", cells: [2])
      node.set("compatible", "arm,pl061", "arm,primecell")
      node.set("reg", VirtMap.gpio)
    }
  }

  private func addPCIe(_ root: inout FlattenedDeviceTree) {
    root.node("pcie", VirtMap.pcieMemory) { node in
      node.set("interrupt-map-mask", cells: [0x1800, 0, 0, 7])
      node.set("interrupt-map", cells: pcieInterrupts)
      node.set("#interrupt-cells", cells: [1])
      node.set("ranges", cells: pcieRanges)
      node.set("reg", load.map.ecam)
      if commandLine.machine.hasITS { node.set("msi-map", cells: [0, phandles.its, 0, 0x1_0000]) }
      node.set("dma-coherent")
      node.set("bus-range", cells: [0, 0xFF])
      node.set("linux,pci-domain", cells: [0])
      node.set("#size-cells", cells: [2])
      node.set("#address-cells", cells: [3])
      node.set("device_type", "pci")
      node.set("compatible", "pci-host-ecam-generic")
    }
  }

  /// Four lines, which the slots share in turn.
  private var pcieInterrupts: [UInt32] {
    (0..<4).flatMap { (slot: UInt32) in
      (0..<4).flatMap { (pin: UInt32) in
        [slot << 11, 0, 0, pin + 1, phandles.gic, 0, 0, 0, VirtMap.SPI.pcie + (slot + pin) % 4, Trigger.level] as [UInt32]
      }
    }
  }

  /// Ports, memory, and memory above 4 GiB, in a row each: its kind, its address on the bus, its address, its size.
  private var pcieRanges: [UInt32] {
    let (ports, memory, high) = (VirtMap.pciePorts, VirtMap.pcieMemory, load.map.highPCIeMemory)
    func two(_ value: UInt64) -> [UInt32] { [UInt32(value >> 32), UInt32(truncatingIfNeeded: value)] }
    return [0x100_0000] + two(0) + two(ports.base) + two(ports.size) + [0x200_0000] + two(memory.base) + two(memory.base)
      + two(memory.size) + [0x300_0000] + two(high.base) + two(high.base) + two(high.size)
  }

  private func addRTC(_ root: inout FlattenedDeviceTree) {
    root.node("pl031", VirtMap.rtc) { node in
      node.set("clock-names", "apb_pclk")
      node.set("clocks", cells: [phandles.clock])
      node.set("interrupts", cells: [0, VirtMap.SPI.rtc, Trigger.level])
      node.set("reg", VirtMap.rtc)
      node.set("compatible", "arm,pl031", "arm,primecell")
    }
  }

  private func addUART(_ root: inout FlattenedDeviceTree) {
    root.node("pl011", VirtMap.uart) { node in
      node.set("clock-names", "uartclk", "apb_pclk")
      node.set("clocks", cells: [phandles.clock, phandles.clock])
      node.set("interrupts", cells: [0, VirtMap.SPI.uart, Trigger.level])
      node.set("reg", VirtMap.uart)
      node.set("compatible", "arm,pl011", "arm,primecell")
    }
  }

  private func addPMU(_ root: inout FlattenedDeviceTree) {
    guard load.capabilities.pmu == true else { return }
    root.node("pmu") { node in
      node.set("interrupts", cells: [1, 7, Trigger.level])
      node.set("compatible", "arm,armv8-pmuv3")
    }
  }

  private func addGIC(_ root: inout FlattenedDeviceTree) {
    let isWide = commandLine.topology.cpus > VirtMap.lowRedistributors
    root.node("intc", VirtMap.distributor) { node in
      node.set("phandle", cells: [phandles.gic])
      node.set(
        "reg", regions: [VirtMap.distributor, VirtMap.redistributors] + (isWide ? [load.map.highRedistributors] : []))
      node.set("#redistributor-regions", cells: [isWide ? 2 : 1])
      node.set("compatible", "arm,gic-v3")
      node.set("ranges")
      node.set("#size-cells", cells: [2])
      node.set("#address-cells", cells: [2])
      node.set("interrupt-controller")
      node.set("#interrupt-cells", cells: [3])
      guard commandLine.machine.hasITS else { return }
      node.node("its", VirtMap.its) { node in
        node.set("phandle", cells: [phandles.its])
        node.set("reg", VirtMap.its)
        node.set("#msi-cells", cells: [1])
        node.set("msi-controller")
        node.set("compatible", "arm,gic-v3-its")
      }
    }
  }

  private func addFlash(_ root: inout FlattenedDeviceTree) {
    let half = VirtMap.flash.size / 2
    root.node("flash", VirtMap.flash) { node in
      node.set("bank-width", cells: [4])
      node.set("reg", wide: [0, half, half, half])
      node.set("compatible", "cfi-flash")
    }
  }

  // MARK: CPUs and time

  private func addCPUs(_ root: inout FlattenedDeviceTree) {
    root.node("cpus") { node in
      node.set("#size-cells", cells: [0])
      node.set("#address-cells", cells: [1])
      node.node("cpu-map") { addTopology(&$0) }
      for number in 0..<commandLine.topology.cpus {
        // The number of the CPU, in decimal.
        node.node("cpu@\(number)") { node in
          node.set("phandle", cells: [phandles.cpu(number)])
          if hasNUMA { node.set("numa-node-id", cells: [0]) }
          // MPIDR_EL1: 16 of them have one Aff1, since GICv3 sends an SGI to 16.
          node.set("reg", cells: [UInt32((number / 16) << 8 | number % 16)])
          if commandLine.topology.cpus > 1 { node.set("enable-method", "psci") }
          node.set("compatible", Self.compatible(commandLine.cpu.model))
          node.set("device_type", "cpu")
        }
      }
    }
  }

  /// What a tree says of a CPU model.
  private static func compatible(_ model: String?) -> String {
    switch model {
    case nil, "host": "arm,arm-v8"
    case "max": "arm,cortex-a57"
    case let model?: "arm,\(model)"
    }
  }

  private func addTopology(_ map: inout FlattenedDeviceTree) {
    let topology = commandLine.topology
    // Places by socket, cluster, core and thread, with as many of each as there are CPUs for.
    func level(_ node: inout FlattenedDeviceTree, _ names: [(name: String, count: Int)], _ first: Int) {
      guard let (name, count) = names.first else { return node.set("cpu", cells: [phandles.cpu(first)]) }
      let inner = Array(names.dropFirst())
      let size = inner.reduce(1) { $0 * $1.count }
      for number in 0..<count where first + number * size < topology.cpus {
        node.node("\(name)\(number)") { level(&$0, inner, first + number * size) }
      }
    }
    var names = [("socket", topology.sockets), ("cluster", topology.clusters), ("core", topology.cores)]
    if topology.threads > 1 { names.append(("thread", topology.threads)) }
    level(&map, names, 0)
  }

  private func addTimer(_ root: inout FlattenedDeviceTree) {
    root.node("timer") { node in
      // EL3, EL1 physical, EL1 virtual, EL2.
      node.set("interrupts", cells: [13, 14, 11, 10].flatMap { [1, $0, Trigger.level] })
      node.set("always-on")
      node.set("compatible", "arm,armv8-timer", "arm,armv7-timer")
    }
  }

  private func addClock(_ root: inout FlattenedDeviceTree) {
    root.node("apb-pclk") { node in
      node.set("phandle", cells: [phandles.clock])
      node.set("clock-output-names", "clk24mhz")
      node.set("clock-frequency", cells: [24_000_000])
      node.set("#clock-cells", cells: [0])
      node.set("compatible", "fixed-clock")
    }
  }

  private func addChosen(_ root: inout FlattenedDeviceTree) {
    root.node("chosen") { node in
      if let disk = load.initrd, !hasFirmware {
        node.set("linux,initrd-end", address: disk.upperBound)
        node.set("linux,initrd-start", address: disk.lowerBound)
      }
      if let text = commandLine.append, commandLine.kernel != nil { node.set("bootargs", text) }
      node.set("stdout-path", "/pl011@" + String(VirtMap.uart.base, radix: 16))
      // A Realm whose tree is random would be another at each start: there QEMU leaves them out unless told otherwise.
      guard commandLine.machine.seeds ?? !isRealm else { return }
      var numbers = SeededNumbers(seed: 0)
      node.set("rng-seed", wide: (0..<4).map { _ in numbers.next() })
      node.set("kaslr-seed", wide: [numbers.next()])
    }
  }
}

extension FlattenedDeviceTree {
  fileprivate mutating func node(_ name: String, _ region: VirtMap.Region, _ body: (inout FlattenedDeviceTree) -> Void) {
    node(name + "@" + String(region.base, radix: 16), body)
  }

  fileprivate mutating func set(_ name: String, _ region: VirtMap.Region) { set(name, regions: [region]) }

  fileprivate mutating func set(_ name: String, regions: [VirtMap.Region]) {
    set(name, wide: regions.flatMap { [$0.base, $0.size] })
  }

  /// One cell, if it fits.
  fileprivate mutating func set(_ name: String, address: UInt64) {
    if let cell = UInt32(exactly: address) { set(name, cells: [cell]) } else { set(name, wide: [address]) }
  }
}
