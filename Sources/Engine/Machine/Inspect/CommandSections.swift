/// Where the specification has a command, by its name: DEN0137 1.0-rel0, of FF-A DEN0077A 1.1.
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
    "FFA_VERSION": "13.2", "FFA_FEATURES": "13.3", "FFA_RX_RELEASE": "13.4", "FFA_RXTX_MAP": "13.5", "FFA_RXTX_UNMAP": "13.6",
    "FFA_PARTITION_INFO_GET": "13.8", "FFA_ID_GET": "13.9", "FFA_SPM_ID_GET": "13.10", "FFA_MSG_WAIT": "14.2",
    "FFA_YIELD": "14.3", "FFA_RUN": "14.4", "FFA_MSG_SEND_DIRECT_REQ": "15.2", "FFA_MSG_SEND_DIRECT_RESP": "15.3",
    "FFA_MEM_DONATE": "16.1", "FFA_MEM_LEND": "16.2", "FFA_MEM_SHARE": "16.3", "FFA_MEM_RETRIEVE_REQ": "16.4",
    "FFA_MEM_RELINQUISH": "16.6", "FFA_MEM_RECLAIM": "16.7", "FFA_CONSOLE_LOG": "13.13",
  ]
}

extension CommandEntry {
  /// The section of the specification that it is in.
  package var section: String {
    let place = CommandSections.byName[name]?.description ?? ""
    return switch interface {
    case .ffa: "DEN0077A 1.1 \(place)"
    case .platform, .tee: "TF-A, include/plat/arm/common/arm_sip_svc.h"
    case .rmi, .rsi, .psci: "DEN0137 \(place)"
    }
  }
}
