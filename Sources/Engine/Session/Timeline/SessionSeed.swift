import Basics
import Machine

extension Session {
  /// Makes what enters through the entropy door follow from a number, for a run that shall be the same each time: what RNDR gives a
  /// guest. A machine that takes the place of this one has the system's entropy again.
  package func seedEntropy(_ seed: UInt64) { machine.entropy.numbers = SeededNumbers(seed: seed) }
}
