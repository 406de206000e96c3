import Basics

/// -machine, -cpu and -m.
extension QEMUCommandLine {
  /// What `virt` stands for.
  static let newestMachine = "virt-\(QEMUVersion.major).\(QEMUVersion.minor)"

  var machineName: String { machine.type == nil || machine.type == "virt" ? Self.newestMachine : machine.type ?? "" }

  /// Properties of the virt machine that change nothing a Realm begins with.
  private static let quietMachineProperties: Set<String> = [
    "usb", "dump-guest-core", "mem-merge", "graphics", "hmat", "nvdimm", "suppress-vmdesc", "kernel_irqchip", "kernel-irqchip",
    "x-oem-id", "x-oem-table-id", "default-bus-bypass-iommu", "highmem-ecam", "highmem-mmio", "highmem-redists",
    "compact-highmem", "ras",
    "oem", "phandle-start", "firmware", "kvm-type",
  ]

  mutating func take(machine option: Option) throws(VMMRefusal) {
    for pair in try option.list(.first("type")).pairs {
      let text = pair.value.optionText
      switch pair.key {
      case "type":
        guard text == "virt" || text.wholeMatch(of: /virt-[0-9]+\.[0-9]+/) != nil else {
          throw VMMRefusal(
            .qemu, "unsupported machine type", argument: option.index,
            advice: "found \"\(shown(text))\"; a Realm is a virt machine")
        }
        machine.type = text
      case "gic-version": try take(gic: text, option)
      case "its": machine.hasITS = try flag(pair, option, auto: machine.hasITS)
      case "acpi": machine.acpi = try flag(pair, option, auto: machine.acpi)
      case "dtb-randomness", "dtb-kaslr-seed": machine.seeds = try flag(pair, option)
      case "confidential-guest-support": machine.confidentialGuest = text
      case "memory-backend": machine.memoryBackend = text
      case "dumpdtb": machine.dumpDTB = text
      case "accel": accelerators.append(text)
      case "highmem":
        guard try flag(pair, option) else { throw notModelled("disabling highmem is not supported", option) }
      case "secure", "virtualization", "mte":
        guard try !flag(pair, option) else {
          throw VMMRefusal(
            .qemu, "mach-virt: KVM does not support providing \(Self.extensions[pair.key] ?? pair.key) to the guest CPU",
            argument: option.index)
        }
      case "iommu":
        guard text == "none" else { throw notModelled("an IOMMU changes the device tree", option) }
      // A node of -blockdev; a Realm's machine dies of it, whatever is in it.
      case "pflash0", "pflash1": flashNodes.append(text)
      case let key where Self.quietMachineProperties.contains(key): withoutMeaning.append("-machine \(key)")
      default:
        throw VMMRefusal(.qemu, "Property '\(machineName)-machine.\(shown(pair.key))' not found", argument: option.index)
      }
    }
  }

  private static let extensions = [
    "secure": "Security extensions (TrustZone)", "virtualization": "Virtualization extensions", "mte": "MTE",
  ]

  private mutating func take(gic text: String, _ option: Option) throws(VMMRefusal) {
    switch text {
    // What the host has, which is this one: Realms know no other, and KVM emulates no GICv4.
    case "3", "host", "max": machine.gicVersion = text
    case "2", "4": throw notModelled("unsupported GIC version \(text); a Realm has GICv3", option)
    default:
      throw VMMRefusal(.qemu, "Invalid gic-version value", argument: option.index, advice: "valid values are 3, host, max")
    }
  }

  private func notModelled(_ what: String, _ option: Option) -> VMMRefusal {
    VMMRefusal(.qemu, "\(option.place): \(what)", argument: option.index)
  }

  /// A switch; `auto` is the value it has anyway, where there is such a word for it.
  private func flag(_ pair: OptionText.Pair, _ option: Option, auto: Bool? = nil) throws(VMMRefusal) -> Bool {
    if let auto, pair.value.optionText == "auto" { return auto }
    guard let value = pair.value.optionFlag else {
      throw VMMRefusal(.qemu, "Parameter '\(pair.key)' expects 'on' or 'off'", argument: option.index)
    }
    return value
  }

  // MARK: -cpu

  mutating func take(cpu option: Option) throws(VMMRefusal) {
    let items = option.value.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    for (index, item) in items.enumerated() {
      let sides = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if sides.count == 2 {
        try check(property: sides[0], sides[1], option)
        cpu.properties.append((sides[0], sides[1]))
      } else {
        guard index == 0 else {
          throw VMMRefusal(.qemu, "Expected key=value format, found \(shown(item)).", argument: option.index)
        }
        cpu.model = item
      }
    }
  }

  private func check(property name: String, _ value: String, _ option: Option) throws(VMMRefusal) {
    func wrong(_ why: String) -> VMMRefusal {
      VMMRefusal(.qemu, "can't apply global host-arm-cpu.\(shown(name))=\(shown(value)): \(why)", argument: option.index)
    }
    switch name {
    case "num-breakpoints", "num-watchpoints", "num-pmu-counters":
      let most = name == "num-pmu-counters" ? 31 : 64
      guard let count = Int(value), (name == "num-pmu-counters" ? 0...most : 2...most).contains(count) else {
        throw wrong("Parameter '\(name)' expects \(name == "num-pmu-counters" ? "0 to 31" : "2 to 64")")
      }
    case "pmu", "sve", "aarch64", "kvm-no-adjvtime", "kvm-steal-time", "pauth", "pauth-impdef", "kvm-pv-time":
      guard JSONValue.string(value).optionFlag != nil || (name == "pmu" && value == "auto") else {
        throw wrong("Parameter '\(name)' expects 'on' or 'off'")
      }
    case _ where name.hasPrefix("sve"):
      guard let length = Int(name.dropFirst(3)), length.isMultiple(of: 128), (128...2048).contains(length) else {
        throw wrong("Property 'host-arm-cpu.\(shown(name))' not found")
      }
      guard JSONValue.string(value).optionFlag != nil else { throw wrong("Parameter '\(name)' expects 'on' or 'off'") }
    default: throw wrong("Property 'host-arm-cpu.\(shown(name))' not found")
    }
  }

  // MARK: -m

  mutating func take(memory option: Option) throws(VMMRefusal) {
    for pair in try option.list(.anywhere("size")).pairs {
      let text = pair.value.optionText
      switch pair.key {
      case "size":
        guard let size = ByteCount.value(text, unit: 1 << 20) else {
          guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw option.refusal("Parameter 'size' expects a non-negative number below 2^64", advice: "such as 512, 512M or 2G")
          }
          throw option.refusal("Value '\(text)' is out of range for parameter 'size'")
        }
        guard size <= 1 << 48 else { throw option.refusal("too large", advice: "at most 256T") }
        // 0 is the default; QEMU rounds up to 8 KiB.
        memory.size = size == 0 ? 128 << 20 : (size + 8191) & ~8191
      case "slots":
        guard let slots = UInt64(text), slots <= 256 else {
          throw VMMRefusal(
            .qemu, "invalid number of memory slots: '\(shown(text))'", argument: option.index, advice: "0 to 256")
        }
        memory.slots = slots
      case "maxmem":
        guard let size = ByteCount.value(text, unit: 1), size <= 1 << 48 else {
          throw option.refusal("Parameter 'maxmem' expects a non-negative number below 2^64", advice: "such as 8G")
        }
        memory.maxSize = size
      default: throw option.refusal("Invalid parameter '\(shown(pair.key))'")
      }
    }
  }
}
