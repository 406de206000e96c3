import ArgumentParser
import Engine

struct VirshCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "virsh", abstract: "virsh on a host of its own: libvirt, QEMU, KVM and the RMM, down to the last RMI call.",
    discussion: """
      workbench virsh "create guest.xml; list; dominfo guest; destroy guest" does what it says, with the words and the exit code of the \
      real one; without words it is the interactive shell. A domain with launchSecurity type='cca' becomes a Realm on this host's \
      machine, whose guest runs while time passes: 10 ms of the machine's with each command, none after one that starts a domain. \
      Beside what the real virsh says stands who refused, and what of the XML comes to something else, with line and column. A \
      domain opens images in the folder of its XML, and what --allow names; nothing else, and no network.
      """)

  @Option(name: .customLong("allow"), help: "A file or folder that domains may open beside the folder of their XML.")
  var allowed: [String] = []

  @Flag(help: "Says nothing that the real virsh does not say.")
  var plain = false

  @OptionGroup var machine: MachineOptions

  @Argument(
    parsing: .captureForPassthrough, help: ArgumentHelp("Commands, as for virsh; separated by ; in one word.", valueName: "command"))
  var words: [String] = []

  func run() throws {
    let configuration = HostStack.configuration(try machine.configuration())
    let stack = HostStack(Session(configuration, keepsHistory: false))
    let runner = VirshRunner(
      driver: stack, capabilities: EmulatorCapabilities(hostCPUs: configuration.peCount), allowed: allowed, explains: !plain)
    let code = runner.run(words)
    if code != .success { throw code }
  }
}
