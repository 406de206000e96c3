import ArgumentParser
import Engine
import FoundationEssentials
import SystemPackage

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs scripts without a screen.",
    discussion: """
      Every FILE begins with a fresh machine; - reads standard input and answers each statement as it comes. \
      Of several exit codes (workbench --help) the highest is the one it ends with.
      """)

  @Argument(help: ArgumentHelp("Script or recording; - for standard input.", valueName: "file"), completion: .file())
  var files: [String]

  @Flag(help: "Prints one JSON object a statement.")
  var json = false

  @Flag(help: "Prints the bare answers, for comparing with other implementations line by line.")
  var raw = false

  @Option(
    help: ArgumentHelp(
      "Then waits for GDB at a TCP port: it has the TEE of FILE's last machine, before its first instruction, and does again what FILE did. 0 is any that is free.",
      valueName: "port"))
  var gdb: UInt16?

  @Option(help: ArgumentHelp("The numeric address GDB connects to.", valueName: "address"))
  var gdbAddress = "127.0.0.1"

  @OptionGroup var machine: MachineOptions
  @OptionGroup var limits: LimitOptions

  mutating func validate() throws {
    if json, raw { throw ValidationError("--json and --raw exclude each other") }
    if gdb != nil, files.count > 1 { throw ValidationError("--gdb is for one file") }
  }

  func run() throws {
    let configuration = try machine.configuration()
    let limits = try limits.limits()
    var worst: Int32 = 0
    for file in files {
      let script = ScriptFile(path: file, configuration: configuration, limits: limits, keepsHistory: gdb != nil)
      var session: Session?
      worst = max(worst, script.run(printing: style) { session = $0 })
      if let gdb, let session { try debug(session, gdb, file) }
    }
    if worst != 0 { throw ExitCode(worst) }
  }

  private func debug(_ session: Session, _ port: UInt16, _ file: String) throws {
    let debugger = PartitionDebugger(session)
    guard debugger.goToBeginning() else {
      complain("\(file): no code of the Secure world has run; --gdb is for a machine with secure=tee")
      throw Exit.badData
    }
    _ = try serveGDB(debugger, port, gdbAddress)
  }

  private var style: ScriptFile.Style { json ? .json : raw ? .raw : .words }
}

/// A script on its way through a machine.
struct ScriptFile {
  enum Style {
    case words, json, raw, nothing
  }
  var path: String
  var configuration: MachineConfiguration
  var limits = RunLimits()
  /// Whether one can go back in the session that comes of it.
  var keepsHistory = false

  /// Most warnings that are told of a file.
  private static let mostWarnings = 20

  /// Runs it; returns the exit code.
  ///
  /// - Parameter onEnd: is given the session, as it is after the last line.
  func run(
    printing style: Style, onEnd: (Session) -> Void = { _ in }, onReport: @escaping (ScriptRunner.Report) -> Void = { _ in }
  ) -> Int32 {
    do throws(UnreadableFile) {
      return run(try LineReader(path), printing: style, onEnd, onReport)
    } catch {
      complain(error.message)
      return 66
    }
  }

  private func run(
    _ reader: consuming LineReader, printing style: Style, _ onEnd: (Session) -> Void,
    _ onReport: @escaping (ScriptRunner.Report) -> Void
  ) -> Int32 {
    var reader = reader
    // A recording can go back in time, so it needs its history.
    let isRecording = reader.begins(with: "#workbench")
    let session = Session(configuration, keepsHistory: isRecording || keepsHistory)
    session.tracing = style == .json || keepsHistory
    session.limits = limits
    let runner = ScriptRunner(session, language: .workbench)
    Includes.serve(runner)
    let printer = StatementPrinter(style)
    runner.onReport = { report in
      printer.report(report)
      printer.note(panic: session.read { $0.control.panic }?.text)
      onReport(report)
    }
    var warnings = 0
    runner.onWarning = { line, doubt in
      warnings += 1
      guard warnings <= Self.mostWarnings else { return }
      printer.flush()
      complain("\(line.file):\(line.number): warning: \(doubt)")
    }
    runner.onExpansion = { printer.head($0, depth: $1) }
    runner.onFailure = { failure in
      printer.flush()
      complain("\(failure.file):\(failure.line): \(failure.message)")
    }
    var code: Int32 = 0
    var progress = ProgressLine("lines of \(shown(path))", isShown: path != "-" && isTerminal(.standardError))
    reading: while let line = reader.next() {
      do throws(ScriptError) {
        switch line {
        case .failed(let failure):
          complain(failure.message)
          code = 66
          break reading
        case _ where isRecording && !reader.lastWasWhole:
          printer.flush()
          complain("\(path): \(SessionLoader.Text.tornNote)")
          break reading
        case .text(let text):
          progress.update(reader.number)
          try runner.run(line: text, number: reader.number, file: path)
        case .bad(let error): throw error
        }
      } catch {
        printer.flush()
        complain(error.description(in: path))
        code = 65
        break
      }
      if path == "-" { printer.flush() }
    }
    runner.finish(file: path)
    printer.flush()
    onEnd(session)
    if warnings > Self.mostWarnings { complain("\(path): \(warnings - Self.mostWarnings) more warnings") }
    for unseen in runner.unseen { complain("\(unseen.file):\(unseen.line): note: \(unseen.message)") }
    return code != 0 ? code : runner.failureCount == 0 ? 0 : 1
  }
}

/// Prints statements as they are run.
final class StatementPrinter {
  private let style: ScriptFile.Style
  private var out = Output()
  /// Whether it was said that the RMM has stopped.
  private var hasSaidPanic = false

  init(_ style: ScriptFile.Style) { self.style = style }

  func flush() { out.flush() }

  /// A statement that stands for others: what they answer comes below it, and then what has come of it all.
  func head(_ line: ScriptLine, depth: Int) {
    if style == .words { out.line(indented(line.number, depth) + line.text) }
  }

  /// Says once why the RMM of the machine has stopped.
  func note(panic: String?) {
    if style == .words, let panic, !hasSaidPanic { out.line("          \(panic)") }
    hasSaidPanic = panic != nil
  }

  /// Of one that another stands for, the number of the line is the other's.
  private func indented(_ number: Int, _ depth: Int) -> String {
    let number = depth == 0 ? String(number) : ""
    return String(repeating: " ", count: max(0, 5 - number.count)) + number + "  " + String(repeating: "  ", count: depth)
  }

  func report(_ report: ScriptRunner.Report) {
    switch style {
    case .nothing: break
    case .raw:
      if report.statement is EchoStatement || report.isExpansion { return }
      for line in report.result.rawLines { out.line(line) }
    case .words:
      if !report.isExpansion { out.line(indented(report.line, report.depth) + report.text) }
      let indent = String(repeating: "  ", count: report.depth)
      for line in Decoder.lines(report.result) { out.line("       \(indent)=> \(line)") }
      if !report.isExpansion {
        for name in report.result.overruled { out.line("          \(indent)passed by \(name), which is switched off") }
      }
      for violation in report.result.broken {
        out.line("          \(indent)breaks \(violation.rule): \(shown(violation.detail, limit: 200))")
      }
      if let decision = report.result.decidedBy, !report.isExpansion { out.line("          \(indent)decided by \(decision)") }
    case .json:
      if let text = try? JSONStatement(report).encoded { out.line(text) }
    }
  }
}

/// The JSON object of a statement.
private struct JSONStatement: Encodable {
  var line: Int
  var text: String
  var status: String?
  var world: String?
  var decidedBy: String?
  /// Checks that are switched off and would have acted.
  var overruled: [String]
  /// Rules of the model it has broken.
  var broken: [String]
  var output: [String]
  var exit: [String: String]?
  var events: [String]
  var x: [String]
  /// In how many statements that stand for others it lies.
  var depth: Int

  init(_ report: ScriptRunner.Report) {
    line = report.line
    text = report.text
    depth = report.depth
    let result = report.result
    status = result.answer?.text
    world = result.world?.name
    decidedBy = result.decidedBy
    overruled = result.overruled
    broken = result.broken.map { "\($0.rule): \($0.detail)" }
    output = Decoder.lines(result)
    events = report.events.map { "\($0.layer) \($0.text)" }
    if case .registers = result.answer?.kind {
      x = (result.answer?.x ?? []).prefix(8).map(hex)
    } else {
      x = result.answer?.x.prefix(1).map(hex) ?? []
    }
    exit = result.exit.map { exit in
      var fields = ["reason": exit.reason.name]
      for field in exit.fields { fields[field.name] = hex(field.value) }
      return fields
    }
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    func key(_ name: String) -> Key { Key(stringValue: name) }
    try container.encode(line, forKey: key("line"))
    try container.encode(text, forKey: key("text"))
    if depth > 0 { try container.encode(depth, forKey: key("depth")) }
    for (n, value) in x.enumerated() { try container.encode(value, forKey: key("x\(n)")) }
    try container.encodeIfPresent(status, forKey: key("status"))
    try container.encodeIfPresent(world, forKey: key("world"))
    try container.encodeIfPresent(decidedBy, forKey: key("decided_by"))
    if !overruled.isEmpty { try container.encode(overruled, forKey: key("overruled")) }
    if !broken.isEmpty { try container.encode(broken, forKey: key("broken")) }
    try container.encodeIfPresent(exit, forKey: key("exit"))
    try container.encode(output, forKey: key("output"))
    try container.encode(events, forKey: key("events"))
  }

  /// As one line of JSON.
  var encoded: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return shownJSON(String(decoding: try encoder.encode(self), as: UTF8.self))
    }
  }
}
