import Engine
import Views

/// Keys while the command line is open.
extension App {
  func openCommandLine(_ purpose: CommandLineState.Purpose, text: String = "") {
    var line = CommandLineState(purpose, text: text)
    Completion(session: session).update(&line)
    state.command = line
    history.reset()
  }

  func insert(_ scalar: Unicode.Scalar) {
    guard var line = state.command else { return }
    var scalars = Array(line.text.unicodeScalars)
    guard scalars.count < 4096 else { return }
    scalars.insert(scalar, at: min(line.cursor, scalars.count))
    line.cursor += 1
    set(&line, scalars)
  }

  func set(_ line: inout CommandLineState, _ scalars: [Unicode.Scalar]) {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    line.text = String(view)
    line.cursor = max(0, min(line.cursor, scalars.count))
    Completion(session: session).update(&line)
    state.command = line
  }

  func takeInCommandLine(_ key: String) {
    guard var line = state.command else { return }
    var scalars = Array(line.text.unicodeScalars)
    switch key {
    case "esc", "^C":
      state.command = nil
      if line.purpose == .filter { state.filter = "" }
    case "enter": submit(line)
    case "tab":
      Completion(session: session).cycle(&line, backwards: false)
      state.command = line
    case "S-tab":
      Completion(session: session).cycle(&line, backwards: true)
      state.command = line
    case "backspace":
      guard line.cursor > 0 else { return }
      scalars.remove(at: line.cursor - 1)
      line.cursor -= 1
      set(&line, scalars)
    case "delete", "^D":
      guard line.cursor < scalars.count else { return }
      scalars.remove(at: line.cursor)
      set(&line, scalars)
    case "left", "^B": line.cursor = max(0, line.cursor - 1); state.command = line
    case "right", "^F": line.cursor = min(scalars.count, line.cursor + 1); state.command = line
    case "home", "^A": line.cursor = 0; state.command = line
    case "end", "^E": line.cursor = scalars.count; state.command = line
    case "^U":
      scalars.removeFirst(line.cursor)
      line.cursor = 0
      set(&line, scalars)
    case "^K":
      scalars.removeLast(scalars.count - line.cursor)
      set(&line, scalars)
    case "^W":
      var start = line.cursor
      while start > 0, scalars[start - 1] == " " { start -= 1 }
      while start > 0, scalars[start - 1] != " " { start -= 1 }
      scalars.removeSubrange(start..<line.cursor)
      line.cursor = start
      set(&line, scalars)
    case "up", "^P": recall(history.earlier(than: line.text), line)
    case "down", "^N": recall(history.later(), line)
    case "^Z": terminal.suspend()
    case "^L": terminal.repaint()
    default:
      if key.unicodeScalars.count == 1, let scalar = key.unicodeScalars.first { insert(scalar) }
    }
    if line.purpose == .filter, let now = state.command { state.filter = now.text }
  }

  func recall(_ text: String?, _ line: CommandLineState) {
    guard let text, line.purpose == .command else { return }
    var line = line
    line.cursor = text.unicodeScalars.count
    set(&line, Array(text.unicodeScalars))
  }

  func submit(_ line: CommandLineState) {
    state.command = nil
    switch line.purpose {
    case .filter: state.filter = line.text
    case .rttIPA:
      do throws(ScriptError) {
        state.rttIPA = try StatementParser(line: 0, names: ScriptNames()).value(line.text)
      } catch {
        state.message = .init(error.message, isError: true)
      }
    case .challenge:
      guard let bytes = [UInt8](hex: line.text), bytes.count <= 64 else {
        state.message = .init("a challenge is up to 64 bytes in hexadecimal, without 0x", isError: true)
        openCommandLine(.challenge, text: line.text)
        return
      }
      state.token.challenge = bytes.isEmpty ? nil : bytes
    case .command:
      history.add(line.text)
      execute(line.text)
    }
  }
}
