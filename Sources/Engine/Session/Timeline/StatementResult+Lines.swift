import Machine

extension Decoder {
  /// What a statement answered, one line each: guests first, then the call, then the exit.
  public static func lines(_ result: StatementResult) -> [String] {
    result.console.map { "| \($0)" } + result.guestResults.map(guest) + callLines(result)
  }

  /// The last of these lines that is not a guest's, as short as the trace has room for.
  package static func summary(_ result: StatementResult) -> String {
    callLines(result, isShort: true).last ?? result.console.last.map { "| \($0)" } ?? ""
  }

  /// What the statement itself answered.
  private static func callLines(_ result: StatementResult, isShort: Bool = false) -> [String] {
    if result.fid == nil, let text = result.text ?? result.found { return [text] }
    var lines: [String] = []
    if let answer = result.answer {
      switch answer.kind {
      case .registers: lines.append(Decoder.answer(fid: result.fid, answer.x, isShort: isShort))
      case .ok: lines.append("ok")
      case .gpf: lines.append("gpf (granule protection fault)")
      default: lines.append(answer.text + (result.reason.map { ": \($0)" } ?? ""))
      }
    }
    if let exit = result.exit { lines.append("exit \(exitText(exit))") }
    return lines
  }
}
