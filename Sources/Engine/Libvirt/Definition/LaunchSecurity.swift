/// `<launchSecurity type='cca'>` as openEuler's libvirt takes it: words that it hands to QEMU as they are.
package struct LaunchSecurity: Equatable, Sendable {
  package var measurementAlgorithm: String?
  package var personalizationValue: String?
  package var measurementLog: Bool?
  package var hisiCCA: Bool?
  package var place = XMLPlace(line: 1, column: 1)

  /// The id of QEMU's object: openEuler's name, which upstream calls lsec0.
  package static let objectID = "rme0"
}

/// The three ways the CCA element is written, which disagree.
package enum CCAForm: String, Sendable, CaseIterable {
  /// openEuler's usage guide: algorithm, personalization value and log are children.
  case guide = "usage guide"
  /// openEuler's code and its formatdomain: the log is an attribute.
  case code = "openEuler's libvirt"
  /// The Kunpeng guide: hisi-cca-enable alone, and a tmm-guest object by qemu:commandline.
  case kunpeng = "Kunpeng guide"
  /// Nothing that would tell.
  case plain = "no particular"
}
