import Engine

/// The lines of a panel that is a list or a text, as they are now: keys go through them, Find looks in them, a click takes one.
package struct PanelLines {
  let count: Int
  /// The chosen line; of a text, the one at the top.
  let chosen: Int
  /// Where they are drawn.
  let area: Rect
  /// A text has no chosen line: it is moved as a whole.
  let isText: Bool
  /// All lines match what is sought, as no others are shown.
  let isFiltered: Bool
  let text: (Int) -> String
  /// Whether a line is one of those that keys go to where nothing is sought.
  let isNotable: (Int) -> Bool
  let choose: (Int, inout ViewState) -> Void

  init(
    count: Int, chosen: Int, area: Rect, isText: Bool = false, isFiltered: Bool = false, text: @escaping (Int) -> String,
    isNotable: @escaping (Int) -> Bool = { _ in false }, choose: @escaping (Int, inout ViewState) -> Void
  ) {
    self.count = count
    self.chosen = min(chosen, count - 1)
    self.area = area
    self.isText = isText
    self.isFiltered = isFiltered
    self.text = text
    self.isNotable = isNotable
    self.choose = choose
  }

  /// The first line that is seen.
  var first: Int { isText ? max(0, chosen) : Self.first(chosen, count, area.height) }

  /// The first line of a list that is seen: the chosen one is in the middle, but at the ends.
  static func first(_ chosen: Int, _ count: Int, _ height: Int) -> Int { max(0, min(chosen - height / 2, count - height)) }

  /// The last line that can be chosen.
  private var end: Int { max(0, isText ? count - area.height : count - 1) }

  func move(_ motion: Motion, _ state: inout ViewState) {
    let page = max(1, area.height - 1)
    let target =
      switch motion {
      case .up, .left: chosen - 1
      case .down, .right: chosen + 1
      case .pageUp: chosen - page
      case .pageDown: chosen + page
      case .first: 0
      case .last: end
      }
    choose(max(0, min(target, end)), &state)
  }

  /// Brings a line to where it is seen.
  func show(_ line: Int, _ state: inout ViewState) {
    guard isText else { return choose(line, &state) }
    let isSeen = line >= chosen && line < chosen + area.height
    if !isSeen { choose(max(0, min(line - area.height / 2, end)), &state) }
  }
}
