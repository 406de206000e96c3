import Engine

/// What of a token is looked at.
package enum TokenTab: String, Sendable, CaseIterable {
  case claims, checks, chain, provenance, appraisal

  package var title: String {
    switch self {
    case .claims: "Claims"
    case .checks: "Checks"
    case .chain: "Chain"
    case .provenance: "Provenance"
    case .appraisal: "Appraisal"
    }
  }
}

/// The token view's part of the state: which token, which tab, which line, and what is supposed.
package struct TokenViewState: Sendable {
  /// A token from a file, instead of the session's.
  package struct File: Sendable {
    package var name: String
    package var bytes: [UInt8]
    package var key: PublicKey?

    package init(name: String, bytes: [UInt8], key: PublicKey?) {
      self.name = name
      self.bytes = bytes
      self.key = key
    }
  }

  package var tab = TokenTab.claims
  package var row = 0
  /// Which of the session's tokens; nil follows the last.
  package var number: Int?
  package var file: File?
  /// A Realm whose measurements are looked at, whether it has a token or not: the PA of its descriptor.
  package var realm: UInt64?
  /// What was sent to the Realm, if somebody said.
  package var challenge: [UInt8]?
  package var whatIf = WhatIf()

  package init() {}
}

/// Reference values as the token has them, with what a person supposes to be different.
package struct WhatIf: Sendable, Equatable {
  package enum Supposition: Sendable, Equatable {
    case asIs, another, absent
  }
  /// One reference value.
  package enum Fact: Sendable, Hashable {
    case anchor, implementation, component(Int), config, lifecycle(Lifecycle), rim, rpv, rem(Int)
  }

  private var suppositions: [Fact: Supposition] = [:]

  package init() {}

  package subscript(fact: Fact) -> Supposition { suppositions[fact] ?? .asIs }
  package var isEmpty: Bool { suppositions.isEmpty }

  /// As it is, another value, none, and again; a life cycle is accepted or not.
  package mutating func cycle(_ fact: Fact) {
    if case .lifecycle = fact {
      suppositions[fact] = self[fact] == .asIs ? .another : nil
      return
    }
    switch self[fact] {
    case .asIs: suppositions[fact] = .another
    case .another: suppositions[fact] = .absent
    case .absent: suppositions[fact] = nil
    }
  }

  /// The reference values a token would set, with the suppositions applied.
  ///
  /// - Parameter other: a key that is not the platform's.
  package func apply(to reference: ReferenceValues, otherKey other: PublicKey?) -> ReferenceValues {
    var result = reference
    func altered(_ bytes: [UInt8]) -> [UInt8] { bytes.enumerated().map { $0.offset == 0 ? ~$0.element : $0.element } }
    func change(_ fact: Fact, _ bytes: inout [UInt8]?) {
      switch self[fact] {
      case .asIs: break
      case .another: bytes = bytes.map(altered)
      case .absent: bytes = nil
      }
    }
    switch self[.anchor] {
    case .asIs: break
    case .another: if let other { for index in result.anchors.indices { result.anchors[index].key = other } }
    case .absent: result.anchors = []
    }
    change(.implementation, &result.implementationID)
    for index in result.components.indices where self[.component(index)] == .another {
      result.components[index].measurement = altered(result.components[index].measurement)
    }
    result.components = result.components.enumerated().filter { self[.component($0.offset)] != .absent }.map(\.element)
    switch self[.config] {
    case .asIs: break
    case .another: result.configs = result.configs.map(altered)
    case .absent: result.configs = []
    }
    let toggled = Lifecycle.allCases.filter { self[.lifecycle($0)] != .asIs }
    if !toggled.isEmpty {
      let accepted = reference.lifecycles ?? [.secured]
      result.lifecycles = Lifecycle.allCases.filter { accepted.contains($0) != toggled.contains($0) }
    }
    switch self[.rim] {
    case .asIs: break
    case .another: for index in result.realms.indices { result.realms[index].rim = altered(result.realms[index].rim) }
    case .absent: result.realms = []
    }
    for index in result.realms.indices {
      change(.rpv, &result.realms[index].rpv)
      for rem in 0..<4 { change(.rem(rem), &result.realms[index].rems[rem]) }
    }
    return result
  }
}
