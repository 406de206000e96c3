import Basics

/// Tokens and reports as lines of text.
extension VerificationReport {
  /// One line a check, with what it looked at below those that failed, or below all.
  public func lines(inputs: Bool) -> [String] {
    let width = (findings.map(\.check.name.count).max() ?? 0) + 2
    var lines: [String] = []
    for finding in findings {
      lines.append("\(finding.mark) \(finding.check.name.padding(width))\(finding.outcome.sentence)")
      guard inputs || finding.outcome.verdict == .failed else { continue }
      for input in finding.outcome.inputs {
        let place = input.range.map { " at \($0.lowerBound)" } ?? ""
        lines.append("    \(input.label), \(input.bytes.count) bytes\(place): \(hexBytes(input.bytes))")
      }
    }
    lines.append(summary)
    return lines
  }
}

extension VerificationReport.Finding {
  /// ✓ passed, ✗ refuses the token, ! failed but only advises or warns, · neither.
  package var mark: String {
    switch outcome.verdict {
    case .passed: "✓"
    case .failed: check.weight == .mandatory ? "✗" : "!"
    case .notEvaluated, .notAsked: "·"
    }
  }
}

extension TokenDocument {
  /// The token in words: envelope, headers, claims with where they stand, signatures.
  public var lines: [String] {
    var lines = ["\(envelope.name), \(bytes.count) bytes"]
    if let error { lines.append("not readable: \(error.message)") }
    if let profile = TokenProfile(self) { lines.append("profile: \(profile.rawValue), \(profile.meaning)") }
    for part in [platform, realm].compactMap({ $0 }) {
      lines.append("")
      lines.append("\(part.kind.title), bytes \(part.entry.range.lowerBound) to \(part.entry.range.upperBound - 1)")
      if let problem = part.problem { lines.append("  \(problem)") }
      if let sign1 = part.sign1 {
        let algorithm = sign1.algorithm.map { item in
          item.int.flatMap { COSEAlgorithm(rawValue: $0)?.name } ?? "unknown algorithm \(shown(item.diagnostic))"
        }
        lines.append("  protected header: \(hexBytes(sign1.protected.bytes ?? [])) (\(algorithm ?? "no algorithm"))")
        lines.append("  unprotected header: \(shown(sign1.unprotected.diagnostic))")
      }
      for reading in part.readings { lines.append(contentsOf: reading.lines) }
      if let signature = part.sign1?.signature {
        lines.append(
          "  signature, \(signature.content.count) bytes at \(signature.content.lowerBound): \(hexBytes(signature.bytes ?? []))")
      }
    }
    return lines
  }

  /// Every item down to its head: offset, head, and what it is, nested as it stands. What lies in byte strings that hold CBOR
  /// is taken apart too.
  public var dump: [String] {
    guard let root else { return [] }
    var lines: [String] = []
    dump(root, 0, into: &lines)
    return lines
  }

  private func dump(_ item: CBORItem, _ depth: Int, into lines: inout [String]) {
    let indent = String(repeating: "  ", count: min(depth, 24))
    let head = hexBytes(bytes[item.head])
    let offset = String(item.range.lowerBound)
    let column = "\(String(repeating: " ", count: max(0, 6 - offset.count)))\(offset)  \(indent)\(head)"
    switch item.value {
    case .array, .map, .tag:
      lines.append("\(column)  \(item.kindName)")
      for child in item.children { dump(child, depth + 1, into: &lines) }
    case .bytes(let content):
      if let inner = nested(item) {
        lines.append("\(column)  \(item.kindName), holding")
        dump(inner, depth + 1, into: &lines)
      } else {
        lines.append("\(column)  \(item.kindName): \(hexBytes(content))")
      }
    case .text(let text): lines.append("\(column)  text \"\(shown(text, limit: 100))\"")
    default: lines.append("\(column)  \(shown(item.diagnostic))")
    }
  }

  /// The CBOR a byte string holds, if the format says that it does.
  package func nested(_ item: CBORItem) -> CBORItem? {
    for part in [platform, realm].compactMap({ $0 }) {
      if let token = part.sign1?.item, item.range.upperBound == token.range.upperBound,
        item.content.lowerBound == token.range.lowerBound
      {
        return token
      }
      if let payload = part.sign1?.payload, item.range == payload.range { return part.claims }
      if item.range == part.sign1?.protected.range, item.isInOnePiece { return part.sign1?.protectedMap }
      if let key = part.claims?.entry(RealmClaim.publicKey.rawValue), item.range == key.range { return part.keyMap }
    }
    return nil
  }
}

extension ClaimReading {
  var lines: [String] {
    let title = depth == 0 ? "\(name) (\(shown(label.diagnostic)))" : "\(name)"
    let own = "\(String(repeating: "  ", count: depth + 1))\(title):" + (depth == 1 && !children.isEmpty ? "" : " \(words)")
    return [own] + children.flatMap(\.lines)
  }
}
