import Basics

/// Why a VMM ends before its guest has begun: what it says, and which argument of its command line is the reason.
package struct VMMRefusal: Error, Equatable, Sendable {
  package enum Program: String, Sendable {
    case qemu = "qemu-system-aarch64"
    case kvmtool = "lkvm"
  }

  package let program: Program
  /// As the program prints it behind its name.
  package let message: String
  /// The argument it is about, from 0; nil for what is there in no argument.
  package let argument: Int?
  /// What would be right, where the program does not say it.
  package let advice: String?
  /// Whether the program ends because of what KVM answers.
  package let isOfKVM: Bool

  package init(_ program: Program, _ message: String, argument: Int? = nil, advice: String? = nil, isOfKVM: Bool = false) {
    self.isOfKVM = isOfKVM
    self.program = program
    self.message = message
    self.argument = argument
    self.advice = advice
  }

  /// The line the program prints.
  package var line: String {
    switch program {
    case .qemu: "qemu-system-aarch64: \(message)"
    case .kvmtool: "  Fatal: \(message)"
    }
  }

  /// The line, and what would be right.
  package var sentence: String { advice.map { "\(line) (\($0))" } ?? line }
}
