import Basics
import Machine

/// Steps in pieces that are packed (``StepPiece``): it grows without being copied, and a step takes some tens of bytes. To read one it is
/// unpacked; who wants little of many steps asks for that.
public struct StepList: RandomAccessCollection, Sendable {
  /// What a timeline shows of a step, in a byte: so that all steps can be looked at for each frame.
  package struct Glance: Sendable, Equatable {
    fileprivate var bits: UInt8 = 0

    /// How much happened, 0 to 4.
    package var amount: Int { Int(bits & 7) }
    /// Whether it was refused or faulted.
    package var hasFailed: Bool { bits & Mark.failed.rawValue != 0 }

    /// Of two or more.
    @inline(__always) static func sum(_ a: UInt8, _ b: UInt8) -> UInt8 { Swift.max(a & 7, b & 7) | (a | b) & ~7 }

    private static func amount(_ events: Int) -> UInt8 {
      switch events {
      case ..<8: 0
      case ..<14: 1
      case ..<24: 2
      case ..<60: 3
      default: 4
      }
    }

    /// The same as of the step.
    fileprivate static func of(_ answer: PlainAnswer, _ machine: borrowing Machine) -> UInt8 {
      amount(machine.observation.eventCount) | (answer.hasFailed ? Mark.failed.rawValue : 0)
        | (answer.kind == .registers ? Mark.call.rawValue : 0) | (machine.measured.isEmpty ? 0 : Mark.measured.rawValue)
    }

    fileprivate static func of(_ step: borrowing Session.Step) -> UInt8 {
      let amount = amount(step.events.count)
      var isCall = false
      if case .action(.smc(let world, let x)) = step.input, world == .normal || world == .secure {
        isCall = Calls.called(x[0]).map { world == .normal || $0.interface == .ffa || $0.interface == .platform } ?? false
      }
      return amount | (step.hasFailed ? Mark.failed.rawValue : 0) | (isCall ? Mark.call.rawValue : 0)
        | (step.isReset ? Mark.reset.rawValue : 0)
        | (step.measured.isEmpty ? 0 : Mark.measured.rawValue) | (step.guest == nil ? 0 : Mark.guest.rawValue)
    }
  }

  /// What steps can be found by, without unpacking any.
  enum Mark: UInt8 {
    /// It was refused, or faulted.
    case failed = 8
    /// A call the Host made, or a partition, of a command with conditions.
    case call = 16
    /// A fresh machine.
    case reset = 32
    /// Something was measured.
    case measured = 64
    /// A vCPU ran code.
    case guest = 128
  }

  private var pieces: [StepPiece] = []
  /// The first step of each.
  private var starts: [Int] = []
  public private(set) var endIndex = 0

  public var startIndex: Int { 0 }

  public subscript(index: Int) -> Session.Step { at(index) { $0.step($1) } }

  /// Bytes all of them take, about.
  private(set) var weight = 0

  // MARK: Little of a step

  /// What was done.
  package func input(_ index: Int) -> Session.Step.Input { at(index) { $0.input($1) } }

  /// The same with what came through the entropy door.
  func inputAndEntropy(_ index: Int) -> (Session.Step.Input, [[UInt8]]) { at(index) { $0.inputAndEntropy($1) } }

  /// What was done, if it was answered with nothing but zeroes and there is no more to say of it.
  func usual(_ index: Int) -> Action? { hasFailed(index) ? nil : at(index) { $0.usual($1) } }

  /// What happened on the way.
  func forEachEvent(of index: Int, _ body: (Event) -> Void) { at(index) { $0.forEachEvent($1, body) } }

  /// Goes through some steps: those that made a machine, registers that calls were made with, and all that happened.
  func forEach(
    _ range: Range<Int>, reset: (Int) -> Void, call: (Int, InlineArray<18, UInt64>) -> Void, event: (Int, Event) -> Void
  ) {
    guard !range.isEmpty else { return }
    for number in piece(of: range.lowerBound)..<pieces.count where starts[number] < range.upperBound {
      let start = starts[number]
      let part = Swift.max(0, range.lowerBound - start)..<Swift.min(pieces[number].count, range.upperBound - start)
      pieces[number].forEach(
        part, reset: { reset(start + $0) }, call: { call(start + $0, $1) }, event: { event(start + $0, $1) })
    }
  }

  /// Whether there was an event that is meant.
  func hasEvent(at index: Int, _ isMeant: (Event) -> Bool) -> Bool {
    var found = false
    forEachEvent(of: index) { found = found || isMeant($0) }
    return found
  }

  /// Whether it made a fresh machine.
  func isReset(_ index: Int) -> Bool { at(index) { $0.glances[$1] & Mark.reset.rawValue != 0 } }

  /// Whether it was refused or faulted.
  package func hasFailed(_ index: Int) -> Bool { at(index) { $0.glances[$1] & Mark.failed.rawValue != 0 } }

  /// What is to be known of the Host's software after it.
  func host(_ index: Int) -> Session.HostMark? { at(index) { $0.host($1) } }

  /// Of some steps, the most that happened in one, and whether one failed.
  package func glance(_ range: Range<Int>) -> Glance {
    var bits: UInt8 = 0
    var number = piece(of: range.lowerBound)
    while number < pieces.count, starts[number] < range.upperBound {
      let (start, count) = (starts[number], pieces[number].count)
      let part = Swift.max(range.lowerBound - start, 0)..<Swift.min(range.upperBound - start, count)
      bits = Glance.sum(bits, part.count == count ? sums[number] : pieces[number].sum(part))
      number += 1
    }
    return Glance(bits: bits)
  }

  /// The last of the first `end` steps that has a mark.
  func last(_ mark: Mark, before end: Int) -> Int? {
    guard end > 0 else { return nil }
    var number = piece(of: end - 1)
    while number >= 0 {
      if sums[number] & mark.rawValue != 0,
        let found = pieces[number].last(before: Swift.min(end - starts[number], pieces[number].count), mark.rawValue)
      {
        return starts[number] + found
      }
      number -= 1
    }
    return nil
  }

  /// The first step from one on that has a mark.
  func first(_ mark: Mark, from begin: Int) -> Int? {
    guard begin < endIndex else { return nil }
    var number = piece(of: begin)
    while number < pieces.count {
      if sums[number] & mark.rawValue != 0,
        let found = pieces[number].first(from: Swift.max(begin - starts[number], 0), mark.rawValue)
      {
        return starts[number] + found
      }
      number += 1
    }
    return nil
  }

  /// The last of the first `end` steps, and not before another, that has a mark of its Host.
  func lastHost(from begin: Int, before end: Int, where isMeant: (Session.HostMark) -> Bool) -> Int? {
    guard end > begin else { return nil }
    for number in stride(from: piece(of: end - 1), through: 0, by: -1) {
      let part = Swift.max(begin - starts[number], 0)..<Swift.min(end - starts[number], pieces[number].count)
      if let found = pieces[number].lastHost(part, where: isMeant) { return starts[number] + found }
      if starts[number] <= begin { break }
    }
    return nil
  }

  /// The first such step.
  func firstHost(from begin: Int, before end: Int, where isMeant: (Session.HostMark) -> Bool) -> Int? {
    guard end > begin else { return nil }
    for number in piece(of: begin)..<pieces.count where starts[number] < end {
      let part = Swift.max(begin - starts[number], 0)..<Swift.min(end - starts[number], pieces[number].count)
      if let found = pieces[number].firstHost(part, where: isMeant) { return starts[number] + found }
    }
    return nil
  }

  // MARK: Changing

  /// What is in each piece, in sum.
  private var sums: [UInt8] = []

  mutating func append(_ step: Session.Step, _ writer: inout StepWriter) {
    let last = openPiece()
    let before = pieces[last].weight
    writer.pack(step, into: &pieces[last].tables)
    add(writer, Glance.of(step), step.host, before)
  }

  /// What was just done, of which its answer is all there is to say.
  mutating func append(
    _ action: Action, _ answer: PlainAnswer, _ machine: borrowing Machine, _ writer: inout StepWriter
  ) {
    let last = openPiece()
    let before = pieces[last].weight
    writer.pack(action, answer, machine, into: &pieces[last].tables)
    add(writer, Glance.of(answer, machine), nil, before)
  }

  /// The last piece, or a new one where that is full.
  private mutating func openPiece() -> Int {
    if pieces.last?.isFull ?? true {
      pieces.append(StepPiece())
      starts.append(endIndex)
      sums.append(0)
    }
    return pieces.count - 1
  }

  /// A step that was packed.
  ///
  /// - Parameter before: the last piece's weight before that.
  private mutating func add(_ writer: borrowing StepWriter, _ glance: UInt8, _ host: Session.HostMark?, _ before: Int) {
    let last = pieces.count - 1
    pieces[last].append(writer, glance, host)
    weight += pieces[last].weight - before
    sums[last] = Glance.sum(sums[last], glance)
    endIndex += 1
  }

  /// Puts others behind them.
  mutating func append(_ others: StepList) {
    for piece in others.pieces {
      pieces.append(piece)
      starts.append(endIndex)
      sums.append(piece.sum)
      endIndex += piece.count
    }
    weight += others.weight
  }

  /// Takes off all behind the first so many.
  mutating func cut(at place: Int) -> StepList {
    var rest = StepList()
    while endIndex > place {
      let last = pieces.count - 1
      let inside = place - starts[last]
      let whole = pieces[last].weight
      if inside <= 0 {
        rest.pieces.insert(pieces.removeLast(), at: 0)
        starts.removeLast()
        sums.removeLast()
        endIndex = last > 0 ? starts[last - 1] + pieces[last - 1].count : 0
        weight -= whole
      } else {
        rest.pieces.insert(pieces[last].from(inside), at: 0)
        pieces[last].keep(inside)
        sums[last] = pieces[last].sum
        endIndex = place
        weight -= whole - pieces[last].weight
      }
    }
    for piece in rest.pieces {
      rest.starts.append(rest.endIndex)
      rest.sums.append(piece.sum)
      rest.endIndex += piece.count
      rest.weight += piece.weight
    }
    return rest
  }

  mutating func removeLast() { _ = cut(at: endIndex - 1) }

  /// Puts one before another.
  mutating func insert(_ step: Session.Step, at index: Int, _ writer: inout StepWriter) {
    let behind = cut(at: index)
    append(step, &writer)
    append(behind)
  }

  mutating func setHost(_ index: Int, _ mark: Session.HostMark?) {
    let number = piece(of: index)
    let before = pieces[number].weight
    pieces[number].setHost(index - starts[number], mark)
    weight += pieces[number].weight - before
  }

  // MARK: Pieces

  /// The piece a step is in.
  private func piece(of index: Int) -> Int {
    let last = pieces.count - 1
    if last >= 0, index >= starts[last] { return last }
    // Where nothing was cut all pieces but the last are full.
    let guess = index / StepPiece.size
    if guess < last, starts[guess] <= index, index < starts[guess + 1] { return guess }
    return starts.partitionPoint { $0 > index } - 1
  }

  private func at<T>(_ index: Int, _ body: (borrowing StepPiece, Int) -> T) -> T {
    precondition(index >= 0 && index < endIndex, "no such step")
    let number = piece(of: index)
    return body(pieces[number], index - starts[number])
  }
}
