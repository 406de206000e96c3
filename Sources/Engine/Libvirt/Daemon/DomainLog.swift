import Basics

/// A domain's log, /var/log/libvirt/qemu/NAME.log in life.
package struct DomainLog: Sendable {
  /// The oldest are dropped beyond `most`.
  package private(set) var lines: [LogLine] = []
  package static let most = 2000

  mutating func add(_ text: String, isProblem: Bool = false) {
    lines += text.split(separator: "\n", omittingEmptySubsequences: false).map { LogLine(String($0), isProblem: isProblem) }
    if lines.count > Self.most { lines.removeFirst(lines.count - Self.most) }
  }

  /// A line of libvirt's own.
  mutating func add(_ text: String, at milliseconds: Int, isProblem: Bool = false) {
    add("\(CalendarText.log(milliseconds / 1000, milliseconds: milliseconds % 1000)): \(text)", isProblem: isProblem)
  }

  /// A line QEMU wrote after it was told to stamp its messages.
  mutating func add(stamped line: LogLine, at milliseconds: Int) {
    guard line.text.hasPrefix("qemu-system-aarch64: ") else { return add(line.text, isProblem: line.isProblem) }
    let time = "\(CalendarText.iso(milliseconds / 1000)).\(String(milliseconds % 1000).leftPadded(3))000Z"
    add("\(time) \(line.text)", isProblem: line.isProblem)
  }
}
