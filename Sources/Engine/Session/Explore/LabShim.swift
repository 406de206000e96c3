import Machine
extension MachineConfiguration {
  func without(_ name: String) -> MachineConfiguration? { nil }
  var isLab: Bool { false }
}
