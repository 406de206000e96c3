enum FFAIDGet: Command {
  static let name: StaticString = "FFA_ID_GET"
  static let section: StaticString = "DEN0077A 1.1 13.9"
  static let fid: UInt32 = 0x8400_0069
  static let summary: StaticString = "The caller's id."
  static let inputs: [Input] = []
  static let outputs = [Output("id", 2, "the caller's id")]

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) { c.succeed(FFAEndpointIndex.id(c.endpoint)) }
}

enum FFASPMIDGet: Command {
  static let name: StaticString = "FFA_SPM_ID_GET"
  static let section: StaticString = "DEN0077A 1.1 13.10"
  static let fid: UInt32 = 0x8400_0085
  static let summary: StaticString = "The id of the partition manager."
  static let inputs: [Input] = []
  static let outputs = [Output("id", 2, "that of the SPMC")]

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) { c.succeed(FFA.spmcID) }
}
