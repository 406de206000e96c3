import Basics
import Host

/// What the host of a session was told, in the order of its steps. What it knew at any step follows from these: it is told them again.
package struct StackLog: Sendable {
  /// One thing it was told.
  package struct Order: Sendable {
    package let command: StackCommand
    /// Which it is of all that were ever given.
    let number: Int
    /// The script it stands in.
    let file: String
    /// Where the session stood before it, and after it.
    package let begin: Int
    package let end: Int
    /// What it printed, the first of it.
    package private(set) var lines: [LogLine]
    /// What the host looked like after it.
    package private(set) var picture: StackPicture

    /// Lines of one order that are kept.
    static let mostLines = 200

    /// The same with what came of it.
    func with(_ lines: [LogLine], _ picture: StackPicture) -> Order {
      var order = self
      (order.lines, order.picture) = (lines, picture)
      return order
    }
  }

  /// Most orders a session with history keeps, each with what the host looked like after it.
  static let mostOrders = 2048

  package private(set) var orders: [Order] = []
  /// Steps of an order were taken back, and others have come in their place: nobody knows what the host is.
  private(set) var isTorn = false
  /// Which host it is of all that were begun in the session, and where it was; nil if none was.
  private(set) var host: (number: Int, begin: Int)?

  mutating func add(_ order: Order) { orders.append(order) }

  /// Another host begins.
  mutating func begin(_ number: Int, at position: Int) {
    self = StackLog()
    host = (number, position)
  }

  /// What it was told is not kept.
  mutating func forgetOrders() { orders = [] }

  /// Only so many steps are left.
  mutating func keep(_ count: Int) {
    if orders.contains(where: { $0.begin < count && count < $0.end }) { isTorn = true }
    orders.removeAll { $0.end > count }
    if let host, host.begin > count { self.host = nil }
  }

  /// How many had ended by a step.
  func count(by step: Int) -> Int { orders.prefix { $0.end <= step }.count }
}

extension Session {
  /// What the host looks like, as it was after what it was told last; nil if there is none on this machine.
  package var stackPicture: StackPicture? {
    guard let last = stackLog.orders.last(where: { $0.end <= position }) else { return nil }
    return isSameMachine(from: last.end) ? last.picture : nil
  }

  /// What the host was told up to here on this machine.
  package var stackOrders: [StackLog.Order] {
    guard stackPicture != nil else { return [] }
    return stackLog.orders.filter { $0.end <= position }
  }

  /// What the host was being told at the step where the session stands, if that is in the middle of it.
  package var stackOrder: StackLog.Order? { stackLog.orders.first { $0.begin < position && position < $0.end } }
}
