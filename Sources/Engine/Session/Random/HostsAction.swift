import Basics
import Host
import Machine

/// Something that is done on a host with guests.
enum HostsAction: Equatable, Sendable {
  /// A call to KVM for a VM of that name.
  case kvm(String, KVMRequest)
  /// A file is written.
  case file(String, String)
  /// A line of virsh.
  case virsh(String)
  /// Somebody else on the Host makes an RMI call, or writes into memory.
  case smc(CommandEntry, [UInt64])
  case write(UInt64, UInt64)

  var text: String {
    switch self {
    case .kvm(let name, let request): "kvm \(name) \(request.text)"
    case .file(let name, let content): "file \(name): \(content)"
    case .virsh(let line): "virsh \(line)"
    case .smc(let entry, let arguments): ([entry.name] + arguments.map(hex)).joined(separator: " ")
    case .write(let address, let value): "ns.write64 \(hex(address)) \(hex(value))"
    }
  }

  static func == (a: HostsAction, b: HostsAction) -> Bool { a.text == b.text }
}
