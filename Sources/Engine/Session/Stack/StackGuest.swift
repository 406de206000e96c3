import Host
import Libvirt

/// A VMM's process on the stack, as its clock and its scheduler have it.
protocol StackGuest: AnyObject {
  var processID: Int { get }
  /// `QEMU` or `kvmtool`.
  var program: String { get }
  /// Whether libvirt has started it.
  var isDomains: Bool { get }
  var pe: Int { get }
  /// What its Realm is told apart by, and the Host's memory for it, as long as it has them.
  var vmid: UInt64? { get }
  var memory: Range<UInt64>? { get }
  /// Pseudo-terminals it has opened.
  var terminals: [Int] { get }
  var end: HypervisorEnd? { get }
  /// Its state in its own words, `running`.
  var stateText: String { get }
  /// Whether its vCPUs may be entered.
  var isRunning: Bool { get }
  var readiness: RealmVM.Readiness { get }
  /// Nil before its VM is there, and when it is no more.
  var vm: RealmVM? { get }
  /// One entry of a vCPU.
  func run()
  /// Nanoseconds of each vCPU.
  var vcpuTimes: [UInt64] { get }
  /// What its guest has printed.
  var console: ConsoleOutput { get }
}
