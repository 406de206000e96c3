/// A domain's log, /var/log/libvirt/qemu/NAME.log in life.
package struct DomainLog: Sendable {
  /// The oldest are dropped beyond `most`.
  package private(set) var lines: [String] = []
  package static let most = 2000

  mutating func add(_ text: String) {
    lines += text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.count > Self.most { lines.removeFirst(lines.count - Self.most) }
  }

  /// A line of libvirt's own.
  mutating func add(_ text: String, at milliseconds: Int) {
    add("\(CalendarText.log(milliseconds / 1000, milliseconds: milliseconds % 1000)): \(text)")
  }

  /// A line QEMU wrote after it was told to stamp its messages.
  mutating func add(stamped text: String, at milliseconds: Int) {
    guard text.hasPrefix("qemu-system-aarch64: ") else { return add(text) }
    add("\(CalendarText.iso(milliseconds / 1000)).\(String(milliseconds % 1000).leftPadded(3))000Z \(text)")
  }
}
