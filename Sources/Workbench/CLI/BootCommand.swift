import ArgumentParser
import Engine
import Views

struct BootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boot", abstract: "Builds a Realm from an image as a hypervisor does, and runs its A64 code.",
    discussion: """
      IMAGE is an ELF, an arm64 Linux Image, or raw code for 0x80000000. The guest's console is printed; a summary follows on \
      standard error. --record writes every step as a recording, which workbench opens and replays. The exit code is 0 if the \
      guest turned itself off.
      """)

  @Argument(help: ArgumentHelp("Image to boot.", valueName: "image"), completion: .file())
  var image: String

  @Option(help: "RAM of the guest, such as 32M.")
  var mem: String = "16M"

  @Option(help: "Virtual CPUs, 1 to 8.")
  var vcpus: Int = 2

  @Option(help: "Hash of the Realm's measurements: sha-256 or sha-512.")
  var hash: String = HashAlgorithm.sha256.name

  @Option(help: ArgumentHelp("Writes the recording to a new file.", valueName: "file"))
  var record: String?

  @Option(help: "Most REC entries before it is given up.")
  var entries: Int = 1_000_000

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
  }

  func run() throws {
    var configuration = try machine.configuration()
    configuration.vcpu = .code
    var options = RealmVM.Options()
    options.vcpus = vcpus
    options.hash = HashAlgorithm(iana: hash) ?? .sha256
    do throws(ScriptError) {
      options.memory = try StatementParser(line: 0, names: ScriptNames()).value(mem)
    } catch {
      complain("--mem: \(error.message)")
      throw Exit.usage
    }
    let bytes = try orComplain { () throws(TokenFile.Failure) in try TokenFile.bytes(image, limit: 64 << 20) }
    let session = Session(configuration)
    let vm = RealmVM(session, options)
    let program: BootImage
    do throws(BootImage.Malformed) {
      program = try BootImage(bytes, base: RealmVM.ramBase)
    } catch {
      complain("\(image): \(error.message)")
      throw Exit.badData
    }
    do throws(RealmVM.Failure) {
      try vm.build(program)
    } catch {
      complain("\(image): \(error.message)")
      throw Exit.badData
    }
    var printed = 0
    var left = entries
    var ending: RealmVM.Ending?
    while ending == nil, left > 0 {
      let batch = min(left, 64)
      ending = vm.run(entries: batch)
      left -= batch
      if !json, !open { printed = show(vm, from: printed) }
    }
    let summary = BootSummary(vm, session, ending, entries: entries - left)
    if open {
      try OpenCommand.parse(["--no-record"]).run(on: session) { state in
        state.screen = .guest
        state.name = image.split(separator: "/").last.map(String.init) ?? image
      }
    } else if json {
      var out = Output()
      out.line(try JSONText.of(summary))
      out.flush()
    } else {
      var error = Output(2)
      for line in summary.lines { error.line(line) }
      error.flush()
    }
    if let record {
      do throws(NewFile.Failure) {
        try SessionWriter.write(session, to: record)
      } catch {
        complain(error.message)
        throw Exit.usage
      }
    }
    if ending != .poweredOff { throw Exit.difference }
  }

  /// Prints what the console has beyond `from`: printable ASCII and line ends; a guest's other bytes never reach the terminal.
  private func show(_ vm: RealmVM, from: Int) -> Int {
    var out = Output()
    out.append(
      vm.uart.output[from...].compactMap { byte in
        byte == 13 ? nil : byte == 10 || (0x20..<0x7F).contains(byte) ? byte : 0x3F
      })
    out.flush()
    return vm.uart.output.count
  }
}

struct BootSummary: Encodable {
  var ending: String
  var console: String
  var instructions: UInt64
  var exits: [String: Int]
  var pagesGiven: Int
  var steps: Int
  var tokens: Int
  var rim: String?

  init(_ vm: RealmVM, _ session: Session, _ ending: RealmVM.Ending?, entries: Int) {
    switch ending {
    case .poweredOff: self.ending = "powered off"
    case .reset: self.ending = "reset"
    case .failed(let why): self.ending = "failed: \(why)"
    case .stopped(let word): self.ending = "stopped: the model does not have the instruction \(hex(UInt64(word)))"
    case nil: self.ending = "given up after \(entries) entries"
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
    ] + (rim.map { ["RIM \($0)"] } ?? [])
  }
}
