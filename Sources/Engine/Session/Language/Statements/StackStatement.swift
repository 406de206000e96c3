import Basics
import Host
import Libvirt
import Machine

/// A command for the host of the session: libvirt, QEMU, kvmtool, and time for their guests.
package struct StackStatement: Statement {
  let command: StackCommand

  static let verbs = [
    verb(
      "virsh", "COMMAND [ARGUMENT ..]", 1...Int.max, help: "libvirt on the host of this machine, down to the last RMI call",
      details: """
        words and answers of the real one; several commands between semicolons, in quotes or not; XML in the folder of the script. \
        Without a host there is a fresh machine with `vcpu=code` for one. With each command 10 ms pass, none with one that starts \
        a domain
        """,
      ["create openeuler.xml", "list --all", "\"dominfo openeuler; destroy openeuler\""]
    ) { arguments throws(ScriptError) in .virsh(unquoted(arguments.text)) },
    verb(
      "qemu", "ARGUMENT ..", 1...Int.max, help: "a QEMU by its command line, on the host of this machine",
      details: "its guest runs while time passes: `wait`, or a command of virsh",
      ["-M virt -cpu host -accel kvm -m 64M -kernel cloud.img -nographic"]
    ) { arguments throws(ScriptError) in .qemu(try words(arguments)) },
    verb(
      "lkvm run", "ARGUMENT ..", nil, help: "a kvmtool by its command line, on the host of this machine",
      ["--realm -c 1 -m 64M -k cloud.img"]
    ) { arguments throws(ScriptError) in .lkvm(try words(arguments)) },
    verb(
      "kvm", "VM CALL [ARGUMENT ..]", 2...Int.max, help: "a call to KVM of the host, for a VM of one's own or that of a domain",
      details: "calls and arguments in [VMMs.md](VMMs.md#kvm-call-by-call)",
      ["a CREATE_VM realm", "a CONFIG_REALM hash=0", "a CREATE_REALM", "openeuler RUN 0"]
    ) { arguments throws(ScriptError) in
      let words = arguments.words.map(\.text)
      do throws(KVMRequest.Malformed) { _ = try KVMRequest(Array(words.dropFirst())) } catch {
        throw arguments.error(arguments[1], error.message)
      }
      return .kvm(words)
    },
    verb(
      "qmp", "[PROCESS] COMMAND", 1...Int.max, help: "a line of QMP for a QEMU, the one started last",
      ["{\"execute\": \"query-status\"}", "4242 {\"execute\": \"stop\"}"]
    ) { arguments throws(ScriptError) in
      let process = Int(arguments[0].text)
      guard process == nil || arguments.count > 1 else { throw arguments.expected() }
      return .qmp(process: process, arguments.words.dropFirst(process == nil ? 0 : 1).map(\.text).joined(separator: " "))
    },
    verb(
      "wait", "[TIME]", 0...1, help: "time passes on the host, and its guests run",
      details: "such as `10ms`, `2s`; without a time until no guest can go on",
      ["", "50ms"]
    ) { arguments throws(ScriptError) in .wait(microseconds: arguments.count == 0 ? nil : try time(arguments)) },
    verb("dmesg", "", 0...0, help: "what the kernel of the host has printed", [""]) { _ in .dmesg },
  ]

  private static func verb(
    _ name: String, _ form: String, _ count: ClosedRange<Int>?, help: String, details: String = "", _ examples: [String],
    _ read: @escaping @Sendable (Arguments) throws(ScriptError) -> StackCommand
  ) -> Verb {
    Verb(
      name, form, count, help: help, details: details, examples: examples.map { $0.isEmpty ? name : "\(name) \($0)" },
      places: Verb.Places(recording: .refused, reason: "a recording has what the host did")
    ) { arguments throws(ScriptError) in StackStatement(command: try read(arguments)) }
  }

  /// A line in one pair of quotes, as for a shell.
  private static func unquoted(_ text: String) -> String {
    guard text.count > 1, let quote = text.first, quote == "\"" || quote == "'", text.last == quote else { return text }
    let inner = text.dropFirst().dropLast()
    return inner.contains(quote) ? text : String(inner)
  }

  private static func words(_ arguments: Arguments) throws(ScriptError) -> [String] {
    let words: [String]
    do throws(VirshSyntaxError) { words = try shellWords(arguments.text) } catch {
      throw arguments.error(arguments.verb, error.text)
    }
    guard !words.isEmpty else { throw arguments.expected() }
    return words
  }

  /// Longest time of a `wait`: an hour.
  private static let longest: UInt64 = 3_600_000_000

  private static func time(_ arguments: Arguments) throws(ScriptError) -> Int {
    let word = arguments[0]
    let units: [(suffix: String, microseconds: UInt64)] = [("us", 1), ("ms", 1000), ("s", 1_000_000)]
    guard
      let unit = units.first(where: {
        word.text.hasSuffix($0.suffix) && word.text.dropLast($0.suffix.count).allSatisfy(\.isNumber)
      }),
      let count = UInt64(word.text.dropLast(unit.suffix.count)), count > 0, count <= longest / unit.microseconds
    else { throw arguments.error(word, "expected a time such as 500us, 10ms or 2s, up to 3600s") }
    return Int(count * unit.microseconds)
  }

  package var text: String { command.text }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    try runner.perform(command, at: line)
  }

  package func events(in runner: ScriptRunner) -> [Event] { runner.session.read { $0.events } }
}
