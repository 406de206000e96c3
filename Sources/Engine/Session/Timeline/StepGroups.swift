import Basics

/// Steps that one statement made, which stood for others: `realm` and all the calls that build one.
package struct StepGroup: Sendable, Equatable {
  /// The statement, with every number worked out.
  package let text: String
  /// Its first step, counted from 0, and how many it has.
  package internal(set) var first: Int
  package internal(set) var count: Int
  /// In how many others it lies.
  package let depth: Int

  /// Its steps, counted from 0.
  package var range: Range<Int> { first..<first + count }
}

/// All of them, in the order of their first steps; one that lies in another comes after it.
struct StepGroups: Sendable {
  private(set) var all: [StepGroup] = []
  /// Those whose statement is still being performed.
  private var open: [(text: String, first: Int)] = []

  var isOpen: Bool { !open.isEmpty }

  /// A statement begins whose steps belong together.
  mutating func begin(_ text: String, at position: Int) { open.append((text, position)) }

  /// The statement that began last has ended.
  mutating func end(at position: Int) {
    guard let (text, first) = open.popLast(), position > first else { return }
    insert(StepGroup(text: text, first: first, count: position - first, depth: open.count))
  }

  /// A group that a recording has.
  mutating func insert(_ group: StepGroup) {
    var index = all.count
    while index > 0, all[index - 1].first >= group.first, all[index - 1].depth > group.depth { index -= 1 }
    all.insert(group, at: index)
  }

  /// Only so many steps are left.
  mutating func keep(_ count: Int) {
    all.removeAll { $0.first >= count }
    for index in all.indices where all[index].range.upperBound > count { all[index].count = count - all[index].first }
  }

  /// Puts groups back that were taken off or cut short.
  mutating func putBack(_ groups: [StepGroup]) {
    for group in groups {
      let cut = all.firstIndex { $0.first == group.first && $0.depth == group.depth && $0.text == group.text }
      if let cut { all[cut].count = group.count } else { insert(group) }
    }
  }

  /// A step has been put before another.
  mutating func insert(at step: Int) {
    for index in all.indices where all[index].range.upperBound > step {
      if all[index].first > step { all[index].first += 1 } else { all[index].count += 1 }
    }
  }

  /// The place of the first group that begins at a step or after it.
  func index(from step: Int) -> Int { all.partitionPoint { $0.first >= step } }
}

extension Session {
  /// All groups in the order of their first steps; one that lies in another comes after it.
  package var stepGroups: [StepGroup] { groups.all }

  /// The groups that begin with a step, counted from 0; the outermost first.
  package func groups(beginningAt step: Int) -> ArraySlice<StepGroup> {
    let first = groups.index(from: step)
    return groups.all[first...].prefix { $0.first == step }
  }

  /// The groups a step, counted from 0, lies in; the outermost first.
  package func groups(around step: Int) -> [StepGroup] {
    var index = groups.index(from: step + 1)
    var found: [StepGroup] = []
    // Of those before it the outermost ends the search: nothing before that reaches so far.
    while index > 0 {
      index -= 1
      let group = groups.all[index]
      if group.range.contains(step) { found.insert(group, at: 0) }
      if group.depth == 0 { break }
    }
    return found
  }

  /// Keeps what a recording says: that so many steps from the last one on were made by one statement. In another it ends with that.
  func keepGroup(_ text: String, count: Int) {
    let first = position - 1
    guard keepsHistory, first >= 0 else { return }
    let outer = groups(around: first)
    let end = min(first + count, outer.last?.range.upperBound ?? .max)
    groups.insert(StepGroup(text: text, first: first, count: end - first, depth: outer.count))
  }

  /// Whether a statement is being performed that stands for others.
  package var isInGroup: Bool { groups.isOpen }
}
