import Basics
import Machine

/// A look at the Linux kernel of a guest: its current task, who has called what, its log.
struct KernelStatement: Statement {
  enum Question: Equatable {
    case task, trace
    /// So many of its last messages.
    case log(Int)
    /// Whether a message has these words.
    case says(String)
    /// The name of the place an address is at.
    case name(UInt64)
  }

  let question: Question

  static let verbs = [
    Verb(
      "kernel task", "", 0...0, help: "the task that a guest's Linux kernel has current",
      details:
        "of the vCPU that ran last; it is found in the kernel's memory by what the kernel carries of itself, and no file is needed",
      examples: ["kernel task"], places: .scripts
    ) { _ in KernelStatement(question: .task) },
    Verb(
      "kernel bt", "", 0...0, help: "who has called what in a guest's Linux kernel, or in its process",
      details: "at most 64 frames, by frame pointers", examples: ["kernel bt"], places: .scripts
    ) { _ in KernelStatement(question: .trace) },
    Verb(
      "kernel dmesg", "[N]", 0...1, help: "the log of a guest's Linux kernel, or its last N messages",
      details: "at most \(Session.mostKernelMessages)", examples: ["kernel dmesg", "kernel dmesg 20"], places: .scripts
    ) { arguments throws(ScriptError) in
      KernelStatement(
        question: .log(
          arguments.count == 0
            ? Session.mostKernelMessages : try arguments.positive(arguments[0], UInt64(Session.mostKernelMessages))))
    },
    Verb(
      "kernel says", "WORDS", help: "whether a message of a guest's Linux kernel has these words", details: "`yes` or `no`",
      examples: ["kernel says RME: Using RSI"], places: .scripts
    ) { arguments throws(ScriptError) in
      guard arguments.count > 0 else { throw arguments.expected() }
      return KernelStatement(question: .says(arguments.text))
    },
    Verb(
      "kernel name", "ADDRESS", 1...1, help: "the name of a place of a guest's Linux kernel",
      examples: ["kernel name 0xffff800080010000"], places: .scripts
    ) { arguments throws(ScriptError) in KernelStatement(question: .name(try arguments.number(0))) },
  ]

  var text: String {
    switch question {
    case .task: "kernel task"
    case .trace: "kernel bt"
    case .log(let count): "kernel dmesg \(count)"
    case .says(let words): "kernel says \(words)"
    case .name(let address): "kernel name \(hex(address))"
    }
  }

  func perform(in runner: ScriptRunner, at line: ScriptLine) -> StatementResult? {
    let session = runner.session
    guard let kernel = session.linuxKernel() else {
      if case .says = question { return .finding("?", in: []) }
      return .looking(at: [Session.noKernel])
    }
    switch question {
    case .task: return .looking(at: [kernel.task])
    case .trace: return .looking(at: kernel.backTrace(session.guestSymbols))
    case .log(let count):
      let log = kernel.log(last: count)
      return .looking(at: log.problem.map { [$0] } ?? log.lines)
    case .says(let words): return .finding(words, in: kernel.log().lines)
    case .name(let address): return .looking(at: [kernel.name(address) ?? "the kernel has no name for \(hex(address))"])
    }
  }
}
