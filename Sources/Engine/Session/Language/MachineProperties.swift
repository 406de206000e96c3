import Attestation
import Basics
import Machine

/// Properties of a `machine` statement, of the recording's header, and of `--machine`.
extension MachineConfiguration {
  /// Keys and what they set.
  package static let properties: [(key: String, meaning: String)] = [
    ("dram", "bytes of DRAM"), ("dram_base", "first byte of DRAM"), ("pe", "number of PEs, 1 to \(mostPEs)"),
    ("pa_width", "physical address width in bits"), ("rec_aux_count", "RMI_REC_AUX_COUNT"),
    ("feature_register_0", "RMI_FEATURES(0)"), ("rmm", "personality, with its changes: spec-1.0+D6-D23"),
    ("attestation", "on or off: whether EL3 has a Realm attestation key"),
    ("vcpu", "queue or code: whether a vCPU does what is queued, or executes A64 code"),
    ("platform", "model or sample: whose platform token EL3 hands out"),
    ("instance", "which unit of the modelled platform this is"),
    ("lifecycle", "the platform's life cycle claim, such as 0x3000 (secured)"),
    ("patch", "firmware that differs from what was released: RMM, AP_BL31+AP_BL2, none"),
    ("token", "form of the tokens: rmm-1.0, legacy or collection"),
    ("map", "model, fvp or qemu: whose memory map; DRAM is then where, and as large as, it has it"),
    ("firmware", "what is wrong with it: no-rmm, rmm-error:-1 to -7, bad-manifest-checksum, gpt-overlap …, none"),
    ("gpf", "world or el3: who takes a granule protection fault (SCR_EL3.GPF)"),
    ("secure", "off, spmc or tee: what runs in the Secure world"),
    ("protect", "on or off: whether EL3 moves memory that is lent to the Secure world into its PAS"),
  ]

  /// Changes the properties of a `machine` statement in order. Throws what is wrong with one, or with the machine they make.
  package mutating func set(_ properties: [MachineProperty], line: Int) throws(ScriptError) {
    for property in properties { try set(property.key, property.value, line: line, column: property.column) }
    if let problem { throw ScriptError(line: line, column: 1, message: problem) }
  }

  /// Changes one property. Throws what is wrong in words.
  public mutating func set(_ key: String, _ value: String, line: Int = 0, column: Int = 0) throws(ScriptError) {
    func bad(_ message: String) -> ScriptError { ScriptError(line: line, column: column, message: message) }
    func number() throws(ScriptError) -> UInt64 {
      try ExpressionParser.parse(Word(text: value, column: column + key.count + 1), line: line) { _ in nil }
    }
    switch key {
    case "preset":
      guard let preset = MachineConfiguration.preset(value) else {
        throw bad(
          "unknown machine \"\(shown(value))\"; expected \(MachineConfiguration.presets.map(\.name).joined(separator: " or ")), or key=value"
        )
      }
      self = preset
    case "dram": dramSize = try number()
    case "dram_base": dramBase = try number()
    case "pe": peCount = Int(truncatingIfNeeded: min(try number(), 1 << 20))
    case "pa_width": paWidth = try number()
    case "rec_aux_count": recAuxCount = try number()
    case "feature_register_0": featureRegister0 = try number()
    case "rmm":
      guard let policy = Policy(named: value) else {
        throw bad(
          "unknown personality \"\(shown(value))\"; expected \(Policy.personalities.map(\.name).joined(separator: " or ")), with changes such as +D6 or -order"
        )
      }
      self.policy = policy
    case "attestation":
      guard value == "on" || value == "off" else { throw bad("attestation is on or off, not \"\(shown(value))\"") }
      attestation = value == "on"
    case "vcpu":
      guard let kind = VCPUKind(rawValue: value) else { throw bad("vcpu is queue or code, not \"\(shown(value))\"") }
      vcpu = kind
    case "platform":
      guard let kind = PlatformKind(rawValue: value) else {
        throw bad("platform is \(PlatformKind.allCases.map(\.rawValue).joined(separator: " or ")), not \"\(shown(value))\"")
      }
      platform = kind
    case "instance": instance = try number()
    case "lifecycle": lifecycle = try number()
    case "patch": patched = try firmware(value, bad)
    case "token":
      guard let form = TokenProfile(rawValue: value), form != .later else {
        throw bad("token is rmm-1.0, legacy or collection, not \"\(shown(value))\"")
      }
      token = form
    case "map":
      guard let kind = MemoryMapKind(rawValue: value) else {
        throw bad("map is \(MemoryMapKind.allCases.map(\.rawValue).joined(separator: " or ")), not \"\(shown(value))\"")
      }
      take(kind)
    case "firmware":
      guard value != "none" else { return firmware = nil }
      guard let failure = FirmwareFailure(rawValue: value) else {
        let all = FirmwareFailure.allCases.map(\.rawValue)
        let near = closest(to: value, among: all).map { "; did you mean \($0)?" }
        throw bad("unknown firmware failure \"\(shown(value))\"" + (near ?? "; expected none, \(all.joined(separator: ", "))"))
      }
      firmware = failure
    case "gpf":
      guard let routing = GPFRouting(rawValue: value) else { throw bad("gpf is world or el3, not \"\(shown(value))\"") }
      gpf = routing
    case "secure":
      guard let software = SecureSoftware(rawValue: value) else {
        throw bad("secure is \(SecureSoftware.allCases.map(\.rawValue).joined(separator: " or ")), not \"\(shown(value))\"")
      }
      secure = software
    case "protect":
      guard value == "on" || value == "off" else { throw bad("protect is on or off, not \"\(shown(value))\"") }
      protectsMemory = value == "on"
    case "host":
      // How a recording names what the host of TF-RMM did.
      guard value == "tf-rmm" || value == "none" else { throw bad("host is tf-rmm or none, not \"\(shown(value))\"") }
      granuleFaultsExitToHost = value == "tf-rmm"
      monitorAnswersHost = value != "tf-rmm"
    default:
      throw bad(
        "unknown machine property \"\(shown(key))\"; expected one of \(MachineConfiguration.properties.map(\.key).joined(separator: ", "))"
      )
    }
  }

  private func firmware(_ value: String, _ bad: (String) -> ScriptError) throws(ScriptError) -> Set<Firmware> {
    guard value != "none" else { return [] }
    var result: Set<Firmware> = []
    for name in value.split(separator: "+") {
      guard let component = Firmware(rawValue: String(name)) else {
        throw bad(
          "unknown firmware \"\(shown(name))\"; expected \(Firmware.allCases.map(\.rawValue).joined(separator: ", ")), joined by +"
        )
      }
      result.insert(component)
    }
    return result
  }
}
