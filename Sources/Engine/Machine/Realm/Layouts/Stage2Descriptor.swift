/// A valid descriptor of stage 2: VMSAv8-64, 4 KiB granule. Where there is no LPA2; see ``Stage2Address52``.
package struct Stage2Descriptor: Structure {
  package static let table = Stage2Descriptor()
  package static let about = StructureFacts(
    "stage 2 descriptor", 8, "Arm ARM, VMSAv8-64 stage 2 with FEAT_S2FWB",
    "A valid entry of an RTT, or of a hypervisor's own tables.")

  package let valid = BitField(0, "valid", "the hardware goes on with it")
  package let isTable = BitField(1, "type", "a table above level 3, a page at level 3; else a block")
  package let memAttr = BitField(5, 2, "MemAttr", "memory type", "0b0110 Normal Write-Back")
  package let s2ap = BitField(7, 6, "S2AP", "bit 6 read, bit 7 write")
  package let sh = BitField(9, 8, "SH", "shareability", "0b10 Outer, 0b11 Inner")
  package let af = BitField(10, "AF", "it was accessed; without it an access faults")
  package let ng = BitField(11, "nG", "none in stage 2")
  package let address = BitField(47, 12, "Address", "bits 47:12 of the output address, or of the next table")
  package let xn = BitField(
    54, 53, "XN", "bit 54 forbids execution; with FEAT_XNX bit 53 says where", "0b10 nowhere may it be executed")
  package let ns = BitField(55, "NS", "software's: an access carries the Non-secure PAS, the page is the Host's")
}

/// The address of a descriptor of stage 2 with LPA2.
struct Stage2Address52: Structure {
  static let table = Stage2Address52()
  static let about = StructureFacts(
    "stage 2 address with LPA2", 8, "Arm ARM, VMSAv8-64 stage 2 with FEAT_LPA2",
    "What a Realm with LPA2 has in an entry in place of SH and a shorter address.")

  let high = BitField(9, 8, "Address[51:50]", "bits 51:50 of the output address")
  let low = BitField(49, 12, "Address[49:12]", "bits 49:12 of the output address")
}

/// An entry of an RTT that is not valid: the hardware does not look at it, and the RMM keeps there what it must remember.
struct RTTNotValid: Structure {
  static let table = RTTNotValid()
  static let about = StructureFacts(
    "RTT entry that is not valid", 8, "DEN0137 A5.5; the places are the model's own",
    "An entry without a translation. All zero is UNASSIGNED and EMPTY.")

  let valid = BitField(0, 0, "valid", "none", "0")
  let ripas = BitField(3, 2, "RIPAS", "RIPAS of the IPA", "0 EMPTY, 1 RAM, 2 DESTROYED")
  let assigned = BitField(4, "ASSIGNED", "HIPAS is ASSIGNED: the address is that of a DATA granule")
  let address = BitField(47, 12, "Address", "where ASSIGNED; with LPA2 as in a valid one")
  let ns = BitField(55, "NS", "UNASSIGNED_NS: the IPA is Unprotected")
}

/// What the Host says of an Unprotected mapping, and what RMI_RTT_READ_ENTRY gives of it.
package struct RttUnprotectedDescriptor: Structure {
  package static let table = RttUnprotectedDescriptor()
  package static let about = StructureFacts(
    "Unprotected mapping", 8, "DEN0137 A5.5.5", "desc of RMI_RTT_MAP_UNPROTECTED and RMI_RTT_READ_ENTRY.")

  package let memAttr = BitField(4, 2, "MemAttr", "memory type, as FEAT_S2FWB has it", "not 0b100")
  package let s2ap = BitField(7, 6, "S2AP", "bit 6 read, bit 7 write")
  package let high = BitField(9, 8, "Address[51:50]", "bits 51:50 of the address, with LPA2 alone")
  package let address = BitField(49, 12, "Address", "bits 49:12 of the address, with LPA2; else 47:12")
}
