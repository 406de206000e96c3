import ArgumentParser
import Engine
import Views

struct BootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boot", abstract: "Builds a Realm (or another VM) from an image as a hypervisor does, and runs its A64 code.",
    discussion: """
      IMAGE is an ELF, an arm64 Linux Image, or raw code for 0x80000000; or the name of a guest in Sessions/guests: \(GuestImages.names.joined(separator: ", ")); \
      the tour if none is named. The guest's console is printed; what happens outside its Realm, and a summary, go to standard error. --record \
      writes every step as a recording, which workbench opens and replays. --normal boots the same image as a VM of the Normal world, \
      to compare: the summary ends with what the Host can read of the guest's memory. The exit code is 0 if \
      the guest turned itself off, or, with --until, if the event came.
      """)

  @Argument(help: ArgumentHelp("Image to boot; the tour without it.", valueName: "image"), completion: .file())
  var given: String?

  @Option(name: .customLong("image"), help: ArgumentHelp("The image, as an option.", valueName: "file"), completion: .file())
  var named: String?

  private var image: String { given ?? named ?? GuestImages.tour }

  @Option(help: "RAM of the guest, such as 32M.")
  var mem: String = "16M"

  @Option(help: "Virtual CPUs, 1 to 8.")
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
      "Stops after an event: an exit (sync, irq, psci, ripas_change, host_call), token, or text:WORDS once the console says so.",
      valueName: "event"))
  var until: BootEvent?

  @Option(
    help: ArgumentHelp(
      "Waits for GDB at a TCP port before the first instruction; 0 is any that is free.", valueName: "port"))
  var gdb: UInt16?

  @Option(help: ArgumentHelp("The numeric address GDB connects to.", valueName: "address"))
  var gdbAddress = "127.0.0.1"

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
    guard (1...8).contains(vcpus) else { throw ValidationError("--vcpus is 1 to 8, not \(vcpus)") }
    guard given == nil || named == nil else { throw ValidationError("name one image: as an argument or with --image") }
  }

  private func output(_ descriptor: Int32 = 1) -> Output { Output(descriptor, outlivesPipe: record != nil) }

  func run() throws {
    var configuration = try machine.configuration()
    configuration.vcpu = .code
    var options = RealmVM.Options()
    options.vcpus = vcpus
    options.hash = HashAlgorithm(iana: hash) ?? .sha256
    options.isRealm = !normal
    options.memory = try number(mem, of: "--mem")
    let place = try peek.map { try number($0, of: "--peek") }
    options.bootArguments = append
    if let initrd {
      options.initrd = try orComplain { () throws(TokenFile.Failure) in
        try TokenFile.bytes(initrd, limit: 256 << 20, isPlain: true)
      }
    }
    let program = try orComplain { () throws(TokenFile.Failure) in try GuestImages.load(image) }
    let party = try orComplain { () throws(TokenFile.Failure) in
      try GuestImages.relyingParty(trusting: relyingParty, options, configuration)
    }
    let session = Session(configuration)
    let vm = RealmVM(session, options)
    let scene = ConfidentialModel(vm, session, party)
    do throws(RealmVM.Failure) {
      try vm.build(program)
    } catch {
      complain("\(image): \(error.message)")
      throw Exit.badData
    }
    var printed = 0
    var outside: [String] = []
    let tell = { [unowned vm] (sentence: String) in
      outside.append(sentence)
      guard !json, !open else { return }
      // What the guest said before comes before.
      printed = show(vm, from: printed)
      var error = output(2)
      error.line("| \(sentence)")
      error.flush()
    }
    scene.tell = tell
    Tampering.offer(to: vm, tell: tell)
    var left = entries
    var ending: RealmVM.Ending?
    let debugger = GuestDebugger(session, vm)
    if let gdb {
      ending = try debug(debugger, gdb)
      if !json, !open { printed = show(vm, from: printed) }
    }
    var isReached = false
    while ending == nil, left > 0, !isReached {
      let batch = until == nil ? min(left, 64) : 1
      let before = vm.exits
      // Who opens it afterwards goes back in it.
      ending = open ? debugger.run(entries: batch) : vm.run(entries: batch)
      left -= batch
      isReached = until?.happened(vm, session, before) ?? false
      if !json, !open { printed = show(vm, from: printed) }
    }
    // With --open the guest's last exit is to be seen, not a look at its memory.
    let look = open ? nil : HostLook(vm, place ?? program.entry)
    let summary = BootSummary(
      vm, session, ending, look, entries: entries - left, reached: isReached ? until : nil, outside: outside)
    if open {
      let desk = GuestDesk(session)
      desk.adopt(debugger, program.symbols)
      try OpenCommand.parse(["--no-record"]).run(on: session, desk) { state in
        state.screen = .guest
        state.name = image.split(separator: "/").last.map(String.init) ?? image
      }
    } else if json {
      var out = Output()
      out.lines(try JSONText.of(summary))
      out.flush()
    } else {
      if printed > 0, vm.uart.output.last != 10 {
        var out = output()
        out.line("")
        out.flush()
      }
      var error = output(2)
      for line in summary.lines { error.line(line) }
      error.flush()
    }
    if let record {
      do throws(NewFile.Failure) {
        try SessionWriter.write(session, to: record)
      } catch {
        complain(error.message)
        throw error.code
      }
    }
    if until == nil ? ending != .poweredOff : !isReached { throw Exit.difference }
  }

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
    do throws(GDBListener.Failure) {
      let listener = try GDBListener(port: port, address: gdbAddress)
      var error = Output(2)
      error.line("gdb: listening on \(listener.place)")
      error.flush()
      let server = GDBServer(target: debugger)
      while true {
        switch try listener.serve(server) {
        case .detached, .exited: return debugger.ending
        case .killed: return debugger.ending ?? .failed("GDB killed it")
        // Its connection is lost: the guest stands, and the next one may come.
        case .gone: continue
        }
      }
    } catch {
      complain("--gdb: \(error.message)")
      throw Exit.usage
    }
  }

  /// Prints what the console has beyond `from`.
  private func show(_ vm: RealmVM, from: Int) -> Int {
    var out = output()
    out.append(PL011.printable(vm.uart.bytes(from: from)))
    out.flush()
    return vm.uart.count
  }
}

/// Something that ends a boot before the guest does.
enum BootEvent: ExpressibleByArgument {
  case exit(ExitReason)
  case token
  case text(String)

  init?(argument: String) {
    if let reason = ExitReason.allCases.first(where: { $0.name == argument.uppercased() }) {
      self = .exit(reason)
    } else if argument == "token" {
      self = .token
    } else if argument.hasPrefix("text:"), argument.count > 5 {
      self = .text(String(argument.dropFirst(5)))
    } else {
      return nil
    }
  }

  var text: String {
    switch self {
    case .exit(let reason): "exit \(reason.name)"
    case .token: "token"
    case .text(let words): "text:\(words)"
    }
  }

  /// Whether it has come about since the exits were counted last.
  func happened(_ vm: RealmVM, _ session: Session, _ before: [ExitReason: Int]) -> Bool {
    switch self {
    case .exit(let reason): vm.exits[reason] != before[reason]
    case .token: !session.tokens.isEmpty
    case .text(let words): String(decoding: vm.uart.output, as: UTF8.self).contains(words)
    }
  }
}

/// What the Host gets when it reads the guest's memory.
struct HostLook: Encodable {
  var address: UInt64
  /// Where that is in the machine; nil if nothing is there.
  var physical: UInt64?
  /// Nil for a granule protection fault.
  var bytes: [UInt8]?

  init(_ vm: RealmVM, _ ipa: UInt64) {
    address = ipa
    physical = vm.hostAddress(of: ipa & ~7)
    let words = [ipa & ~7, (ipa & ~7) + 8].map { vm.peek($0) }
    guard let first = words[0], let second = words[1] else { return }
    bytes = [first, second].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  var line: String {
    guard let physical else { return "the Host has given the guest no memory at \(hex(address)) to look at" }
    let place = "the guest's memory at \(hex(address)) (PA \(hex(physical)))"
    guard let bytes else { return "the Host cannot read \(place): granule protection fault" }
    let text = bytes.map { (0x20..<0x7F).contains($0) ? Character(Unicode.Scalar($0)) : "." }
    return "the Host can read \(place): \(bytes.map { hexBytes([$0]) }.joined(separator: " "))  \(String(text))"
  }
}

struct BootSummary: Encodable {
  /// Whether the guest ran in a Realm.
  var isRealm: Bool
  var hostRead: HostLook?
  var ending: String
  var console: String
  var instructions: UInt64
  var exits: [String: Int]
  var pagesGiven: Int
  var steps: Int
  var tokens: Int
  var rim: String?
  /// What Host and relying party did around a guest that asked for a key.
  var outside: [String]

  init(
    _ vm: RealmVM, _ session: Session, _ ending: RealmVM.Ending?, _ look: HostLook?, entries: Int, reached: BootEvent?,
    outside: [String]
  ) {
    self.outside = outside
    isRealm = vm.isRealm
    hostRead = look
    switch ending {
    case .poweredOff: self.ending = "powered off"
    case .reset: self.ending = "reset"
    case .failed(let why): self.ending = "failed: \(why)"
    case nil where reached != nil: self.ending = "stopped at \(reached?.text ?? "")"
    case nil: self.ending = "was given up after \(entries) entries"
    }
    console = String(decoding: vm.uart.output, as: UTF8.self)
    instructions = session.read { $0.control.guestInstructions }
    exits = Dictionary(vm.exits.map { ($0.key.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    pagesGiven = vm.pagesGiven
    steps = session.steps.count
    tokens = session.tokens.count
    rim = session.read { $0.realmSummaries().first?.measurements.first }.map { hexBytes($0) }
  }

  var lines: [String] {
    let reasons = exits.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    return [
      "the guest \(ending)", "\(instructions) instructions, \(steps) steps, exits: \(reasons)",
      "\(pagesGiven) pages given on demand, \(tokens) token\(tokens == 1 ? "" : "s")",
    ] + (rim.map { ["RIM \($0)"] } ?? []) + (hostRead.map { [$0.line] } ?? [])
  }
}
