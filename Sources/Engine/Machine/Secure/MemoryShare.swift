/// What becomes of memory that is sent.
package enum FFATransaction: UInt64, Sendable, CaseIterable {
  case share = 1
  case lend = 2
  case donate = 3

  package var name: String {
    switch self {
    case .share: "share"
    case .lend: "lend"
    case .donate: "donate"
    }
  }
}

/// A memory transaction the SPMC keeps: from the call that sends it until it is reclaimed, or a donation is retrieved.
package struct MemoryShare: Sendable, Equatable {
  package struct Receiver: Sendable, Equatable {
    package var id: UInt64
    /// As the sender has them.
    package var permissions: FFAPermissions
    /// As they are mapped; nil while it is not retrieved.
    package var granted: FFAPermissions?
  }

  /// Most transactions at one time.
  package static let limit = 32
  /// Most pages of one transaction: 256 MiB.
  package static let pageLimit: UInt64 = 1 << 16

  package var handle: UInt64
  package var kind: FFATransaction
  /// As the descriptor has it: of the Normal world it may be a VM.
  package var sender: UInt64
  /// Whose memory it is: see ``FFAEndpointIndex``.
  package var owner: Int
  package var tag: UInt64
  package var attributes: UInt64
  /// Whether the sender had the memory zeroed.
  package var isCleared: Bool
  /// Whether the sender could only read it.
  package var isReadOnly: Bool
  /// Whether EL3 has moved it to the Secure PAS.
  package var isProtected: Bool
  package var constituents: [PageRange]
  package var receivers: [Receiver]

  package func contains(_ address: UInt64) -> Bool { constituents.contains { $0.contains(address) } }
  package var pages: UInt64 { constituents.reduce(0) { $0 + $1.pages } }
}

/// Memory whose owner is another than in the beginning: it was donated.
package struct OwnedRange: Sendable, Equatable {
  package var range: PageRange
  package var owner: Int
  /// Whether its owner may only read it.
  package var isReadOnly: Bool

  /// Most of them.
  package static let limit = 64
}
