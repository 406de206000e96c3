import Engine
import Foundation
import Testing

/// The example of Documentation/Embedding.md compiles, and prints what the document says it prints.
struct EmbeddingTests {
  private final class Printed { var lines: [String] = [] }

  private func example() -> [String] {
    let printed = Printed()
    func print(_ line: String) { printed.lines.append(line) }
    // The example begins.
    // A machine, and one SMC of the Host.
    var machine = Machine(MachineConfiguration())
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = 0xC400_0151  // RMI_GRANULE_DELEGATE
    x[1] = 0x8000_1000
    if case .smc(.answer(let answer)) = machine.perform(.smc(.normal, x)) {
      print("X0 = \(hex(answer[0]))")
    }
    for event in machine.events { print("  \(event.layer) \(event.text)") }

    // Back to where it was.
    let before = machine.checkpoint()
    let digest = machine.digest()
    let access = MemoryAccess(world: .normal, address: 0x8000_1000, kind: .read64)
    if case .access(.fault(let fault)) = machine.perform(.access(access)) { print(fault.reason) }
    machine.restore(to: before)
    print("restored: \(machine.digest() == digest)")

    // The same in the script language, with a history to go back in.
    let session = Session(MachineConfiguration())
    let runner = ScriptRunner(session)
    runner.onReport = { report in
      print("\(report.text): \(Decoder.lines(report.result).joined(separator: ", "))")
    }
    runner.onFailure = { failure in print("line \(failure.line): \(failure.message)") }
    let script = [
      "RMI_GRANULE_DELEGATE addr=0x80001000",
      "expect RMI_SUCCESS",
      "RMI_GRANULE_DELEGATE addr=0x80001000",
      "expect RMI_SUCCESS",
    ]
    do {
      for (index, line) in script.enumerated() { try runner.run(line: line, number: index + 1, file: "script") }
    } catch {
      print(error.description(in: "script"))
    }
    runner.finish(file: "script")

    // Why the last call was refused, and every rule of the model.
    if let explanation = session.explanation(ofStep: 2) {
      for line in explanation.lines { print(line) }
    }
    print("broken rules: \(session.read { $0.invariantViolations() }.count)")
    _ = session.undo()
    print("step \(session.position) of \(session.steps.count), digest \(hex(session.digest()))")
    // The example ends.
    return printed.lines
  }

  @Test func itIsTheOneInTheDocument() throws {
    let beginning = "swift\nimport Engine\n\n"
    let blocks = try Project.text("Documentation/Embedding.md").components(separatedBy: "```")
    let document = try #require(blocks.first { $0.hasPrefix(beginning) }).dropFirst(beginning.count)
    let source = try String(contentsOf: URL(filePath: #filePath), encoding: .utf8)
    let behind = source.components(separatedBy: "    // The example begins.\n")[1]
    let ours = behind.components(separatedBy: "    // The example ends.\n")[0]
    let lines = ours.components(separatedBy: "\n").map { $0.hasPrefix("    ") ? String($0.dropFirst(4)) : $0 }
    #expect(lines.joined(separator: "\n") == document)
  }

  @Test func itPrintsWhatTheDocumentSays() throws {
    let blocks = try Project.text("Documentation/Embedding.md").components(separatedBy: "```")
    let place = try #require(blocks.firstIndex { $0.contains("It prints:") })
    let printed = example().map { $0.replacing(/\s+$/, with: "") }
    #expect(printed.joined(separator: "\n") == blocks[place + 1].trimmingCharacters(in: .newlines))
  }
}
