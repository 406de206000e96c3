extension Machine {
  /// Runs an RMI command at R-EL2. False if it has not returned: the Realm keeps the PE.
  mutating func dispatchRMI(_ fid: UInt64, _ x: inout InlineArray<18, UInt64>) -> Bool {
    var call = Call()
    for n in 0..<7 { call.x[n] = x[n] }
    switch fid {
    case UInt64(RMIVersion.fid): execute(RMIVersion.self, &call)
    case UInt64(GranuleDelegate.fid): execute(GranuleDelegate.self, &call)
    case UInt64(GranuleUndelegate.fid): execute(GranuleUndelegate.self, &call)
    case UInt64(DataCreate.fid): execute(DataCreate.self, &call)
    case UInt64(DataCreateUnknown.fid): execute(DataCreateUnknown.self, &call)
    case UInt64(DataDestroy.fid): execute(DataDestroy.self, &call)
    case UInt64(RealmActivate.fid): execute(RealmActivate.self, &call)
    case UInt64(RealmCreate.fid): execute(RealmCreate.self, &call)
    case UInt64(RealmDestroy.fid): execute(RealmDestroy.self, &call)
    case UInt64(RECCreate.fid): execute(RECCreate.self, &call)
    case UInt64(RECDestroy.fid): execute(RECDestroy.self, &call)
    case UInt64(RECEnter.fid): execute(RECEnter.self, &call)
    case UInt64(RTTCreate.fid): execute(RTTCreate.self, &call)
    case UInt64(RTTDestroy.fid): execute(RTTDestroy.self, &call)
    case UInt64(RTTMapUnprotected.fid): execute(RTTMapUnprotected.self, &call)
    case UInt64(RTTReadEntry.fid): execute(RTTReadEntry.self, &call)
    case UInt64(RTTUnmapUnprotected.fid): execute(RTTUnmapUnprotected.self, &call)
    case UInt64(PSCIComplete.fid): execute(PSCIComplete.self, &call)
    case UInt64(RMIFeatures.fid): execute(RMIFeatures.self, &call)
    case UInt64(RTTFold.fid): execute(RTTFold.self, &call)
    case UInt64(RECAuxCount.fid): execute(RECAuxCount.self, &call)
    case UInt64(RTTInitRIPAS.fid): execute(RTTInitRIPAS.self, &call)
    case UInt64(RTTSetRIPAS.fid): execute(RTTSetRIPAS.self, &call)
    default: call.out[0] = smcccNotSupported
    }
    if call.out[0] == Machine.stillRunning { return false }
    for n in 0...3 { x[n] = call.out[n] }
    let givesX4 = fid == UInt64(RTTReadEntry.fid) && call.decidedBy == nil
    if givesX4 || !policy.has(.rmiKeepsX4) { x[4] = call.out[4] }
    for n in 5..<18 { x[n] = 0 }
    return true
  }
}
