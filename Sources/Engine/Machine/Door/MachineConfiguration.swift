import Attestation
import Basics

/// What a machine is made of: everything that is decided before it boots and never changes after.
public struct MachineConfiguration: Sendable, Equatable {
  /// What lies where outside DRAM, and where DRAM can be.
  package private(set) var map = MemoryMapKind.model
  /// What is wrong with the firmware; nil: nothing.
  package var firmware: FirmwareFailure?
  /// Where granule protection faults go.
  package var gpf = GPFRouting.world
  /// First byte of DRAM, all of it delegable. On the model's own map at least 0x8000_0000, a multiple of 2 MiB.
  public var dramBase: UInt64 = 0x8000_0000
  /// Bytes of DRAM, a multiple of 4 KiB.
  public var dramSize: UInt64 = 64 << 20
  /// Processing elements, 1 to ``mostPEs``.
  public var peCount = 2
  /// Physical address width in bits, 36 to 52.
  package var paWidth: UInt64 = 48
  /// RMI_REC_AUX_COUNT of every Realm, 0 to 16.
  package var recAuxCount: UInt64 = 16
  /// RMI_FEATURES(0).
  package var featureRegister0: UInt64 = 0x283_fc10_4130
  /// Which divergences from the specification the RMM shows.
  package var policy = Policy.spec
  /// Whether EL3 has a Realm attestation key; without one RSI_ATTESTATION_TOKEN_CONTINUE fails with RSI_ERROR_UNKNOWN.
  package var attestation = true
  /// What a Realm's vCPU does when it runs.
  public var vcpu = VCPUKind.queue
  /// The processor that executes code.
  package var cpu = ProcessorModel.armv80
  /// Whose platform token EL3 hands out.
  package var platform = PlatformKind.model
  /// Which unit of the modelled platform this is: its key, its instance id and its Realm attestation key follow from it.
  package var instance: UInt64 = 1
  /// The life cycle claim of the modelled platform, 16 bits; 0x30xx is secured.
  package var lifecycle: UInt64 = 0x3000
  /// Firmware whose image differs in one bit from what was released.
  package var patched: Set<Firmware> = []
  /// The form of the tokens the RMM makes: ``TokenProfile/rmm1``, or one that is found in the wild.
  package var token = TokenProfile.rmm1
  /// Whether EL3 itself answers the Host (SMCCC_VERSION); the host that ran TF-RMM had no EL3 beside it.
  package var monitorAnswersHost = true
  /// Whether an access through ASSIGNED_NS to a granule that is not Non-secure leaves the Realm as an exit, because of the host
  /// that ran TF-RMM, instead of being taken by the Realm (HCR_EL2.GPF).
  package var granuleFaultsExitToHost = false
  /// What runs in the Secure world.
  package var secure = SecureSoftware.none
  /// Whether EL3 moves memory that the Normal world lends or donates to partitions into the Secure PAS (PLAT_PROTECT_MEM).
  package var protectsMemory = true
  /// What stands between the device and memory.
  package var smmu = SMMUCheck.on
  /// Checks that are switched off: it is a machine of the lab.
  package var without = SwitchSet()
  /// Bugs that its RMM has: it is a machine of the lab.
  package var bugs: Set<MachineBug> = []
  /// The name the configuration was chosen by.
  public var name = "default"

  public init() {}

  /// The presets, by name.
  package static let presets: [(name: String, summary: String, configuration: MachineConfiguration)] = [
    ("default", "64 MiB, 2 PEs, RMM to the letter of DEN0137 1.0-rel0", MachineConfiguration()),
    (
      "tf-rmm", "64 MiB, 1 PE, an RMM that behaves as TF-RMM v0.6.0 on its host build",
      {
        var machine = MachineConfiguration()
        machine.name = "tf-rmm"
        machine.peCount = 1
        machine.policy = .tfRMM
        machine.granuleFaultsExitToHost = true
        machine.monitorAnswersHost = false
        machine.platform = .sample
        return machine
      }()
    ),
  ]

  public static func preset(_ name: String) -> MachineConfiguration? {
    presets.first { $0.name == name }?.configuration
  }

  public var dramTop: UInt64 { dramBase + dramSize }

  /// As many processing elements as a machine can have.
  package static let mostPEs = 8

  /// Takes a memory map: DRAM is its own then, or that of a plain machine.
  package mutating func take(_ kind: MemoryMapKind) {
    let plain = MachineConfiguration()
    map = kind
    (dramBase, dramSize) = (plain.dramBase, plain.dramSize)
    guard kind != .model else { return }
    let bank = MemoryMap(self).bank
    (dramBase, dramSize) = (bank.lowerBound, bank.upperBound - bank.lowerBound)
  }

  /// Makes DRAM as large as is wanted, or as its map has room for.
  package mutating func wantDRAM(_ size: UInt64) {
    guard map != .model else { return dramSize = max(dramSize, size) }
    dramSize = max(dramSize, min(size, MemoryMap(self).bank.upperBound - dramBase))
  }

  /// Why this machine cannot be built, or nil.
  public var problem: String? {
    guard (36...52).contains(paWidth) else { return "pa_width must be 36 to 52 bits, not \(paWidth)" }
    guard (1...Self.mostPEs).contains(peCount) else { return "pe must be 1 to \(Self.mostPEs), not \(peCount)" }
    guard recAuxCount <= 16 else { return "rec_aux_count must be 0 to 16, not \(recAuxCount)" }
    guard map == .model else { return mapProblem ?? restProblem }
    guard dramBase >= 0x8000_0000, dramBase.isAligned(to: 2 << 20) else {
      return "dram_base must be at least 0x80000000 and a multiple of 2M, not \(hex(dramBase))"
    }
    guard dramSize > 0, dramSize.isGranuleAligned else {
      return "dram must be a positive multiple of 4K, not \(hex(dramSize))"
    }
    guard dramSize <= 1 << paWidth, dramBase <= (1 << paWidth) - dramSize else {
      return "dram \(hex(dramBase))+\(hex(dramSize)) does not fit in \(paWidth) bits of physical address"
    }
    return restProblem
  }

  /// What is wrong with DRAM on a map of TF-A's.
  private var mapProblem: String? {
    let map = MemoryMap(self)
    if let width = map.width, paWidth < width {
      return "the GPT of map=\(self.map.rawValue) protects \(width) bits: pa_width must be \(width) to 52, not \(paWidth)"
    }
    guard dramSize > 0, dramSize.isGranuleAligned, dramBase.isGranuleAligned else {
      return "dram and dram_base must be multiples of 4K, and dram not 0"
    }
    guard map.bank.contains(dramBase), dramSize <= map.bank.upperBound - dramBase else {
      return "DRAM of map=\(self.map.rawValue) is from \(hex(map.bank.lowerBound)) to \(hex(map.bank.upperBound - 1)),"
        + " not \(hex(dramBase))+\(hex(dramSize))"
    }
    return nil
  }

  private var restProblem: String? {
    guard Lifecycle(claim: Int64(clamping: lifecycle)) != nil else {
      let states = Lifecycle.allCases.map { "\(hex(UInt64($0.rawValue) << 8)) \($0.name)" }.joined(separator: ", ")
      return "lifecycle \(hex(lifecycle)) stands for no state; expected \(states), each with any low byte"
    }
    let plain = MachineConfiguration()
    guard platform == .model || (instance == plain.instance && lifecycle == plain.lifecycle && patched.isEmpty) else {
      return "instance, lifecycle and patch are of the modelled platform; the sample platform's claims are fixed"
    }
    guard secure == .none || map != .qemu else {
      return "secure=\(secure.rawValue) needs map=model or map=fvp: map=qemu has no memory where the partitions lie"
    }
    guard protectsMemory || secure != .none else { return "protect=off is of a machine with secure=spmc or secure=tee" }
    let feature = FeatureRegister0(featureRegister0)
    guard (32...52).contains(feature.s2sz) else { return "feature_register_0: S2SZ must be 32 to 52" }
    return nil
  }
}

/// What runs in a Realm.
public enum VCPUKind: String, Sendable, CaseIterable {
  /// What `guest` statements have queued.
  case queue
  /// The A64 code at its pc.
  case code
}

/// RmiFeatureRegister0 (DEN0137 B4.4.4).
package struct FeatureRegister0: Sendable, Equatable {
  package let raw: UInt64
  package init(_ raw: UInt64) { self.raw = raw }
  package var s2sz: UInt64 { raw.bits(7, 0) }
  package var lpa2: Bool { raw.bit(8) }
  package var sve: Bool { raw.bit(9) }
  package var sveVL: UInt64 { raw.bits(13, 10) }
  package var numBPs: UInt64 { raw.bits(19, 14) }
  package var numWPs: UInt64 { raw.bits(25, 20) }
  package var pmu: Bool { raw.bit(26) }
  package var pmuCounters: UInt64 { raw.bits(31, 27) }
  package var sha256: Bool { raw.bit(32) }
  package var sha512: Bool { raw.bit(33) }
  /// Usable GIC list registers (the field holds one less).
  package var listRegisters: Int { Int(raw.bits(37, 34)) + 1 }
  /// A Realm has at most 2^n - 1 RECs.
  package var maxRecsOrder: UInt64 { raw.bits(41, 38) }

  /// The fields in words, for the feature panel and the decoded trace.
  package var summary: String {
    "S2SZ=\(s2sz) LPA2=\(lpa2 ? 1 : 0) SVE=\(sve ? 1 : 0) NUM_BPS=\(numBPs) NUM_WPS=\(numWPs) PMU=\(pmu ? 1 : 0)"
      + " PMU_NUM_CTRS=\(pmuCounters) SHA-256=\(sha256 ? 1 : 0) SHA-512=\(sha512 ? 1 : 0) LRS=\(listRegisters)"
      + " MAX_RECS_ORDER=\(maxRecsOrder)"
  }
}
