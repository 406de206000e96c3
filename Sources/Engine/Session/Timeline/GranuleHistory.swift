import Basics
import Machine

/// Which steps changed each granule's state or PAS.
///
/// It is asked with each frame, so it looks at each step once, when it is first asked after that step.
struct GranuleHistory {
  /// Indices of steps, ascending.
  private var changes: [UInt64: [Int]] = [:]
  /// How many steps it has looked at.
  private var count = 0

  /// Indices of those among the first `end` steps that changed a granule, newest first.
  mutating func changes(of granule: UInt64, before end: Int, in steps: StepList) -> ReversedCollection<ArraySlice<Int>> {
    for index in count..<max(count, steps.count) {
      for event in steps[index].events {
        guard let changed = event.changedGranule, changes[changed]?.last != index else { continue }
        changes[changed, default: []].append(index)
      }
    }
    count = steps.count
    let all = changes[granule] ?? []
    return all[..<all.partitionPoint { $0 >= end }].reversed()
  }

  /// To be called before others take the place of the steps from one on.
  mutating func forget(from first: Int, in steps: StepList) {
    while count > first {
      count -= 1
      for event in steps[count].events {
        if let changed = event.changedGranule, changes[changed]?.last == count { changes[changed]?.removeLast() }
      }
    }
  }
}
