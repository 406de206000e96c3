/// How much of a stranger's XML is read.
package struct XMLLimits: Sendable {
  /// Bytes of the whole text.
  package var bytes = 1 << 20
  /// Elements in one another.
  package var depth = 64
  package var elements = 10_000
  /// Attributes of one element.
  package var attributes = 64

  package init() {}
}
