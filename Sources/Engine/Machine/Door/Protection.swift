import Attestation

/// What protects a Realm without being a failure condition of a call, and can be switched off as one: see ``SwitchSet``.
package enum Protection: UInt8, CaseIterable, Sendable {
  case gpcNormal
  case gpcSecure
  case gpcRealm
  case gpcRoot
  case gpcSMMU
  case scrubDelegate
  case scrubUndelegate
  case scrubData
  case scrubRTT
  case scrubREC
  case scrubRD
  case rimRealmCreate
  case rimDataCreate
  case rimRECCreate
  case rimInitRIPAS
  case ripasDestroyed
  case ripasResponse
  case exitGPRs
  case exitESR
  case tlbDataDestroy
  case tlbUnmap
  case tokenPlatformSignature
  case tokenBinding
  case tokenRealmSignature
  case tokenFreshness

  /// How it is called where it is switched off.
  package var name: StaticString { facts.name }
  /// What it does while it is on, with the source of the rule.
  package var summary: StaticString { facts.summary }

  private var facts: (name: StaticString, summary: StaticString) {
    switch self {
    case .gpcNormal:
      ("gpc.normal", "the granule protection check of accesses to the Non-secure PAS (Arm ARM, Granule Protection Checks)")
    case .gpcSecure: ("gpc.secure", "the granule protection check of accesses to the Secure PAS")
    case .tlbDataDestroy: ("tlb.data_destroy", "RMI_DATA_DESTROY has every PE forget the translation (Arm ARM, TLBI IPAS2E1IS)")
    case .tlbUnmap: ("tlb.unmap", "RMI_RTT_UNMAP_UNPROTECTED has every PE forget the translation")
    case .tokenPlatformSignature:
      ("token.platform_signature", "the verifier checks the platform token's signature (DEN0137 A7.2.3)")
    case .tokenBinding:
      ("token.binding", "the verifier checks that the platform token vouches for the Realm's key (DEN0137 A7.2.3)")
    case .tokenRealmSignature: ("token.realm_signature", "the verifier checks the Realm token's signature")
    case .tokenFreshness: ("token.freshness", "the verifier checks that the token answers its challenge (DEN0137 A7.2.2)")
    case .gpcRealm: ("gpc.realm", "the granule protection check of accesses to the Realm PAS, those of the RMM too")
    case .gpcRoot: ("gpc.root", "the granule protection check of accesses to the Root PAS")
    case .gpcSMMU: ("gpc.smmu", "the SMMU's granule protection check of the device's transactions (SMMU_ROOT_CR0.GPCEN)")
    case .scrubDelegate: ("scrub.delegate", "RMI_GRANULE_DELEGATE wipes the granule (DEN0137 A2.2.2)")
    case .scrubUndelegate: ("scrub.undelegate", "RMI_GRANULE_UNDELEGATE wipes the granule before the Host has it")
    case .scrubData: ("scrub.data", "RMI_DATA_DESTROY wipes the granule")
    case .scrubRTT: ("scrub.rtt", "tables are wiped when they are destroyed or folded, or their Realm is destroyed")
    case .scrubREC: ("scrub.rec", "RMI_REC_DESTROY wipes the REC and its auxiliary granules")
    case .scrubRD: ("scrub.rd", "RMI_REALM_DESTROY wipes the RD")
    case .rimRealmCreate: ("rim.realm_create", "RMI_REALM_CREATE begins the RIM with the parameters (DEN0137 A7.1.1)")
    case .rimDataCreate: ("rim.data_create", "RMI_DATA_CREATE extends the RIM (DEN0137 B4.3.1)")
    case .rimRECCreate: ("rim.rec_create", "RMI_REC_CREATE of a runnable REC extends the RIM (DEN0137 B4.3.12)")
    case .rimInitRIPAS: ("rim.init_ripas", "RMI_RTT_INIT_RIPAS extends the RIM (DEN0137 B4.3.18)")
    case .ripasDestroyed:
      ("ripas.destroyed", "RMI_DATA_DESTROY of RAM leaves DESTROYED, which the Realm notices (DEN0137 B4.3.3)")
    case .ripasResponse: ("ripas.response", "a Realm is told that its Host has rejected a RIPAS change (DEN0137 B5.3.6)")
    case .exitGPRs: ("exit.gprs", "an exit record has no register of the Realm but those its reason needs (DEN0137 A4.3)")
    case .exitESR: ("exit.esr", "an exit record has of ESR, FAR and HPFAR what its reason needs (DEN0137 A4.3.4)")
    }
  }
}

extension PAS {
  /// The granule protection check of accesses that carry it.
  var protection: Protection {
    switch self {
    case .nonSecure: .gpcNormal
    case .secure: .gpcSecure
    case .realm: .gpcRealm
    case .root: .gpcRoot
    }
  }
}

extension GranuleState {
  /// Wiping a granule that leaves this state.
  var scrubbing: Protection {
    switch self {
    case .undelegated: .scrubDelegate
    case .delegated: .scrubUndelegate
    case .rd: .scrubRD
    case .rec, .recAux: .scrubREC
    case .data: .scrubData
    case .rtt: .scrubRTT
    }
  }
}

extension Protection {
  /// What a verifier makes sure of by a link of the chain.
  package init(_ link: TokenCheck.Link) {
    self =
      switch link {
      case .platformSignature: .tokenPlatformSignature
      case .binding: .tokenBinding
      case .realmSignature: .tokenRealmSignature
      case .freshness: .tokenFreshness
      }
  }
}

extension Protection {
  /// Whether it is a verifier's of tokens, and none of the machine's.
  package var isVerifiers: Bool {
    switch self {
    case .tokenPlatformSignature, .tokenBinding, .tokenRealmSignature, .tokenFreshness: true
    default: false
    }
  }
}

extension SwitchSet {
  /// One protection.
  package init(_ protection: Protection) { self.init(Switch.all.filter { $0.name == protection.name.description }) }

  /// Links of a token's chain that refuse nothing.
  package var ignoredLinks: Set<TokenCheck.Link> {
    Set([.platformSignature, .binding, .realmSignature, .freshness].filter { contains(Protection($0)) })
  }
}
