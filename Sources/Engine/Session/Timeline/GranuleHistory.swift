import Basics
import Machine

/// Which steps changed what of each granule.
///
/// It is asked with each frame, so it looks at each step once: when it is first asked after that step, or while many are made
/// (``Session/keepUp()``).
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

  /// A change and a granule in one number: millions of them are looked for.
  private typealias Key = UInt64

  private static func key(_ change: Change, _ granule: UInt64) -> Key {
    // What nothing can lie at is no granule.
    granule >> 61 == 0 ? granule << 3 | UInt64(change.rawValue) : .max
  }

  /// Indices of steps, ascending: a list for each change of a granule.
  private var lists: [[UInt32]] = []
  private var numbers: [Key: Int] = [:]
  /// Lists that were found last, by a hash of their keys: most steps have to do with what those before had to do with.
  private var recent = [(key: Key, number: Int)](repeating: (.max, 0), count: 256)
  /// Those that wrote to more granules than are noted one by one.
  private var wide: [UInt32] = []
  /// How many steps it has looked at.
  private(set) var count = 0

  /// Of so many it is looked at each which granules they changed; of more at each granule, which steps did.
  private static let fewSteps = 256

  /// Most granules of a write that are noted one by one.
  private static let mostGranules: UInt64 = 64

  /// Indices of those among the first `end` steps that changed something of a granule, ascending.
  mutating func changes(_ change: Change, of granule: UInt64, before end: Int, in steps: StepList) -> LazyMapSequence<
    ArraySlice<UInt32>, Int
  > {
    look(at: steps)
    return Self.begin(list(Self.key(change, granule)) ?? [], end).lazy.map { Int($0) }
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
      for number in lists.indices { Self.removeLast(from: first, of: &lists[number]) }
      Self.removeLast(from: first, of: &wide)
      count = first
      return
    }
    guard count > first else { return }
    var met: Set<Key> = []
    Self.forEachKey(first..<count, in: steps) { _, key in if let key { met.insert(key) } }
    for key in met { Self.removeLast(from: first, of: &lists[number(key)]) }
    Self.removeLast(from: first, of: &wide)
    count = first
  }

  private static func removeLast(from first: Int, of list: inout [UInt32]) {
    list.removeLast(list.count - list.partitionPoint { $0 >= first })
  }

  private mutating func lists(_ ways: [Change], _ granule: UInt64, _ steps: StepList) -> [[UInt32]] {
    look(at: steps)
    let lists = ways.compactMap { list(Self.key($0, granule)) }
    return ways.contains(.write) ? lists + [wide] : lists
  }

  private func list(_ key: Key) -> [UInt32]? { numbers[key].map { lists[$0] } }

  /// The number of a list, which may be a new one.
  private mutating func number(_ key: Key) -> Int {
    let place = Int((key &* 0x9E37_79B9_7F4A_7C15) >> 56)
    if recent[place].key == key { return recent[place].number }
    let number = numbers[key] ?? lists.count
    if number == lists.count {
      lists.append([])
      numbers[key] = number
    }
    recent[place] = (key, number)
    return number
  }

  private static func begin(_ list: [UInt32], _ end: Int) -> ArraySlice<UInt32> { list[..<list.partitionPoint { $0 >= end }] }

  /// Fewest new steps that are looked at before anybody asks.
  private static let manySteps = 1024

  fileprivate mutating func keepUp(with steps: StepList) {
    if steps.count - count >= Self.manySteps { look(at: steps) }
  }

  private mutating func look(at steps: StepList) {
    guard count < steps.count else { return }
    Self.forEachKey(count..<steps.count, in: steps) { index, key in
      let index = UInt32(index)
      guard let key else {
        Self.add(index, to: &wide)
        return
      }
      Self.add(index, to: &lists[number(key)])
    }
    count = steps.count
  }

  private static func add(_ index: UInt32, to list: inout [UInt32]) { if list.last != index { list.append(index) } }

  /// Where steps are noted; nil is for a wide write.
  private static func forEachKey(_ range: Range<Int>, in steps: StepList, _ body: (Int, Key?) -> Void) {
    // The registers that have an RD or a REC in a call, by its identifier: what was called last is mostly called again.
    var called: (x0: UInt64, registers: [Int])?
    func note(_ index: Int, _ change: Change, _ granule: UInt64) {
      if granule >> 61 == 0 { body(index, key(change, granule)) }
    }
    steps.forEach(
      range, reset: { note($0, .reset, 0) },
      call: { index, x in
        if called?.x0 != x[0] {
          let inputs = Commands.called(x[0])?.inputs ?? []
          called = (x[0], inputs.filter { $0.kind == .rdPA || $0.kind == .recPA }.map(\.register))
        }
        for register in called?.registers ?? [] { note(index, .use, x[register]) }
      }, event: { index, event in forEachChange(of: event, { note(index, $0, $1) }) { body(index, nil) } })
  }

  private static func forEachChange(of event: Event, _ note: (Change, UInt64) -> Void, _ isWide: () -> Void) {
    switch event.kind {
    case .granule, .gpi: note(.granule, event.a)
    case .rttEntry: note(.entry, event.a.granuleBase)
    case .measurement:
      note(.measurement, event.a)
      note(.use, event.a)
    case .realmState:
      note(.realm, event.a)
      note(.use, event.a)
    case .exit:
      note(.exit, event.a)
      note(.use, event.a)
    case .access where event.c == 1:
      let first = event.a.granuleBase
      let count = (event.a &- first &+ max(event.b, 1) &+ Granule.size - 1) / Granule.size
      guard count <= mostGranules else {
        isWide()
        break
      }
      for n in 0..<count { note(.write, first &+ n &* Granule.size) }
    default: break
    }
  }
}

extension Session {
  /// To be called again and again while steps are made that no frame shows: the frame after them then finds little that is new to it, however
  /// many there were. It costs what that frame would have.
  package func keepUp() { granuleHistory.keepUp(with: steps) }
}
