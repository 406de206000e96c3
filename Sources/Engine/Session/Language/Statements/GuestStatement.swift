import Basics
import Host
import Libvirt
import Machine

/// A command for a guest that executes code.
package struct GuestStatement: Statement {
  let command: GuestCommand

  static let verbs = [
    verb(
      "boot", bootForm, nil, help: "a Realm (or another VM), and its run",
      details: """
        a fresh machine with `vcpu=code`; the run is of up to \(usualInstructions) instructions. Devices and Linux: \
        [Guests.md](Guests.md#devices)
        """,
      ["", "tour 1", "--normal kernel", "--mem 256M --append \"console=ttyAMA0 quiet\" --disk disk.img,rw --net --rng Image 1"]
    ) { arguments throws(ScriptError) in try boot(arguments, stands: false) },
    verb(
      "debug", bootForm, nil, help: "as boot, but it stands before its first instruction",
      details: "`tee` is the TEE of the Secure world: [Secure.md](Secure.md#stepping-through-the-tee)",
      ["", "--normal tour 3", "tee"]
    ) { arguments throws(ScriptError) in try boot(arguments, stands: true) },
    verb(
      "continue", "[INSTRUCTIONS]", 0...1, help: "the guest goes on, for about so many instructions",
      details: "until something stops it, or, between two entries, so many have passed; without a number \(usualInstructions)",
      ["", "1000"]
    ) { arguments throws(ScriptError) in
      .run(.continue(arguments.count == 0 ? nil : try arguments.positive(arguments[0], mostInstructions)))
    },
    verb(
      "type", "\"TEXT\"", 1...Int.max, help: "somebody types into the console of the guest",
      details: "it goes there while the guest runs, as its UART has room; \\\\n, \\\\e, \\\\x03 and the like are known",
      ["\"ls -l /\\n\""]
    ) { arguments throws(ScriptError) in
      let (bytes, rest) = try quoted(arguments, arguments.raw[...])
      guard rest.allSatisfy({ $0 == " " }), !bytes.isEmpty else { throw arguments.expected(at: arguments.words.last) }
      return .type(bytes)
    },
    verb(
      "until", "text:WORDS [within TICKS]", 1...Int.max, help: "the guest runs until its console says something",
      details: """
        behind what it was waited for before; expect event: it has said so. Otherwise it runs on for so many ticks, without a number \
        \(usualInstructions). Words with spaces stand in quotes, in which # is \\\\x23
        """,
      ["text:login:", "text:\"~ $ \" within 2G"]
    ) { arguments throws(ScriptError) in try until(arguments) },
    repeated("step", help: "one instruction of the guest, or N") { .step($0) },
    repeated("over", help: "an instruction; a call with all it does") { .over($0) },
    repeated("back", help: "takes an instruction back, or N") { .back($0) },
    verb("out", "", 0...0, help: "the guest runs until it leaves the Realm", [""]) { _ in .run(.out) },
    verb("reverse", "", 0...0, help: "back to the place before that would have stopped the guest", [""]) { _ in .run(.reverse) },
    verb(
      "break", "ADDRESS|NAME|smc|exit [REASON]|granule PA", nil, help: "where the guest is to stop",
      details: "code, by its address or a name of the ELF; an SMC; an exit; a granule that changes its state",
      ["0x80000000", "main", "smc", "exit", "exit SYNC", "granule 0x80001000"]
    ) { arguments throws(ScriptError) in .stop(try place(arguments)) },
    WatchStatement.verb,
    verb(
      "delete", "[ADDRESS|NAME|smc|exit [REASON]|granule PA]", nil, help: "no longer stops there; without a place, nowhere",
      ["", "main", "exit IRQ"]
    ) { arguments throws(ScriptError) in .delete(arguments.count == 0 ? nil : try place(arguments)) },
    verb(
      "symbols", "[IMAGE]", 0...1, help: "names of the guest's places, from its image",
      details: "without an image from what it was booted from", ["", "tour"]
    ) { arguments in .symbols(image: arguments.words.first?.text) },
  ]

  /// The verbs of ``verbs``, of which one line can make any number of steps.
  package static let names = Set(verbs.map(\.name))

  /// Bytes that are watched.
  static func watch(_ arguments: Arguments) throws(ScriptError) -> GuestCommand {
    try arguments.check(1...2, "watch ADDRESS [BYTES]")
    return .watch(
      address(arguments, arguments[0]), count: arguments.count == 2 ? UInt64(try arguments.positive(arguments[1], 4096)) : 8)
  }

  /// Most instructions, calls or steps back of a statement.
  private static let mostSteps: UInt64 = 1_000_000
  /// Most instructions of `continue`.
  private static let mostInstructions: UInt64 = 1 << 40
  private static let usualInstructions = "\(GuestControl.usualInstructions / 1_000_000) million"
  private static let bootForm = "[--normal] [OPTION ..] [IMAGE [VCPUS]]"

  private static func verb(
    _ name: String, _ form: String, _ count: ClosedRange<Int>?, help: String, details: String = "", _ examples: [String],
    _ read: @escaping @Sendable (Arguments) throws(ScriptError) -> GuestCommand
  ) -> Verb {
    Verb(
      name, form, count, help: help, details: details, examples: examples.map { $0.isEmpty ? name : "\(name) \($0)" },
      places: .guests
    ) { arguments throws(ScriptError) in GuestStatement(command: try read(arguments)) }
  }

  private static func repeated(
    _ name: String, help: String, _ command: @escaping @Sendable (Int) -> GuestCommand.RunControl
  ) -> Verb {
    verb(name, "[N]", 0...1, help: help, ["", "20"]) { arguments throws(ScriptError) in
      .run(command(arguments.count == 0 ? 1 : try arguments.positive(arguments[0], mostSteps)))
    }
  }

  private static func boot(_ arguments: Arguments, stands: Bool) throws(ScriptError) -> GuestCommand {
    var words: [String]
    do throws(VirshSyntaxError) { words = try shellWords(arguments.raw) } catch {
      throw arguments.error(arguments.verb, error.text)
    }
    words.reverse()
    var what = GuestBoot()
    var plain: [String] = []
    func value(of option: String) throws(ScriptError) -> String {
      guard let word = words.popLast() else {
        throw arguments.error(arguments.words.last ?? arguments.verb, "expected a word after \(option)")
      }
      return word
    }
    while let word = words.popLast() {
      switch word {
      case "--normal": what.isRealm = false
      case "--net": what.hasNetwork = true
      case "--rng": what.hasRNG = true
      case "--console": what.hasConsole = true
      case "--vsock": what.hasSockets = true
      case "--no-access-platform": what.hasAccessPlatform = false
      case "--append": what.arguments = try value(of: word)
      case "--initrd": what.initrd = try value(of: word)
      case "--mem":
        let text = try value(of: word)
        what.memory = try arguments.number(arguments.words.first { $0.text == text } ?? Word(text: text, column: 1))
      case "--disk":
        guard what.disks.count < RealmVM.mostDisks else {
          throw arguments.error(arguments.verb, "a guest has up to \(RealmVM.mostDisks) disks")
        }
        let name = try value(of: word)
        let isWritable = name.hasSuffix(",rw")
        what.disks.append(GuestBoot.Disk(file: isWritable ? String(name.dropLast(3)) : name, isWritable: isWritable))
      case _ where word.hasPrefix("-"):
        let place = arguments.words.first { $0.text == word } ?? arguments.verb
        throw arguments.error(
          place, "\(arguments.verb.text) has no option \(shown(word)); there are \(options.joined(separator: ", "))")
      default: plain.append(word)
      }
    }
    let left = plain.map { word in arguments.words.first { $0.text == word } ?? Word(text: word, column: arguments.verb.column) }
    try arguments.check(0...2, "\(arguments.row.usage), such as \(arguments.row.name) tour", left)
    if let image = plain.first { what.image = image }
    if left.count == 2 { what.vcpus = try arguments.positive(left[1], UInt64(RealmVM.mostVCPUs)) }
    return .boot(what, stands: stands)
  }

  private static let options = [
    "--normal", "--mem", "--append", "--initrd", "--disk", "--net", "--rng", "--console", "--vsock", "--no-access-platform",
  ]

  private static func quoted(_ arguments: Arguments, _ text: Substring) throws(ScriptError) -> ([UInt8], Substring) {
    let first = arguments[0]
    guard text.first == "\"" else { throw arguments.expected(at: first) }
    do throws(ConsoleText.Malformed) { return try ConsoleText.bytes(quoted: text) } catch {
      throw arguments.error(Word(text: "", column: first.column + error.offset), error.message)
    }
  }

  private static func until(_ arguments: Arguments) throws(ScriptError) -> GuestCommand {
    let raw = arguments.raw
    let prefix = "text:"
    guard raw.hasPrefix(prefix), raw.count > prefix.count else { throw arguments.expected(at: arguments[0]) }
    let text = raw.dropFirst(prefix.count)
    let bytes: [UInt8]
    var rest: Substring
    if text.first == "\"" {
      (bytes, rest) = try quoted(arguments, text)
    } else {
      let end = text.firstIndex(of: " ") ?? text.endIndex
      (bytes, rest) = (Array(text[..<end].utf8), text[end...])
    }
    rest = rest.drop { $0 == " " }
    guard !bytes.isEmpty else { throw arguments.expected(at: arguments[0]) }
    guard !rest.isEmpty else { return .run(.until(bytes, within: nil)) }
    guard rest.hasPrefix("within "), let last = arguments.words.last, arguments.words.dropLast().last?.text == "within" else {
      throw arguments.expected(at: arguments.words.last)
    }
    return .run(.until(bytes, within: try arguments.positive(last, mostInstructions)))
  }

  private static func address(_ arguments: Arguments, _ word: Word) -> GuestCommand.Address {
    GuestCommand.Address(text: word.text, value: try? arguments.number(word))
  }

  private static func place(_ arguments: Arguments) throws(ScriptError) -> GuestCommand.Place {
    let words = arguments.words
    let form = "\(arguments.verb.text) ADDRESS, a name of the ELF, smc, exit [REASON] or granule PA"
    guard let first = words.first else { throw arguments.error(arguments.verb, "expected: \(form)") }
    switch first.text.lowercased() {
    case "smc" where words.count == 1: return .event(.smc)
    case "exit" where words.count == 1: return .event(.exit(nil))
    case "exit" where words.count == 2:
      guard let reason = ExitReason.allCases.first(where: { $0.name == words[1].text.uppercased() }) else {
        throw arguments.error(
          words[1],
          "no exit \"\(shown(words[1].text))\"; there are \(ExitReason.allCases.map(\.name).joined(separator: ", "))")
      }
      return .event(.exit(reason))
    case "granule" where words.count == 1: throw arguments.error(first, "expected: \(form)")
    case "granule" where words.count == 2:
      let address = try arguments.number(words[1])
      guard address % Granule.size == 0 else {
        throw arguments.error(words[1], "\(hex(address)) is no granule; expected a multiple of 4K")
      }
      return .event(.granule(address))
    default:
      guard words.count == 1 else { throw arguments.error(words[1], "expected: \(form)") }
      return .code(address(arguments, first))
    }
  }

  package var text: String { command.text }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    try runner.perform(command, at: line)
  }

  package func events(in runner: ScriptRunner) -> [Event] {
    runner.guestControl.firstNewStep != nil ? runner.session.read { $0.events } : []
  }
}
