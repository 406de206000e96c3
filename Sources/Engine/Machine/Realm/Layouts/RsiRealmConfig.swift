/// What RSI_REALM_CONFIG tells a Realm of itself.
package struct RsiRealmConfig: Structure {
  package static let table = RsiRealmConfig()
  package static let about = StructureFacts(
    "RsiRealmConfig", 4096, "DEN0137 B5.4", "What RSI_REALM_CONFIG tells a Realm of itself.")

  package let ipaWidth = MemoryField(0x000, 8, "ipa_width", .number, "width of the IPA space", unit: "bits")
  package let hashAlgo = MemoryField(0x008, 1, "hash_algo", .hashAlgorithm, "how the Realm is measured")
  package let rpv = MemoryField(0x200, 64, "rpv", .bytes, "Realm personalization value")
}
