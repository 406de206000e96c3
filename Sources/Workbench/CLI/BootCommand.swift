import ArgumentParser
import Engine
import SystemPackage
import Views

struct BootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boot", abstract: "Builds a Realm (or another VM) from an image as a hypervisor does, and runs its A64 code.",
    discussion: """
      IMAGE is an ELF, an arm64 Linux Image, or raw code for 0x80000000; or the name of a guest in Sessions/guests: \(GuestImages.names.joined(separator: ", ")); \
      the tour if none is named. The guest's console is printed; what happens outside its Realm, and a summary, go to standard error. --record \
      writes every step as a recording, which workbench opens and replays. --normal boots the same image as a VM of the Normal world, \
      to compare: the summary ends with what the Host can read of the guest's memory. At a terminal the keys go to the guest once it \
      listens, and Ctrl-] gives them back and ends the boot; time then passes by the wall clock while the guest waits. SIGINT and SIGTERM \
      end it with the summary. \
      The exit code is 0 if the guest turned itself off, or, with --until, if the event came.
      """)

  @Argument(help: ArgumentHelp("Image to boot; the tour without it.", valueName: "image"), completion: .file())
  var given: String?

  @Option(name: .customLong("image"), help: ArgumentHelp("The image, as an option.", valueName: "file"), completion: .file())
  var named: String?

  private var image: String { given ?? named ?? GuestImages.tour }

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

  private func output(_ descriptor: FileDescriptor = .standardOutput) -> Output {
    Output(descriptor, outlivesPipe: record != nil)
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
    if let code = over.code(awaited: until != nil) { throw code }
  }

  /// Whether the steps are kept: only for who writes them, or goes back in them.
  var keepsHistory: Bool { record != nil || open || gdb != nil }

  /// Bytes of ``Session/historyLimit``.
  private func historyLimit() throws -> Int {
    let bytes = try number(history ?? "256M", of: "--history")
    guard (1 << 20...1 << 36).contains(bytes) else {
      complain("--history: from 1M to 64G, not \(sizeText(bytes))")
      throw Exit.usage
    }
    return Int(bytes)
  }

  /// Steps a history has at most: a boot of Linux takes 140,000.
  static let mostSteps = 250_000

  /// The words that are waited for.
  private var words: String { if case .text(let words) = until { words } else { "" } }

  // MARK: Before the first entry

  /// A guest that was built, without its image's bytes: they are in its memory now.
  private struct Boot {
    let session: Session
    let vm: RealmVM
    let scene: ConfidentialModel
    let entry: UInt64
    let symbols: SymbolTable
    /// Whether the image is that of a large program, such as a kernel.
    let isLarge: Bool
  }

  private func built() throws -> Boot {
    let options = try options()
    var configuration = try machine.configuration()
    configuration.vcpu = .code
    if !machine.namesDRAM { configuration.wantDRAM(options.hostMemory) }
    let program = try orComplain { () throws(TokenFile.Failure) in try GuestImages.load(image) }
    let party = try orComplain { () throws(TokenFile.Failure) in
      try GuestImages.relyingParty(trusting: relyingParty, options, configuration)
    }
    let session = Session(configuration, keepsHistory: keepsHistory)
    if gdb != nil || open { session.historyLimit = try historyLimit() }
    if let seed { session.seedEntropy(seed) }
    let vm = RealmVM(session, options)
    let scene = ConfidentialModel(vm, session, party)
    do throws(RealmVM.Failure) {
      try vm.build(program)
    } catch {
      complain("\(image): \(error.message)")
      throw Exit.badData
    }
    return Boot(
      session: session, vm: vm, scene: scene, entry: program.entry, symbols: program.symbols,
      isLarge: program.segments.reduce(0) { $0 + $1.bytes.count } >= 1 << 20)
  }

  private func options() throws -> RealmVM.Options {
    var options = RealmVM.Options()
    // A recording tells the name of a file, and not in whose folders it is.
    options.image = Self.name(of: image)
    options.trusts = relyingParty.map(Self.name) ?? ""
    options.vcpus = vcpus
    options.hash = HashAlgorithm(iana: hash) ?? .sha256
    options.isRealm = !normal
    options.memory = try number(mem, of: "--mem")
    if let problem = options.problem {
      complain("--mem: \(problem)")
      throw Exit.usage
    }
    options.bootArguments = append
    if let initrd {
      options.initrd = try orComplain { () throws(TokenFile.Failure) in
        try TokenFile.bytes(initrd, limit: 256 << 20, isPlain: true)
      }
    }
    for name in disk { options.disks.append(try image(ofDisk: name)) }
    options.hasNetwork = net
    options.hasRNG = rng
    options.rngSeed = seed ?? .random(in: 1...UInt64.max)
    options.hasAccessPlatform = !noAccessPlatform
    options.treeHasSharedBit = sharedBit.value
    return options
  }

  private func image(ofDisk name: String) throws -> DiskImage {
    let isWritable = name.hasSuffix(",rw")
    let path = isWritable ? String(name.dropLast(3)) : name
    let bytes = try orComplain { () throws(TokenFile.Failure) in
      try TokenFile.bytes(path, limit: DiskImage.most, isPlain: true)
    }
    return DiskImage(Self.name(of: path), bytes, isWritable: isWritable)
  }

  /// What `--input` types.
  private func typed() throws -> [UInt8] {
    guard let input else { return [] }
    return try orComplain { () throws(TokenFile.Failure) in try TokenFile.bytes(input) }
  }

  /// What happened outside of the guest, a sentence each: the first thousand.
  private final class Outside {
    var sentences: [String] = []
    static let most = 1000
  }

  private func tellers(_ boot: Boot, _ console: BootConsole) -> Outside {
    let outside = Outside()
    let tell = { (sentence: String) in
      if outside.sentences.count < Outside.most { outside.sentences.append(sentence) }
      guard !json, !open else { return }
      // What the guest said before comes before.
      console.flush()
      var error = output(.standardError)
      error.line("| \(sentence)")
      error.flush()
    }
    boot.scene.tell = tell
    boot.scene.trusted = relyingParty ?? ConfidentialModel.guest
    Tampering.offer(to: boot.vm, tell: tell)
    return outside
  }

  // MARK: While it runs

  /// Enters its vCPUs until something ends it.
  private func run(
    _ boot: Boot, _ console: BootConsole, _ debugger: GuestDebugger?, _ recording: SessionWriter?, _ seat: BootSeat
  ) -> BootEnd {
    let (session, vm) = (boot.session, boot.vm)
    var health = GuestHealth()
    StopSignal.take(isPatient: record != nil)
    defer { StopSignal.leave() }
    var entered = 0
    // What the guest says stands on standard output; a line of ours would stand in it.
    var progress = ProgressLine(
      "instructions", of: limit.map { Int(clamping: $0) }, isShown: isTerminal(.standardError) && !isTerminal(.standardOutput))
    while true {
      if let number = StopSignal.pending { return .signal(number) }
      if entered == entries { return .entries(entered) }
      seat.attend(vm, open ? debugger : nil, console)
      if seat.isLeft { return .left }
      if isSpent(boot) { return .instructions(vm.executed) }
      if keepsHistory, session.position >= Self.mostSteps { return .history(session.position) }
      if let place = GuestPlace(vm, session, boot.symbols) {
        StopSignal.prepare(
          "the guest was stopped in the middle of an entry; it began with \(place.text), after \(vm.executed) instructions")
      }
      let before = vm.exits
      // Who opens it afterwards goes back in it.
      let ending = open ? debugger?.run(entries: 1) : vm.run(entries: 1)
      entered += 1
      if let ending { return .guest(ending) }
      if let until, until.happened(vm, session, console, before) { return .event(until) }
      if entered % 16 == 0, let why = health.look(at: vm, session) { return .sick(why) }
      if entered % 64 == 0 {
        progress.update(Int(clamping: vm.executed))
        console.flush()
        recording?.keepUp()
      }
    }
  }

  /// Whether the guest has executed as much as it may.
  private func isSpent(_ boot: Boot) -> Bool {
    if let limit { return boot.vm.executed >= limit }
    return boot.session.spentInstructions >= (boot.isLarge ? 10_000_000_000 : 500_000_000)
  }

  // MARK: Afterwards

  private func openWorkbench(_ boot: Boot, _ debugger: GuestDebugger?) throws {
    let control = GuestControl(boot.session)
    if let debugger { control.adopt(debugger, boot.symbols) }
    try OpenCommand.parse(["--no-record"]).run(on: boot.session, control) { state in
      state.screen = .guest
      state.name = image.split(separator: "/").last.map(String.init) ?? image
    }
  }

  private static func name(of image: String) -> String { image.split(separator: "/").last.map(String.init) ?? image }

  private func number(_ text: String, of option: String) throws -> UInt64 {
    do throws(ScriptError) {
      return try StatementParser(line: 0, names: ScriptNames()).value(text)
    } catch {
      complain("\(option): \(error.message)")
      throw Exit.usage
    }
  }

  /// Serves GDB until it lets the guest go.
  ///
  /// - Returns: how the guest ended, if it has.
  private func debug(_ debugger: GuestDebugger, _ port: UInt16) throws -> RealmVM.Ending? {
    let end = try serveGDB(debugger, port, gdbAddress)
    return end == .killed ? debugger.ending ?? .failed("GDB killed it") : debugger.ending
  }
}
