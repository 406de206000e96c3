import Basics

extension KvmtoolLoad {
  /// The guest as a VM has it.
  package var options: RealmVM.Options {
    var options = RealmVM.Options()
    options.machine = .kvmtool(bits: UInt64(min(capabilities.ipaBits ?? bits, bits)))
    options.isRealm = commandLine.isRealm
    options.memory = ram.upperBound - ram.lowerBound
    options.vcpus = cpus
    options.hash = commandLine.hash
    let image = commandLine.kernel ?? commandLine.firmware ?? ""
    options.image = fileName(image)
    return options
  }
}
