extension Session {
  /// All branches, in the order in which they began: each after the one it leaves.
  package var branches: [Branch] { tree.all }

  /// The branch the session stands on.
  package var branch: Branch { tree[tree.active] ?? tree.all[0] }

  /// Changes when other steps come on the line the session stands on.
  package var branchEdition: Int { tree.edition }

  package func branch(named name: String) -> Branch? { tree.named(name) }

  /// How many steps there are on a branch, with those it has from others.
  package func end(of branch: Int) -> Int { tree.end(of: branch, steps.count) }

  /// How many steps there are on all branches.
  package var allSteps: Int { steps.count + tree.keptSteps }

  /// How many steps a branch has in common with the one the session stands on; nil for that one.
  package func common(with branch: Int) -> Int? { tree.common(tree.active, branch) }

  /// After how many steps of the line the session stands on another branch goes its own way.
  package var forks: [Int] {
    let line = tree.chain(of: tree.active)
    var found: Set<Int> = []
    for (n, branch) in line.enumerated() {
      let end = n + 1 < line.count ? line[n + 1].fork : steps.count
      if n + 1 < line.count, tree.future(of: branch.id) != nil { found.insert(end) }
      for child in tree.children(of: branch.id) where child.fork <= end && !line.contains(where: { $0.id == child.id }) {
        found.insert(child.fork)
      }
    }
    return found.sorted()
  }

  /// Where the session stands: on the branch that has the step as its own.
  package var place: BranchPlace { place(at: position) }

  /// The place of a step on the line the session stands on.
  package func place(at step: Int) -> BranchPlace {
    BranchPlace(branch: tree.owner(of: step, on: tree.active).id, step: step)
  }

  /// Whether a place is on the line the session stands on.
  package func isOnLine(_ place: BranchPlace) -> Bool {
    guard let common = common(with: place.branch) else { return place.step <= steps.count }
    return place.step <= min(common, steps.count)
  }

  /// Whether what is done on a line after so many steps begins a branch of another one.
  func leaves(_ parent: Int, at step: Int, on line: Int) -> Bool {
    tree[line] != nil && step <= end(of: line) && tree.owner(of: step, on: line).id == parent
  }

  /// Whether there is such a place.
  package func exists(_ place: BranchPlace) -> Bool {
    tree[place.branch] != nil && (0...end(of: place.branch)).contains(place.step)
  }

  /// A step of a branch's own, counted from 0.
  package func step(of branch: Int, at index: Int) -> Step? {
    if let future = tree.future(of: branch), index >= future.first {
      return index < future.end ? future.steps[index - future.first] : nil
    }
    let isOnLine = index < steps.count && tree.chain(of: tree.active).contains { $0.id == branch }
    return isOnLine ? steps[index] : nil
  }

  /// The same, with what was said of it and the statements that begin with it.
  func record(of branch: Int, at index: Int) -> (step: Step, words: [Caption], groups: [StepGroup])? {
    guard let step = step(of: branch, at: index) else { return nil }
    if let future = tree.future(of: branch), index >= future.first {
      return (step, future.captions.filter { $0.step == index + 1 }, future.groups.filter { $0.first == index })
    }
    return (step, Array(captions.of(index + 1)), wholeGroups(beginningAt: index))
  }

  /// The groups that begin with a step, as long as they are where nothing has cut them short.
  private func wholeGroups(beginningAt index: Int) -> [StepGroup] {
    groups(beginningAt: index).map { group in
      let whole = tree.chain(of: tree.active).lazy.compactMap { self.tree.future(of: $0.id) }.flatMap(\.groups).first {
        $0.first == group.first && $0.depth == group.depth && $0.text == group.text
      }
      return whole ?? group
    }
  }
}
