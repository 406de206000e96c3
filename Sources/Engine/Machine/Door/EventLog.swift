/// The events of one action, in a buffer that the next action uses again: an event costs four words and a comparison.
///
/// Code in a Realm can leave any number in one action. The first are kept, and the last few; see ``limit``.
package struct EventLog: ~Copyable {
  /// Most events of one action.
  package static let limit = 2048
  /// How many of those are the last ones.
  private static let tail = 32
  /// Room that most actions need no more than.
  private static let usualRoom = 64

  private var buffer: UnsafeMutablePointer<Event>
  private var room: Int
  package private(set) var count = 0

  init() {
    room = Self.usualRoom
    buffer = .allocate(capacity: room)
  }

  deinit { buffer.deallocate() }

  @inline(__always) mutating func append(_ event: Event) {
    if count == room { makeRoom(for: event) }
    (buffer + count).initialize(to: event)
    count &+= 1
  }

  @inline(__always) mutating func clear() {
    count = 0
    if room != Self.usualRoom { self = EventLog() }
  }

  /// The same in place, oldest first.
  package func withAll<T>(_ body: (UnsafeBufferPointer<Event>) -> T) -> T {
    body(UnsafeBufferPointer(start: buffer, count: count))
  }

  /// The events, oldest first.
  package var all: [Event] { Array(UnsafeBufferPointer(start: buffer, count: count)) }

  /// Doubles the room; at the limit an event is left out instead. The one before the last few says how many were.
  @inline(never) private mutating func makeRoom(for event: Event) {
    guard count == Self.limit else {
      let larger = UnsafeMutablePointer<Event>.allocate(capacity: room * 2)
      larger.moveInitialize(from: buffer, count: count)
      buffer.deallocate()
      buffer = larger
      room *= 2
      return
    }
    let place = Self.limit - Self.tail
    if buffer[place].kind == .leftOut {
      buffer[place].a += 1
    } else {
      buffer[place] = Event(kind: .leftOut, world: event.world, depth: 0, detail: 0, pe: event.pe, a: 2, b: 0, c: 0)
    }
    (buffer + place + 1).update(from: buffer + place + 2, count: Self.tail - 2)
    count -= 1
  }
}

// Events are plain data, and the buffer is nobody else's.
extension EventLog: @unchecked Sendable {}
