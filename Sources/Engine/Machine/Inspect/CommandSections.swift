/// Where the specification has a command: DEN0137 1.0-rel0, by its name.
enum CommandSections {
  static let byName: [String: StaticString] = [
    "RMI_VERSION": "B4.3.24", "RMI_GRANULE_DELEGATE": "B4.3.5", "RMI_GRANULE_UNDELEGATE": "B4.3.6", "RMI_DATA_CREATE": "B4.3.1",
    "RMI_DATA_CREATE_UNKNOWN": "B4.3.2", "RMI_DATA_DESTROY": "B4.3.3", "RMI_REALM_ACTIVATE": "B4.3.7",
    "RMI_REALM_CREATE": "B4.3.8", "RMI_REALM_DESTROY": "B4.3.9", "RMI_REC_CREATE": "B4.3.12", "RMI_REC_DESTROY": "B4.3.13",
    "RMI_REC_ENTER": "B4.3.14", "RMI_RTT_CREATE": "B4.3.15", "RMI_RTT_DESTROY": "B4.3.16", "RMI_RTT_MAP_UNPROTECTED": "B4.3.19",
    "RMI_RTT_READ_ENTRY": "B4.3.20", "RMI_RTT_UNMAP_UNPROTECTED": "B4.3.22", "RMI_PSCI_COMPLETE": "B4.3.10",
    "RMI_FEATURES": "B4.3.4", "RMI_RTT_FOLD": "B4.3.17", "RMI_REC_AUX_COUNT": "B4.3.11", "RMI_RTT_INIT_RIPAS": "B4.3.18",
    "RMI_RTT_SET_RIPAS": "B4.3.21", "RSI_VERSION": "B5.3.10", "RSI_FEATURES": "B5.3.3", "RSI_MEASUREMENT_READ": "B5.3.8",
    "RSI_MEASUREMENT_EXTEND": "B5.3.7", "RSI_ATTESTATION_TOKEN_INIT": "B5.3.2", "RSI_ATTESTATION_TOKEN_CONTINUE": "B5.3.1",
    "RSI_REALM_CONFIG": "B5.3.9", "RSI_IPA_STATE_SET": "B5.3.6", "RSI_IPA_STATE_GET": "B5.3.5", "RSI_HOST_CALL": "B5.3.4",
    "PSCI_VERSION": "B6.3.8", "PSCI_CPU_SUSPEND": "B6.3.4", "PSCI_CPU_OFF": "B6.3.2", "PSCI_CPU_ON": "B6.3.3",
    "PSCI_AFFINITY_INFO": "B6.3.1", "PSCI_SYSTEM_OFF": "B6.3.6", "PSCI_SYSTEM_RESET": "B6.3.7", "PSCI_FEATURES": "B6.3.5",
  ]
}

extension CommandEntry {
  /// The section of the specification that it is in.
  package var section: String { "DEN0137 \(CommandSections.byName[name]?.description ?? "")" }
}
