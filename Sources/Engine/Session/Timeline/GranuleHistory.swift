import Basics
import Machine

/// Which steps changed what of each granule.
///
/// It is asked with each frame, so it looks at each step once, when it is first asked after that step.
struct GranuleHistory {
  /// What a step may change of a granule, or of what it holds.
  enum Change: UInt8 {
    /// Its state or PAS.
    case granule
    /// An entry of the table it is.
    case entry
    /// The life of the Realm whose RD it is.
    case realm
    /// A measurement of that Realm.
    case measurement
    /// It was written to.
    case write
    /// The REC it is has exited.
    case exit
    /// It is an RD or a REC, and a call was given its address or something of the above came about: its fields may be others.
    case use
    /// No granule's: there is another machine.
    case reset
  }

  private struct Key: Hashable {
    let change: Change
    let granule: UInt64
  }

  /// Indices of steps, ascending.
  private var changes: [Key: [UInt32]] = [:]
  /// Those that wrote to more granules than are noted one by one.
  private var wide: [UInt32] = []
  /// How many steps it has looked at.
  private var count = 0

  /// Of so many it is looked at each which granules they changed; of more at each granule, which steps did.
  private static let fewSteps = 256

  /// Most granules of a write that are noted one by one.
  private static let mostGranules: UInt64 = 64

  /// Indices of those among the first `end` steps that changed something of a granule, ascending.
  mutating func changes(_ change: Change, of granule: UInt64, before end: Int, in steps: StepList) -> LazyMapSequence<
    ArraySlice<UInt32>, Int
  > {
    look(at: steps)
    return Self.begin(changes[Key(change: change, granule: granule)] ?? [], end).lazy.map { Int($0) }
  }

  /// The last of the first `end` steps in which an event came about, of those that changed something of a granule in one of these ways.
  mutating func last(
    _ ways: [Change], of granule: UInt64, before end: Int, in steps: StepList, where isMeant: (Event) -> Bool
  ) -> Int? {
    last(ways, of: granule, before: end, in: steps) { steps.hasEvent(at: $0, isMeant) }
  }

  /// The last of the first `end` steps that is meant, by its index, of those that changed something of a granule in one of these ways.
  mutating func last(
    _ ways: [Change], of granule: UInt64, before end: Int, in steps: StepList, step isMeant: (Int) -> Bool
  ) -> Int? {
    lists(ways, granule, steps).compactMap { list in Self.begin(list, end).last { isMeant(Int($0)) } }.max().map { Int($0) }
  }

  /// The first such step from one on.
  mutating func first(
    _ ways: [Change], of granule: UInt64, from start: Int, in steps: StepList, step isMeant: (Int) -> Bool
  ) -> Int? {
    lists(ways, granule, steps).compactMap { list in
      list[list.partitionPoint { $0 >= start }...].first { isMeant(Int($0)) }
    }.min().map { Int($0) }
  }

  /// The step that made the machine of the first `end` steps; nil if that is the first.
  mutating func reset(before end: Int, in steps: StepList) -> Int? { changes(.reset, of: 0, before: end, in: steps).last }

  /// To be called before others take the place of the steps from one on.
  mutating func forget(from first: Int, in steps: StepList) {
    guard count - first < Self.fewSteps else {
      for key in changes.keys { changes[key]?.removeAll { $0 >= first } }
      wide.removeAll { $0 >= first }
      count = first
      return
    }
    while count > first {
      count -= 1
      let index = UInt32(count)
      Self.forEachKey(of: count, in: steps) { key in
        if let key {
          if changes[key]?.last == index { changes[key]?.removeLast() }
        } else if wide.last == index {
          wide.removeLast()
        }
      }
    }
  }

  private mutating func lists(_ ways: [Change], _ granule: UInt64, _ steps: StepList) -> [[UInt32]] {
    look(at: steps)
    let lists = ways.compactMap { changes[Key(change: $0, granule: granule)] }
    return ways.contains(.write) ? lists + [wide] : lists
  }

  private static func begin(_ list: [UInt32], _ end: Int) -> ArraySlice<UInt32> { list[..<list.partitionPoint { $0 >= end }] }

  private mutating func look(at steps: StepList) {
    for index in count..<max(count, steps.count) {
      Self.forEachKey(of: index, in: steps) { key in
        let index = UInt32(index)
        guard let key else {
          Self.add(index, to: &wide)
          return
        }
        Self.add(index, to: &changes[key, default: []])
      }
    }
    count = steps.count
  }

  private static func add(_ index: UInt32, to list: inout [UInt32]) { if list.last != index { list.append(index) } }

  /// Where a step is noted; nil is for a wide write.
  private static func forEachKey(of index: Int, in steps: StepList, _ note: (Key?) -> Void) {
    if steps.isReset(index) { note(Key(change: .reset, granule: 0)) }
    if case .action(.smc(_, let x)) = steps.input(index), let entry = Commands.called(x[0]) {
      for input in entry.inputs where input.kind == .rdPA || input.kind == .recPA {
        note(Key(change: .use, granule: x[input.register]))
      }
    }
    steps.forEachEvent(of: index) { event in
      switch event.kind {
      case .granule, .gpi: note(Key(change: .granule, granule: event.a))
      case .rttEntry: note(Key(change: .entry, granule: event.a.granuleBase))
      case .measurement:
        note(Key(change: .measurement, granule: event.a))
        note(Key(change: .use, granule: event.a))
      case .realmState:
        note(Key(change: .realm, granule: event.a))
        note(Key(change: .use, granule: event.a))
      case .exit:
        note(Key(change: .exit, granule: event.a))
        note(Key(change: .use, granule: event.a))
      case .access where event.c == 1:
        let first = event.a.granuleBase
        let count = (event.a &- first &+ max(event.b, 1) &+ Granule.size - 1) / Granule.size
        guard count <= mostGranules else {
          note(nil)
          break
        }
        for n in 0..<count { note(Key(change: .write, granule: first &+ n &* Granule.size)) }
      default: break
      }
    }
  }
}
