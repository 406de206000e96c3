import Basics
import Host
import Machine

/// What replaying recordings came to in which something is wrong. Each is performed to its end, or there is a difference or an error with its
/// line; the program stands.
package struct RecordingsRun: Sendable {
  /// How many were replayed, from how many originals.
  package private(set) var recordings = 0
  package private(set) var originals = 0
  /// How many of them led where they say, how many did not, and how many are no recordings.
  package private(set) var equal = 0
  package private(set) var different = 0
  package private(set) var refused = 0
  /// Of how each has ended.
  package private(set) var digest: UInt64 = 0
  /// What must not be.
  package private(set) var problem: String?

  /// - Parameters:
  ///   - image: of a guest that is booted for some of the originals; a random program without it.
  ///   - onProgress: told how many were replayed.
  package static func perform(
    recordings: Int, seed: UInt64, image: BootImage? = nil, onProgress: (Int) -> Void = { _ in }
  ) -> RecordingsRun {
    var run = RecordingsRun()
    let originals: [[[UInt8]]]
    do throws(ScriptError) { originals = try Self.originals(seed, image).map { $0.map { Array($0.utf8) } } } catch {
      run.problem = "no original: line \(error.line): \(error.message)"
      return run
    }
    run.originals = originals.count
    for (number, original) in originals.enumerated() {
      guard case .equal = run.replayed(original) else {
        run.problem = "original \(number) does not lead where it says"
        return run
      }
    }
    var numbers = SeededNumbers(seed: seed)
    while run.recordings < recordings, run.problem == nil {
      onProgress(run.recordings)
      run.replay(MutatedRecording(originals[run.recordings % originals.count], &numbers).lines)
    }
    return run
  }

  private enum End {
    case equal
    case different(Replayer.Difference)
    case refused(ScriptError)
  }

  private mutating func replay(_ lines: [[UInt8]]) {
    recordings += 1
    var place = 0
    var words = "equal"
    switch replayed(lines) {
    case .equal: equal += 1
    case .different(let difference):
      different += 1
      (place, words) = (difference.line, difference.expected + difference.got)
    case .refused(let error):
      refused += 1
      (place, words) = (error.line, error.message)
    }
    if place < 0 || place > lines.count + 1 { problem = "recording \(recordings): no line \(place): \(words)" }
    if words.isEmpty { problem = "recording \(recordings): line \(place), without words" }
    digest = mix(digest ^ UInt64(truncatingIfNeeded: place) ^ UInt64(words.utf8.count) << 32)
  }

  /// Performs lines as the program does: most as bytes, the others as texts.
  private func replayed(_ lines: [[UInt8]]) -> End {
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
      return replayer.difference.map { .different($0) } ?? .equal
    } catch {
      return .refused(error)
    }
  }

  private func text(_ line: [UInt8], _ number: Int) throws(ScriptError) -> String {
    guard let text = String(validating: line, as: UTF8.self) else {
      throw ScriptError(line: number, column: 1, message: "no UTF-8")
    }
    return text
  }

  // MARK: Originals

  /// Recordings of every kind: of Realms, with branches and what readers added, of guests with what their Host knew, of hosts' random
  /// calls, and of older versions.
  private static func originals(_ seed: UInt64, _ image: BootImage?) throws(ScriptError) -> [[String]] {
    let realm = try realm(on: .model)
    let branches = try session(
      """
      realm
      goto 5
      fork other
      RMI_VERSION 0x10000
      note what a reader says
      bookmark here a note
      goto 2
      fork third
      RMI_GRANULE_DELEGATE 0x80005000
      name 0x80005000 mine
      switch main 9
      machine pe=4
      RMI_FEATURES 0
      """)
    let guest =
      if let image {
        try session("debug guest\nbreak exit psci\ncontinue", image)
      } else {
        try session(
          "debug guest\nstep 400", try? BootImage(RandomCode.kernel(seed, ram: RealmVM.ramBase), base: RealmVM.ramBase))
      }
    let hosts = Session(RandomDriver.configuration(.tfRMM))
    var driver = RandomDriver(seed: seed, hosts.configuration)
    for _ in 0..<120 { hosts.perform(.action(hosts.read { driver.next($0) })) }
    let texts = [realm, branches, guest, hosts].map(SessionText.whole)
    return texts.map { $0.split(separator: "\n").map(String.init) }
      + [2, 4].map { older($0, realm) } + [older(1, try Self.realm(on: .sample))]
  }

  /// A Realm that has made a token.
  private static func realm(on platform: PlatformKind) throws(ScriptError) -> Session {
    var configuration = MachineConfiguration()
    configuration.platform = platform
    return try session(
      """
      realm
      guest wfi
      smc RMI_REC_ENTER rec run
      guest smc RSI_ATTESTATION_TOKEN_INIT
      guest smc RSI_ATTESTATION_TOKEN_CONTINUE 0 0 0x1000
      smc RMI_REC_ENTER rec run
      ns.read64 rd
      pe 1
      """, on: configuration)
  }

  private static func session(
    _ text: String, _ image: BootImage? = nil, on configuration: MachineConfiguration = MachineConfiguration()
  ) throws(ScriptError) -> Session {
    let runner = ScriptRunner(Session(configuration))
    runner.guestControl.load = { name, _ throws(ScriptError) in
      guard let image else { throw ScriptError(message: "no image \(name)") }
      return image
    }
    for (index, line) in text.split(separator: "\n").enumerated() {
      try runner.run(line: String(line), number: index + 1, file: "")
    }
    return runner.session
  }

  /// As older versions wrote it.
  private static func older(_ version: Int, _ session: Session) -> [String] {
    ["#workbench \(version)", "machine \(session.origin.propertyText)"]
      + session.steps.flatMap { step in
        ["@0.125 \(step.text)"] + step.entropy.map { "@0.125 entropy \($0.count):\(hexBytes($0))" }
          + Recording.answerLines(step.result).map { "=> \($0)" }
      }
  }
}
