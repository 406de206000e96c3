import Basics

package enum RSIAttestationTokenContinue: Command {
  static let name: StaticString = "RSI_ATTESTATION_TOKEN_CONTINUE"
  static let section: StaticString = "DEN0137 B5.3.1"
  package static let fid: UInt32 = 0xC400_0195
  static let summary: StaticString = "Hands out the next bytes of the attestation token."

  static let addr = Input("addr", 1, .ipa, "IPA of the granule that receives them")
  static let offset = Input("offset", 2, .number, "offset in the granule, in bytes")
  static let size = Input("size", 3, .size, "room from there on, in bytes")
  static let inputs = [addr, offset, size]
  static let outputs = [Output("len", 1, "bytes written")]

  static func conditions<W: Watcher>(_ m: borrowing Machine, _ c: inout Call, _ w: inout W) throws(Refusal) {
    try w.check("addr_align", "not a multiple of 4096", .rsiInput, "addr = \(hex(c[addr]))", !c[addr].isGranuleAligned)
    try w.check("offset_bound", "not inside a granule", .rsiInput, "offset = \(hex(c[offset]))", c[offset] >= Granule.size)
    try w.check(
      "size_overflow", "offset + size is beyond 64 bits", .rsiInput, "offset = \(hex(c[offset])), size = \(hex(c[size]))",
      c[offset] &+ c[size] < c[offset])
    try w.check(
      "size_bound", "the room ends beyond the granule", .rsiInput, "offset = \(hex(c[offset])), size = \(hex(c[size]))",
      c[offset] &+ c[size] > Granule.size)
    try w.check(
      "addr_bound", "not a Protected IPA", .rsiInput, "addr = \(hex(c[addr]))",
      !m.realm(m.rec(c.rec).owner).isProtected(c[addr]))
    try w.check(
      "state", "no token is being made", .rsiState,
      "attest_state = \(m.rec(c.rec).attestState == .idle ? "NO_ATTEST_IN_PROGRESS" : "ATTEST_IN_PROGRESS")",
      m.rec(c.rec).attestState == .idle)
    try w.check(
      "unknown", "the token cannot be made", .rsiUnknown,
      "attestation key \(m.configuration.attestation ? "present" : "absent")", !m.configuration.attestation)
  }

  static func effect(_ m: inout Machine, _ c: inout Call) { m.continueToken(&c) }

  /// It leaves only to let an interrupt through.
  static func describeExit(_ m: borrowing Machine, _ c: Call, _ fid: UInt64, _ exit: inout ExitRecord) { exit.reason = .irq }

  static func refused(_ m: inout Machine, _ c: inout Call) {
    // A failure to make the token ends the attempt.
    if c.out[0] == Status.rsiUnknown.value { m.mutableREC(c.rec).attestState = .idle }
  }
}
