import Basics
import Host
import Libvirt
import Machine

/// The host stack at a moment, layer by layer: what a view of it shows.
package struct StackPicture: Sendable {
  /// A domain of libvirt's, or a VMM that was started by hand.
  package struct Guest: Sendable {
    package var name = ""
    /// What libvirt has of it; nil for a VMM started by hand.
    package var domain: Domain?
    /// The process; nil while none runs.
    package var process: Process?
    /// What it was started with: variables, then options with their values.
    package var commandLine: [String] = []
    /// The talk with its monitor.
    package var talk: [MonitorTalk.Line] = []
    /// The domain's log, or what the VMM printed.
    package var log: [LogLine] = []
    /// What its guest has printed, the last of it.
    package var console: [UInt8] = []
  }

  package struct Domain: Sendable {
    package let id: Int?
    package let uuid: String
    package let state: String
    package let reason: String
    package let isPersistent: Bool
    package let isRealm: Bool
    /// KiB.
    package let memory: UInt64
    package let vcpus: Int
    /// Kernel, firmware, disks, interfaces, as the XML has them, each with what it is.
    package let parts: [(what: String, value: String)]
    package let findings: [String]
  }

  package struct Process: Sendable {
    /// `QEMU` or `kvmtool`.
    package let program: String
    package let number: Int
    /// QMP's run state, `running`.
    package let state: String
    package let pe: Int
    /// The Host's memory for it.
    package let memory: Range<UInt64>
    package let vm: VM
  }

  /// KVM's part of it.
  package struct VM: Sendable {
    package let isRealm: Bool
    package let state: String
    /// The Realm's descriptor; 0 without one.
    package let rd: UInt64
    package let vcpus: [VCPU]
    package let exits: [(reason: String, count: Int)]
    package let pagesGiven: Int
    package let leaked: [UInt64]
    /// The last calls of its VMM.
    package let calls: [String]
  }

  package struct VCPU: Sendable {
    /// Its REC, or the granule of the Host's with its registers.
    package let address: UInt64
    package let isOn: Bool
    package let isWaiting: Bool
    /// Nanoseconds it has run.
    package let time: UInt64
  }

  package var guests: [Guest] = []
  /// What the host's kernel has printed.
  package var kernelLines: [LogLine] = []

  /// How much of a console and of calls is kept for each moment.
  static let mostConsole = 4096
  static let mostCalls = 64
}

extension StackPicture.VM {
  init(_ vm: RealmVM, times: [UInt64]) {
    isRealm = vm.isRealm
    state = vm.kvm.realmState.rawValue
    rd = vm.rd
    vcpus = vm.vcpus.enumerated().map { index, vcpu in
      StackPicture.VCPU(
        address: vcpu.address, isOn: vcpu.isOn, isWaiting: vcpu.isWaiting, time: index < times.count ? times[index] : 0)
    }
    exits = vm.exits.sorted { ($1.value, $0.key.name) < ($0.value, $1.key.name) }.map { ($0.key.name, $0.value) }
    pagesGiven = vm.pagesGiven
    leaked = vm.kvm.leaked
    calls = vm.kvm.callLog.entries.suffix(StackPicture.mostCalls).map(\.line)
  }
}
