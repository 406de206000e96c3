/// Text as it stands in XML and HTML.
///
/// - Parameter quotes: which quotation marks are written as entities, too.
package func markup(_ text: some StringProtocol, quotes: Set<Unicode.Scalar> = ["\""]) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"" where quotes.contains(scalar): result += "&quot;"
    case "'" where quotes.contains(scalar): result += "&apos;"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
