import Attestation
import Basics

/// A command line of qemu-system-aarch64, as far as guests of the virt machine under KVM use it.
package struct QEMUCommandLine: Sendable {
  /// -machine.
  package struct Machine: Equatable, Sendable {
    package var type: String?
    package var hasITS = true
    package var gicVersion: String?
    package var acpi = true
    /// The id of the object that makes it a confidential guest.
    package var confidentialGuest: String?
    /// The id of the object that is its RAM.
    package var memoryBackend: String?
    /// Where QEMU writes its device tree, and ends.
    package var dumpDTB: String?
    /// Whether the device tree has seeds; nil: as it is usual for the kind of guest.
    package var seeds: Bool?
  }

  /// -cpu: a model, and what is changed of it.
  package struct CPU: Equatable, Sendable {
    package var model: String?
    package var properties: [(name: String, value: String)] = []

    package static func == (a: CPU, b: CPU) -> Bool {
      a.model == b.model && a.properties.elementsEqual(b.properties) { $0 == $1 }
    }
  }

  /// -m.
  package struct Memory: Equatable, Sendable {
    package var size: UInt64 = 128 << 20
    package var slots: UInt64 = 0
    package var maxSize: UInt64?
  }

  /// -object, whatever its kind.
  package struct Object: Equatable, Sendable {
    package let kind: String
    package let id: String
    package let pairs: [OptionText.Pair]
  }

  /// -pflash and -drive if=pflash: what a bank of flash has.
  package struct FlashDrive: Equatable, Sendable {
    package let file: String
    /// Which bank; nil: the next that is free.
    package let unit: Int?
    package let isReadOnly: Bool
  }

  /// A monitor, and what it speaks over.
  package struct Monitor: Equatable, Sendable {
    package enum Mode: String, Sendable { case readline, control }
    package let mode: Mode
    /// Such as `stdio` or `unix:/path,server=on,wait=off`.
    package let backend: String
  }

  package internal(set) var machine = Machine()
  package internal(set) var cpu = CPU()
  package internal(set) var topology = CPUTopology()
  package internal(set) var memory = Memory()
  package internal(set) var kernel: String?
  package internal(set) var initrd: String?
  package internal(set) var append: String?
  package internal(set) var dtb: String?
  /// -bios.
  package internal(set) var firmware: String?
  package internal(set) var flash: [FlashDrive] = []
  /// Nodes of -blockdev that -machine pflash0 and pflash1 name.
  package internal(set) var flashNodes: [String] = []
  package internal(set) var objects: [Object] = []
  package internal(set) var realm: RmeGuest?
  package internal(set) var accelerators: [String] = []
  package internal(set) var name: String?
  package internal(set) var uuid: String?
  /// -S: it stands until `cont`.
  package internal(set) var startsPaused = false
  /// -no-shutdown: it stays when the guest has turned itself off.
  package internal(set) var staysAfterShutdown = false
  /// -no-reboot: a reset is a shutdown.
  package internal(set) var endsAtReset = false
  package internal(set) var monitors: [Monitor] = []
  /// -chardev, by id.
  package internal(set) var backends: [String: String] = [:]
  /// -serial; nil: -nographic or the default decide.
  package internal(set) var serial: String?
  package internal(set) var noGraphic = false
  /// -device, each with its properties.
  package internal(set) var devices: [OptionText] = []
  /// Options that were there and have no meaning for what a Realm begins with.
  package internal(set) var withoutMeaning: [String] = []
  /// What QEMU dies of before the guest begins, though it is clear what the Realm would be; in the order it finds it.
  package internal(set) var problems: [VMMRefusal] = []

  /// Whether the guest is a Realm.
  package var isRealm: Bool { realm != nil }
  package var hash: HashAlgorithm { realm?.hash ?? .sha512 }
}
