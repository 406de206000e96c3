import Engine
import Testing

/// What follows from a command's declaration and its one line in the list.
struct CommandListTests {
  private static func names(_ interface: Interface) -> [String] {
    Commands.all.filter { $0.interface == interface }.map(\.name)
  }

  /// What dispatch takes for the highest output is the highest that is declared.
  @Test(arguments: Commands.all.map(\.name))
  func answersReachAsFarAsTheOutputs(_ name: String) throws {
    let command = try #require(Commands.named(name))
    #expect(command.lastOutput == max(3, command.outputs.map(\.register).max() ?? 0))
  }

  @Test func eachHasASectionOfItsOwn() {
    #expect(Set(Commands.all.map(\.section)).count == Commands.all.count)
    #expect(Commands.named("RMI_GRANULE_DELEGATE")?.section == "DEN0137 B4.3.5")
    #expect(Commands.all.allSatisfy { $0.section.contains(/^DEN0137 B[456]\.3\.\d+$/) })
    #expect(FFACalls.all.allSatisfy { $0.section.contains(/^DEN0077A 1\.[12] \d+\.\d+$/) || $0.interface == .platform })
  }

  /// PSCI_FEATURES knows every PSCI command, and none by its SMC32 alias but in TF-RMM (D39).
  @Test(arguments: [Policy.spec, .tfRMM])
  func featuresAreTheCommandsOfTheList(_ policy: Policy) throws {
    var configuration = MachineConfiguration()
    configuration.policy = policy
    let script = Script(configuration)
    try script.run(Script.activeRealm)
    for command in Commands.all where command.interface == .psci {
      // D18: TF-RMM denies PSCI_VERSION.
      let isDenied = command.name == "PSCI_VERSION" && policy == .tfRMM
      try script.run("PSCI_FEATURES \(command.name)\nguest expect \(isDenied ? "PSCI_NOT_SUPPORTED" : "PSCI_SUCCESS")")
      guard let alias = command.alias else { continue }
      try script.run(
        "PSCI_FEATURES \(hex(UInt64(alias)))\nguest expect \(policy == .tfRMM ? "PSCI_SUCCESS" : "PSCI_NOT_SUPPORTED")")
    }
    try script.run("RMI_REC_ENTER rec run\nexpect RMI_SUCCESS")
    script.runner.finish(file: "test")
    #expect(script.runner.failures == [])
  }

  /// A PSCI call leaves the Realm exactly when its explanation says so, and the Host is told which it is.
  @Test(arguments: names(.psci))
  func explanationsTellWhetherAPSCICallLeaves(_ name: String) throws {
    let command = try #require(Commands.named(name))
    let script = Script()
    try script.run(Script.activeRealm)
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = UInt64(command.fid)
    let explanation = script.session.explanation(of: command, x)
    try script.run("guest smc \(name)\nRMI_REC_ENTER rec run\nexpect RMI_SUCCESS")
    let exit = try #require(script.session.lastStep?.result.exit)
    #expect((explanation.status == "exit to the Host") == (exit.reason == .psci))
    if exit.reason == .psci { #expect(exit.fields.contains { $0.name == "gpr0" && $0.value == UInt64(command.fid) }) }
  }

  /// The version commands have no condition and refuse all the same: explanations know.
  @Test func explanationsTellWhichRevisionIsRefused() throws {
    let session = Session(MachineConfiguration())
    let version = try #require(Commands.named("RMI_VERSION"))
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[1] = 0x1_0000
    #expect(session.explanation(of: version, x).status == "RMI_SUCCESS")
    x[1] = 0x2_0000
    #expect(session.explanation(of: version, x).status == "RMI_ERROR_INPUT")
  }

  /// The random driver makes every call there is, whether or not it has a line of its own for it.
  @Test func theRandomDriverMakesEveryCall() {
    let configuration = RandomDriver.configuration(.spec)
    var machine = Machine(configuration)
    machine.tracing = false
    var driver = RandomDriver(seed: 5, configuration)
    var missing = Set(Commands.all.map(\.fid))
    for _ in 0..<20_000 {
      if missing.isEmpty { break }
      let action = driver.next(machine)
      switch action {
      case .smc(_, let x): missing.remove(UInt32(truncatingIfNeeded: x[0]))
      case .guest(let call) where call.kind == .smc: missing.remove(UInt32(truncatingIfNeeded: call.x[0]))
      default: break
      }
      _ = machine.perform(action)
    }
    #expect(missing.map { Commands.name(of: UInt64($0)) } == [])
  }
}
