import Basics

enum FFARXRelease: Command {
  static let name: StaticString = "FFA_RX_RELEASE"
  static let section: StaticString = "DEN0077A 1.1 13.4"
  static let fid: UInt32 = 0x8400_0065
  static let summary: StaticString = "The receiver has read what is in its RX buffer."

  static let id = Input("id", 1, .number, "of a VM whose hypervisor calls for it; 0, as none is known here")
  static let inputs = [id]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("id_mbz", "no buffers are known of that VM", .ffaInvalid, "id = \(hex(c[id]))", c[id] != 0)
    try w.check(
      "rx_full", "there is nothing in the RX buffer", .ffaDenied, m.spm.endpoints[c.endpoint].rxText,
      !m.spm.endpoints[c.endpoint].isRXFull)
  }

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.control.secure?.endpoints[c.endpoint].isRXFull = false
    c.succeed()
  }
}

extension FFAEndpoint {
  /// The RX buffer in words.
  var rxText: String { rx == 0 ? "no RX buffer" : "RX buffer \(hex(rx)) is \(isRXFull ? "full" : "empty")" }
  var txText: String { tx == 0 ? "no TX buffer" : "TX buffer \(hex(tx))" }
}
