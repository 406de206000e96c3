/// What QEMU says a guest does (RunState).
package enum QEMURunState: String, Sendable {
  case prelaunch
  case running
  case paused
  /// The guest has turned itself off, and QEMU stays (-no-shutdown).
  case shutdown
  case internalError = "internal-error"
}

/// What a monitor command has QEMU do.
package enum QEMUAct: Equatable, Sendable {
  case resume
  case pause
  /// The power button.
  case powerDown
  case reset
  /// It says that its vCPUs cannot be reset.
  case refuseReset
  case quit
}
