import Basics
import Engine
import Foundation
import Testing

@testable import Session

/// Recordings in which something is wrong: they are performed, or there is a difference or an error with its line; the program stands.
/// WORKBENCH_MUTATIONS sets how many.
struct MutationTests {
  private static let count = ProcessInfo.processInfo.environment["WORKBENCH_MUTATIONS"].flatMap { Int($0) } ?? 600

  /// Recordings of every kind: of Realms, with branches and what readers added, of guests with what their Host knew, of hosts' random
  /// calls, and of older versions.
  private static func originals() throws -> [[String]] {
    let realm = try realm()
    let branches = Script()
    try branches.run(
      "realm\ngoto 5\nfork other\nRMI_VERSION 0x10000\nnote what a reader says\nbookmark here a note\ngoto 2\nfork third")
    try branches.run("RMI_GRANULE_DELEGATE 0x80005000\nname 0x80005000 mine\nswitch main 9\nmachine pe=4\nRMI_FEATURES 0")
    let guest = Script()
    try guest.run("debug tour\nbreak exit psci\ncontinue")
    let hosts = Session(RandomDriver.configuration(.tfRMM))
    var driver = RandomDriver(seed: 9, hosts.configuration)
    for _ in 0..<120 { hosts.perform(.action(hosts.read { driver.next($0) })) }
    let texts = [realm.session, branches.session, guest.session, hosts].map(SessionText.whole)
    return texts.map { $0.split(separator: "\n").map(String.init) }
      + [2, 4].map { older($0, realm.session) } + [older(1, try Self.realm(on: .sample).session)]
  }

  private static func realm(on platform: PlatformKind = .model) throws -> Script {
    var configuration = MachineConfiguration()
    configuration.platform = platform
    let script = Script(configuration)
    try script.run(Script.activeRealm + "\nguest wfi\nsmc RMI_REC_ENTER rec run\nguest smc RSI_ATTESTATION_TOKEN_INIT")
    try script.run("guest smc RSI_ATTESTATION_TOKEN_CONTINUE 0 0 0x1000\nsmc RMI_REC_ENTER rec run\nns.read64 rd\npe 1")
    return script
  }

  /// As older versions wrote it.
  private static func older(_ version: Int, _ session: Session) -> [String] {
    ["#workbench \(version)", "machine \(session.origin.propertyText)"]
      + session.steps.flatMap { step in
        ["@0.125 \(step.text)"] + step.entropy.map { "@0.125 entropy \($0.count):\(hexBytes($0))" }
          + Recording.answerLines(step.result).map { "=> \($0)" }
      }
  }

  private static let pieces =
    [
      "0", "x", "ffffffffffffffff", "-1", "#", "#host", "%", "=>", "@", " ", "\t", "\u{0}", "é", "goto 99999999",
      "18446744073709551615", "fork",
    ]
    .map { Array($0.utf8) }

  /// The text with something else in one place, or in a few.
  private static func mutated(_ lines: [[UInt8]], _ numbers: inout SeededNumbers) -> [[UInt8]] {
    var lines = lines
    for _ in 0...numbers.below(3) where !lines.isEmpty {
      let index = numbers.below(lines.count)
      let place = numbers.below(lines[index].count + 1)
      switch numbers.below(10) {
      case 0: lines.remove(at: index)
      case 1: lines.insert(lines[index], at: numbers.below(lines.count))
      case 2: lines.swapAt(index, numbers.below(lines.count))
      case 3: lines[index].removeLast(lines[index].count - place)
      case 4 where place < lines[index].count: lines[index].remove(at: place)
      case 5 where place < lines[index].count: lines[index][place] ^= 1 << UInt8(numbers.below(8))
      case 6: lines[index].insert(contentsOf: numbers.pick(pieces), at: place)
      case 7: lines.removeLast(lines.count - index)
      case 8:
        let other = lines[numbers.below(lines.count)]
        lines[index] = Array(lines[index][..<place] + other[min(place, other.count)...])
      default:
        // Another number in the place of one.
        var words = lines[index].split(separator: 0x20, omittingEmptySubsequences: false).map(Array.init)
        let word = numbers.below(max(1, words.count))
        guard word < words.count else { continue }
        let high = numbers.below(2) == 0 ? UInt64(numbers.below(1 << 16)) : UInt64(numbers.below(1 << 30)) << 34
        words[word] = Array(hex(high).utf8)
        lines[index] = Array(words.joined(separator: [0x20]))
      }
    }
    return lines
  }

  private enum End {
    case equal, different, refused
  }

  /// Performs lines as the program does: most as bytes, the others as texts.
  private static func replay(_ lines: [[UInt8]]) -> End {
    func isTold(_ line: Int, _ words: String) {
      #expect(line >= 0 && line <= lines.count + 1 && !words.isEmpty, "\(line): \(words)")
    }
    do throws(ScriptError) {
      var head: [String] = []
      for line in lines {
        head.append(try text(line, head.count + 1))
        if !line.starts(with: [UInt8(ascii: "#")]) { break }
      }
      let replayer = Replayer(Session(try Recording.configuration(of: head)))
      replayer.session.limits = .replay
      for (index, line) in lines.enumerated() {
        if index >= head.count, try replayer.take(plain: line, line: index + 1) { continue }
        try replayer.take(try text(line, index + 1), line: index + 1)
      }
      try replayer.finish()
      guard let difference = replayer.difference else { return .equal }
      isTold(difference.line, difference.expected + difference.got)
      return .different
    } catch {
      isTold(error.line, error.message)
      return .refused
    }
  }

  private static func text(_ line: [UInt8], _ number: Int) throws(ScriptError) -> String {
    guard let text = String(validating: line, as: UTF8.self) else {
      throw ScriptError(line: number, column: 1, message: "no UTF-8")
    }
    return text
  }

  @Test func whateverIsWrongIsSaid() throws {
    let originals = try Self.originals().map { $0.map { Array($0.utf8) } }
    for original in originals { #expect(Self.replay(original) == .equal) }
    var numbers = SeededNumbers(seed: 14)
    var ends: [End: Int] = [:]
    for number in 0..<Self.count {
      ends[Self.replay(Self.mutated(originals[number % originals.count], &numbers)), default: 0] += 1
    }
    let (equal, different, refused) = (ends[.equal, default: 0], ends[.different, default: 0], ends[.refused, default: 0])
    #expect(equal + different + refused == Self.count)
    #expect(different > Self.count / 20 && refused > Self.count / 20)
    if Self.count > 10_000 { print("\(Self.count) mutations: \(equal) equal, \(different) differ, \(refused) refused") }
  }
}
