/// The word of `candidates` that differs least from `word` in lower case, if one is near.
package func closest(to word: String, among candidates: [String]) -> String? {
  guard word.count <= 64 else { return nil }
  let best = candidates.map { ($0, editDistance(Array(word), Array($0.lowercased()))) }.min { $0.1 < $1.1 }
  guard let best, best.1 <= max(1, word.count / 3) else { return nil }
  return best.0
}

/// How many characters must be put in, left out, replaced, or exchanged with their neighbour, none of them twice (optimal string
/// alignment).
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  // Rows for the beginnings of `a`: the one before the last, the last, and the one that is made.
  var older: [Int] = []
  var last = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var least = min(row[j] + 1, last[j + 1] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, older[j - 1] + 1) }
      row.append(least)
    }
    (older, last) = (last, row)
  }
  return last[b.count]
}
