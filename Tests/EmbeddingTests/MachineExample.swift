import Engine

/// An example of Documentation/Embedding.md; what it prints goes to `print`.
func machineExample(_ print: @escaping (String) -> Void) {
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
}
