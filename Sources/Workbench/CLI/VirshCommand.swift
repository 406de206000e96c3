import ArgumentParser
import Engine
import SystemPackage

struct VirshCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "virsh", abstract: "virsh on a host of its own: libvirt, QEMU, KVM and the RMM, down to the last RMI call.",
    discussion: """
      workbench virsh "create guest.xml; list; dominfo guest; destroy guest" does what it says, with the words and the exit code of the \
      real one; without words it is the interactive shell. A domain with launchSecurity type='cca' becomes a Realm on this host's \
      machine, whose guest runs while time passes: 10 ms of the machine's with each command, none after one that starts a domain. \
      What of the XML comes to something else is said with line and column; in a terminal, or with --explain, also who refused. A \
      domain opens images in the folder of its XML, and what --allow names; nothing else, and no network.
      """)

  @Option(name: .customLong("allow"), help: "A file or folder that domains may open beside the folder of their XML.")
  var allowed: [String] = []

  @Flag(help: "Says who refused, and why, beside the words of the real virsh; a terminal is told anyway.")
  var explain = false

  @OptionGroup var machine: MachineOptions

  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("Commands, as for virsh; separated by ; in one word.", valueName: "command"))
  var words: [String] = []

  func run() throws {
    let code = try runner().run(words)
    if code != .success { throw code }
  }

  /// The domain of an XML file that is named without a subcommand.
  func open(_ path: String) throws {
    let code = try runner().open(path)
    if code != .success { throw code }
  }

  private func runner() throws -> VirshRunner {
    let configuration = HostStack.configuration(try machine.configuration())
    let stack = HostStack(Session(configuration, keepsHistory: false))
    return VirshRunner(
      driver: stack, capabilities: EmulatorCapabilities(hostCPUs: configuration.peCount), allowed: allowed,
      explains: explain || isTerminal(.standardError))
  }
}
