import Basics
import Machine

/// KVM's interface as user space has it: numbers and structures in memory. A VMM makes its Realm by these calls alone.
extension KVMVirtualMachine {
  /// KVM_ENABLE_CAP: kvm_enable_cap with the capability, and its first two arguments.
  ///
  /// - Parameter argument: the structure that the second leads to; nil if user space's memory is not there.
  package func enableCap(
    _ command: UInt64, _ argument: [UInt8]? = [], capability: UInt32 = KVMRealmCapability.number
  ) throws(KVMError) {
    guard capability == KVMRealmCapability.number, let known = KVMRealmCapability.Command(rawValue: command) else {
      return try logging(.enableCap, "{cap=\(capability), args=[\(command)]}") { () throws(KVMError) in
        guard capability == KVMRealmCapability.number else { throw .unknownCapability(capability) }
        throw isRealm ? .unknownCommand(command) : .noRealm(.enableCap)
      }
    }
    let isReadable = (argument?.count ?? 0) >= known.argumentSize
    try logging(known.call, isReadable ? known.words(argument ?? []) : "") { () throws(KVMError) in
      guard isRealm else { throw .noRealm(known.call) }
      guard isReadable else { throw .unreadable(known.call) }
      try perform(known, argument ?? [])
    }
  }

  private func perform(_ command: KVMRealmCapability.Command, _ argument: [UInt8]) throws(KVMError) {
    switch command {
    case .configure: try configure(argument)
    case .create: try createRealm()
    case .initRIPAS:
      try initRIPAS(KVMArgument.number(argument, 0, 8), size: KVMArgument.number(argument, 8, 8))
    case .populate:
      let (base, size) = (KVMArgument.number(argument, 0, 8), KVMArgument.number(argument, 8, 8))
      let flags = PopulateFlags(rawValue: KVMArgument.number(argument, 16, 4))
      try demandPopulate(base, size)
      guard let bytes = userMemory(base, Int(size)) else { throw .noPage(.populate, base) }
      try populate(base, bytes, flags)
    case .activate: try activate()
    }
  }

  private func configure(_ argument: [UInt8]) throws(KVMError) {
    let number = UInt32(KVMArgument.number(argument, 0, 4))
    switch KVMRealmCapability.Item(rawValue: number) {
    case .personalization: try configure(personalization: Array(argument[4..<4 + Self.personalizationLength]))
    case .hash:
      let number = UInt32(KVMArgument.number(argument, 4, 4))
      try demand(.none, for: .configure)
      // RmiFeatureRegister0 has a bit for each, from 32 on.
      if number < 2, try call("RMI_FEATURES", 0)[1] >> UInt64(32 + number) & 1 == 0 { throw .hashNotSupported(number) }
      try configure(hash: number)
    // Only Kunpeng's has it.
    case .vendor, nil: throw .unknownItem(number)
    }
  }

  /// KVM_ARM_VCPU_FINALIZE, which a Realm's vCPU needs with the feature REC.
  package func finalize(_ vcpu: Int, feature: UInt32) throws(KVMError) {
    try logging(.finalizeVCPU, "vCPU \(vcpu)") { () throws(KVMError) in
      guard feature == KVMRealmCapability.recFeature else { throw .unknownFeature(feature) }
      try finalizeVCPU(vcpu)
    }
  }

  // MARK: The log

  func logging<T>(_ call: KVMCall, _ argument: String, _ body: () throws(KVMError) -> T) throws(KVMError) -> T {
    door.beginLayer("ioctl(\(call.name)\(argument.isEmpty ? "" : ", \(argument)"))")
    defer { door.endLayer() }
    do throws(KVMError) {
      let result = try body()
      callLog.note(call, argument, nil)
      return result
    } catch {
      callLog.note(call, argument, error.errno)
      if let row = KVMErrnoRow(call, error) { door.hear(refusal: row.rawValue) }
      throw error
    }
  }
}

extension KVMRealmCapability.Command {
  var call: KVMCall {
    switch self {
    case .configure: .configure
    case .create: .createRealm
    case .initRIPAS: .initRIPAS
    case .populate: .populate
    case .activate: .activate
    }
  }

  /// Its structure, as strace shows it.
  fileprivate func words(_ argument: [UInt8]) -> String {
    switch self {
    case .initRIPAS, .populate:
      "{base=\(hex(KVMArgument.number(argument, 0, 8))), size=\(hex(KVMArgument.number(argument, 8, 8)))}"
    case .configure: "{cfg=\(KVMArgument.number(argument, 0, 4))}"
    case .create, .activate: ""
    }
  }

  /// Bytes of its structure.
  var argumentSize: Int {
    switch self {
    case .configure: KVMArgument.configSize
    case .initRIPAS, .populate: 32
    case .create, .activate: 0
    }
  }
}
