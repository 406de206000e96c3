import Basics
import Machine

/// What packed steps name by number: texts, conditions, and values that few steps have.
struct StepTables: Sendable {
  private var strings: [String] = []
  private var stringNumbers: [String: Int]? = [:]
  private var conditions: [StaticString] = []
  private var objects: [any Sendable] = []
  /// Bytes they take, about.
  private(set) var weight = 0

  mutating func string(_ text: String) -> Int {
    if let known = numbers()[text] { return known }
    strings.append(text)
    weight += text.utf8.count + 32
    stringNumbers?[text] = strings.count - 1
    return strings.count - 1
  }

  func string(_ number: Int) -> String { strings[number] }

  mutating func condition(_ name: StaticString) -> Int {
    let known = conditions.firstIndex {
      $0.hasPointerRepresentation && name.hasPointerRepresentation && $0.utf8Start == name.utf8Start
        && $0.utf8CodeUnitCount == name.utf8CodeUnitCount
    }
    if let known { return known }
    conditions.append(name)
    return conditions.count - 1
  }

  func condition(_ number: Int) -> StaticString { conditions[number] }

  mutating func object(_ value: some Sendable) -> Int {
    objects.append(value)
    weight += MemoryLayout.size(ofValue: value) + ((value as? MintedToken)?.bytes.count ?? 0) + 64
    return objects.count - 1
  }

  func object<T>(_ number: Int, as: T.Type) -> T? { objects[number] as? T }

  /// No more comes, for the time being: what only finds texts again is not needed.
  mutating func seal() { stringNumbers = nil }

  private mutating func numbers() -> [String: Int] {
    if let stringNumbers { return stringNumbers }
    let found = Dictionary(strings.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
    stringNumbers = found
    return found
  }
}

/// A few thousand steps that follow each other, packed: see ``StepWriter``.
struct StepPiece: Sendable {
  static let size = 4096
  /// Steps that are looked at as one where only a sum counts.
  private static let stride = 64

  /// Of each step the number of its shape, and its values.
  private var bytes: [UInt8] = []
  private var starts: [UInt32] = []
  private var shapes: [UInt8] = []
  private var shapeStarts: [UInt32] = []
  /// Shapes by their hashes.
  private var shapeNumbers: [UInt64: UInt32]? = [:]
  /// Numbers of shapes that came last, by their hashes: mostly the next is one of them.
  private var recent: [UInt32] = []
  private static let recentCount = 64
  var tables = StepTables()
  /// Marks of the Host, by the places of their steps, ascending.
  private var hosts: [(at: Int, mark: Session.HostMark)] = []
  private var hostBytes = 0
  private(set) var glances: [UInt8] = []
  private var sums: [UInt8] = []

  var count: Int { starts.count }
  var isFull: Bool { count >= Self.size }

  /// Bytes it takes, about.
  var weight: Int { bytes.count + shapes.count + starts.count * 5 + tables.weight + hostBytes }

  // MARK: Changing

  /// Takes what was packed, with this piece's tables.
  mutating func append(_ writer: borrowing StepWriter, _ glance: UInt8, _ host: Session.HostMark?) {
    starts.append(UInt32(bytes.count))
    var number = shape(writer.shape.all)
    while number >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: number) | 0x80)
      number >>= 7
    }
    bytes.append(UInt8(number))
    bytes.append(contentsOf: writer.values.all)
    if let host { setHost(count - 1, host) }
    note(glance)
    if isFull { seal() }
  }

  /// No more comes, for the time being.
  private mutating func seal() {
    shapeNumbers = nil
    recent = []
    tables.seal()
    bytes = Self.exact(bytes)
    shapes = Self.exact(shapes)
  }

  /// The same without room for more.
  private static func exact(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBufferPointer { Array($0) } }

  private mutating func note(_ glance: UInt8) {
    if glances.count % Self.stride == 0 { sums.append(0) }
    sums[sums.count - 1] = StepList.Glance.sum(sums[sums.count - 1], glance)
    glances.append(glance)
  }

  private mutating func shape(_ shape: UnsafeBufferPointer<UInt8>) -> UInt32 {
    let hash = Self.hash(shape)
    let place = Int(truncatingIfNeeded: hash) & (Self.recentCount - 1)
    if recent.isEmpty { recent = [UInt32](repeating: .max, count: Self.recentCount) }
    if recent[place] != .max, isShape(recent[place], shape) { return recent[place] }
    let number = find(shape, hash)
    recent[place] = number
    return number
  }

  /// The number of a shape, which may be a new one.
  private mutating func find(_ shape: UnsafeBufferPointer<UInt8>, _ hash: UInt64) -> UInt32 {
    var numbers = shapeNumbers ?? knownShapes()
    shapeNumbers = nil
    defer { shapeNumbers = numbers }
    if let number = numbers[hash], isShape(number, shape) { return number }
    let number = UInt32(shapeStarts.count)
    shapeStarts.append(UInt32(shapes.count))
    shapes.append(contentsOf: shape)
    numbers[hash] = number
    return number
  }

  private func knownShapes() -> [UInt64: UInt32] {
    var numbers: [UInt64: UInt32] = [:]
    shapes.withUnsafeBufferPointer { all in
      for number in shapeStarts.indices { numbers[Self.hash(UnsafeBufferPointer(rebasing: all[range(number)]))] = UInt32(number) }
    }
    return numbers
  }

  private func range(_ shape: Int) -> Range<Int> {
    Int(shapeStarts[shape])..<(shape + 1 < shapeStarts.count ? Int(shapeStarts[shape + 1]) : shapes.count)
  }

  private func isShape(_ number: UInt32, _ shape: UnsafeBufferPointer<UInt8>) -> Bool {
    let range = range(Int(number))
    guard range.count == shape.count else { return false }
    return shapes.withUnsafeBytes { all in
      let (known, shape) = (UnsafeRawBufferPointer(rebasing: all[range]), UnsafeRawBufferPointer(shape))
      var at = 0
      // Eight at a time: this is done for each step.
      while at + 8 <= shape.count {
        guard
          known.loadUnaligned(fromByteOffset: at, as: UInt64.self) == shape.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        else { return false }
        at += 8
      }
      while at < shape.count {
        guard known[at] == shape[at] else { return false }
        at += 1
      }
      return true
    }
  }

  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var state = UInt64(bytes.count)
    let raw = UnsafeRawBufferPointer(bytes)
    var at = 0
    while at + 8 <= raw.count {
      state = (state ^ raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 32
      at += 8
    }
    while at < raw.count {
      state = (state ^ UInt64(raw[at])) &* 0x9E37_79B9_7F4A_7C15
      at += 1
    }
    return state ^ state >> 29
  }

  /// Only the first so many are left.
  mutating func keep(_ count: Int) {
    guard count < self.count else { return }
    bytes.removeLast(bytes.count - Int(starts[count]))
    starts.removeLast(self.count - count)
    setHosts(hosts.filter { $0.at < count })
    setGlances(Array(glances[..<count]))
  }

  /// Those from one on.
  func from(_ first: Int) -> StepPiece {
    var piece = self
    let begin = starts[first]
    piece.bytes = Array(bytes[Int(begin)...])
    piece.starts = starts[first...].map { $0 - begin }
    piece.setHosts(hosts.filter { $0.at >= first }.map { ($0.at - first, $0.mark) })
    piece.setGlances(Array(glances[first...]))
    return piece
  }

  private mutating func setGlances(_ all: [UInt8]) {
    (glances, sums) = ([], [])
    for glance in all { note(glance) }
  }

  // MARK: Reading

  func step(_ index: Int) -> Session.Step { read(index) { $0.step(tables, host: host(index)) } }

  func input(_ index: Int) -> Session.Step.Input { read(index) { $0.input(tables) } }

  func usual(_ index: Int) -> Action? { read(index) { $0.usual(tables) } }

  func inputAndEntropy(_ index: Int) -> (Session.Step.Input, [[UInt8]]) { read(index) { ($0.input(tables), $0.entropy()) } }

  func forEachEvent(_ index: Int, _ body: (Event) -> Void) {
    read(index) {
      _ = $0.input(tables)
      _ = $0.entropy()
      $0.forEachEvent(body)
    }
  }

  /// Goes through some of its steps.
  func forEach(
    _ range: Range<Int>, reset: (Int) -> Void, call: (Int, InlineArray<18, UInt64>) -> Void, event: (Int, Event) -> Void
  ) {
    guard !range.isEmpty else { return }
    withPlaces { place in
      var (shape, values) = place(range.lowerBound)
      var reader = StepReader(shape: shape, values: values)
      for index in range {
        if index > range.lowerBound {
          (shape, values) = place(index)
          reader.begin(shape: shape, values: values)
        }
        reader.read(tables, reset: { reset(index) }, call: { call(index, $0) }, event: { event(index, $0) })
      }
    }
  }

  private func read<T>(_ index: Int, _ body: (inout StepReader) -> T) -> T {
    withPlaces { place in
      let (shape, values) = place(index)
      var reader = StepReader(shape: shape, values: values)
      return body(&reader)
    }
  }

  /// Gives what says where a step's shape and its values are.
  @inline(__always) private func withPlaces<T>(
    _ body: ((Int) -> (shape: UnsafePointer<UInt8>, values: UnsafePointer<UInt8>)) -> T
  ) -> T {
    bytes.withUnsafeBufferPointer { bytes in
      shapes.withUnsafeBufferPointer { shapes in
        guard let values = bytes.baseAddress, let shape = shapes.baseAddress else { fatalError("a piece without steps") }
        return body { index in
          var at = Int(starts[index])
          var number = 0
          var shift = 0
          while bytes[at] & 0x80 != 0 {
            number |= Int(bytes[at] & 0x7F) << shift
            shift += 7
            at += 1
          }
          number |= Int(bytes[at]) << shift
          return (shape + Int(shapeStarts[number]), values + at + 1)
        }
      }
    }
  }

  // MARK: Marks of the Host

  func host(_ index: Int) -> Session.HostMark? {
    guard !hosts.isEmpty else { return nil }
    let place = hosts.partitionPoint { $0.at >= index }
    return place < hosts.count && hosts[place].at == index ? hosts[place].mark : nil
  }

  mutating func setHost(_ index: Int, _ mark: Session.HostMark?) {
    let place = hosts.partitionPoint { $0.at >= index }
    if place < hosts.count, hosts[place].at == index { hostBytes -= hosts.remove(at: place).mark.text.utf8.count }
    guard let mark else { return }
    hosts.insert((index, mark), at: place)
    hostBytes += mark.text.utf8.count
  }

  private mutating func setHosts(_ all: [(at: Int, mark: Session.HostMark)]) {
    hosts = all
    hostBytes = all.reduce(0) { $0 + $1.mark.text.utf8.count }
  }

  /// The last of some of its steps with a mark that is meant.
  func lastHost(_ range: Range<Int>, where isMeant: (Session.HostMark) -> Bool) -> Int? {
    hosts.last { range.contains($0.at) && isMeant($0.mark) }?.at
  }

  func firstHost(_ range: Range<Int>, where isMeant: (Session.HostMark) -> Bool) -> Int? {
    hosts.first { range.contains($0.at) && isMeant($0.mark) }?.at
  }

  // MARK: Sums

  var sum: UInt8 { sums.reduce(0) { StepList.Glance.sum($0, $1) } }

  /// The sum of some of its steps.
  func sum(_ range: Range<Int>) -> UInt8 {
    var sum: UInt8 = 0
    var at = range.lowerBound
    while at < range.upperBound {
      if at % Self.stride == 0, at + Self.stride <= range.upperBound {
        sum = StepList.Glance.sum(sum, sums[at / Self.stride])
        at += Self.stride
      } else {
        sum = StepList.Glance.sum(sum, glances[at])
        at += 1
      }
    }
    return sum
  }

  /// The last of its steps before one with all of some marks.
  func last(before end: Int, _ mask: UInt8) -> Int? {
    var at = end
    while at > 0 {
      if at % Self.stride == 0, sums[at / Self.stride - 1] & mask == 0 {
        at -= Self.stride
      } else {
        at -= 1
        if glances[at] & mask == mask { return at }
      }
    }
    return nil
  }

  /// The first of its steps from one on with all of some marks.
  func first(from begin: Int, _ mask: UInt8) -> Int? {
    var at = begin
    while at < count {
      if at % Self.stride == 0, sums[at / Self.stride] & mask == 0 {
        at += Self.stride
      } else {
        if glances[at] & mask == mask { return at }
        at += 1
      }
    }
    return nil
  }
}
