import Basics
import Host
import Machine

/// Makes up what happens on a host: calls to KVM in and out of order, domains that come and go, and, the more zealous it is, somebody
/// else in the Host's kernel who takes away what KVM relies on. Everything follows from the seed and from how the host is.
struct HostsDriver {
  private var numbers: SeededNumbers
  private var files = 0
  /// How often somebody else acts, in a hundred actions.
  let zeal: Int

  static let ram: UInt64 = 0x8000_0000
  static let virtRAM: UInt64 = 0x4000_0000
  private static let vms = ["a", "b", "c"]
  private static let domains = ["d0", "d1", "d2"]
  static let images = 6

  init(seed: UInt64) {
    numbers = SeededNumbers(seed: mix(seed))
    zeal = numbers.pick([0, 0, 0, 3, 12])
  }

  /// What is done next: more than one action where they belong together.
  mutating func next(_ host: RandomHost) -> [HostsAction] {
    if numbers.chance(zeal) { return [meddle(host)].compactMap(\.self) }
    switch numbers.below(100) {
    case 0..<78:
      let name = numbers.pick(Self.vms)
      return [.kvm(name, request(host.stack.raw[name]?.vm.kvm))]
    case 78..<80: return [.kvm(numbers.pick(Self.domains), wildRequest())]
    case 80..<86: return beginDomain()
    default: return [.virsh(line())]
    }
  }

  // MARK: KVM

  private mutating func request(_ kvm: KVMVirtualMachine?) -> KVMRequest {
    guard let kvm else {
      return .createVM(
        numbers.chance(75) ? .realm : .ordinary, ipaBits: numbers.chance(95) ? UInt64(33 + numbers.below(9)) : wild())
    }
    if numbers.chance(12) { return wildRequest() }
    if kvm.vcpus.isEmpty { return begin() }
    switch kvm.realmState {
    case .none where kvm.isOrdinary: return numbers.chance(90) ? .run(numbers.below(kvm.vcpus.count + 1)) : begin()
    case .none: return numbers.chance(50) ? .createRealm : begin()
    case .new: return build(kvm)
    case .active: return numbers.chance(96) ? .run(numbers.below(kvm.vcpus.count)) : .close
    case .dying, .dead: return .close
    }
  }

  private mutating func begin() -> KVMRequest {
    switch numbers.below(6) {
    case 0: .setMemoryRegion(base: Self.ram, size: 4 << 20, isAbsent: numbers.chance(3))
    case 1: .write(Self.ram, RandomCode.program(numbers.next(), ram: Self.ram))
    case 2: .configureHash(UInt32(numbers.below(3)))
    case 3: .configurePersonalization([UInt8](repeating: UInt8(numbers.below(256)), count: numbers.chance(80) ? 64 : 3))
    default: .createVCPU(pc: Self.ram, x0: numbers.next(), numbers.chance(95) ? .psci02 : [.pmuV3])
    }
  }

  private mutating func build(_ kvm: KVMVirtualMachine) -> KVMRequest {
    switch numbers.below(10) {
    case 0..<2: return .initRIPAS(base: Self.ram, size: 4 << 20)
    case 2..<4:
      return .populate(base: Self.ram, size: UInt64(1 + numbers.below(4)) << 12, flags: UInt32(numbers.below(2)))
    case 4: return .populate(base: Self.ram + UInt64(numbers.below(1024)) << 12, size: 4096, flags: UInt32(numbers.below(2)))
    case 5: return .setMemoryRegion(base: Self.ram, size: 4 << 20, isAbsent: false)
    case 6..<9:
      let next = kvm.vcpus.firstIndex { $0.address == 0 } ?? 0
      return .finalize(next, feature: KVMRealmCapability.recFeature)
    default: return .activate
    }
  }

  /// Any call, with any arguments.
  private mutating func wildRequest() -> KVMRequest {
    switch numbers.below(14) {
    case 0: .setMemoryRegion(base: wild(), size: wild(), isAbsent: numbers.chance(50))
    case 1: .write(wild() & ~7, [UInt8](repeating: 0xD4, count: numbers.below(64)))
    case 2: .createVCPU(pc: wild(), x0: wild(), KVMVirtualMachine.VCPUFeatures(rawValue: UInt32(numbers.below(16))))
    case 3: .configureHash(UInt32(truncatingIfNeeded: wild()))
    case 4: .configureItem(UInt32(numbers.below(5)))
    case 5: .createRealm
    case 6: .initRIPAS(base: wild(), size: wild())
    case 7: .populate(base: wild(), size: wild(), flags: UInt32(numbers.below(4)))
    case 8: .activate
    case 9: .unreadable(numbers.pick([.configure, .initRIPAS, .populate]))
    case 10: .enableCap(command: UInt64(numbers.below(7)), capability: numbers.pick([300, 240]))
    case 11: .finalize(numbers.below(9), feature: numbers.pick([KVMRealmCapability.recFeature, 4]))
    case 12: .run(numbers.below(9))
    default: numbers.chance(30) ? .close : .run(0)
    }
  }

  private mutating func wild() -> UInt64 {
    switch numbers.below(9) {
    case 0: 0
    case 1: ~0xFFF
    case 2: numbers.next()
    case 3: 1 << UInt64(numbers.below(64))
    case 4: Self.ram + UInt64(numbers.below(2048)) << 12
    case 5: UInt64(numbers.below(1 << 23))
    case 6: UInt64(1 + numbers.below(8)) << 12
    case 7: Self.ram + UInt64(numbers.below(4)) << 20
    default: UInt64(numbers.below(64))
    }
  }

  // MARK: Domains

  /// A new file of XML, and what is done with it.
  private mutating func beginDomain() -> [HostsAction] {
    files = (files + 1) % 8
    let name = "f\(files).xml"
    return [.file(name, xml()), .virsh("\(numbers.pick(["create", "create", "create --paused", "define"])) \(name)")]
  }

  private mutating func xml() -> String {
    let isRealm = numbers.chance(75)
    var text = "<domain type='\(numbers.chance(97) ? "kvm" : "qemu")'><name>\(numbers.pick(Self.domains))</name>"
    text +=
      "<memory unit='MiB'>\(numbers.pick([16, 16, 16, 18, 40, 2, 1, 1 << 20]))</memory><vcpu>\(numbers.pick([1, 1, 2, 2, 3, 9]))</vcpu>"
    text += "<os><type arch='aarch64' machine='virt'>hvm</type>"
    let image = numbers.chance(95) ? "k\(numbers.below(Self.images)).img" : "nowhere.img"
    text += numbers.chance(90) ? "<kernel>\(image)</kernel>" : "<loader type='rom'>\(image)</loader>"
    if numbers.chance(30) { text += "<initrd>k0.img</initrd>" }
    if numbers.chance(30) { text += "<cmdline>\(numbers.pick(["console=ttyAMA0", "--&gt;", "quiet"]))</cmdline>" }
    text += "</os>"
    if numbers.chance(95) { text += "<features><gic version='\(numbers.chance(95) ? "3" : "2")'/></features>" }
    if numbers.chance(95) { text += "<cpu mode='host-passthrough'/>" }
    text += "<devices><emulator>/usr/bin/qemu-system-aarch64</emulator><controller type='usb' model='none'/>"
    text += numbers.chance(80) ? "<console type='pty'/>" : ""
    text += numbers.chance(80) ? "<memballoon model='none'/>" : ""
    text += numbers.chance(10) ? "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>" : ""
    text += "</devices>"
    if isRealm { text += launchSecurity() }
    text += "</domain>"
    // Somebody has slipped.
    guard numbers.chance(4) else { return text }
    return String(text.prefix(numbers.below(text.count))) + numbers.pick(["", "<", "&", "]]>", "'"])
  }

  private mutating func launchSecurity() -> String {
    var text = "<launchSecurity type='\(numbers.chance(97) ? "cca" : "sev")'"
    if numbers.chance(30) { text += " measurement-log='\(numbers.pick(["yes", "no", "maybe"]))'" }
    text += ">"
    if numbers.chance(50) {
      text += "<measurement-algo>\(numbers.pick(["sha256", "sha512", "sha256", "md5"]))</measurement-algo>"
    }
    if numbers.chance(20) {
      let value = numbers.chance(80) ? String(repeating: "QUJD", count: 21) + "QQ==" : "QQ=="
      text += "<personalization-value>\(value)</personalization-value>"
    }
    return text + "</launchSecurity>"
  }

  private mutating func line() -> String {
    let name = numbers.pick(Self.domains)
    switch numbers.below(30) {
    case 0..<4: return "start \(name)\(numbers.chance(20) ? " --paused" : "")"
    case 4..<6: return "suspend \(name)"
    case 6..<9: return "resume \(name)"
    case 9: return "reset \(name)"
    case 10: return "shutdown \(name)"
    case 11..<14: return "destroy \(name)"
    case 14: return "undefine \(name)"
    case 15: return "reboot \(name)"
    case 16..<20:
      let command = numbers.pick([
        "stop", "cont", "system_reset", "system_powerdown", "quit", "query-status", "query-cpus-fast", "query-chardev", "migrate",
      ])
      return "qemu-monitor-command \(name) '{\"execute\":\"\(command)\"}'"
    case 20: return "dumpxml \(name)"
    case 21: return "dominfo \(name)"
    case 22: return "vcpuinfo \(name)"
    case 23: return "domstate \(name) --reason"
    default: return "list --all"
    }
  }

  // MARK: Somebody else

  /// An RMI call of somebody's who does not know what KVM does, or a write into what is KVM's.
  private mutating func meddle(_ host: RandomHost) -> HostsAction? {
    let entries = host.ledgers.flatMap(\.entries)
    let granule = numbers.chance(60) && !entries.isEmpty ? numbers.pick(entries).granule : host.strangersGranule(numbers.next())
    let realms = host.session.read { $0.control.realms }
    let recs = host.session.read { $0.control.recs }
    func call(_ name: String, _ arguments: UInt64...) -> HostsAction? { Commands.named(name).map { .smc($0, arguments) } }
    let area = host.strangers.lowerBound + UInt64(numbers.below(64)) << 12
    switch numbers.below(16) {
    case 0..<2: return call("RMI_GRANULE_DELEGATE", granule)
    case 2: return call("RMI_GRANULE_DELEGATE", area)
    case 3: return call("RMI_GRANULE_UNDELEGATE", granule)
    case 4 where !recs.isEmpty: return call("RMI_REC_DESTROY", numbers.pick(recs))
    case 5 where !recs.isEmpty: return call("RMI_REC_ENTER", numbers.pick(recs), area)
    case 6 where !recs.isEmpty: return call("RMI_PSCI_COMPLETE", numbers.pick(recs), numbers.pick(recs), 0)
    case 7...15 where !realms.isEmpty: return meddle(with: numbers.pick(realms), area)
    default: return .write(granule + UInt64(numbers.below(512) * 8), numbers.next())
    }
  }

  private mutating func meddle(with rd: UInt64, _ area: UInt64) -> HostsAction? {
    func call(_ name: String, _ arguments: UInt64...) -> HostsAction? { Commands.named(name).map { .smc($0, arguments) } }
    let ram = numbers.chance(50) ? Self.ram : Self.virtRAM
    let ipa = ram + UInt64(numbers.below(numbers.chance(70) ? 5 : 1024)) << 12
    switch numbers.below(10) {
    case 0..<3: return call("RMI_DATA_DESTROY", rd, ipa)
    case 3: return call("RMI_RTT_DESTROY", rd, ipa & ~0x1F_FFFF, 3)
    case 4: return call("RMI_RTT_FOLD", rd, ipa & ~0x1F_FFFF, 3)
    case 5: return call("RMI_RTT_CREATE", rd, area, ipa & ~0x1F_FFFF, 3)
    case 6: return call("RMI_DATA_CREATE_UNKNOWN", rd, area, ipa)
    case 7: return call("RMI_REALM_ACTIVATE", rd)
    case 8: return call("RMI_REALM_DESTROY", rd)
    default: return call("RMI_RTT_INIT_RIPAS", rd, ipa, ipa + 0x1000)
    }
  }
}
