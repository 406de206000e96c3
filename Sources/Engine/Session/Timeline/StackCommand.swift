import Basics
import Libvirt

/// What a person wants of the host: of libvirt, of a VMM started by hand, or time to pass.
package enum StackCommand: Sendable, Equatable {
  /// A line for virsh, which may have several commands between semicolons.
  case virsh(String)
  /// Arguments of qemu-system-aarch64, as they stand on its command line.
  case qemu([String])
  /// Arguments of `lkvm run`.
  case lkvm([String])
  /// A call to KVM for a VM: the VM's name, the call, its arguments.
  case kvm([String])
  /// A line of QMP for a process; nil: the one that was started last.
  case qmp(process: Int?, String)
  /// Time passes, and domains run: so many microseconds, or until none of them can go on.
  case wait(microseconds: Int?)
  /// What the host's kernel has printed.
  case dmesg

  /// As a statement.
  package var text: String {
    switch self {
    case .virsh(let line): "virsh \(line)"
    case .qemu(let words): "qemu \(EmulatorCommand(arguments: words).shellText)"
    case .lkvm(let words): "lkvm run \(EmulatorCommand(arguments: words).shellText)"
    case .kvm(let words): "kvm \(words.joined(separator: " "))"
    case .qmp(nil, let line): "qmp \(line)"
    case .qmp(let process?, let line): "qmp \(process) \(line)"
    case .wait(nil): "wait"
    case .wait(let microseconds?): "wait \(Self.text(microseconds: microseconds))"
    case .dmesg: "dmesg"
    }
  }

  /// Whether it only looks.
  var onlyLooks: Bool { self == .dmesg }

  static func text(microseconds: Int) -> String {
    if microseconds % 1_000_000 == 0 { return "\(microseconds / 1_000_000)s" }
    return microseconds % 1000 == 0 ? "\(microseconds / 1000)ms" : "\(microseconds)us"
  }
}
