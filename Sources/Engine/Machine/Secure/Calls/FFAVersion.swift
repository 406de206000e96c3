import Basics

enum FFAVersion: Command {
  static let name: StaticString = "FFA_VERSION"
  static let section: StaticString = "DEN0077A 1.1 13.2"
  static let fid: UInt32 = 0x8400_0063
  static let summary: StaticString = "Asks which version of FF-A the callee speaks."
  static let answersRevision = true

  static let version = Input("version", 1, .version, "the caller's: major in bits 30:16, minor in 15:0")
  static let inputs = [version]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("version_mbz", "bit 31 is not zero", .ffaNotSupported, "version = \(hex(c[version]))", c[version].bit(31))
    try w.check(
      "version_major", "another major version than 1", .ffaNotSupported, "major version \(c[version].bits(30, 16))",
      c[version].bits(30, 16) != 1)
    try w.check(
      "version_minor", "another minor version than 1, whose descriptors are the only ones this SPMC reads", .ffaNotSupported,
      "minor version \(c[version].bits(15, 0))", c[version].bits(15, 0) != 1)
  }

  static func success(_ c: Call) -> Success { .answers(FFA.version) }

  static func effect(_ m: inout Machine, _ c: inout Call) { c.out[0] = FFA.version }
}
