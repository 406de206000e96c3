import Basics

extension Event {
  /// Whether it is the exception by which a guest makes a call; the call is an event of its own.
  package var isCallsException: Bool { kind == .exception && Syndrome.ec(a) == Syndrome.ecSMC }

  /// The layer it belongs to: where in the stack it happened.
  public var layer: String {
    if SMMUCheck(detail: detail) != nil, kind == .access || kind == .fault { return kind == .fault ? "SMMU" : "DMA" }
    return switch kind {
    case .smc, .smcReturn, .access:
      ProcessingElement.place(world, world == .root ? 3 : world == .secure ? (detail == 2 ? 2 : 1) : 2)
    case .move, .boot, .bootMeasurement, .gpi, .console: "EL3"
    case .service: world == .root ? "EL3" : world == .secure ? "S-EL2" : "R-EL2"
    case .granule, .rttEntry, .realmState, .measurement, .panic: "R-EL2"
    case .exit: ProcessingElement.place(world, 2)
    case .partitionLog: "S-EL1"
    case .exception, .injection, .call, .interrupt, .virtualInterrupt: ProcessingElement.place(world, 1)
    case .fault: "GPC"
    case .overruled, .broken: "LAB"
    case .leftOut: "…"
    }
  }

  /// The first bytes of a hash, all of their digits.
  private static func digits(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The characters a partition prints, in quotation marks; what is none is a dot.
  private var printed: String {
    let bytes = [a, b, c].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) } }
    let characters = bytes.prefix(Int(detail)).map { (0x20..<0x7F).contains($0) ? Character(UnicodeScalar($0)) : "." }
    return "\"\(String(characters))\""
  }

  /// One line that says what happened.
  public var text: String {
    switch kind {
    case .smc: return "SMC \(Calls.name(of: a))"
    case .smcReturn: return "returns X0=\(hex(a))"
    case .move:
      let from = ProcessingElement.place(World(rawValue: UInt8(a >> 8)) ?? .root, UInt8(a & 0xFF))
      let to = ProcessingElement.place(World(rawValue: UInt8(b >> 8)) ?? .root, UInt8(b & 0xFF))
      return "\(from) → \(to)  SCR_EL3.{NSE,NS}={\(c >> 62 & 1),\(c & 1)}"
    case .service:
      let name = Calls.name(of: a)
      if a == UInt64(ServiceFID.rmiRequestComplete) { return "\(name) X0=\(hex(b))" }
      if a == UInt64(ServiceFID.bootComplete) { return "\(name) \(Int64(bitPattern: b))" }
      return "\(name) \(hex(b)) → \(EL3Error(rawValue: Int64(bitPattern: c))?.name ?? hex(c))"
    case .gpi: return "GPT \(hex(a)) \(GPI(rawValue: UInt8(b))?.name ?? "?") → \(GPI(rawValue: UInt8(c))?.name ?? "?")"
    case .granule:
      return
        "granule \(hex(a)) \(GranuleState(rawValue: UInt8(b))?.name ?? "?") → \(GranuleState(rawValue: UInt8(c))?.name ?? "?")"
    case .rttEntry: return "RTT entry \(hex(a)) \(hex(b)) → \(hex(c))"
    case .realmState:
      func name(_ value: UInt64) -> String { RealmState(rawValue: UInt8(value))?.name ?? "none" }
      return "Realm \(hex(a)) \(name(b)) → \(name(c))"
    case .measurement: return "\(b == 0 ? "RIM" : "REM \(b - 1)") of \(hex(a)) = \(Self.digits(c))…"
    case .fault:
      return "granule protection fault at \(hex(a)), \(PAS(rawValue: UInt8(b))?.name ?? "?") access, ESR \(hex(c))"
    case .exception:
      return "\(Decoder.syndrome(a)) to \(ProcessingElement.place(world, 2))\(c == 0 ? "" : ", IPA \(hex((c >> 4) << 12))")"
    case .injection: return "takes \(Decoder.syndrome(a)) at EL1, pc=\(hex(c))"
    case .exit:
      return
        "\(world == .realm ? "REC" : "vCPU") \(hex(a)) exits: \(ExitReason(rawValue: UInt8(b))?.name ?? "?")\(c == 0 ? "" : " esr=\(hex(c))")"
    case .call: return detail == 0 ? "\(Calls.name(of: a)) → X0=\(hex(c))" : "\(Calls.name(of: a)) leaves the Realm"
    case .boot:
      let stage = BootStage(rawValue: Int(a))
      return "\(stage?.name ?? "?"): \(stage?.summary ?? "")"
    case .bootMeasurement:
      let component = Int(a) < Firmware.allCases.count ? Firmware.allCases[Int(a)].rawValue : "?"
      return "\(component) measured: \(Self.digits(b))…"
    case .interrupt: return "virtual SError pending"
    case .virtualInterrupt: return "virtual interrupt \(a) taken at \(hex(b))"
    case .partitionLog: return "prints \(printed)"
    case .panic: return RMMPanic(address: a).text
    case .console: return "console: " + (RootMessage(rawValue: a)?.lines(b, c).joined(separator: " ") ?? "?")
    case .overruled: return "passed by \(Switch.with(key: a)?.name ?? "?"), which is switched off"
    case .broken:
      guard let rule = LabRule(rawValue: detail) else { return "breaks a rule" }
      return "breaks \(rule.name): \(BrokenRule(rule: rule, a: a, b: b).detail)"
    case .leftOut: return "\(a) more events of this step were not kept"
    case .access:
      let way =
        switch SMMUCheck(detail: detail) {
        case .on: ", which the SMMU has let pass"
        case .off: "; the SMMU looks nothing up"
        case .absent: "; no SMMU is there"
        case nil: ""
        }
      return "\(c == 0 ? "reads" : "writes") \(hex(a)), \(b) byte\(b == 1 ? "" : "s")\(way)"
    }
  }
}
