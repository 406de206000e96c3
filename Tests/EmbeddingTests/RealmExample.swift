import Engine
import Foundation

/// An example of Documentation/Embedding.md; what it prints goes to `print`.
func realmExample(_ print: (String) -> Void) throws {
  // The example begins.
  // A Realm, by one line of the language; its state, as values.
  let session = Session(MachineConfiguration())
  let runner = ScriptRunner(session)
  try runner.run(line: "realm pages=1", number: 1, file: "script")
  session.read { machine in
    for realm in machine.realmSummaries() {
      print("Realm \(realm.number) \(realm.state.name): \(realm.tables) tables, \(realm.recs.count) REC")
      for range in machine.mappedRanges(realm.rd) {
        print("\(hex(range.ipa)): \(range.hipas.name) \(range.ripas.name), at \(range.address.map(hex) ?? "nothing")")
      }
    }
    let cell = machine.map(rows: [0x8000_0000], granules: 1, width: 1)[0][0]
    print("0x80000000: \(cell.state.name) \(cell.gpi.name)")
  }

  // What its vCPU is to do, and its token.
  let lines = [
    "RSI_ATTESTATION_TOKEN_INIT challenge_0=0x2a", "RSI_ATTESTATION_TOKEN_CONTINUE addr=0 offset=0 size=0x1000",
    "RMI_REC_ENTER rec run",
  ]
  for line in lines { try runner.run(line: line, number: 2, file: "script") }
  runner.finish(file: "script")
  for made in session.tokens {
    let document = TokenDocument(made.token.bytes)
    let report = VerificationReport(document, VerificationOptions(platformKey: made.platformKey))
    let appraisal = Appraisal(document, ReferenceValues(document, key: made.platformKey))
    print("token of \(made.token.bytes.count) bytes: \(report.verdict.rawValue), \(appraisal.status.rawValue)")
  }

  // A recording, and its replay.
  var recording = Recording.header(session.configuration)
  for step in 1...session.steps.count { recording += Recording.lines(session, step, seconds: 0) }
  recording += Recording.digestLine(session.digest())
  let recorded = recording.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  let replayer = Replayer(Session(try Recording.configuration(of: recorded)))
  for (index, line) in recorded.enumerated() { try replayer.take(line, line: index + 1) }
  try replayer.finish()
  print("replayed: \(replayer.difference == nil), \(replayer.answersCompared) answers, \(replayer.digestsCompared) digest")

  // A guest that executes code, in a Realm of a VMM.
  var configuration = MachineConfiguration()
  configuration.vcpu = .code
  let image = try BootImage([UInt8](Data(contentsOf: URL(filePath: "Sessions/guests/tour.elf"))), base: RealmVM.ramBase)
  var options = RealmVM.Options()
  options.vcpus = 2
  let vm = RealmVM(Session(configuration), options)
  var console: [UInt8] = []
  vm.onConsole = { console.append($0) }
  try vm.build(image)
  if let ending = vm.run(entries: .max) { print("the guest: \(ending)") }
  print("it says: \(String(decoding: console, as: UTF8.self).split(whereSeparator: \.isNewline)[0])")
  // The example ends.
}
