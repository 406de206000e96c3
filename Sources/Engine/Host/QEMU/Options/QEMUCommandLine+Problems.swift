import Basics

/// What QEMU dies of at its start though each option for itself is right.
extension QEMUCommandLine {
  /// - Note: In the order QEMU comes to it.
  mutating func judge() {
    func say(_ message: String, _ advice: String? = nil) -> VMMRefusal { VMMRefusal(.qemu, message, advice: advice) }
    var found: [VMMRefusal] = []
    if machine.type == nil { found.append(say("No machine specified, and there is no default", "give it -machine virt")) }
    found += judgeMemory().map { say($0.0, $0.1) }
    if let id = machine.confidentialGuest, !objects.contains(where: { $0.id == id }) {
      found.append(say("Device '\(shown(id))' not found", "no -object has the id confidential-guest-support names"))
    }
    if kernel == nil {
      if append != nil { found.append(say("-append only allowed with -kernel option")) }
      if initrd != nil { found.append(say("-initrd only allowed with -kernel option")) }
    }
    if isRealm, machine.confidentialGuest == nil {
      found.append(
        say("missing -machine confidential-guest-support parameter", "-machine confidential-guest-support=\(realm?.id ?? "")"))
    }
    if isRealm, !accelerators.contains("kvm") {
      found.append(say("-object rme-guest: only KVM makes Realms", "add -accel kvm"))
    }
    if let model = cpu.model, isRealm, model != "host" {
      found.append(say("unable to find CPU model '\(shown(model))'", "under KVM a Realm's CPU is host"))
    }
    if isRealm, !flash.isEmpty || !flashNodes.isEmpty {
      found.append(
        say(
          "Cannot launch Realm VM when pflash is specified",
          "flash is a device and cannot be measured memory; -bios has the firmware as ROM"))
    }
    if !isRealm, firmware != nil, flash.contains(where: { $0.unit ?? 0 == 0 }) {
      found.append(
        say(
          "The contents of the first flash device may be specified with -bios or with -drive if=pflash... but you cannot use both options at once"
        ))
    }
    problems += found
  }

  private func judgeMemory() -> [(String, String?)] {
    var found: [(String, String?)] = []
    if let most = memory.maxSize, most < memory.size {
      found.append(
        (
          "invalid value of maxmem: maximum memory size (\(hex(most))) must be at least the initial memory size (\(hex(memory.size)))",
          nil
        ))
    }
    if memory.slots > 0, memory.maxSize == nil { found.append(("slots specified but no max-size", nil)) }
    guard let id = machine.memoryBackend else { return found }
    guard let backend = objects.first(where: { $0.id == id && $0.kind.hasPrefix("memory-backend-") }) else {
      return found + [("Memory backend '\(shown(id))' not found", nil)]
    }
    if let size = size(of: backend.pairs), size != memory.size {
      found.append(("Machine memory size does not match the size of the memory backend", "\(size) bytes, and \(memory.size)"))
    }
    return found
  }
}
