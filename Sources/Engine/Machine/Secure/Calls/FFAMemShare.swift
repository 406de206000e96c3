enum FFAMemShare: Command {
  static let name: StaticString = "FFA_MEM_SHARE"
  static let section: StaticString = "DEN0077A 1.1 16.3"
  static let fid: UInt32 = 0x8400_0073
  static let alias: UInt32? = 0xC400_0073
  static let summary: StaticString = "Lets partitions use memory beside its owner."
  static let inputs = FFAMemSend.inputs
  static let outputs = FFAMemSend.outputs

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try FFAMemSend.conditions(.share, m, &c, &w)
  }

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) { FFAMemSend.effect(.share, &m, &c) }
}
