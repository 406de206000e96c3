/// Which box of the stack says something.
package enum StackLayer: String, Sendable, CaseIterable {
  case virsh, libvirt
  case qemu = "QEMU"
  case kvmtool
  case kvm = "KVM"
  case rmm = "RMM"
  /// Nobody in life: what this model has not.
  case model = "workbench"
}

/// An error as libvirt words it (virerror.c), and what it says beside that: the layer, and where in the XML.
package struct LibvirtError: Error, Equatable, Sendable {
  /// libvirt's error numbers, by the text that stands before what is particular.
  package enum Kind: String, Sendable {
    case xml = "XML error: "
    case unsupported = "unsupported configuration: "
    case `internal` = "internal error: "
    case argument = "invalid argument: "
    case operationFailed = "operation failed: "
    case operationInvalid = "Requested operation is not valid: "
    case overflow = "numerical overflow: "
    case noSupport = "this function is not supported by the connection driver: "
    case missingSource = "missing source information for device "
    case missingTarget = "missing target information for device "
    /// The text is the whole of it.
    case plain = ""
  }

  package let kind: Kind
  package let text: String
  package let layer: StackLayer
  package let place: XMLPlace?
  /// Why, in our words, where the layer below gave a reason.
  package let explanation: String

  package init(
    _ kind: Kind, _ text: String, _ place: XMLPlace? = nil, layer: StackLayer = .libvirt, explanation: String = ""
  ) {
    (self.kind, self.text, self.layer, self.place, self.explanation) = (kind, text, layer, place, explanation)
  }

  /// What virsh prints after `error: `.
  package var message: String { kind.rawValue + text }
}

/// Something a domain's XML says that does not come to what its author may think; the domain can be made all the same.
package struct DomainFinding: Equatable, Sendable {
  package enum Kind: Sendable {
    /// Real libvirt does it, this model does not.
    case notModelled
    /// Real libvirt passes over it without a word.
    case ignored
    /// It is taken, and fails or surprises later.
    case later
  }

  package let kind: Kind
  package let place: XMLPlace
  /// Who will have the trouble with it.
  package let layer: StackLayer
  /// What stands there.
  package let what: String
  /// What the real ones do with it.
  package let consequence: String

  /// `12:5: …: …`.
  package var text: String { "\(place.text): \(what): \(consequence)" }
}
