import Basics

/// Which of the three interfaces a command belongs to.
public enum Interface: String, Sendable, CaseIterable {
  case rmi = "RMI"
  case rsi = "RSI"
  case psci = "PSCI"
}

/// A command as everything but its execution sees it: made from its declaration.
public struct CommandEntry: Sendable {
  public let name: String
  public let fid: UInt32
  /// The SMC32 alias TF-RMM knows, if there is one.
  public let alias: UInt32?
  public let interface: Interface
  public let summary: String
  package let inputs: [Input]
  package let outputs: [Output]
  package let order: [Ordering]
  /// Lists the conditions for a machine's personality, in its order.
  package let list: @Sendable (borrowing Machine) -> [ConditionDeclaration]
  /// Evaluates the conditions for a call without running it.
  package let explain: @Sendable (borrowing Machine, inout Call) -> Explainer

  init<C: Command>(_: C.Type, alias: UInt32? = nil) {
    name = C.name.description
    fid = C.fid
    self.alias = alias
    interface = Interface.allCases.first { C.name.description.hasPrefix($0.rawValue + "_") } ?? .rmi
    summary = C.summary.description
    inputs = C.inputs
    outputs = C.outputs
    order = C.order
    list = { machine in
      var lister = Lister()
      var call = Call()
      // A lister evaluates no condition and never throws.
      try? C.conditions(machine, &call, &lister)
      return lister.rows
    }
    explain = { machine, call in
      var explainer = Explainer()
      try? C.conditions(machine, &call, &explainer)
      return explainer
    }
  }
}

/// All 41 commands.
public enum Commands {
  public static let all: [CommandEntry] = [
    CommandEntry(RMIVersion.self), CommandEntry(GranuleDelegate.self), CommandEntry(GranuleUndelegate.self),
    CommandEntry(DataCreate.self), CommandEntry(DataCreateUnknown.self), CommandEntry(DataDestroy.self),
    CommandEntry(RealmActivate.self), CommandEntry(RealmCreate.self), CommandEntry(RealmDestroy.self),
    CommandEntry(RECCreate.self), CommandEntry(RECDestroy.self), CommandEntry(RECEnter.self),
    CommandEntry(RTTCreate.self), CommandEntry(RTTDestroy.self), CommandEntry(RTTMapUnprotected.self),
    CommandEntry(RTTReadEntry.self), CommandEntry(RTTUnmapUnprotected.self), CommandEntry(PSCIComplete.self),
    CommandEntry(RMIFeatures.self), CommandEntry(RTTFold.self), CommandEntry(RECAuxCount.self),
    CommandEntry(RTTInitRIPAS.self), CommandEntry(RTTSetRIPAS.self),
    CommandEntry(RSIVersion.self), CommandEntry(RSIFeatures.self), CommandEntry(RSIMeasurementRead.self),
    CommandEntry(RSIMeasurementExtend.self), CommandEntry(RSIAttestationTokenInit.self),
    CommandEntry(RSIAttestationTokenContinue.self), CommandEntry(RSIRealmConfig.self),
    CommandEntry(RSIIPAStateSet.self), CommandEntry(RSIIPAStateGet.self), CommandEntry(RSIHostCall.self),
    CommandEntry(PSCIVersion.self), CommandEntry(PSCICPUSuspend.self, alias: PSCICPUSuspend.fid32),
    CommandEntry(PSCICPUOff.self), CommandEntry(PSCICPUOn.self, alias: PSCICPUOn.fid32),
    CommandEntry(PSCIAffinityInfo.self, alias: PSCIAffinityInfo.fid32), CommandEntry(PSCISystemOff.self),
    CommandEntry(PSCISystemReset.self), CommandEntry(PSCIFeatures.self),
  ]

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
  private static let byFID: [UInt32: CommandEntry] = {
    var table = Dictionary(uniqueKeysWithValues: all.map { ($0.fid, $0) })
    for entry in all { if let alias = entry.alias { table[alias] = entry } }
    return table
  }()

  /// By name, in any case.
  public static func named(_ name: String) -> CommandEntry? { byName[name.uppercased()] }

  /// By function identifier.
  public static func withFID(_ fid: UInt64) -> CommandEntry? {
    fid >> 32 == 0 ? byFID[UInt32(fid)] : nil
  }

  /// By X0 of a call, in which SMCCC's hint that the caller has no SVE state (bit 16) may be set.
  public static func called(_ x0: UInt64) -> CommandEntry? { withFID(x0 & ~0x1_0000) }

  /// The command's name, or the number.
  public static func name(of fid: UInt64) -> String {
    if fid == 0x8000_0000 { return "SMCCC_VERSION" }
    return withFID(fid)?.name ?? ServiceFID.name(fid) ?? hex(fid)
  }
}
