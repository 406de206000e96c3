/// Where user space has put the frames of a guest's interrupt controller (KVM_DEV_ARM_VGIC_GRP_ADDR).
package struct VGICFrames: Sendable, Equatable {
  let distributor: UInt64
  let redistributors: UInt64

  /// What an IPA is of the frames; nil outside of those of so many vCPUs.
  func place(of ipa: UInt64, vcpus: Int) -> VirtualGIC.Place? {
    if ipa >= distributor, ipa - distributor < VirtualGIC.distributorSize { return .distributor(ipa - distributor) }
    if ipa >= redistributors, ipa - redistributors < UInt64(vcpus) * VirtualGIC.redistributorSize {
      let (vcpu, offset) = (ipa - redistributors).quotientAndRemainder(dividingBy: VirtualGIC.redistributorSize)
      return .redistributor(Int(vcpu), offset)
    }
    return nil
  }
}
