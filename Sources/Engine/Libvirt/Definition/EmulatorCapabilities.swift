/// What this host's QEMU and kernel have, as libvirt would find out by asking them.
package struct EmulatorCapabilities: Sendable {
  package static let emulator = "/usr/bin/qemu-system-aarch64"
  /// What the machine type `virt` stands for.
  package static let machine = "virt-7.2"
  package static let libvirtVersion = "9.0.0"
  package static let qemuVersion = "7.2.22"
  package static let kernel = "6.6.0"
  package static let mostVCPUs = 512

  /// Whether there is KVM for domains of type kvm.
  package var hasKVM: Bool
  /// Whether KVM has the capability for Realms; without it QEMU fails at start.
  package var hasRealms: Bool

  /// Physical CPUs.
  package var hostCPUs: Int

  package init(hasKVM: Bool = true, hasRealms: Bool = true, hostCPUs: Int = 2) {
    (self.hasKVM, self.hasRealms, self.hostCPUs) = (hasKVM, hasRealms, max(1, hostCPUs))
  }

  /// QEMU 7.2 has the versions of the virt machine from 2.6 on.
  static func isVirtVersion(_ name: String) -> Bool {
    guard name.hasPrefix("virt-") else { return false }
    let parts = name.dropFirst(5).split(separator: ".").compactMap { Int($0) }
    guard parts.count == 2 else { return false }
    let released = [2: 6...12, 3: 0...1, 4: 0...2, 5: 0...2, 6: 0...2, 7: 0...2]
    return released[parts[0]]?.contains(parts[1]) ?? false
  }

  /// libvirt's names of architectures (virarch.c).
  static let architectures: Set<String> = [
    "aarch64", "alpha", "armv6l", "armv7l", "armv7b", "cris", "i686", "ia64", "lm32", "loongarch64", "m68k", "microblaze",
    "microblazeel",
    "mips", "mipsel", "mips64", "mips64el", "or32", "parisc", "parisc64", "ppc", "ppcle", "ppc64", "ppc64le", "ppcemb", "riscv32",
    "riscv64",
    "s390", "s390x", "sh4", "sh4eb", "sparc", "sparc64", "unicore32", "x86_64", "xtensa", "xtensaeb",
  ]

  /// Models of `-cpu` that QEMU 7.2 has for aarch64.
  static let cpuModels: [String] = [
    "pxa270-c0", "cortex-a15", "pxa270-b0", "cortex-m4", "cortex-a57", "pxa270-a0", "arm1176", "pxa270-b1", "cortex-a7",
    "pxa270-a1",
    "cortex-a76", "a64fx", "cortex-a8", "cortex-r5", "ti925t", "cortex-r5f", "arm1026", "cortex-a9", "cortex-m7", "pxa270",
    "pxa260",
    "pxa250", "pxa270-c5", "pxa261", "pxa262", "sa1110", "sa1100", "max", "cortex-a53", "cortex-m0", "cortex-m33", "cortex-a72",
    "arm946",
    "pxa255", "arm11mpcore", "cortex-m55", "neoverse-n1", "arm926", "arm1136", "cortex-a35", "arm1136-r2", "cortex-m3",
  ]
}
