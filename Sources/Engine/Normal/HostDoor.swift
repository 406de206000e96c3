/// How software of the Normal world acts on the machine: SMCs, writes to its own memory, and a look at an exit record.
public protocol HostDoor: AnyObject {
  /// X0 to X17 of an SMC from NS-EL2; X0 and up of the answer.
  func smc(_ arguments: [UInt64]) -> [UInt64]
  func write(_ address: UInt64, _ bytes: [UInt8])
  func write64(_ address: UInt64, _ value: UInt64)
  /// What a REC exit left in a run granule.
  func exitRecord(_ run: UInt64) -> ExitFields
  /// A word of an instruction the model does not have, if one stopped a vCPU.
  var stoppedBy: UInt32? { get }
  /// DRAM that is the Host's.
  var dram: Range<UInt64> { get }
}
