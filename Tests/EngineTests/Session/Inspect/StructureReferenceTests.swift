import Engine
import Testing

struct StructureReferenceTests {
  /// What a program needs that writes a structure: DEN0137 B4.4.12 and B4.4.19.
  @Test(
    arguments: [
      ("s2sz", "RmiRealmParams", 0, 0x8), ("rtt_base", "rmirealmparams", 0, 0x808), ("aux", "RmiRecParams", 0, 0x808),
      ("aux", "RmiRecParams", 15, 0x880), ("aux", "RmiRecParams", 16, nil), ("aux", "RmiRecParams", -1, nil),
      ("s2sz", "RmiRecParams", 0, nil), ("s2sz", "RmiParams", 0, nil),
    ] as [(String, String, Int, UInt64?)])
  func aFieldIsFoundByItsName(_ field: String, _ structure: String, _ index: Int, _ offset: UInt64?) {
    #expect(StructureReference.offset(of: field, in: structure, index) == offset)
  }
}
