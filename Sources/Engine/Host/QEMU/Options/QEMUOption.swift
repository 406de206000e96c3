/// The options of QEMU's that are known, and what becomes of them.
enum QEMUOption {
  /// What it means here.
  enum Role: Equatable {
    /// Its argument says something of the guest.
    case read
    /// It is a switch that does.
    case flag
    /// Something that no Realm begins with depends on it: taken as it is.
    case ignored(takesArgument: Bool)
    /// QEMU has it; it would change what the guest begins with, or reach what a guest here has not.
    case notModelled
  }

  /// By name, without the dash.
  static func role(_ name: String) -> Role? {
    if read.contains(name) { return .read }
    if flags.contains(name) { return .flag }
    if ignored.contains(name) { return .ignored(takesArgument: true) }
    if ignoredFlags.contains(name) { return .ignored(takesArgument: false) }
    return notModelled.contains(name) ? .notModelled : nil
  }

  private static let read: Set<String> = [
    "machine", "M", "cpu", "smp", "m", "kernel", "initrd", "append", "dtb", "bios", "drive", "object", "accel", "name", "uuid",
    "device", "chardev", "serial", "qmp", "mon", "monitor", "pflash",
  ]
  private static let flags: Set<String> = ["enable-kvm", "nographic", "S", "no-shutdown", "no-reboot"]
  private static let ignored: Set<String> = [
    "netdev", "nic", "net", "fsdev", "overcommit", "rtc", "boot", "display", "vga", "msg", "sandbox", "audiodev", "blockdev",
    "global",
    "pidfile", "D", "d", "k", "L", "set", "run-with", "parallel",
  ]
  private static let ignoredFlags: Set<String> = ["nodefaults", "no-user-config", "no-acpi", "no-hpet", "daemonize", "usb"]
  private static let notModelled: Set<String> = [
    "numa", "smbios", "acpitable", "fw_cfg", "tpmdev", "iscsi", "virtfs", "cdrom", "hda", "hdb", "hdc", "hdd", "sd", "mtdblock",
    "incoming",
    "loadvm", "snapshot", "gdb", "s", "icount", "plugin", "semihosting", "semihosting-config", "mem-path", "mem-prealloc",
    "add-fd",
    "readconfig", "trace", "runas", "chroot", "watchdog", "watchdog-action", "vnc", "spice", "action", "preconfig", "compat",
    "cpu-throttle",
    "singlestep", "one-insn-per-tb", "tb-size", "shim", "usbdevice", "bt", "option-rom", "writeconfig", "version", "help", "h",
  ]

  static let all = read.union(flags).union(ignored).union(ignoredFlags).union(notModelled)

  /// Those that say something of the guest, and nothing that is measured.
  static func isQuiet(_ name: String) -> Bool {
    ["accel", "name", "uuid", "device", "chardev", "serial", "qmp", "mon", "monitor"].contains(name)
  }

  /// Devices on a bus change nothing a guest begins with; an IOMMU, or one on the board, would.
  static func isDeviceModelled(_ kind: String) -> Bool {
    if kind.contains("iommu") || kind.contains("mem") { return false }
    return kind.hasPrefix("virtio-") || kind.hasPrefix("vhost-") || kind.hasPrefix("virtserial") || kind.hasPrefix("pcie-")
      || ["virtconsole", "pci-bridge", "scsi-hd", "scsi-cd", "nvme", "e1000", "e1000e", "qemu-xhci"].contains(kind)
  }
}
