import Basics

/// The lines of a recording with something else in one place, or in a few.
struct MutatedRecording {
  private(set) var lines: [[UInt8]]

  /// Words that have a meaning somewhere, or come close to one.
  private static let pieces =
    [
      "0", "x", "ffffffffffffffff", "-1", "#", "#host", "%", "=>", "@", " ", "\t", "\u{0}", "é", "goto 99999999",
      "18446744073709551615", "fork",
    ]
    .map { Array($0.utf8) }

  init(_ original: [[UInt8]], _ numbers: inout SeededNumbers) {
    lines = original
    for _ in 0...numbers.below(3) where !lines.isEmpty { change(&numbers) }
  }

  private mutating func change(_ numbers: inout SeededNumbers) {
    let index = numbers.below(lines.count)
    let place = numbers.below(lines[index].count + 1)
    switch numbers.below(10) {
    case 0: lines.remove(at: index)
    case 1: lines.insert(lines[index], at: numbers.below(lines.count))
    case 2: lines.swapAt(index, numbers.below(lines.count))
    case 3: lines[index].removeLast(lines[index].count - place)
    case 4 where place < lines[index].count: lines[index].remove(at: place)
    case 5 where place < lines[index].count: lines[index][place] ^= 1 << UInt8(numbers.below(8))
    case 6: lines[index].insert(contentsOf: numbers.pick(Self.pieces), at: place)
    case 7: lines.removeLast(lines.count - index)
    case 8:
      let other = lines[numbers.below(lines.count)]
      lines[index] = Array(lines[index][..<place] + other[min(place, other.count)...])
    default:
      // Another number in the place of one.
      var words = lines[index].split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
      let word = numbers.below(max(1, words.count))
      guard word < words.count else { return }
      let high = numbers.below(2) == 0 ? UInt64(numbers.below(1 << 16)) : UInt64(numbers.below(1 << 30)) << 34
      words[word] = Array(hex(high).utf8)
      lines[index] = Array(words.joined(separator: [0x20]))
    }
  }
}
