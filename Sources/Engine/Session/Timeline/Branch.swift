/// A line of steps that leaves another one: what was done where something else had been undone.
package struct Branch: Sendable, Equatable {
  /// Which it is of all that ever were; the first is 0.
  package let id: Int
  package internal(set) var name: String
  /// The branch it leaves; nil for the first.
  package let parent: Int?
  /// How many steps it has from that one.
  package let fork: Int
  /// Where the session stood when it left this branch.
  package internal(set) var left: Int

  /// Most letters of a name, and most branches a session keeps; one more takes the place of what was undone.
  package static let longest = 32
  package static let limit = 1024
}

/// A step of a branch, by how many steps had been done on it.
package struct BranchPlace: Sendable, Hashable {
  package let branch: Int
  package internal(set) var step: Int

  package init(branch: Int, step: Int) {
    self.branch = branch
    self.step = step
  }
}
