/// Where user space has put the frames of a guest's interrupt controller (KVM_DEV_ARM_VGIC_GRP_ADDR).
package struct VGICFrames: Sendable {
  let distributor: UInt64
  let redistributors: UInt64

  /// The address a register has in ``VirtualGIC``; nil outside of the frames of so many vCPUs.
  func place(of ipa: UInt64, vcpus: Int) -> UInt64? {
    if ipa >= distributor, ipa - distributor < VirtualGIC.distributorSize {
      return VirtualGIC.distributor + (ipa - distributor)
    }
    if ipa >= redistributors, ipa - redistributors < UInt64(vcpus) * VirtualGIC.redistributorSize {
      return VirtualGIC.redistributors + (ipa - redistributors)
    }
    return nil
  }
}
