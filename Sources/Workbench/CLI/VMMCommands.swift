import ArgumentParser
import Engine

struct QEMUCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "qemu", abstract: "Runs the guest of a QEMU command line, in a Realm if it has -object rme-guest.",
    discussion: """
      All arguments are QEMU's: workbench qemu -M virt,confidential-guest-support=rme0 -object rme-guest,id=rme0 -accel kvm \
      -cpu host -m 64M -kernel Image -nographic. Those that guests of Arm CCA use are known, others are refused by name. The guest's \
      console is printed, and takes what is typed, until Ctrl-a x; -qmp stdio, or -qmp unix:PATH,server=on,wait=off, is a monitor for a QMP client. SIGINT and SIGTERM end it. \
      -M dumpdtb=FILE writes the device tree to a new file instead. measure qemu says what the Realm's RIM will be.
      """)

  @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("Arguments of qemu-system-aarch64.", valueName: "argument"))
  var arguments: [String] = []

  func run() throws {
    let host = VMMHost()
    let process: QEMUProcess
    do throws(VMMRefusal) {
      let commandLine = try QEMUCommandLine(arguments)
      if let name = commandLine.machine.dumpDTB {
        if let problem = commandLine.problems.first { throw problem }
        return try dump(VirtDeviceTree(QEMULoad(commandLine, host.capabilities, host.files)).blob, to: name)
      }
      process = try QEMUProcess(
        commandLine, host.session(commandLine.memory.size, hasFlash: !commandLine.isRealm), host.capabilities, host.files)
    } catch {
      complain(error.sentence)
      throw Exit.difference
    }
    let backend = process.commandLine.monitors.first { $0.mode == .control }?.backend
    let client: QMPConnection?
    do throws(QMPConnection.Failure) {
      client = try backend.map { (text) throws(QMPConnection.Failure) in
        try QMPConnection(text, greeting: process.monitor.greeting)
      }
    } catch {
      complain("qemu-system-aarch64: \(error.message)")
      throw Exit.difference
    }
    let console = BootConsole(isShown: client?.hasStandardStreams != true, outlivesPipe: false)
    process.vm.onConsole = { console.take($0) }
    let input = ConsoleInput(console, isUsed: client?.hasStandardStreams != true)
    serve(process, client, console, input)
    console.finish()
    input.leave()
    for line in process.errors { complain(line.text) }
    if let code = process.exitCode, code != 0 { throw ExitCode(Int32(code)) }
  }

  private func dump(_ tree: [UInt8], to name: String) throws(VMMRefusal) {
    do throws(NewFile.Failure) { try NewFile.write(tree, to: name) } catch {
      throw VMMRefusal(.qemu, "\(shown(name)): Failed dumping dtb to \(shown(name))", advice: error.message)
    }
    complain("qemu-system-aarch64: info: dtb dumped to \(name). Exiting.")
  }

  /// What is said at the end of a guest that a real QEMU would wait for.
  private static let asleep =
    "the guest waits for an interrupt that nothing makes, and there is no monitor to end it by: a real QEMU would wait for ever"

  /// Entries between two looks at the client.
  private static let slice = 64

  private func serve(_ process: QEMUProcess, _ client: QMPConnection?, _ console: BootConsole, _ input: ConsoleInput) {
    StopSignal.take(isPatient: true)
    defer { StopSignal.leave() }
    while process.exitCode == nil {
      if StopSignal.pending != nil {
        let events = process.terminate(by: 1, named: "<unknown process>")
        client?.send(events)
        return
      }
      input.type(into: process.vm)
      if input.isLeft { return }
      let isIdle = !process.isRunning || process.isAsleep
      // Nobody can let it go on any more.
      if isIdle, client?.isOpen != true {
        if process.isRunning, input.canCome {
          input.type(into: process.vm, wait: 200)
          continue
        }
        if process.isRunning { complain(Self.asleep) }
        return
      }
      if let text = client?.receive(wait: isIdle ? 200 : 0) { client?.send(process.take(text)) }
      let events = process.run(entries: Self.slice)
      client?.send(events)
      console.flush()
    }
  }
}

struct LkvmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lkvm", abstract: "Runs the guest of a kvmtool command line, in a Realm with --realm.",
    discussion: """
      All arguments are kvmtool's: workbench lkvm run --realm -c 2 -m 64M -k Image. The guest's console is printed, and takes what is \
      typed, until Ctrl-a x. SIGINT and SIGTERM end it. measure lkvm run says what the Realm's RIM will be.
      """)

  @Argument(parsing: .captureForPassthrough, help: ArgumentHelp("run, and its arguments.", valueName: "argument"))
  var arguments: [String] = []

  func run() throws {
    guard arguments.first == "run" else { throw ValidationError("expected lkvm run ARGUMENT…") }
    let host = VMMHost()
    let vm: RealmVM
    do throws(VMMRefusal) {
      let commandLine = try KvmtoolCommandLine(Array(arguments.dropFirst()))
      // Without --realm kvmtool runs an ordinary guest.
      if commandLine.isRealm, let problem = commandLine.problems.first { throw problem }
      let load = try KvmtoolLoad(commandLine, host.capabilities, host.files)
      let plan = try load.plan()
      vm = RealmVM(host.session(load.options.memory), load.options)
      do throws(RealmVM.Failure) {
        try vm.build(plan)
      } catch {
        throw VMMRefusal(.kvmtool, error.message)
      }
    } catch {
      complain(error.sentence)
      throw Exit.difference
    }
    let console = BootConsole(isShown: true, outlivesPipe: false)
    vm.onConsole = { console.take($0) }
    StopSignal.take(isPatient: true)
    defer { StopSignal.leave() }
    var ending: RealmVM.Ending?
    let input = ConsoleInput(console, isUsed: true)
    while ending == nil, StopSignal.pending == nil, !input.isLeft {
      input.type(into: vm)
      ending = vm.run(entries: 64)
      console.flush()
    }
    console.finish()
    input.leave()
    if case .failed(let why) = ending {
      complain(why)
      throw Exit.difference
    }
  }
}

/// The host that `qemu` and `lkvm` run on: the usual machine, with DRAM for the guest.
private struct VMMHost {
  let configuration: MachineConfiguration = {
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    return configuration
  }()

  var capabilities: HostCapabilities { HostCapabilities(features: configuration.featureRegister0) }

  /// - Parameters:
  ///   - memory: the guest's.
  ///   - hasFlash: whether it may fill flash beside it.
  func session(_ memory: UInt64, hasFlash: Bool = false) -> Session {
    var configuration = configuration
    let wanted = 2 * min(memory, RealmVM.mostMemory) + (hasFlash ? GuestMachine.flashSize : 0) + 64 << 20
    configuration.wantDRAM(wanted)
    return Session(configuration, keepsHistory: false)
  }

  var files: GuestFiles {
    GuestFiles { name throws(GuestFiles.Unreadable) in
      do throws(TokenFile.Failure) {
        return try TokenFile.bytes(name, limit: 256 << 20, isPlain: true)
      } catch {
        throw GuestFiles.Unreadable(message: error.message)
      }
    }
  }
}
