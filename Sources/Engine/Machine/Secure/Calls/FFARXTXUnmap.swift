import Basics

enum FFARXTXUnmap: Command {
  static let name: StaticString = "FFA_RXTX_UNMAP"
  static let section: StaticString = "DEN0077A 1.1 13.6"
  static let fid: UInt32 = 0x8400_0067
  static let summary: StaticString = "Takes back the pages for messages."

  static let id = Input("id", 1, .number, "bits 31:16, of a VM whose hypervisor calls for it; 0, as none is known here")
  static let inputs = [id]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("id_mbz", "no buffers are known of that VM", .ffaInvalid, "id = \(hex(c[id]))", c[id] != 0)
    try w.check(
      "mapped", "the caller has no buffers", .ffaInvalid, m.spm.endpoints[c.endpoint].txText, m.spm.endpoints[c.endpoint].tx == 0)
  }

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.control.secure?.endpoints[c.endpoint].tx = 0
    m.control.secure?.endpoints[c.endpoint].rx = 0
    m.control.secure?.endpoints[c.endpoint].isRXFull = false
    c.succeed()
  }
}
