import Machine

extension Decoder {
  /// What a statement answered, one line each: guests first, then the call, then the exit.
  public static func lines(_ result: StatementResult) -> [String] {
    var lines = result.console.map { "| \($0)" } + result.guestResults.map(guest)
    if let text = result.text, result.fid == nil { return lines + [text.hasPrefix("-> ") ? String(text.dropFirst(3)) : text] }
    if let answer = result.answer {
      switch answer.kind {
      case .registers: lines.append(Decoder.answer(fid: result.fid, answer.x))
      case .ok: lines.append("ok")
      case .gpf:
        lines.append("gpf (granule protection fault)")
      case .fault: lines.append("fault")
      case .other(let text): lines.append(text)
      }
    }
    if let exit = result.exit { lines.append("exit \(exitText(exit))") }
    return lines
  }
}
