import ArgumentParser
import Engine
import Views

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints a screen as text.",
    discussion: "Panels: \(Printout.names.joined(separator: ", ")).")

  @Argument(help: "Panel.")
  var panel: String

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(help: "Step after which to look; the last one without it.")
  var at: Int?

  @Option(help: ArgumentHelp("Width and height of the screen.", valueName: "WxH"))
  var size: String = "120x36"

  @Option(help: ArgumentHelp("IPA for the rtt panel.", valueName: "ipa"))
  var ipa: String?

  @Flag(help: "ASCII only.")
  var ascii = false

  @OptionGroup var machine: MachineOptions

  func run() throws {
    guard Printout.names.contains(panel) else {
      complain("unknown panel \"\(shown(panel))\"; expected one of \(Printout.names.joined(separator: " "))")
      throw Exit.usage
    }
    let parts = size.lowercased().split(separator: "x").map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], (1...1000).contains(width), (1...1000).contains(height)
    else {
      complain("bad size \"\(shown(size))\"; expected WIDTHxHEIGHT up to 1000x1000, such as 80x24")
      throw Exit.usage
    }
    let session: Session
    let configuration = try machine.configuration()
    do throws(SessionLoader.Failure) {
      session = try SessionLoader.load(file, configuration).session
    } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
    if let at {
      guard (0...session.steps.count).contains(at) else {
        complain("there is no step \(at); \(file) has 0 to \(session.steps.count)")
        throw Exit.usage
      }
      session.seek(at)
    }
    var state = ViewState.reading(session, name: file.split(separator: "/").last.map(String.init) ?? file)
    if let ipa {
      do throws(ScriptError) {
        state.rttIPA = try StatementParser(line: 0, names: ScriptNames()).value(ipa)
      } catch {
        complain(error.message)
        throw Exit.usage
      }
    }
    state.palette.rows = Keymap.rows(session, state)
    guard let canvas = Printout.draw(panel, session, state, width: width, height: height) else { throw Exit.usage }
    var out = Output()
    for line in (ascii ? canvas.ascii : canvas).plainText.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      out.line(String(line))
    }
    out.flush()
  }
}
