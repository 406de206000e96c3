/// Pages that somebody else keeps, for whoever goes from one state of a small machine to another thousands of times a second: a state is put
/// in place by its pages' addresses, and read by what has changed since. A checkpoint has to be in force, to which nothing has been done
/// since: whatever is written then to a page that was lent goes to a copy, and restoring the checkpoint puts the page itself back.
extension Memory {
  /// Whether anything has been written since the checkpoint in force.
  @inline(__always) package var hasChanged: Bool { !journal.open.isEmpty }

  /// Whether a granule has been written since the checkpoint in force.
  package func isWritten(_ address: UInt64) -> Bool {
    guard let chunk = directory.find(address) else { return false }
    return chunk.saved[Memory.granule(address)] == epoch
  }

  /// Calls `page` with the address of each page that was written since the checkpoint in force, and `records` if metadata of granules was.
  package func forEachChange(page: (UInt64) -> Void, records: () -> Void) {
    for item in journal.open {
      switch item {
      case .page(let chunk, let index, _): page(UInt64(chunk) << Memory.chunkShift + UInt64(index) << 12)
      case .records: records()
      }
    }
  }

  /// Puts back what was there at the checkpoint in force, the last. Only what has changed since is touched.
  package mutating func goBack() {
    for n in journal.open.indices {
      switch journal.open[n] {
      case .page(let index, let granule, let contents):
        let chunk = directory.chunk(index)
        let new = chunk.pages[granule]
        if new != zeroPage {
          pageCount -= 1
          free(new)
        }
        if contents != zeroPage {
          pageCount += 1
          savedPages -= 1
        }
        chunk.pages[granule] = contents
        chunk.saved[granule] = 0
        chunk.stale[granule] = 1
        chunk.anyStale = true
      case .records(let index, let contents):
        let chunk = directory.chunk(index)
        chunk.records.update(from: contents, count: Memory.granulesPerChunk)
        contents.deallocate()
        chunk.recordsSaved = 0
        chunk.anyStale = true
      }
    }
    journal.open.removeAll(keepingCapacity: true)
    beginEpoch()
  }

  /// Has a granule read as a page that is somebody else's, who keeps it for as long as it is here; nil: as zeroes.
  package mutating func lend(_ page: UnsafeMutableRawPointer?, to address: UInt64) {
    let index = MemoryDirectory.index(address)
    let granule = Memory.granule(address)
    let chunk = directory.liveChunk(index)
    precondition(journal.isKept && chunk.saved[granule] != epoch, "a page is lent to a state that has changed")
    let new = page ?? zeroPage
    pageCount += (new == zeroPage ? 0 : 1) - (chunk.pages[granule] == zeroPage ? 0 : 1)
    chunk.pages[granule] = new
    chunk.stale[granule] = 1
    chunk.anyStale = true
  }

  /// The metadata byte that goes with what was lent.
  package mutating func lendRecord(_ record: UInt8, to address: UInt64) {
    let chunk = directory.liveChunk(MemoryDirectory.index(address))
    precondition(journal.isKept && chunk.recordsSaved != epoch, "a record is lent to a state that has changed")
    chunk.records[Memory.granule(address)] = record
    chunk.anyStale = true
  }
}
