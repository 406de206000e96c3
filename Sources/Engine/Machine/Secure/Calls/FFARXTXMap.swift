import Basics

enum FFARXTXMap: Command {
  static let name: StaticString = "FFA_RXTX_MAP"
  static let section: StaticString = "DEN0077A 1.1 13.5"
  static let fid: UInt32 = 0x8400_0066
  static let alias: UInt32? = 0xC400_0066
  static let summary: StaticString = "Gives the SPMC two pages for messages: one the caller writes, one it reads."

  static let tx = Input("tx", 1, .nsPA, "PA of the page the caller writes")
  static let rx = Input("rx", 2, .nsPA, "PA of the page the caller reads")
  static let pages = Input("pages", 3, .number, "pages of each, 1")
  static let inputs = [tx, rx, pages]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check(
      "mapped", "the caller has buffers", .ffaDenied, m.spm.endpoints[c.endpoint].txText, m.spm.endpoints[c.endpoint].tx != 0)
    try w.check("pages", "another number than 1", .ffaInvalid, "pages = \(hex(c[pages]))", c[pages] != 1)
    try w.check("tx_align", "not a multiple of 4096", .ffaInvalid, "tx = \(hex(c[tx]))", !c[tx].isGranuleAligned)
    try w.check("rx_align", "not a multiple of 4096", .ffaInvalid, "rx = \(hex(c[rx]))", !c[rx].isGranuleAligned)
    try w.check("overlap", "both are the same page", .ffaInvalid, "tx = rx = \(hex(c[tx]))", c[tx] == c[rx])
    try w.check(
      "tx_owned", "the caller does not own the page exclusively",
      c.endpoint == FFAEndpointIndex.normal ? .ffaDenied : .ffaInvalid,
      "\(hex(c[tx])) is \(m.pageState(c[tx], for: c.endpoint).state.rawValue)",
      m.pageState(c[tx], for: c.endpoint).state != .exclusive)
    try w.check(
      "rx_owned", "the caller does not own the page exclusively",
      c.endpoint == FFAEndpointIndex.normal ? .ffaDenied : .ffaInvalid,
      "\(hex(c[rx])) is \(m.pageState(c[rx], for: c.endpoint).state.rawValue)",
      !m.pageState(c[rx], for: c.endpoint).state.isReadable)
  }

  static func success(_ c: Call) -> Success { .answers(FFA.success) }

  static func effect(_ m: inout Machine, _ c: inout Call) {
    m.control.secure?.endpoints[c.endpoint].tx = c[tx]
    m.control.secure?.endpoints[c.endpoint].rx = c[rx]
    c.succeed()
  }
}

extension PageState {
  /// Whether a page in it may be an RX buffer, which its owner only reads.
  fileprivate var isReadable: Bool { self == .exclusive || self == .readOnly }
}
