/// What runs in the Secure world.
package enum SecureSoftware: String, Sendable, CaseIterable {
  /// Nothing that answers calls: EL3 knows none of FF-A.
  case none = "off"
  /// A partition manager at S-EL2, with partitions that do what a person has them do.
  case spmc
  /// The same, but the first partition executes A64 code.
  case tee
}
