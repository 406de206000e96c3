/// What an appraisal says of one attester, in the terms of AR4SI (draft-ietf-rats-ar4si): eight claims, each a number.
public struct TrustVector: Sendable, Equatable {
  package enum Claim: String, Sendable, CaseIterable {
    case instanceIdentity = "instance-identity"
    case configuration
    case executables
    case fileSystem = "file-system"
    case hardware
    case runtimeOpaque = "runtime-opaque"
    case storageOpaque = "storage-opaque"
    case sourcedData = "sourced-data"
  }

  /// How trustworthy a number says something is.
  public enum Tier: String, Sendable, Comparable, CaseIterable {
    case none, affirming, warning, contraindicated

    public static func < (a: Tier, b: Tier) -> Bool {
      (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }

    init(_ value: Int) {
      switch value {
      case 2...31, -32 ... -2: self = .affirming
      case 32...95, -96 ... -33: self = .warning
      case 96..., ...(-97): self = .contraindicated
      default: self = .none
      }
    }
  }

  /// A value with why it is what it is.
  public struct Entry: Sendable, Equatable {
    package let claim: Claim
    public let value: Int
    public let reason: String
    public var tier: Tier { Tier(value) }
    /// What the number stands for.
    public var word: String { TrustVector.word(claim, value) }
  }

  /// The submodule's name, as verifiers report it.
  public let name: String
  public let entries: [Entry]

  /// The worst tier there is.
  public var status: Tier { entries.map(\.tier).max() ?? .none }
  package subscript(claim: Claim) -> Entry? { entries.first { $0.claim == claim } }

  init(_ name: String, _ entries: [Entry]) {
    self.name = name
    self.entries = entries
  }

  /// Every claim with one value.
  init(_ name: String, all value: Int, _ reason: String) {
    self.init(name, Claim.allCases.map { Entry(claim: $0, value: value, reason: reason) })
  }

  private static func word(_ claim: Claim, _ value: Int) -> String {
    switch (claim, value) {
    case (_, 99): "cryptographic validation failed"
    case (_, 0): "no claim"
    case (.instanceIdentity, 2): "trustworthy instance"
    case (.instanceIdentity, 96): "untrustworthy instance"
    case (.instanceIdentity, 97): "unrecognized instance"
    case (.configuration, 2): "approved configuration"
    case (.configuration, 32): "unsafe configuration"
    case (.executables, 2): "approved runtime"
    case (.executables, 3): "approved boot"
    case (.executables, 33): "unrecognized runtime"
    case (.executables, 96): "contraindicated runtime"
    case (.hardware, 2): "genuine hardware"
    case (.hardware, 97): "unrecognized hardware"
    case (.runtimeOpaque, 2): "encrypted memory"
    case (.runtimeOpaque, 96): "visible memory"
    case (.storageOpaque, 2): "keys in hardware"
    case (.storageOpaque, 96): "unprotected storage"
    default: "\(value)"
    }
  }
}
