import ArgumentParser
import Engine
import SystemPackage
import Views

struct BootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boot", abstract: "Builds a Realm (or another VM) from an image as a hypervisor does, and runs its A64 code.",
    discussion: """
      IMAGE is an ELF, an arm64 Linux Image, or raw code for 0x80000000; a snapshot (--snapshot), whose guest goes on with the machine and the devices it had; or the name of a guest in Sessions/guests: \(GuestImages.names.joined(separator: ", ")); \
      the tour if none is named. The guest's console is printed; what happens outside its Realm, and a summary, go to standard error. --record \
      writes every step as a recording, which workbench opens and replays. --normal boots the same image as a VM of the Normal world, \
      to compare: the summary ends with what the Host can read of the guest's memory. At a terminal the keys go to the guest once it \
      listens, and Ctrl-] gives them back and ends the boot; time then passes by the wall clock while the guest waits. SIGINT and SIGTERM \
      end it with the summary. \
      The exit code is 0 if the guest turned itself off, or, with --until, if the event came.
      """)

  @Argument(
    help: ArgumentHelp("Image to boot; the tour without it.", valueName: "image"), completion: .files { GuestImages.names })
  var given: String?

  @Option(
    name: .customLong("image"), help: ArgumentHelp("The image, as an option.", valueName: "file"),
    completion: .files { GuestImages.names })
  var named: String?

  var image: String { given ?? named ?? GuestImages.tour }

  @Option(help: "RAM of the guest, such as 32M; 8G at most.")
  var mem: String = "16M"

  @Option(help: "Virtual CPUs, 1 to \(RealmVM.mostVCPUs).")
  var vcpus: Int = 2

  @Flag(help: "Boots it as a VM of the Normal world, in memory of the Host's, not as a Realm.")
  var normal = false

  @Option(
    help: ArgumentHelp(
      "Where the Host looks into the guest's memory at the end; where the image begins to run, without it.", valueName: "address")
  )
  var peek: String?

  @Option(help: "Hash of the Realm's measurements: sha-256 or sha-512.")
  var hash: String = HashAlgorithm.sha256.name

  @Option(help: ArgumentHelp("Command line of a Linux kernel, told in its device tree.", valueName: "text"))
  var append: String?

  @Option(help: ArgumentHelp("Initial RAM disk of a Linux kernel.", valueName: "file"), completion: .file())
  var initrd: String?

  @Option(
    help: ArgumentHelp(
      "Raw image of a disk, up to \(RealmVM.mostDisks) times. FILE,rw lets the guest write: to memory, never to the file.",
      valueName: "file"))
  var disk: [String] = []

  @Flag(help: "A network card, on a network inside the model: DHCP, ping, HTTP at 10.0.2.2.")
  var net = false

  @Flag(help: "A virtio device for random numbers.")
  var rng = false

  @Flag(
    name: .customLong("console"),
    help: "A virtio console beside the UART, hvc0 to Linux. What is typed goes to the one the guest printed on last.")
  var virtioConsole = false

  @Flag(help: "Sockets that lead to services of the model: the console at port 1, an echo at 7, a relying party at 4433.")
  var vsock = false

  @Option(
    help: ArgumentHelp(
      "A folder the guest may read, as it is now: mount -t virtiofs share /mnt. Links and devices in it are left out.",
      valueName: "folder"),
    completion: .directory)
  var share: String?

  @Flag(help: "Virtio devices do not offer VIRTIO_F_ACCESS_PLATFORM, to see what a Realm's drivers do then.")
  var noAccessPlatform = false

  @Option(
    help: ArgumentHelp(
      "Whether addresses in a Realm's device tree have the shared bit: on, off, or auto, as the kernel wants it.",
      valueName: "when"))
  var sharedBit = SharedBit.auto

  @Option(
    help: ArgumentHelp("Types the bytes of a file into the guest's console, once it listens.", valueName: "file"),
    completion: .file())
  var input: String?

  @Option(help: ArgumentHelp("Writes the recording to a new file.", valueName: "file"))
  var record: String?

  @Option(
    help: ArgumentHelp(
      "The guest a relying party trusts and gives its key to, if one asks for it; model without this option.",
      valueName: "image"))
  var relyingParty: String?

  @Option(
    help: ArgumentHelp(
      "Keeps the guest in a new file when the boot ends and the guest has not: workbench open FILE goes on from there.",
      valueName: "file"))
  var snapshot: String?

  @Option(help: "Most REC entries before it is given up.")
  var entries: Int = 1_000_000

  @Option(
    help: ArgumentHelp(
      """
      Most instructions before it is given up, looked at after each entry; waiting does not count. Without it 500,000,000, or \
      10,000,000,000 if the image has 1 MiB or more; an exception then counts for 256, an entry for 4,096.
      """, valueName: "instructions"))
  var limit: UInt64?

  @Option(help: ArgumentHelp("Makes the guest's random numbers follow from a number.", valueName: "number"))
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "Stops after an event: an exit (sync, irq, psci, ripas_change, host_call), token, or text:WORDS once the console says so.",
      valueName: "event"))
  var until: BootEvent?

  @Option(
    help: ArgumentHelp(
      "Waits for GDB at a TCP port before the first instruction; 0 is any that is free.", valueName: "port"))
  var gdb: UInt16?

  @Option(help: ArgumentHelp("The numeric address GDB connects to.", valueName: "address"))
  var gdbAddress = "127.0.0.1"

  @Flag(
    help: ArgumentHelp(
      "Lets GDB write registers and memory: by the hand of whoever owns the memory, each time a step of the recording. It ends what the model promises of its Realm."
    ))
  var gdbWrite = false

  @Option(
    help: ArgumentHelp(
      "Memory for places to go back to, with --gdb or --open; of what is longer ago there are fewer.", valueName: "size"))
  var history: String?

  @Flag(help: "Opens the boot in the workbench when it has ended: console, registers, code, and every step to go back to.")
  var open = false

  @Flag(help: "Prints the summary as JSON, with the console in it.")
  var json = false

  @OptionGroup var machine: MachineOptions

  mutating func validate() throws {
    guard HashAlgorithm(iana: hash) != nil else {
      throw ValidationError("--hash is sha-256 or sha-512, not \"\(shown(hash))\"")
    }
    guard entries > 0 else { throw ValidationError("--entries must be positive") }
    guard limit != 0 else { throw ValidationError("--limit must be positive") }
    guard (1...RealmVM.mostVCPUs).contains(vcpus) else {
      throw ValidationError("--vcpus is 1 to \(RealmVM.mostVCPUs), not \(vcpus)")
    }
    guard !gdbWrite || gdb != nil else { throw ValidationError("--gdb-write is for --gdb") }
    guard disk.count <= RealmVM.mostDisks else { throw ValidationError("a guest has up to \(RealmVM.mostDisks) disks") }
    guard given == nil || named == nil else { throw ValidationError("name one image: as an argument or with --image") }
  }

  func output(_ descriptor: FileDescriptor = .standardOutput) -> Output {
    Output(descriptor, outlivesPipe: record != nil)
  }

  /// What `--input` types.
  private func typed() throws -> [UInt8] {
    guard let input else { return [] }
    return try orComplain { () throws(TokenFile.Failure) in try TokenFile.bytes(input) }
  }

  func run() throws {
    let place = try peek.map { try number($0, of: "--peek") }
    let boot = try built()
    let recording = try record.map { path in
      try orComplain { () throws(NewFile.Failure) in try SessionWriter(boot.session, to: path) }
    }
    let (session, vm) = (boot.session, boot.vm)
    let console = BootConsole(isShown: !json && !open, outlivesPipe: record != nil, words: words)
    let outside = tellers(boot, console)
    let debugger = keepsHistory ? GuestDebugger(session, vm) : nil
    debugger?.allowsWrites = gdbWrite
    debugger?.onWrite = { sentence in
      var error = output(.standardError)
      error.line("| \(sentence)")
      error.flush()
    }
    var end: BootEnd?
    if let gdb, let debugger {
      end = try debug(debugger, gdb).map { .guest($0) }
      for byte in vm.uart.output { console.take(byte) }
    }
    vm.onConsole = { console.take($0) }
    let seat = BootSeat(
      try typed(),
      isManned: !json && gdb == nil && input == nil && isTerminal(.standardInput) && isTerminal(.standardOutput))
    if seat.isManned { console.show(session.console) }
    let over = end ?? run(boot, console, debugger, recording, seat)
    seat.leave()
    // With --open the guest's last exit is to be seen, not a look at its memory.
    let look = open ? nil : HostLook(vm, place ?? boot.entry)
    let summary = BootSummary(
      vm, session, over, GuestPlace(vm, session, boot.symbols), look, outside: outside.sentences)
    if open {
      try openWorkbench(boot, debugger)
    } else if json {
      var out = Output()
      out.lines(try JSONText.of(summary))
      out.flush()
    } else {
      console.finish()
      var error = output(.standardError)
      for line in summary.lines { error.line(line) }
      error.flush()
    }
    if let recording { try orComplain { () throws(NewFile.Failure) in try recording.finish() } }
    if let snapshot { try keep(boot, over, in: snapshot) }
    if let code = over.code(awaited: until != nil) { throw code }
  }

  /// Whether the steps are kept: only for who writes them, or goes back in them.
  var keepsHistory: Bool { record != nil || open || gdb != nil }

  /// Steps a history has at most: a boot of Linux takes 140,000.
  static let mostSteps = 250_000

  /// The words that are waited for.
  var words: String { if case .text(let words) = until { words } else { "" } }
}
