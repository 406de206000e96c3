import Attestation
import Basics
import Machine

/// From the options to a guest that can be entered, by KVM's calls.
extension RealmVM {
  /// Everything up to the first entry of a vCPU.
  public func build(_ image: BootImage) throws(Failure) {
    if let problem = options.problem { throw Failure(message: problem) }
    let image = try prepared(image)
    try check(image, Self.ramBase + options.memory)
    do throws(KVMError) {
      try kvm.demandRealms()
      try giveMemory()
      if isRealm { try makeRealm(image) } else { try makeOrdinary(image) }
    } catch {
      throw Failure(message: error.sentence)
    }
    note()
  }

  /// Everything up to the first entry of a vCPU, of a guest whose VMM has decided what is where.
  ///
  /// A Realm is made in the order of QEMU and of kvmtool, which is that of the measurements: RIPAS, images, vCPUs, log.
  package func build(_ plan: RealmPlan) throws(Failure) {
    if let problem = options.problem { throw Failure(message: problem) }
    do throws(KVMError) {
      try kvm.demandRealms()
      for region in plan.ram { try kvm.setMemoryRegion(region.lowerBound, size: region.upperBound - region.lowerBound) }
      if isRealm, let firmware = options.machine.firmwareMemory, plan.pieces.contains(where: { firmware.contains($0.address) }) {
        try kvm.setMemoryRegion(firmware.lowerBound, size: firmware.upperBound - firmware.lowerBound)
      }
      if isRealm { try makeRealm(plan) } else { try makeOrdinary(plan) }
    } catch {
      throw Failure(message: error.sentence)
    }
    note()
  }

  private func makeRealm(_ plan: RealmPlan) throws(KVMError) {
    let hasPMU = plan.parameters[RmiRealmParams.table.flags] & RmiRealmFlags.table.pmu.mask != 0
    try makeVCPUs(plan.vcpus, plan.entry, hasPMU ? [.psci02, .pmuV3] : .psci02)
    kvm.userMemory = { plan.content(at: $0, $1) }
    defer { kvm.userMemory = { _, _ in nil } }
    if let value = plan.personalization { try enable(.configure, KVMArgument.configure(personalization: value)) }
    try enable(.configure, KVMArgument.configure(hash: UInt32(plan.hash.rawValue)))
    kvm.features = plan.parameters
    try enable(.create)
    for range in plan.ram {
      try enable(.initRIPAS, KVMArgument.initRIPAS(base: range.lowerBound, size: range.upperBound - range.lowerBound))
    }
    for piece in plan.pieces where !piece.bytes.isEmpty {
      let base = piece.address.granuleBase
      try enable(.populate, KVMArgument.populate(base: base, size: piece.end - base, flags: 1))
    }
    for number in 0..<plan.vcpus { try kvm.finalize(number, feature: KVMRealmCapability.recFeature) }
    for range in plan.unmeasured {
      try enable(.populate, KVMArgument.populate(base: range.lowerBound, size: range.upperBound - range.lowerBound, flags: 0))
    }
    try enable(.activate)
  }

  private func enable(_ command: KVMRealmCapability.Command, _ argument: [UInt8] = []) throws(KVMError) {
    try kvm.enableCap(command.rawValue, argument)
  }

  private func makeOrdinary(_ plan: RealmPlan) throws(KVMError) {
    for piece in plan.pieces {
      try piece.forEachPage { (page, bytes) throws(KVMError) in
        // An image of flash is mostly nothing, and that is there anyway.
        if kvm.isReadOnly(page), !bytes.contains(where: { $0 != 0 }) { return }
        try kvm.fill(page, bytes)
      }
    }
    try makeVCPUs(plan.vcpus, plan.entry)
    kvm.loadStage2()
  }

  private func makeVCPUs(
    _ count: Int, _ entry: RealmPlan.Entry, _ features: KVMVirtualMachine.VCPUFeatures = .psci02
  ) throws(KVMError) {
    for number in 0..<count {
      try kvm.createVCPU(pc: number == 0 ? entry.pc : 0, x0: number == 0 ? entry.x0 : 0, features: features)
    }
  }

  /// RAM, as the options have it.
  func giveMemory() throws(KVMError) { try kvm.setMemoryRegion(layout.ramBase, size: options.memory) }

  /// In kvmtool's order, which is that of the measurements: RIPAS, image, vCPUs.
  private func makeRealm(_ image: BootImage) throws(KVMError) {
    try makeVCPUs(options.vcpus, RealmPlan.Entry(pc: image.entry, x0: image.x0))
    try kvm.configure(hash: UInt32(options.hash.rawValue))
    try kvm.createRealm()
    try kvm.initRIPAS(layout.ramBase, size: options.memory)
    try image.forEachPage { (page) throws(KVMError) in try kvm.populate(page.address, page.bytes, .measure) }
    for number in 0..<options.vcpus { try kvm.finalizeVCPU(number) }
    try kvm.activate()
  }

  private func makeOrdinary(_ image: BootImage) throws(KVMError) {
    try image.forEachPage { (page) throws(KVMError) in try kvm.fill(page.address, page.bytes) }
    try makeVCPUs(options.vcpus, RealmPlan.Entry(pc: image.entry, x0: image.x0))
    kvm.loadStage2()
  }

  /// Whether the guest has RAM for all of the image, and it begins in it.
  private func check(_ image: BootImage, _ top: UInt64) throws(Failure) {
    let ram = "RAM is \(hex(Self.ramBase)) to \(hex(top))"
    for segment in image.segments
    where !(Self.ramBase...top).contains(segment.address) || segment.size > top - segment.address {
      throw Failure(message: "the image wants \(hex(segment.address)) to \(hex(segment.address &+ segment.size)); \(ram)")
    }
    // Each is within RAM, and there are 64 at most.
    let size = image.segments.reduce(0) { $0 + $1.size }
    guard size <= options.memory else {
      throw Failure(message: "the image's segments have \(size) bytes, more than the guest's \(options.memory) of RAM")
    }
    guard image.segments.contains(where: { image.entry >= $0.address && image.entry - $0.address < $0.size }) else {
      throw Failure(message: "the image begins at \(hex(image.entry)), which is in none of its segments; \(ram)")
    }
  }

  private func prepared(_ image: BootImage) throws(Failure) -> BootImage {
    do throws(BootImage.Malformed) {
      return try image.prepared(for: options)
    } catch {
      throw Failure(message: error.message)
    }
  }
}
