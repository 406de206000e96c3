/// A domain as libvirt has it after it has read its XML (virDomainDef): what the XML says, and what libvirt adds.
package struct DomainDefinition: Sendable {
  package var type = VirtType.qemu
  package var name = ""
  package var uuid: String?
  package var title: String?
  package var summary: String?
  /// Elements of `<metadata>`, as XML.
  package var metadata: [String] = []
  /// KiB.
  package var memory: UInt64 = 0
  /// KiB.
  package var currentMemory: UInt64 = 0
  package var memoryBacking = MemoryBacking()
  package var vcpus = 1
  package var currentVCPUs = 1
  package var iothreads = 0
  package var os = OperatingSystem()
  package var features = Features()
  package var cpu: CPU?
  package var clock = Clock()
  package var onPoweroff = LifecycleAction.destroy
  package var onReboot = LifecycleAction.restart
  package var onCrash = LifecycleAction.destroy
  /// Where the first of the two is said that QEMU's driver looks at.
  var lifecyclePlace: XMLPlace?
  package var emulator: String?
  package var devices = Devices()
  package var labels: [SecurityLabel] = []
  package var launchSecurity: LaunchSecurity?
  package var qemuArguments: [String] = []
  package var qemuEnvironment: [(name: String, value: String?)] = []

  /// Those libvirt knows; there are two here.
  package enum VirtType: String, Sendable {
    case qemu, kvm
    case xen, lxc, uml, openvz, test, vmware, hyperv, vbox, phyp, parallels, bhyve, vz, kqemu, hvf
  }

  package enum LifecycleAction: String, Sendable {
    case destroy, restart, preserve
    case renameRestart = "rename-restart"
    case coredumpDestroy = "coredump-destroy"
    case coredumpRestart = "coredump-restart"
  }

  package struct MemoryBacking: Equatable, Sendable {
    package var hasHugepages = false
    package var isMerged = true
    package var isLocked = false
    package var source: String?
    package var access: String?
    package var allocation: String?
    package var threads: Int?
    package var isDiscarded = false
    package init() {}
    var isPlain: Bool { self == MemoryBacking() }
  }

  package struct OperatingSystem: Sendable {
    /// `hvm`.
    package var kind = "hvm"
    package var architecture = "aarch64"
    package var machine: String?
    /// Where kind, architecture and machine stand.
    package var place = XMLPlace(line: 1, column: 1)
    package var loader: Loader?
    package var nvram: String?
    package var nvramTemplate: String?
    package var kernel: String?
    package var initrd: String?
    package var cmdline: String?
    package var dtb: String?
    package var boot: [String] = []
    package var menu: Bool?
    package var menuTimeout: Int?

    package struct Loader: Sendable {
      package enum Kind: String, Sendable { case rom, pflash }
      package var path = ""
      package var kind: Kind?
      package var isReadonly: Bool?
      package var isSecure: Bool?
      package var place = XMLPlace(line: 1, column: 1)
    }
  }

  package struct Features: Sendable {
    package var hasACPI = false
    /// `2`, `3` or `host`; nil where the XML says nothing.
    package var gicVersion: String?
    package var pmu: Bool?
    package var isKVMHidden: Bool?
    package var vmcoreinfo: Bool?
  }

  package struct CPU: Sendable {
    package enum Mode: String, Sendable {
      case custom, maximum
      case hostModel = "host-model"
      case hostPassthrough = "host-passthrough"
    }
    package var mode = Mode.custom
    package var match: String?
    package var check: String?
    package var migratable: Bool?
    package var model: String?
    package var fallback: String?
    package var topology: Topology?
    package var features: [(policy: String, name: String)] = []

    package struct Topology: Sendable {
      package var sockets: Int
      package var dies: Int
      package var cores: Int
      package var threads: Int

      /// All of them; nil if that is no number.
      var processors: Int? {
        [dies, cores, threads].reduce(sockets as Int?) { product, factor in
          let (value, isOver) = (product ?? 0).multipliedReportingOverflow(by: factor)
          return isOver ? nil : value
        }
      }
    }
  }

  package struct Clock: Sendable {
    package enum Offset: String, Sendable { case utc, localtime, timezone, variable, absolute }
    package var offset = Offset.utc
    package var adjustment: String?
    package var basis: String?
    package var start: String?
    package var timezone: String?
    package var timers: [Timer] = []

    package struct Timer: Sendable {
      package var name: String
      package var isPresent: Bool?
      package var track: String?
      package var tickpolicy: String?
    }
  }

  package struct SecurityLabel: Sendable {
    package var type: String
    package var model: String?
    package var relabel: Bool?
  }

  /// The machine of the command line and of the XML libvirt shows.
  package var machine: String { os.machine ?? "virt" }

  /// Whether QEMU's machine is a Realm's.
  package var isRealm: Bool { launchSecurity != nil }
}

/// What a domain has on its buses.
package struct Devices: Sendable {
  package var disks: [Disk] = []
  package var controllers: [Controller] = []
  package var filesystems: [FileSystem] = []
  package var interfaces: [InterfaceDevice] = []
  package var serials: [CharacterDevice] = []
  package var consoles: [CharacterDevice] = []
  package var channels: [CharacterDevice] = []
  package var inputs: [InputDevice] = []
  package var watchdogs: [Watchdog] = []
  /// Nil where the XML says nothing.
  package var balloon: Balloon?
  package var rngs: [RandomDevice] = []
  /// The machine's IOMMU: `smmuv3`.
  package var iommu: String?

  package init() {}
}

/// Where a device is.
package enum DeviceAddress: Equatable, Sendable {
  case none
  case pci(PCIAddress)
  case drive(controller: Int, bus: Int, target: Int, unit: Int)
  case usb(bus: Int, port: String)
  case virtioSerial(controller: Int, bus: Int, port: Int)
  case virtioMMIO
}

package struct PCIAddress: Equatable, Hashable, Sendable {
  package var domain = 0
  package var bus = 0
  package var slot = 0
  package var function = 0
  package var isMultifunction = false

  /// `0000:00:03.0`.
  var text: String {
    "\(digits(domain, 4)):\(digits(bus, 2)):\(digits(slot, 2)).\(String(function, radix: 16))"
  }
}

/// Hexadecimal digits to a width.
func digits(_ number: Int, _ width: Int) -> String { String(number, radix: 16).leftPadded(width) }

/// `driver` attributes that all virtio devices have.
package struct VirtioOptions: Equatable, Sendable {
  package var iommu: Bool?
  package var ats: Bool?
  package var packed: Bool?
}

package struct Disk: Sendable {
  package enum Kind: String, Sendable { case file, block }
  package enum Device: String, Sendable { case disk, cdrom, floppy, lun }
  package enum Bus: String, Sendable { case virtio, scsi, sata, usb, ide, fdc, sd, xen }
  package enum Cache: String, Sendable { case `default`, none, writethrough, writeback, directsync, unsafe }

  package var kind = Kind.file
  package var device = Device.disk
  package var model: String?
  package var driver: String?
  package var format = "raw"
  package var cache: Cache?
  package var io: String?
  package var discard: String?
  package var detectZeroes: String?
  package var copyOnRead: Bool?
  package var errorPolicy: String?
  package var readErrorPolicy: String?
  package var iothread: Int?
  package var queues: Int?
  package var virtio = VirtioOptions()
  package var source: String?
  package var target = ""
  package var bus = Bus.virtio
  package var removable: Bool?
  package var isReadonly = false
  package var isShareable = false
  package var serial: String?
  package var wwn: String?
  package var vendor: String?
  package var product: String?
  package var logicalBlock: Int?
  package var physicalBlock: Int?
  package var bootOrder: Int?
  package var alias: String?
  package var address = DeviceAddress.none
  package var place = XMLPlace(line: 1, column: 1)
}

package struct Controller: Sendable {
  package enum Kind: String, Sendable {
    case ide, fdc, scsi, sata, usb, pci, ccid, xenbus, isa
    case virtioSerial = "virtio-serial"
  }
  package var kind: Kind
  package var index = 0
  package var model: String?
  package var modelName: String?
  package var ports: Int?
  package var vectors: Int?
  package var queues: Int?
  package var virtio = VirtioOptions()
  package var chassis: Int?
  package var port: Int?
  package var alias: String?
  package var address = DeviceAddress.none

  package init(_ kind: Kind, _ index: Int, _ model: String? = nil) {
    (self.kind, self.index, self.model) = (kind, index, model)
  }
}

package struct FileSystem: Sendable {
  package enum AccessMode: String, Sendable { case passthrough, mapped, squash }
  package var accessMode = AccessMode.passthrough
  package var model: String?
  package var fmode: String?
  package var dmode: String?
  package var multidevs: String?
  package var driver: String?
  package var writePolicy: String?
  package var virtio = VirtioOptions()
  package var source = ""
  package var target = ""
  package var isReadonly = false
  package var alias: String?
  package var address = DeviceAddress.none
}

package struct InterfaceDevice: Sendable {
  package enum Kind: String, Sendable {
    case user, ethernet, bridge, network, direct, hostdev, udp, vdpa, server, client, mcast, `internal`
    case vhostuser = "vhostuser"
    case null = "null"
    case vds = "vds"
  }
  package var kind = Kind.user
  package var mac: String?
  package var source: String?
  package var model = "virtio"
  package var driverName: String?
  package var queues: Int?
  package var virtio = VirtioOptions()
  package var eventIndex: Bool?
  package var romEnabled: Bool?
  package var romBar: Bool?
  package var romFile: String?
  package var linkState: String?
  package var bootOrder: Int?
  package var alias: String?
  package var address = DeviceAddress.none
}

/// A serial port, a console or a channel: what stands behind it on the host, and what the guest sees.
package struct CharacterDevice: Sendable {
  package enum Backend: String, Sendable {
    case pty, file, null, stdio, unix, tcp, udp, dev, pipe, vc, spicevmc, spiceport, nmdm, dbus
    case qemuVdagent = "qemu-vdagent"
  }
  package var backend = Backend.pty
  package var path: String?
  package var append: Bool?
  package var mode: String?
  package var host: String?
  package var service: String?
  package var protocolType: String?
  package var logFile: String?
  package var logAppend: Bool?
  /// `system-serial`, `pci-serial`, `serial`, `virtio`, …
  package var targetType: String?
  package var targetModel: String?
  package var port: Int?
  package var channelName: String?
  package var alias: String?
  package var address = DeviceAddress.none
}

package struct InputDevice: Sendable {
  package enum Kind: String, Sendable { case mouse, tablet, keyboard, passthrough, evdev }
  package enum Bus: String, Sendable { case usb, virtio, ps2, xen, parallels, none }
  package var kind: Kind
  package var bus: Bus
  package var alias: String?
  package var address = DeviceAddress.none
}

package struct Watchdog: Sendable {
  package var model: String
  package var action: String
  package var alias: String?
  package var address = DeviceAddress.none
}

package struct Balloon: Sendable {
  package enum Model: String, Sendable {
    case virtio, none, xen
    case transitional = "virtio-transitional"
    case nonTransitional = "virtio-non-transitional"
  }
  package var model: Model
  package var autodeflate: Bool?
  package var freePageReporting: Bool?
  package var period: Int?
  package var virtio = VirtioOptions()
  package var alias: String?
  package var address = DeviceAddress.none
}

package struct RandomDevice: Sendable {
  package enum Model: String, Sendable {
    case virtio
    case transitional = "virtio-transitional"
    case nonTransitional = "virtio-non-transitional"
  }
  package var model = Model.virtio
  package var backend = "random"
  package var source: String?
  package var rateBytes: Int?
  package var ratePeriod: Int?
  package var virtio = VirtioOptions()
  package var alias: String?
  package var address = DeviceAddress.none
}
