/// The calls of FF-A this model has, in the order of their function numbers, and EL3's for the SPMC. This is the only list: dispatch and
/// registry are visitors of it.
enum FFACallList {
  static func all<V: CommandVisitor>(_ visitor: inout V) -> Bool {
    if visitor.visit(FFAVersion.self) { return true }
    if visitor.visit(FFAFeatures.self) { return true }
    if visitor.visit(FFARXRelease.self) { return true }
    if visitor.visit(FFARXTXMap.self) { return true }
    if visitor.visit(FFARXTXUnmap.self) { return true }
    if visitor.visit(FFAPartitionInfoGet.self) { return true }
    if visitor.visit(FFAIDGet.self) { return true }
    if visitor.visit(FFAMsgWait.self) { return true }
    if visitor.visit(FFAYield.self) { return true }
    if visitor.visit(FFARun.self) { return true }
    if visitor.visit(FFAMsgSendDirectReq.self) { return true }
    if visitor.visit(FFAMsgSendDirectResp.self) { return true }
    if visitor.visit(FFAMemDonate.self) { return true }
    if visitor.visit(FFAMemLend.self) { return true }
    if visitor.visit(FFAMemShare.self) { return true }
    if visitor.visit(FFAMemRetrieveReq.self) { return true }
    if visitor.visit(FFAMemRelinquish.self) { return true }
    if visitor.visit(FFAMemReclaim.self) { return true }
    if visitor.visit(FFASPMIDGet.self) { return true }
    if visitor.visit(FFAConsoleLog.self) { return true }
    return false
  }

  static func platform<V: CommandVisitor>(_ visitor: inout V) -> Bool {
    if visitor.visit(PlatProtectMem.self) { return true }
    if visitor.visit(PlatUnprotectMem.self) { return true }
    return false
  }
}

/// The calls of the Secure world's interfaces by what there is to know of them: names, identifiers, arguments, conditions.
package enum FFACalls {
  private static let table: CommandTable = {
    var calls = Registrar(.ffa)
    _ = FFACallList.all(&calls)
    var platform = Registrar(.platform)
    _ = FFACallList.platform(&platform)
    return CommandTable(calls.entries + platform.entries)
  }()

  package static var all: [CommandEntry] { table.all }

  /// By name, in any case.
  package static func named(_ name: String) -> CommandEntry? { table.named(name) }

  /// By function identifier, of the SMC32 or the SMC64.
  package static func withFID(_ fid: UInt64) -> CommandEntry? { table.withFID(fid) }
}

extension Call {
  /// Who makes a call of FF-A, by ``FFAEndpointIndex``.
  var endpoint: Int { Int(rec) }

  /// The answer FFA_SUCCESS, with what is in W2 and W3.
  mutating func succeed(_ w2: UInt64 = 0, _ w3: UInt64 = 0) {
    out[0] = FFA.success
    out[2] = w2
    out[3] = w3
  }
}
