/// Shown the commands one after the other, as types: what is done with each is compiled for it.
protocol CommandVisitor {
  /// True if it has seen what it looks for; the rest is not shown then.
  mutating func visit<C: Command>(_: C.Type) -> Bool
}

/// The commands of each interface, in the order of their function numbers. This is the only list: registry and dispatch are visitors
/// of it, and everything else is made from the registry.
enum CommandList {
  /// - Returns: whether the visitor has seen what it looks for.
  @inline(__always) static func rmi<V: CommandVisitor>(_ visitor: inout V) -> Bool {
    if visitor.visit(RMIVersion.self) { return true }
    if visitor.visit(GranuleDelegate.self) { return true }
    if visitor.visit(GranuleUndelegate.self) { return true }
    if visitor.visit(DataCreate.self) { return true }
    if visitor.visit(DataCreateUnknown.self) { return true }
    if visitor.visit(DataDestroy.self) { return true }
    if visitor.visit(RealmActivate.self) { return true }
    if visitor.visit(RealmCreate.self) { return true }
    if visitor.visit(RealmDestroy.self) { return true }
    if visitor.visit(RECCreate.self) { return true }
    if visitor.visit(RECDestroy.self) { return true }
    if visitor.visit(RECEnter.self) { return true }
    if visitor.visit(RTTCreate.self) { return true }
    if visitor.visit(RTTDestroy.self) { return true }
    if visitor.visit(RTTMapUnprotected.self) { return true }
    if visitor.visit(RTTReadEntry.self) { return true }
    if visitor.visit(RTTUnmapUnprotected.self) { return true }
    if visitor.visit(PSCIComplete.self) { return true }
    if visitor.visit(RMIFeatures.self) { return true }
    if visitor.visit(RTTFold.self) { return true }
    if visitor.visit(RECAuxCount.self) { return true }
    if visitor.visit(RTTInitRIPAS.self) { return true }
    if visitor.visit(RTTSetRIPAS.self) { return true }
    return false
  }

  @inline(__always) static func rsi<V: CommandVisitor>(_ visitor: inout V) -> Bool {
    if visitor.visit(RSIVersion.self) { return true }
    if visitor.visit(RSIFeatures.self) { return true }
    if visitor.visit(RSIMeasurementRead.self) { return true }
    if visitor.visit(RSIMeasurementExtend.self) { return true }
    if visitor.visit(RSIAttestationTokenInit.self) { return true }
    if visitor.visit(RSIAttestationTokenContinue.self) { return true }
    if visitor.visit(RSIRealmConfig.self) { return true }
    if visitor.visit(RSIIPAStateSet.self) { return true }
    if visitor.visit(RSIIPAStateGet.self) { return true }
    if visitor.visit(RSIHostCall.self) { return true }
    return false
  }

  @inline(__always) static func psci<V: CommandVisitor>(_ visitor: inout V) -> Bool {
    if visitor.visit(PSCIVersion.self) { return true }
    if visitor.visit(PSCICPUSuspend.self) { return true }
    if visitor.visit(PSCICPUOff.self) { return true }
    if visitor.visit(PSCICPUOn.self) { return true }
    if visitor.visit(PSCIAffinityInfo.self) { return true }
    if visitor.visit(PSCISystemOff.self) { return true }
    if visitor.visit(PSCISystemReset.self) { return true }
    if visitor.visit(PSCIFeatures.self) { return true }
    return false
  }
}
