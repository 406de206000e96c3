import Attestation
import Basics

/// A property of a machine as `machine` statements, recordings and states in files have it: a row, by which it is read, written and
/// documented.
package struct MachineSetting: Sendable {
  package enum Value: Sendable {
    case number(@Sendable (inout MachineConfiguration, UInt64) -> Void)
    case word(@Sendable (inout MachineConfiguration, String) throws(Unfit) -> Void)
  }

  /// Why a word cannot be.
  package struct Unfit: Error {
    package let message: String
  }

  package let key: String
  /// In the words of Documentation/Sessions.md.
  package let meaning: String
  /// Whether it is written where it has its default, too.
  let isAlwaysWritten: Bool
  package let text: @Sendable (MachineConfiguration) -> String
  package let value: Value

  private init(
    _ key: String, _ meaning: String, isAlwaysWritten: Bool = false, _ value: Value,
    text: @escaping @Sendable (MachineConfiguration) -> String
  ) {
    self.key = key
    self.meaning = meaning
    self.isAlwaysWritten = isAlwaysWritten
    self.value = value
    self.text = text
  }

  private static func number(
    _ key: String, _ meaning: String, isAlwaysWritten: Bool = false,
    _ path: any WritableKeyPath<MachineConfiguration, UInt64> & Sendable,
    _ text: @escaping @Sendable (UInt64) -> String = hex
  ) -> MachineSetting {
    MachineSetting(key, meaning, isAlwaysWritten: isAlwaysWritten, .number { $0[keyPath: path] = $1 }) { text($0[keyPath: path]) }
  }

  /// One of some words.
  private static func choice<Choice: RawRepresentable<String> & Sendable>(
    _ key: String, _ meaning: String, of all: [Choice], _ get: @escaping @Sendable (MachineConfiguration) -> Choice,
    set: @escaping @Sendable (inout MachineConfiguration, Choice) -> Void
  ) -> MachineSetting {
    let words = all.map(\.rawValue)
    let value = Value.word { configuration, word throws(Unfit) in
      guard let choice = all.first(where: { $0.rawValue == word }) else {
        let choices = words.dropLast().joined(separator: ", ") + " or " + words.suffix(1).joined()
        throw Unfit(message: "\(key) is \(choices), not \"\(shown(word))\"")
      }
      set(&configuration, choice)
    }
    return MachineSetting(key, meaning, value) { get($0).rawValue }
  }

  private enum Switch: String, CaseIterable { case on, off }
  private enum ObservedHost: String, CaseIterable { case tfRMM = "tf-rmm", none }

  /// All, in the order in which they are written: a map says where DRAM is, so it comes before DRAM.
  package static let all = [
    choice(
      "map", "`model`, `fvp` or `qemu`: whose memory map ([Boot.md](Boot.md)). DRAM is then where, and as large as, it has it",
      of: MemoryMapKind.allCases, { $0.map }, set: { $0.take($1) }),
    number("dram", "bytes of DRAM, a multiple of 4K", isAlwaysWritten: true, \.dramSize, sizeText),
    MachineSetting(
      "pe", "processing elements, 1 to \(MachineConfiguration.mostPEs)", isAlwaysWritten: true,
      .number { $0.peCount = Int(min($1, 1 << 20)) }
    ) { String($0.peCount) },
    MachineSetting(
      "rmm", "personality with its changes: `spec-1.0`, `tf-rmm-0.6-D7`, `spec-1.0+D6+order`", isAlwaysWritten: true,
      .word { configuration, word throws(Unfit) in configuration.policy = try policy(word) }
    ) { $0.policy.name },
    number("dram_base", "first byte, from 0x80000000, a multiple of 2M", \.dramBase),
    number("pa_width", "physical address bits, 36 to 52", \.paWidth) { String($0) },
    number("rec_aux_count", "RMI_REC_AUX_COUNT, 0 to 16", \.recAuxCount) { String($0) },
    number("feature_register_0", "RMI_FEATURES(0)", \.featureRegister0),
    choice(
      "attestation", "`on`, or `off`: no Realm attestation key", of: Switch.allCases, { $0.attestation ? .on : .off },
      set: { $0.attestation = $1 == .on }),
    choice(
      "vcpu", "`queue`: a vCPU does what `guest` lines queue; `code`: it executes A64 code ([Guests.md](Guests.md))",
      of: VCPUKind.allCases, { $0.vcpu }, set: { $0.vcpu = $1 }),
    choice(
      "cpu",
      "`v8.0` or `v8.5`: which instructions the processor has, and says so in its ID registers ([Guests.md](Guests.md#the-processor))",
      of: ProcessorModel.allCases, { $0.cpu }, set: { $0.cpu = $1 }),
    choice(
      "platform", "`model`, or `sample`: the platform token TF-A publishes for its FVP", of: PlatformKind.allCases,
      { $0.platform },
      set: { $0.platform = $1 }),
    number("instance", "which unit of the modelled platform: its keys and instance id", \.instance) { String($0) },
    number("lifecycle", "the platform's life cycle, such as 0x3000 secured, 0x5000 recoverable debug", \.lifecycle),
    MachineSetting(
      "patch",
      "firmware that differs in one bit: \(Firmware.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")), joined by `+`, or `none`",
      .word { configuration, word throws(Unfit) in configuration.patched = try firmware(word) }
    ) { configuration in
      let patched = Firmware.allCases.filter { configuration.patched.contains($0) }
      return patched.isEmpty ? "none" : patched.map(\.rawValue).joined(separator: "+")
    },
    choice(
      "token", "form of tokens: `rmm-1.0`, `legacy`, `collection`", of: TokenProfile.allCases.filter { $0 != .later },
      { $0.token }, set: { $0.token = $1 }),
    MachineSetting(
      "firmware",
      "what is wrong with it, such as `no-rmm` or `rmm-error:-7` ([Boot.md](Boot.md#firmware-that-fails)), or `none`",
      .word { configuration, word throws(Unfit) in configuration.firmware = try failure(word) }
    ) { $0.firmware?.rawValue ?? "none" },
    choice(
      "gpf", "`world` or `el3`: who takes a granule protection fault ([Boot.md](Boot.md#granule-protection-faults))",
      of: GPFRouting.allCases, { $0.gpf }, set: { $0.gpf = $1 }),
    choice(
      "host", "`tf-rmm` or `none`: what the host of TF-RMM did (written by recordings)", of: ObservedHost.allCases,
      { $0.granuleFaultsExitToHost ? .tfRMM : .none },
      set: {
        $0.granuleFaultsExitToHost = $1 == .tfRMM
        $0.monitorAnswersHost = $1 != .tfRMM
      }),
    choice(
      "secure",
      "what runs in the Secure world: `off`, or `spmc`, a partition manager that takes calls of FF-A, with three partitions; "
        + "`tee` is the same with A64 code in the first",
      of: SecureSoftware.allCases, { $0.secure }, set: { $0.secure = $1 }),
    choice(
      "protect", "`on` or `off`: whether EL3 moves memory that is lent or donated to partitions into the Secure PAS",
      of: Switch.allCases, { $0.protectsMemory ? .on : .off }, set: { $0.protectsMemory = $1 == .on }),
    choice(
      "smmu",
      "`on`, `off` or `absent`: whether the device's transactions are looked up in the GPT ([Secure.md](Secure.md#a-device))",
      of: SMMUCheck.allCases,
      { $0.smmu }, set: { $0.smmu = $1 }),
    MachineSetting(
      "without",
      "checks that are switched off, joined by `+`, such as `RMI_DATA_CREATE.data_state` or `gpc.*` ([Lab.md](Lab.md)), or `none`",
      .word { configuration, word throws(Unfit) in
        do throws(SwitchSet.Unknown) { configuration.without = try SwitchSet(named: word) } catch {
          throw Unfit(message: error.message)
        }
      }
    ) { $0.without.text },
    MachineSetting(
      "bug",
      "bugs of the RMM, each of a kind that a real one had, joined by `+`, such as `later_vmids` ([Lab.md](Lab.md#bugs)), or `none`",
      .word { configuration, word throws(Unfit) in configuration.bugs = try MachineBug.named(word) }
    ) { MachineBug.text($0.bugs) },
  ]

  package static func named(_ key: String) -> MachineSetting? { all.first { $0.key == key } }

  private static func policy(_ word: String) throws(Unfit) -> Policy {
    guard let policy = Policy(named: word) else {
      let all = Policy.personalities.map(\.name).joined(separator: " or ")
      throw Unfit(message: "unknown personality \"\(shown(word))\"; expected \(all), with changes such as +D6 or -order")
    }
    return policy
  }

  private static func firmware(_ word: String) throws(Unfit) -> Set<Firmware> {
    guard word != "none" else { return [] }
    var result: Set<Firmware> = []
    for name in word.split(separator: "+") {
      guard let component = Firmware(rawValue: String(name)) else {
        let all = Firmware.allCases.map(\.rawValue).joined(separator: ", ")
        throw Unfit(message: "unknown firmware \"\(shown(name))\"; expected \(all), joined by +")
      }
      result.insert(component)
    }
    return result
  }

  private static func failure(_ word: String) throws(Unfit) -> FirmwareFailure? {
    guard word != "none" else { return nil }
    guard let failure = FirmwareFailure(rawValue: word) else {
      let all = FirmwareFailure.allCases.map(\.rawValue)
      let near = closest(to: word, among: all).map { "; did you mean \($0)?" }
      throw Unfit(
        message: "unknown firmware failure \"\(shown(word))\"" + (near ?? "; expected none, \(all.joined(separator: ", "))"))
    }
    return failure
  }
}

extension MachineConfiguration {
  /// The configuration as properties that a script's `machine` statement reads, without those that have their default.
  public var propertyText: String {
    var parts: [String] = []
    // The machine that what is written so far makes.
    var made = MachineConfiguration()
    for setting in MachineSetting.all {
      let text = setting.text(self)
      guard setting.isAlwaysWritten || text != setting.text(made) else { continue }
      parts.append("\(setting.key)=\(text)")
      if case .word(let set) = setting.value { try? set(&made, text) }
    }
    return parts.joined(separator: " ")
  }
}
