import Attestation
import Basics

/// A command line of `lkvm run`, as far as guests of arm64 use it.
package struct KvmtoolCommandLine: Sendable {
  package internal(set) var cpus: Int?
  package internal(set) var memory: UInt64?
  package internal(set) var kernel: String?
  package internal(set) var initrd: String?
  package internal(set) var firmware: String?
  package internal(set) var firmwareAddress: UInt64?
  package internal(set) var dtb: String?
  package internal(set) var parameters: String?
  package internal(set) var name: String?
  package internal(set) var isRealm = false
  package internal(set) var hash = HashAlgorithm.sha256
  package internal(set) var personalization: String?
  package internal(set) var hasLog = false
  package internal(set) var hasITS = true
  package internal(set) var pmu = false
  package internal(set) var pmuCounters: Int?
  package internal(set) var disablesSVE = false
  package internal(set) var sveLength: Int?
  package internal(set) var usesMMIO = false
  /// virtio devices: with MMIO each has a node of the device tree.
  package internal(set) var devices = 0
  package internal(set) var networks: [String] = []
  /// Options that were there and have no meaning for what a Realm begins with.
  package internal(set) var withoutMeaning: [String] = []
  /// What kvmtool dies of, though it is clear what the Realm would be.
  package internal(set) var problems: [VMMRefusal] = []

  /// - Parameter arguments: behind `lkvm run`.
  package init(_ arguments: [String]) throws(VMMRefusal) {
    var at = 0
    while at < arguments.count {
      let index = at
      let (option, attached) = try Self.option(arguments[at], index)
      at += 1
      guard option.takesValue else {
        guard attached == nil else {
          throw VMMRefusal(.kvmtool, "option `\(option.name)' takes no value", argument: index)
        }
        take(flag: option.name)
        continue
      }
      var value = attached
      if value == nil, at < arguments.count {
        value = arguments[at]
        at += 1
      }
      guard let value else { throw VMMRefusal(.kvmtool, "option `\(option.name)' requires a value", argument: index) }
      try take(option.name, value, index)
    }
    judge()
  }

  struct Option {
    let name: String
    let letter: Character?
    let takesValue: Bool
  }

  private static let options: [Option] = {
    func valued(_ text: String) -> [Option] {
      text.split(separator: " ").map { word in
        let parts = word.split(separator: "/")
        return Option(name: String(parts[0]), letter: parts.count == 2 ? parts[1].first : nil, takesValue: true)
      }
    }
    let flags = """
      balloon rng nodefaults no-dhcp debug debug-single-step debug-ioport debug-mmio pmu disable-sve realm measurement-log no-pvtime \
      disable-mte force-pci restricted_mem vnc gtk sdl sandbox virtio-console dump-dtb-only
      """
    return valued(
      """
      cpus/c mem/m disk/d kernel/k initrd/i params/p firmware/f flash/F network/n name 9p console vsock dev tty hugetlbfs \
      virtio-transport loglevel vfio-pci debug-iodelay measurement-algo realm-pv sve-max-vl sve-vl pmu-counters vcpu-affinity irqchip \
      firmware-address dtb shmem rng-device
      """)
      + flags.split(separator: " ").map { Option(name: String($0), letter: nil, takesValue: false) }
  }()

  /// The option a word is, and a value within the same word.
  private static func option(_ word: String, _ index: Int) throws(VMMRefusal) -> (Option, String?) {
    guard word.hasPrefix("-"), word.count > 1 else {
      throw VMMRefusal(
        .kvmtool, "Cannot handle parameter: \(shown(word))", argument: index, advice: "disks and folders are named by -d and --9p"
      )
    }
    guard word.hasPrefix("--") else {
      let rest = word.dropFirst(2)
      guard let option = options.first(where: { $0.letter == word.dropFirst().first }) else {
        throw VMMRefusal(.kvmtool, "unknown switch `\(shown(word.dropFirst().prefix(1)))'", argument: index)
      }
      return (option, rest.isEmpty ? nil : String(rest))
    }
    let sides = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let option = options.first(where: { $0.name == sides[0] }) else {
      let near = closest(to: sides[0].lowercased(), among: options.map(\.name)).map { "did you mean --\($0)?" }
      throw VMMRefusal(.kvmtool, "unknown option `\(shown(sides[0]))'", argument: index, advice: near)
    }
    return (option, sides.count == 2 ? sides[1] : nil)
  }

  private mutating func take(flag name: String) {
    switch name {
    case "realm": isRealm = true
    case "measurement-log": hasLog = true
    case "pmu": pmu = true
    case "disable-sve": disablesSVE = true
    case "balloon", "rng": devices += 1
    default: withoutMeaning.append("--" + name)
    }
  }

  private mutating func take(_ name: String, _ value: String, _ index: Int) throws(VMMRefusal) {
    func wrong(_ message: String, _ advice: String? = nil) -> VMMRefusal {
      VMMRefusal(.kvmtool, message, argument: index, advice: advice)
    }
    func number(_ range: ClosedRange<Int>) throws(VMMRefusal) -> Int {
      guard let number = Int(value), range.contains(number) else {
        throw wrong(
          "option `\(name)' expects a numerical value", "\(range.lowerBound) to \(range.upperBound), not \"\(shown(value))\"")
      }
      return number
    }
    switch name {
    case "cpus": cpus = try number(1...512)
    case "mem": memory = try Self.memory(value, index)
    case "kernel": kernel = value
    case "initrd": initrd = value
    case "params": parameters = value
    case "firmware": firmware = value
    case "firmware-address":
      let digits = value.hasPrefix("0x") ? value.dropFirst(2) : value[...]
      guard let address = UInt64(digits, radix: value.hasPrefix("0x") ? 16 : 10) else {
        throw wrong("option `\(name)' expects a numerical value")
      }
      firmwareAddress = address
    case "flash":
      throw wrong("--flash: not modelled", "flash is a device: it cannot be measured memory, and it changes the device tree")
    case "dtb": dtb = value
    case "name": self.name = value
    case "measurement-algo":
      switch value {
      case "sha256": hash = .sha256
      case "sha512": hash = .sha512
      default: throw wrong("unknown realm measurement algorithm", "sha256 or sha512, not \"\(shown(value))\"")
      }
    case "realm-pv":
      guard value.utf8.count <= KVMVirtualMachine.personalizationLength else {
        throw wrong("Invalid size for Realm Personalization Value", "64 bytes at most, not \(value.utf8.count)")
      }
      personalization = value
    case "pmu-counters": pmuCounters = try number(0...31)
    case "sve-max-vl", "sve-vl":
      let length = try number(0...2048)
      guard length.isMultiple(of: 128) else { throw wrong("SVE VL is not aligned to 128bit") }
      sveLength = length
    case "irqchip":
      guard ["gicv3", "gicv3-its"].contains(value) else {
        throw wrong("irqchip type \(shown(value)) is not for Realms", "gicv3 or gicv3-its")
      }
      hasITS = value == "gicv3-its"
    case "virtio-transport":
      guard ["pci", "mmio", "mmio-legacy"].contains(value) else { throw wrong("Unknown virtio transport \(shown(value))") }
      usesMMIO = value != "pci"
    case "disk", "9p", "vsock": devices += 1
    case "console": if value == "virtio" { devices += 1 } else { withoutMeaning.append("--console") }
    case "network": networks.append(value)
    default: withoutMeaning.append("--" + name)
    }
  }

  /// `SIZE[@ADDRESS]`.
  private static func memory(_ text: String, _ index: Int) throws(VMMRefusal) -> UInt64 {
    let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let size = ByteCount.value(parts[0], unit: 1 << 20, letters: "bkmgtp", takesFractions: false), size > 0, size <= 1 << 47
    else {
      throw VMMRefusal(
        .kvmtool, "Invalid RAM size: \(shown(text))", argument: index, advice: "such as 512 or 512M, which are MiB, or 2G")
    }
    guard size.isMultiple(of: 2 << 20) else {
      throw VMMRefusal(
        .kvmtool, "RAM size must be aligned on 2MB", argument: index, advice: "\(size) bytes are no multiple of 2 MiB")
    }
    guard parts.count == 1 else {
      throw VMMRefusal(.kvmtool, "-m \(shown(text)): not modelled", argument: index, advice: "RAM begins at 0x80000000")
    }
    return size
  }

  private mutating func judge() {
    // There is one network device, unless there is to be none.
    var count = 1
    for network in networks {
      for item in network.split(separator: ",") where item.hasPrefix("mode=") { count = item == "mode=none" ? 0 : count + 1 }
    }
    devices += count
    func say(_ message: String, _ advice: String? = nil) -> VMMRefusal { VMMRefusal(.kvmtool, message, advice: advice) }
    if !isRealm { problems.append(say("no Realm without --realm", "an ordinary guest has no measurements")) }
    if kernel != nil, firmware != nil { problems.append(say("Only one of --kernel or --firmware can be specified")) }
    if initrd != nil, firmware != nil { problems.append(say("Cannot use --initrd with --firmware")) }
    if disablesSVE, sveLength ?? 0 > 0 { problems.append(say("SVE VL requested when SVE is disabled")) }
  }
}
