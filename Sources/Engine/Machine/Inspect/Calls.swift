/// Every call that has conditions: those of the RMM's interfaces, of FF-A, and EL3's for the SPMC. No function identifier is that of two.
package enum Calls {
  package static let all = Commands.all + FFACalls.all

  /// By name, in any case.
  package static func named(_ name: String) -> CommandEntry? { Commands.named(name) ?? FFACalls.named(name) }

  /// By X0 of a call.
  package static func called(_ x0: UInt64) -> CommandEntry? { Commands.called(x0) ?? FFACalls.withFID(x0 & 0xFFFF_FFFF) }

  /// The call's name, or the number.
  package static func name(of fid: UInt64) -> String {
    FFA.name(fid & 0xFFFF_FFFF) ?? FFACalls.withFID(fid)?.name ?? Commands.name(of: fid)
  }
}

extension Machine {
  /// Who calls from a world, by ``FFAEndpointIndex``: the partition that has the present PE, if it is the Secure world that does.
  package func caller(from world: World) -> Int {
    world == .secure ? spm.running[control.currentPE] : FFAEndpointIndex.normal
  }
}
