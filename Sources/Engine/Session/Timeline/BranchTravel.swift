extension Session {
  /// Goes to a step of a branch: where the session stood when it left it, if nothing is said.
  ///
  /// - Returns: whether it is there; if not, somebody has ended it on the way.
  @discardableResult
  package func go(to branch: Int, step: Int? = nil, isInterruptible: Bool = false) -> Bool {
    precondition(keepsHistory)
    guard let target = tree[branch] else { return false }
    let step = min(step ?? target.left, end(of: branch))
    if let common = common(with: branch) {
      tree.change(tree.active) { $0.left = position }
      if position > common, !seek(common, isInterruptible: isInterruptible) { return false }
      rewire(to: branch)
      undoneEntropy = []
      hasHost = hasHostNote(at: position)
    }
    return seek(step, isInterruptible: isInterruptible)
  }

  /// Goes to a place: on the line the session stands on, if it is there.
  @discardableResult
  package func go(to place: BranchPlace, isInterruptible: Bool = false) -> Bool {
    isOnLine(place)
      ? seek(place.step, isInterruptible: isInterruptible)
      : go(to: place.branch, step: place.step, isInterruptible: isInterruptible)
  }

  /// Where one left branches, after somebody has only looked.
  func restoreLeft(_ left: [(id: Int, step: Int)]) { for (id, step) in left { tree.change(id) { $0.left = step } } }

  /// Puts the steps of a branch in place of those of the active one. The session stands where both have the same steps.
  func rewire(to target: Int) {
    let way = tree.chain(of: target)
    while !way.contains(where: { $0.id == tree.active }), let parent = branch.parent {
      let own = cut(at: branch.fork)
      tree.futures[tree.active] = own
      tree.active = parent
      if let future = tree.futures.removeValue(forKey: parent) { append(future) }
    }
    for child in way.drop(while: { $0.id != tree.active }).dropFirst() {
      let rest = cut(at: child.fork)
      if !rest.steps.isEmpty { tree.futures[tree.active] = rest }
      tree.active = child.id
      if let future = tree.futures.removeValue(forKey: child.id) { append(future) }
    }
  }

  /// Takes the steps behind a place off the line. The session stands at or before it.
  func cut(at place: Int) -> Future {
    precondition(position <= place && place <= steps.count)
    granuleHistory.forget(from: place, in: steps)
    let future = Future(
      first: place, steps: steps.cut(at: place), captions: captions.all.filter { $0.step > place },
      start: captions.start.flatMap { $0 > place ? $0 : nil }, groups: groups.all.filter { $0.range.upperBound > place },
      tokens: finished.filter { $0.step > place }, printed: printed.behind(step: place), rootLog: rootLog.behind(place),
      partitionLog: partitionLog.behind(place), stackLog: stackLog)
    forgetCheckpoints(after: place)
    while let last = resets.last, last >= place { resets.removeLast() }
    finished.removeAll { $0.step > place }
    rootLog.keep(upTo: place)
    partitionLog.keep(upTo: place)
    captions.keep(upTo: place)
    if future.printed.count > 0 {
      printed.keep(printed.count - future.printed.count)
      consoleEdition += 1
    }
    groups.keep(place)
    stackLog.keep(place)
    noted.position = min(noted.position, place)
    replaced = min(replaced ?? place, place)
    tree.edition += 1
    return future
  }

  /// Puts steps behind those of the line.
  private func append(_ future: Future) {
    precondition(future.first == steps.count)
    steps.append(future.steps)
    var next = future.first
    while let reset = steps.first(.reset, from: next) {
      resets.append(reset)
      next = reset + 1
    }
    finished += future.tokens
    rootLog.append(future.rootLog)
    partitionLog.append(future.partitionLog)
    captions.append(future.captions)
    if let start = future.start { captions.start = start }
    if future.printed.count > 0 {
      printed.append(future.printed)
      consoleEdition += 1
    }
    groups.putBack(future.groups)
    stackLog = future.stackLog
    tree.edition += 1
  }
}
