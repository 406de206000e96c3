/// Where a key leads in the list, the text or the map one is in: the same keys everywhere. Time has keys of its own.
package enum Motion: Sendable, CaseIterable {
  case up, down, left, right, pageUp, pageDown, first, last

  /// Whether it is towards the beginning.
  var isBack: Bool { self == .up || self == .left || self == .pageUp || self == .first }
  var isSideways: Bool { self == .left || self == .right }
}
