/// A physical address space (DEN0137 chapter A2; Arm ARM, "Granule Protection Checks").
package enum PAS: UInt8, Sendable, CaseIterable {
  case secure = 0x8
  case nonSecure = 0x9
  case root = 0xA
  case realm = 0xB

  package var name: String {
    switch self {
    case .secure: "Secure"
    case .nonSecure: "Non-secure"
    case .root: "Root"
    case .realm: "Realm"
    }
  }
}

/// Granule Protection Information: what the GPT says of a granule (base RME encodings).
public enum GPI: UInt8, Sendable, CaseIterable {
  case noAccess = 0x0
  case secure = 0x8
  case nonSecure = 0x9
  case root = 0xA
  case realm = 0xB
  case any = 0xF

  /// Whether an access that carries `pas` passes the granule protection check.
  @inline(__always) package func admits(_ pas: PAS) -> Bool { self == .any || rawValue == pas.rawValue }

  public var name: String {
    switch self {
    case .noAccess: "NO_ACCESS"
    case .secure: "SECURE"
    case .nonSecure: "NS"
    case .root: "ROOT"
    case .realm: "REALM"
    case .any: "ANY"
    }
  }
}

/// A security state, with what its accesses may carry (DEN0137 A2.1).
public enum World: UInt8, Sendable, CaseIterable {
  case normal, realm, secure, root

  public var name: String {
    switch self {
    case .normal: "Normal"
    case .realm: "Realm"
    case .secure: "Secure"
    case .root: "Root"
    }
  }

  /// SCR_EL3.{NSE, NS} while this world runs below EL3 (Arm ARM, SCR_EL3): Secure 00, Non-secure 01, Realm 11, Root at EL3.
  @inline(__always) var nse: Bool { self == .realm || self == .root }
  @inline(__always) package var ns: Bool { self == .normal || self == .realm }

  /// The PAS an access of this world carries when its software means its own memory.
  var ownPAS: PAS {
    switch self {
    case .normal: .nonSecure
    case .realm: .realm
    case .secure: .secure
    case .root: .root
    }
  }

  /// The address spaces this world can put on the bus.
  var reachable: [PAS] {
    switch self {
    case .normal: [.nonSecure]
    case .secure: [.secure, .nonSecure]
    case .realm: [.realm, .nonSecure]
    case .root: [.root, .realm, .secure, .nonSecure]
    }
  }
}
