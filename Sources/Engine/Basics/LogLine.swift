/// A line of what software said, and whether it said that something went wrong.
package struct LogLine: Sendable, Equatable {
  package let text: String
  package let isProblem: Bool

  package init(_ text: String, isProblem: Bool = false) {
    (self.text, self.isProblem) = (text, isProblem)
  }
}
