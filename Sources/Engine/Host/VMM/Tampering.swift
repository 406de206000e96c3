import Basics
import Machine

/// What a Host does to a guest's pages when the guest asks for it, to see what comes of it: guest `faults` does.
package enum Tampering: UInt64 {
  /// RMI_DATA_DESTROY: a page of RAM is DESTROYED, and its granule the Host's again.
  case destroy = 1
  /// A shared page is mapped so that it can only be read.
  case readOnly
  /// The granule of a shared page is delegated, while the Realm has it mapped.
  case delegate
  case undelegate

  /// The immediate of the guest's host calls, "TA". Their first register is what to do, the second an IPA; the answer is 0 if it has
  /// been done.
  package static let immediate: UInt64 = 0x5441

  /// Has the Host do what its guest asks for.
  ///
  /// - Parameter tell: hears what the Host does, a sentence each.
  package static func offer(to vm: RealmVM, tell: @escaping (_ sentence: String) -> Void = { _ in }) {
    // What it does again was told.
    let say = { [unowned vm] (sentence: String) in if !vm.door.follows { tell(sentence) } }
    vm.onHostCall[immediate] = { [unowned vm] call in
      guard let what = Tampering(rawValue: call.registers[0]) else { return [1] }
      let ipa = call.registers[1].granuleBase
      do throws(RealmVM.Failure) {
        try what.perform(on: vm, ipa)
        say("The Host \(what.sentence(ipa)).")
        return [0]
      } catch {
        say("The Host does not do what was asked for: \(error.message).")
        return [1]
      }
    }
  }

  private func perform(on vm: RealmVM, _ ipa: UInt64) throws(RealmVM.Failure) {
    guard let granule = vm.hostAddress(of: ipa) else {
      throw RealmVM.Failure(message: "the guest has no page at \(hex(ipa))")
    }
    do throws(KVMError) {
      try perform(on: vm.kvm, ipa, granule)
    } catch {
      throw RealmVM.Failure(message: error.sentence)
    }
  }

  private func perform(on kvm: KVMVirtualMachine, _ ipa: UInt64, _ granule: UInt64) throws(KVMError) {
    switch self {
    case .destroy: try kvm.takeBack(ipa)
    case .readOnly:
      try kvm.call("RMI_RTT_UNMAP_UNPROTECTED", kvm.rd, ipa, 3)
      try kvm.call("RMI_RTT_MAP_UNPROTECTED", kvm.rd, ipa, 3, KVMVirtualMachine.sharedPage(granule, isWritable: false))
    case .delegate: try kvm.call("RMI_GRANULE_DELEGATE", granule)
    case .undelegate: try kvm.call("RMI_GRANULE_UNDELEGATE", granule)
    }
  }

  private func sentence(_ ipa: UInt64) -> String {
    switch self {
    case .destroy: "destroys the page at \(hex(ipa))"
    case .readOnly: "maps \(hex(ipa)) so that it can only be read"
    case .delegate: "delegates the granule that \(hex(ipa)) is mapped to"
    case .undelegate: "undelegates it: \(hex(ipa)) leads to Non-secure memory again"
    }
  }
}
