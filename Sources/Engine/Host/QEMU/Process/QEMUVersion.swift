import Basics

/// Which QEMU this is: to its monitor, in its event log, and to libvirt, one and the same.
///
/// It is 7.2.22, with openEuler's rme-guest added. openEuler itself ships that in 8.2.0; but what a person can compare with a real one
/// here, command lines, machine types, device trees and the talk of a monitor, was compared with 7.2, and the newest machine type of
/// virt (`virt-7.2`) stands in every domain's XML. libvirt's own constant (`EmulatorCapabilities.qemuVersion`) is held to this by a test.
package enum QEMUVersion {
  static let (major, minor, micro): (Int64, Int64, Int64) = (7, 2, 22)
  package static let text = "\(major).\(minor).\(micro)"

  /// As query-version and the greeting have it; a QEMU that no distribution has packaged has no package.
  static let value = JSONValue.object([
    "qemu": .object(["micro": .integer(micro), "minor": .integer(minor), "major": .integer(major)]),
    "package": .string(""),
  ])
}
