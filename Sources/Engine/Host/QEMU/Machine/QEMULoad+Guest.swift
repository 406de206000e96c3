import Basics

extension QEMULoad {
  /// The guest as a VM has it.
  ///
  /// - Note: an ordinary guest has an IPA space of 39 bits, which the Host's tables walk from level 1: all but the PCIe window above
  ///   is in it, and there is nothing in that.
  package var options: RealmVM.Options {
    var options = RealmVM.Options()
    let width = min(capabilities.ipaBits ?? map.realmBits, map.realmBits)
    options.machine = .qemu(bits: commandLine.isRealm ? UInt64(width) : 39)
    options.isRealm = commandLine.isRealm
    options.memory = commandLine.memory.size
    options.vcpus = commandLine.topology.cpus
    options.hash = commandLine.hash
    let image = commandLine.kernel ?? commandLine.firmware ?? commandLine.flash.first?.file ?? ""
    options.readOnlyFlash = Set(zip(commandLine.flash, commandLine.flashUnits).filter { $0.0.isReadOnly }.map(\.1))
    options.image = fileName(image)
    return options
  }
}
