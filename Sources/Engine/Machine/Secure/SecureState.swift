/// What the SPMC knows: part of the machine's state.
package struct SecureState: Sendable {
  /// By ``FFAEndpointIndex``.
  package var endpoints = [FFAEndpoint](repeating: FFAEndpoint(), count: FFAEndpointIndex.count)
  /// The partition that runs on each PE, 0 where none does.
  package var running: [Int]
  /// In the order of their handles.
  package var shares: [MemoryShare] = []
  package var nextHandle: UInt64 = 1
  /// Ascending; they do not overlap.
  package var owned: [OwnedRange] = []
  /// Whether software at S-EL2 has moved memory between address spaces by hand: the SPMC's records say nothing of the GPT then.
  package var isByHand = false

  init(peCount: Int) { running = [Int](repeating: 0, count: peCount) }

  /// The transaction of a handle.
  package func share(_ handle: UInt64) -> MemoryShare? { shares.first { $0.handle == handle } }
}

/// The Normal world or a partition, as the SPMC has it.
package struct FFAEndpoint: Sendable {
  /// Of the execution context of a partition (DEN0077A 1.1, 7.1).
  package enum State: UInt8, Sendable, CaseIterable {
    case waiting, running, blocked, preempted
    /// It has done what it could not, and runs no more.
    case aborted
  }

  /// By which call a partition got its cycles (DEN0077A 1.1, 8.2 and 8.3).
  package enum Model: UInt8, Sendable, CaseIterable {
    case none, run, directRequest
  }

  /// Buffers, both of a page; 0 if there are none.
  package var tx: UInt64 = 0
  package var rx: UInt64 = 0
  /// Whether the receiver has something in RX that it has not released.
  package var isRXFull = false
  package var state = State.waiting
  package var model = Model.none
  /// The PE it has run on last.
  package var pe = 0
  /// Who gave it cycles, by ``FFAEndpointIndex``, and by which id.
  package var caller = 0
  package var callerID: UInt64 = 0
  /// The partition that works for it, 0 if none does.
  package var callee = 0
  /// Whether it waits for that partition, which has neither answered nor yielded.
  package var awaitsAnswer = false
  /// X0 to X7 as it finds them when it runs.
  package var message = InlineArray<8, UInt64>(repeating: 0)

  init() {}
}

extension SecureState {
  /// Every field as numbers; lists begin with how many there are.
  var words: [UInt64] {
    var words: [UInt64] = [nextHandle, isByHand ? 1 : 0]
    words += running.map(UInt64.init)
    for endpoint in endpoints { words += endpoint.words }
    words.append(UInt64(shares.count))
    for share in shares { words += share.words }
    words.append(UInt64(owned.count))
    for range in owned {
      words += [range.range.base, range.range.pages, UInt64(range.owner), range.isReadOnly ? 1 : 0]
    }
    return words
  }

  func add(to hash: inout StateHash) { hash.add(words) }
}

extension FFAEndpoint {
  fileprivate var words: [UInt64] {
    [
      tx, rx, isRXFull ? 1 : 0, UInt64(state.rawValue), UInt64(model.rawValue), UInt64(pe), UInt64(caller), callerID,
      UInt64(callee), awaitsAnswer ? 1 : 0,
    ] + (0..<8).map { message[$0] }
  }
}

extension MemoryShare {
  fileprivate var words: [UInt64] {
    var words = [
      handle, kind.rawValue, sender, UInt64(owner), tag, attributes, isCleared ? 1 : 0, isReadOnly ? 1 : 0,
      isProtected ? 1 : 0, UInt64(constituents.count),
    ]
    for range in constituents { words += [range.base, range.pages] }
    words.append(UInt64(receivers.count))
    for receiver in receivers {
      words += [receiver.id, receiver.permissions.raw, receiver.granted == nil ? 0 : 1, receiver.granted?.raw ?? 0]
    }
    return words
  }
}

extension Machine {
  /// The SPMC's state, of a machine that has one.
  package var spm: SecureState { control.secure ?? SecureState(peCount: configuration.peCount) }
}
