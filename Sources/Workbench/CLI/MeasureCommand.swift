import ArgumentParser
import Engine

struct MeasureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measure", abstract: "Computes a Realm's measurements, step by step.",
    discussion: """
      FILE is a description of a Realm that was never built, or a session, whose Realms are measured as its steps made them; or it \
      is a libvirt domain (FILE.xml), or qemu or lkvm, and the command line of that VMM follows, of whose Realm the RIM is predicted: \
      measure --rim qemu -M virt,confidential-guest-support=rme0 -object rme-guest,id=rme0 -kernel Image -m 512M. \
      With --diff, the first step in which two of them part is named; the exit code is then 1. A description has a line for \
      every call that measures:

      \(RealmDescription.forms.map { "    \($0)" }.joined(separator: "\n"))

      Images are files beside the description.
      """)

  @Argument(
    help: ArgumentHelp("Description, session or domain; or qemu ARGUMENT…, or lkvm run ARGUMENT….", valueName: "file"),
    completion: .file())
  var words: [String]

  private var file: String { words.first ?? "" }

  @Option(help: ArgumentHelp("Compares with another description or session.", valueName: "file"), completion: .file())
  var diff: String?

  @Option(help: "Which Realm of a session, from 1; the last that was made without it.")
  var realm: Int?

  @Option(help: "Which Realm of the session compared with; the same number without it.")
  var diffRealm: Int?

  @Option(help: "0 for the RIM, 1 to 4 for the REMs; all without it.")
  var index: Int?

  @Flag(help: "Prints the final values only.")
  var values = false

  @Flag(help: "Prints the RIM alone: its 64 bytes, the last of which are zero with SHA-256.")
  var rim = false

  @Flag(help: "Prints JSON.")
  var json = false

  @Option(
    help: ArgumentHelp(
      "Of a VMM's Realm: what its host has, in lines such as ipa_bits = 52; without it what the machine has.", valueName: "file"),
    completion: .file())
  var capabilities: String?

  @Option(
    help: ArgumentHelp("Of a VMM's Realm: its device tree; without it the one the VMM makes.", valueName: "file"),
    completion: .file())
  var dtb: String?

  @OptionGroup var machine: MachineOptions

  mutating func validate() throws {
    if let index, !(0...4).contains(index) { throw ValidationError("--index is 0 (RIM) to 4, not \(index)") }
    if MeasuredVMM.isNamed(by: words) {
      guard realm == nil else { throw ValidationError("--realm is of a session; a VMM's command line makes one Realm") }
    } else {
      guard words.count == 1 else { throw ValidationError("found \"\(shown(words[1]))\" after the file; expected one file") }
      if [capabilities, dtb].contains(where: { $0 != nil }) {
        throw ValidationError("--capabilities and --dtb are for qemu, lkvm and FILE.xml")
      }
    }
    if let realm = [realm, diffRealm].compactMap({ $0 }).min(), realm < 1 { throw ValidationError("--realm is numbered from 1") }
  }

  func run() throws {
    let steps = try MeasuredVMM.isNamed(by: words) ? ofVMM() : measured(file, realm)
    var out = Output()
    defer { out.flush() }
    if let diff {
      let other = try measured(diff, diffRealm ?? realm)
      var differs = false
      for index in index.map({ [$0] }) ?? Array(0...4) {
        let name = Self.name(index)
        let (a, b) = (steps.filter { $0.index == index }, other.filter { $0.index == index })
        guard let difference = ConstructionDifference(a, b) else {
          if !a.isEmpty { out.line("\(name): \(a.count) step\(a.count == 1 ? "" : "s"), the same in both") }
          continue
        }
        differs = true
        out.line("\(name): step \(difference.index + 1) differs: \(difference.words)")
      }
      if differs {
        out.flush()
        throw Exit.difference
      }
      return
    }
    if rim {
      let value = steps.last { $0.index == 0 }?.value ?? []
      out.line(hexBytes(value + [UInt8](repeating: 0, count: max(0, 64 - value.count))))
      return
    }
    if json {
      try printJSON(steps.filter { index == nil || $0.index == index }, &out)
      return
    }
    for index in index.map({ [$0] }) ?? Array(0...4) {
      let own = steps.filter { $0.index == index }
      guard let last = own.last else { continue }
      if !values {
        for (number, step) in own.enumerated() {
          out.line("\(String(number + 1).padding(5))\(step.text)")
          out.line("     \(Self.name(index)) = \(hexBytes(step.value))")
        }
      }
      out.line("\(Self.name(index)) \(hexBytes(last.value))")
    }
  }

  /// An array, element by element: as one text, a long construction would need a hundred times its memory.
  private func printJSON(_ steps: [MeasurementStep], _ out: inout Output) throws {
    out.line("[")
    for (number, step) in steps.enumerated() {
      let lines = try JSONText.of(MeasurementJSON(step)).split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
      out.lines(number + 1 < steps.count ? lines + "," : lines)
    }
    out.line("]")
  }

  private static func name(_ index: Int) -> String { index == 0 ? "RIM" : "REM\(index - 1)" }

  private func ofVMM() throws -> [MeasurementStep] {
    let configuration = try machine.configuration()
    let vmm = try MeasuredVMM(words, capabilities: capabilities, dtb: dtb, configuration)
    for remark in vmm.remarks(isBrief: rim || values || json) { complain(remark) }
    return vmm.steps
  }

  /// The steps of a description, or of a Realm of a session.
  private func measured(_ path: String, _ realm: Int?) throws -> [MeasurementStep] {
    let configuration = try machine.configuration()
    if TokenFile.isSession(path) { return try self.realm(realm, of: path, configuration) }
    do {
      let lines = try SessionLoader.read(path).lines
      let description = try RealmDescription(lines: lines, padsREM: !configuration.policy.has(.measurementExtendUnpadded)) {
        name throws(ScriptError) in
        let beside = try Includes.path(of: name, from: path)
        do throws(TokenFile.Failure) {
          return try TokenFile.bytes(beside, limit: 256 << 20, isPlain: true)
        } catch {
          throw ScriptError(message: error.message)
        }
      }
      return description.steps
    } catch let error as SessionLoader.Failure {
      complain(error.message)
      throw ExitCode(error.code)
    } catch let error as ScriptError {
      complain(error.description(in: path))
      throw Exit.badData
    }
  }

  private func realm(_ realm: Int?, of path: String, _ configuration: MachineConfiguration) throws -> [MeasurementStep] {
    let session: Session
    do throws(SessionLoader.Failure) {
      let loaded = try SessionLoader.load(path, configuration)
      SessionLoader.warn(of: loaded.contradiction, in: path)
      session = loaded.session
    } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
    // Every Realm that was made, in the order they were, also those that are gone.
    var realms: [[MeasurementStep]] = []
    for step in session.steps.flatMap(\.measured) {
      if case .create = step.input {
        realms.append([step])
      } else if let index = realms.lastIndex(where: { $0.first?.rd == step.rd }) {
        realms[index].append(step)
      }
    }
    let number = realm ?? realms.count
    guard realms.indices.contains(number - 1) else {
      complain("\(path): \(realms.isEmpty ? "makes no Realm" : "has Realms 1 to \(realms.count), not \(number)")")
      throw Exit.usage
    }
    return realms[number - 1]
  }
}

struct MeasurementJSON: Encodable {
  var measurement: String
  var command: String
  var fields: [String: String]
  var value: String

  init(_ step: MeasurementStep) {
    measurement = step.index == 0 ? "RIM" : "REM\(step.index - 1)"
    command = step.input.command
    fields = Dictionary(step.input.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    value = hexBytes(step.value)
  }
}
