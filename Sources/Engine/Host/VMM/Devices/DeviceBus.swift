/// A device a VMM emulates, at an address of the guest's: each access that exits to user space is one call.
package protocol Device: AnyObject {
  /// Where its registers are.
  var range: Range<UInt64> { get }
  /// - Parameter size: bytes.
  func read(_ offset: UInt64, size: UInt64) -> UInt64
  func write(_ offset: UInt64, size: UInt64, _ value: UInt64)
}

/// Which device is at an address.
package struct DeviceBus {
  private let devices: [any Device]

  package init(_ devices: [any Device]) {
    let order = devices.sorted { $0.range.lowerBound < $1.range.lowerBound }
    let isDisjoint = zip(order, order.dropFirst()).allSatisfy { $0.range.upperBound <= $1.range.lowerBound }
    precondition(isDisjoint, "two devices in one place")
    self.devices = order
  }

  package func device(at address: UInt64) -> (any Device)? { devices.first { $0.range.contains(address) } }
}
