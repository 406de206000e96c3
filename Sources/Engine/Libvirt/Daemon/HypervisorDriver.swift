import Basics

/// What libvirt starts domains on: in life QEMU, KVM below it, and the host they run on.
///
/// libvirt knows of it what a parent knows of a process: its arguments, what it writes, its monitor, its end. Whoever has a machine
/// conforms to this; libvirt itself has none.
package protocol HypervisorDriver: AnyObject {
  /// The host's clock, in milliseconds since 1970, UTC. It must not go back, and may stand still.
  var milliseconds: Int { get }

  /// Lets the machine's time pass, and with it all domains run that are not paused.
  ///
  /// Called after every command of virsh with what `TimeSlices` says, and again and again while a console is open. How much a guest
  /// executes in a microsecond is the driver's to say; equal calls must do equal things, so that a dialogue is the same every time.
  func pass(microseconds: Int)

  /// Starts a process. It does not fail: what is wrong with its command line a process says on its output, and ends.
  ///
  /// By `-S` its vCPUs stand until the monitor says `cont`.
  func start(_ request: HypervisorRequest) -> any HypervisorProcess
}

/// A process that is to be started.
package struct HypervisorRequest: Sendable {
  /// Emulator, arguments, environment, as in libvirt's log.
  package let command: EmulatorCommand
  package let domain: String
  package let uuid: String
  package let id: Int
  /// The folder of the domain's XML: relative paths in the arguments begin there.
  package let folder: String
  /// What the caller lets this domain open. The driver opens nothing else.
  package let files: FilePolicy

  package init(command: EmulatorCommand, domain: String, uuid: String, id: Int, folder: String, files: FilePolicy) {
    (self.command, self.domain, self.uuid, self.id) = (command, domain, uuid, id)
    (self.folder, self.files) = (folder, files)
  }
}

/// A process of the hypervisor, as its parent sees it.
package protocol HypervisorProcess: AnyObject {
  var processID: Int { get }

  /// The lines it has written to its output and error output since it was asked last: what becomes the domain's log. QEMU's own errors
  /// begin `qemu-system-aarch64: `; time stamps are libvirt's to add.
  func takeOutput() -> [LogLine]

  /// How it ended; nil while it runs. Asked after `start`, `send`, `signal` and `pass`.
  var end: HypervisorEnd? { get }

  /// Gives its monitor one line of QMP. It answers with lines: events that came before the answer, and the answer, which has the same
  /// `id`. No line if it has ended.
  func send(_ line: String) -> [String]

  /// Lines its monitor sent of itself since it was asked last: the greeting first, then events.
  func takeEvents() -> [String]

  /// A signal. SIGTERM makes QEMU say `SHUTDOWN` with the reason `host-signal`, and end; SIGKILL ends it at once. Whatever it had of the
  /// machine it gives back before this returns.
  func signal(_ signal: ProcessSignal)

  /// The bytes the guest wrote to a character device of an alias (`serial0`, `console0`) since it was asked last.
  func takeConsole(_ alias: String) -> [UInt8]

  /// Bytes for the guest to read from it. A device without input drops them.
  func type(_ bytes: [UInt8], into alias: String)

  /// Nanoseconds of CPU time the process has used, its vCPUs' among them.
  var cpuTime: UInt64 { get }

  /// Nanoseconds of each vCPU.
  var vcpuTimes: [UInt64] { get }
}

package enum ProcessSignal: Sendable { case terminate, kill }

/// Why a process is no more.
package struct HypervisorEnd: Equatable, Sendable {
  /// Who made it end: QEMU for its own errors, KVM or the RMM for what they refused.
  package var layer: StackLayer
  /// In our words: what was refused, by what rule, and what would be right. Empty if there is nothing to explain.
  package var explanation: String

  package init(layer: StackLayer, explanation: String = "") { (self.layer, self.explanation) = (layer, explanation) }
}
