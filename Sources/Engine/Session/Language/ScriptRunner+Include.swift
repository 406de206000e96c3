import Basics
import Machine

/// Files a script names, run in the place of the line.
extension ScriptRunner {
  func include(_ name: String, at line: ScriptLine) throws(ScriptError) {
    try makeRoom(line)
    guard includeDepth < 16 else { throw line.error("includes are nested more than 16 deep") }
    guard session.usage.includes < session.limits.includes else {
      throw line.error(Session.exhausted("included", UInt64(session.limits.includes), "files"))
    }
    session.usage.includes += 1
    let included: (name: String, lines: [String])
    do {
      if let bytes = try session.file(name) {
        included = (
          name, String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        )
      } else {
        included = try load(name, line.file)
      }
    } catch {
      throw line.error(error.message, column: 9)
    }
    includeDepth += 1
    let outer = source
    defer {
      includeDepth -= 1
      source = outer
    }
    if included.lines.contains(where: TravelStatement.isOne), let first = included.lines.first,
      Recording.version(inFirstLine: first) != nil
    {
      session.keepHistory()
    }
    for (index, text) in included.lines.enumerated() {
      let inner = ScriptLine(file: included.name, number: index + 1, text: text)
      do throws(ScriptError) {
        try countIncluded(inner)
        if index == 0 { source = try source(.script, firstLine: text) }
        try perform(inner)
        if wasInterrupted { throw interruption(inner, "stopped by a key after \(linesInside) lines") }
      } catch {
        if wasInterrupted { throw line.error(error.message, column: 9) }
        throw line.error("in \(included.name):\(error.line):\(error.column): \(error.message)", column: 9)
      }
    }
  }

  /// Counts a line of an included file: there may be too many, and somebody may want no more of them.
  private func countIncluded(_ line: ScriptLine) throws(ScriptError) {
    if session.isInterrupted() { throw interruption(line, "stopped by a key after \(linesInside) lines") }
    linesInside += 1
    session.usage.includedLines += 1
    session.usage.includedBytes += line.text.utf8.count
    let limits = session.limits
    if session.usage.includedLines > limits.includedLines {
      throw line.error(Session.exhausted("read", UInt64(limits.includedLines), "lines of included files"))
    }
    if session.usage.includedBytes > limits.includedBytes {
      throw line.error("the included files have more than \(sizeText(UInt64(limits.includedBytes))) in all")
    }
  }
}
