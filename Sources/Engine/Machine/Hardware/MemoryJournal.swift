/// What memory was like at its checkpoints.
///
/// Between two that follow each other there is a span: all that is different at its other end, seen from the present. Of a span before the
/// present that is what was there at its beginning, of a later one what was there at its end; going over it exchanges them. What has
/// changed since the checkpoint in force is open. No page is twice in a span.
struct MemoryJournal {
  enum Item {
    case page(chunk: Int, index: Int, contents: UnsafeMutableRawPointer)
    case records(chunk: Int, contents: UnsafeMutablePointer<UInt8>)

    /// What it is of.
    fileprivate var place: Int {
      switch self {
      case .page(let chunk, let index, _): chunk << 10 | index
      case .records(let chunk, _): chunk << 10 | 1 << 9
      }
    }
  }

  private var spans: [[Item]] = []
  /// What was there at the checkpoint in force, of what has changed since.
  var open: [Item] = []
  /// How many checkpoints there are.
  private(set) var count = 0
  /// The one in force.
  var present = -1

  /// Whether a page is among what is different between a checkpoint that is not the last and the one after it. What was written there and
  /// is again what it was may be, too.
  func isSaved(_ chunk: Int, _ index: Int, between checkpoint: Int) -> Bool {
    func has(_ items: [Item]) -> Bool {
      items.contains { if case .page(chunk, index, _) = $0 { true } else { false } }
    }
    return has(spans[checkpoint]) || checkpoint == present && has(open)
  }

  /// Whether there is something to go back to.
  @inline(__always) var isKept: Bool { count > 0 }

  /// A checkpoint after the one in force. If there are later ones, what leads to them is what led there before: more than it has to be.
  mutating func insert() {
    if present == spans.count, count > 0 { spans.append(takeOpen()) } else if count > 0 { spans.insert(takeOpen(), at: present) }
    count += 1
    present += 1
  }

  /// The next one is in force.
  ///
  /// - Returns: what is not wanted any more.
  mutating func arrive() -> [Item] {
    defer { present += 1 }
    let known = spans[present]
    spans[present] = takeOpen()
    return known
  }

  mutating func takeOpen() -> [Item] {
    defer { open = [] }
    return open
  }

  /// The span that begins with the checkpoint in force, to be put back.
  mutating func takeSpan() -> [Item] {
    defer { spans[present] = [] }
    return spans[present]
  }

  mutating func putSpan(_ span: [Item]) { spans[present] = span }

  /// Joins the spans around a checkpoint, which is forgotten.
  ///
  /// - Returns: what is not wanted any more.
  mutating func merge(_ checkpoint: Int) -> [Item] {
    precondition(checkpoint > 0 && checkpoint < count && checkpoint != present)
    count -= 1
    let isLater = checkpoint > present
    if !isLater { present -= 1 }
    let before = spans[checkpoint - 1]
    guard checkpoint < spans.count else {
      spans.removeLast()
      return before
    }
    // What is farther from the present is what counts.
    var (kept, other) = isLater ? (spans[checkpoint], before) : (before, spans[checkpoint])
    spans.remove(at: checkpoint)
    spans[checkpoint - 1] = []
    let known = Set(kept.lazy.map(\.place))
    let rest = other.partition { known.contains($0.place) }
    kept += other[..<rest]
    spans[checkpoint - 1] = kept
    return Array(other[rest...])
  }

  /// Forgets all later ones.
  ///
  /// - Returns: what is not wanted any more.
  mutating func cut(_ checkpoint: Int) -> [Item] {
    guard checkpoint + 1 < count else { return [] }
    precondition(checkpoint >= present)
    defer {
      spans.removeLast(spans.count - checkpoint)
      count = checkpoint + 1
    }
    return spans[checkpoint...].flatMap(\.self)
  }

  /// To be called in the end.
  func deallocateRecords() {
    for case .records(_, let contents) in open { contents.deallocate() }
    for span in spans { for case .records(_, let contents) in span { contents.deallocate() } }
  }
}
