import ArgumentParser
import Engine
import Views

struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints a screen as text.",
    discussion: """
      Panels: \(Panel.all.map(\.name).joined(separator: ", ")). The token panel takes a token as FILE, too. If the machine answers \
      otherwise than a recording says, or than a script expects, the screen and standard error say so, and the exit code is 1.
      """)

  @Argument(help: "Panel.", completion: .list(Panel.all.map(\.name)))
  var panel: String

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(help: "Step after which to look; the last one without it.")
  var at: Int?

  @Option(help: ArgumentHelp("Width and height of the screen.", valueName: "WxH"))
  var size: String = "120x36"

  @Option(help: ArgumentHelp("IPA for the rtt panel.", valueName: "ipa"))
  var ipa: String?

  @Option(
    help: ArgumentHelp(
      "Tab of the token panel: \(TokenTab.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"),
    completion: .list(TokenTab.allCases.map(\.rawValue)))
  var tab: String = TokenTab.claims.rawValue

  @Option(help: "Line of the token panel, from 1.")
  var row: Int = 1

  @Option(help: ArgumentHelp("Platform key for a token from a file.", valueName: "file"), completion: .file())
  var key: String?

  @Flag(help: "ASCII only.")
  var ascii = false

  @OptionGroup var machine: MachineOptions
  @OptionGroup var limits: LimitOptions

  func run() throws {
    guard let panel = Panel.named(panel) else {
      complain(ShowCommand.unknown(panel))
      throw Exit.usage
    }
    let parts = size.lowercased().split(separator: "x").map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], (1...1000).contains(width), (1...1000).contains(height)
    else {
      complain("bad size \"\(shown(size))\"; expected WIDTHxHEIGHT up to 1000x1000, such as 80x24")
      throw Exit.usage
    }
    guard let tab = TokenTab(rawValue: tab) else {
      complain("unknown tab \"\(shown(tab))\"; expected one of \(TokenTab.allCases.map(\.rawValue).joined(separator: " "))")
      throw Exit.usage
    }
    let configuration = try machine.configuration()
    let limits = try limits.changes()
    var session = Session(configuration)
    var guestControl: GuestControl?
    var contradiction: Contradiction?
    var token: TokenViewState.File?
    if panel == .token, !TokenFile.isSession(file) {
      token = try TokenFile.view(file, key: key)
    } else {
      do throws(SessionLoader.Failure) {
        let loaded = try SessionLoader.load(file, configuration, limits: limits)
        (session, guestControl, contradiction) = (loaded.session, loaded.guestControl, loaded.contradiction)
      } catch {
        complain(error.message)
        throw ExitCode(error.code)
      }
    }
    if let at {
      guard (0...session.steps.count).contains(at) else {
        complain("there is no step \(at); \(file) has 0 to \(session.steps.count)")
        throw Exit.usage
      }
      session.seek(at)
    }
    var state = ViewState.reading(session, name: fileName(file))
    state.bindings.spellsKeys = ascii
    state.show(guestControl?.subject)
    state.contradiction = contradiction
    if let ipa {
      do throws(ScriptError) {
        state.rttIPA = try StatementParser(line: 0, names: ScriptNames()).value(ipa)
      } catch {
        complain(error.message)
        throw Exit.usage
      }
    }
    state.token.file = token
    state.token.tab = tab
    state.token.row = max(1, row) - 1
    let canvas = Printout.draw(panel, session, state, width: width, height: height)
    var out = Output()
    for line in (ascii ? canvas.ascii : canvas).plainText.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      out.line(String(line))
    }
    out.flush()
    SessionLoader.warn(of: contradiction, in: file)
    if contradiction != nil { throw Exit.difference }
  }

  /// That no panel is named so, which may have been meant, and which there are.
  static func unknown(_ name: String) -> String {
    let names = Panel.all.map(\.name)
    let near = closest(to: name.lowercased(), among: names)
    return "unknown panel \"\(shown(name))\"; "
      + (near.map { "did you mean \($0)?" } ?? "expected one of \(names.joined(separator: " "))")
  }
}
