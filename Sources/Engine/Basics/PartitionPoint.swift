extension RandomAccessCollection where Index == Int {
  /// The first place from which something is true that stays true; the end if it is true nowhere. A binary search.
  @inlinable package func partitionPoint(_ isBehind: (Element) -> Bool) -> Int {
    var (low, high) = (startIndex, endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if isBehind(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
