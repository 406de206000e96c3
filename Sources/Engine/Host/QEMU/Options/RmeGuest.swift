import Attestation
import Basics

/// -object rme-guest: what a Realm is created with that no other guest has.
package struct RmeGuest: Equatable, Sendable {
  package let id: String
  package internal(set) var hash = HashAlgorithm.sha512
  package internal(set) var personalization: [UInt8]?
  package internal(set) var hasLog = false
  /// Of Kunpeng alone.
  package internal(set) var vendorExtension = false
  /// What QEMU refuses of it though it changes no measurement.
  package internal(set) var problem: String?

  package struct Invalid: Error, Equatable {
    package let message: String
    package var advice: String?
  }

  /// - Parameter pairs: the object's, without its type and its id.
  init(id: String, _ pairs: [OptionText.Pair]) throws(Invalid) {
    self.id = id
    for pair in pairs {
      switch pair.key {
      case "measurement-algorithm":
        switch pair.value.text {
        case "sha256": hash = .sha256
        case "sha512": hash = .sha512
        default:
          throw Invalid(
            message: "Parameter 'measurement-algorithm' does not accept value '\(shown(pair.value.optionText))'",
            advice: "sha256 or sha512")
        }
      case "personalization-value": try take(personalization: pair.value)
      case "measurement-log": hasLog = try Self.flag(pair)
      case "hisi-cca-enable": vendorExtension = try Self.flag(pair)
      default:
        throw Invalid(
          message: "Invalid parameter '\(shown(pair.key))'",
          advice: "rme-guest has measurement-algorithm, personalization-value, measurement-log and hisi-cca-enable")
      }
    }
  }

  /// The value is not measured: one of another length is no reason not to say what the RIM would be.
  private mutating func take(personalization value: JSONValue) throws(Invalid) {
    guard let text = value.text else {
      throw Invalid(message: "Invalid parameter type for 'personalization-value', expected: string")
    }
    guard let bytes = [UInt8](base64: text) else {
      throw Invalid(
        message: "Base64 data '\(shown(text, limit: 100))' is not valid", advice: "64 bytes in base64, which are 88 characters")
    }
    personalization = bytes
    if bytes.count != KVMVirtualMachine.personalizationLength {
      problem = "expecting a Realm Personalization Value of size \(KVMVirtualMachine.personalizationLength), got \(bytes.count)"
    }
  }

  private static func flag(_ pair: OptionText.Pair) throws(Invalid) -> Bool {
    guard let value = pair.value.optionFlag else {
      throw Invalid(message: "Parameter '\(pair.key)' expects 'on' or 'off'")
    }
    return value
  }
}

extension JSONValue {
  /// A switch, as QEMU's options take one.
  var optionFlag: Bool? {
    switch optionText {
    case "on", "yes", "true", "y": true
    case "off", "no", "false", "n": false
    default: nil
    }
  }
}
