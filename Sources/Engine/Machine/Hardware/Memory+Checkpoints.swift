/// Going back and forth.
extension Memory {
  /// How many checkpoints there are, and the one in force: the last that the present contents came from.
  package var checkpoints: (count: Int, present: Int) { (journal.count, journal.present) }

  /// Whether a granule may have been written to between a checkpoint that is not the last and the one after it.
  package func isSaved(_ address: UInt64, between checkpoint: Int) -> Bool {
    journal.isSaved(MemoryDirectory.index(address), Memory.granule(address), between: checkpoint)
  }

  /// Marks the present contents as a place to come back to. Costs nothing until something changes.
  ///
  /// - Parameter keepsLater: whether what follows is what followed before, so that later checkpoints remain: they have other numbers
  ///   then. If not, they are forgotten.
  package mutating func checkpoint(keepsLater: Bool = false) -> Int {
    if !keepsLater { forgetCheckpoints(after: journal.present) }
    journal.insert()
    beginEpoch()
    return journal.present
  }

  /// The contents are again what they were at the checkpoint after the one in force, which is in force from now on.
  package mutating func arrive() {
    free(journal.arrive())
    beginEpoch()
  }

  /// Puts back what was there at the checkpoint, which stays in force; later checkpoints are forgotten.
  package mutating func restore(to checkpoint: Int) {
    travel(to: checkpoint)
    forgetCheckpoints(after: checkpoint)
  }

  /// Puts back what was there at a checkpoint, before or after the one in force. All of them stay.
  package mutating func travel(to checkpoint: Int) {
    for var item in journal.takeOpen() {
      exchange(&item)
      free(item)
    }
    while journal.present > checkpoint {
      journal.present -= 1
      exchangeSpan()
    }
    while journal.present < checkpoint {
      exchangeSpan()
      journal.present += 1
    }
    beginEpoch()
  }

  /// From here on nothing counts as saved. After four thousand million epochs the count begins anew, and so do the chunks' marks.
  mutating func beginEpoch() {
    if epoch == .max {
      for index in directory.live {
        let chunk = directory.chunk(index)
        chunk.recordsSaved = 0
        for granule in 0..<Memory.granulesPerChunk { chunk.saved[granule] = 0 }
      }
      epoch = 0
    }
    epoch += 1
  }

  /// Forgets a checkpoint that is neither the first nor in force. Those after it have other numbers then.
  package mutating func forget(checkpoint: Int) { free(journal.merge(checkpoint)) }

  /// Forgets all later ones; the one that is named is in force, or after it.
  package mutating func forgetCheckpoints(after checkpoint: Int) { free(journal.cut(checkpoint)) }

  /// Puts the contents at the other end of the span that begins with the checkpoint in force in place, and keeps those that were there.
  private mutating func exchangeSpan() {
    var span = journal.takeSpan()
    for index in span.indices { exchange(&span[index]) }
    journal.putSpan(span)
  }

  private mutating func exchange(_ item: inout MemoryJournal.Item) {
    switch item {
    case .page(let index, let granule, let contents):
      let chunk = directory.chunk(index)
      let old = chunk.pages[granule]
      if old != zeroPage {
        pageCount -= 1
        savedPages += 1
      }
      if contents != zeroPage {
        pageCount += 1
        savedPages -= 1
      }
      chunk.pages[granule] = contents
      chunk.saved[granule] = 0
      chunk.stale[granule] = 1
      chunk.anyStale = true
      item = .page(chunk: index, index: granule, contents: old)
    case .records(let index, let contents):
      let chunk = directory.chunk(index)
      for granule in 0..<Memory.granulesPerChunk { swap(&chunk.records[granule], &contents[granule]) }
      chunk.recordsSaved = 0
      chunk.anyStale = true
    }
  }

  /// What is not wanted any more.
  private mutating func free(_ items: [MemoryJournal.Item]) { for item in items { free(item) } }

  private mutating func free(_ item: MemoryJournal.Item) {
    switch item {
    case .page(_, _, let contents) where contents == zeroPage: break
    case .page(_, _, let contents):
      free(contents)
      savedPages -= 1
    case .records(_, let contents): contents.deallocate()
    }
  }
}
