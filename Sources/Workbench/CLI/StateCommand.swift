import ArgumentParser
import Engine

struct StateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "state", abstract: "Keeps the state of a machine in a file, and reads it again.",
    subcommands: [StateSaveCommand.self, StateShowCommand.self])
}

struct StateSaveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "save", abstract: "Writes the state a script or a recording leads to into a new file.")

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  @Option(help: "The state after so many steps, instead of that at the end.")
  var at: Int?

  @OptionGroup var machine: MachineOptions

  func run() throws {
    let configuration = try machine.configuration()
    let session: Session
    do throws(SessionLoader.Failure) {
      let loaded = try SessionLoader.load(file, configuration)
      SessionLoader.warn(of: loaded.contradiction, in: file)
      session = loaded.session
    } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
    if let at {
      guard (0...session.steps.count).contains(at) else {
        complain("there is no step \(at); \(shown(file, limit: .max)) has 0 to \(session.steps.count)")
        throw Exit.usage
      }
      session.seek(at)
    }
    do throws(NewFile.Failure) {
      try NewFile.write(session.savedState(), to: output)
    } catch {
      complain(error.message)
      throw error.code
    }
  }
}

struct StateShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Checks the state in a file and says what machine it is of.")

  @Argument(help: ArgumentHelp("A state that was saved.", valueName: "file"), completion: .file())
  var file: String

  func run() throws {
    let bytes = try orComplain { () throws(TokenFile.Failure) in try TokenFile.bytes(file, limit: 1 << 30, isPlain: true) }
    var out = Output()
    do throws(SavedState.Malformed) {
      var machine = try SavedState.machine(bytes)
      out.line("machine \(machine.configuration.propertyText)")
      out.line("digest \(hex(machine.digest()))")
      for realm in machine.realmSummaries() {
        out.line("realm \(hex(realm.rd)) \(realm.state.name), \(realm.recs.count) RECs, RIM \(hexBytes(realm.measurements[0]))")
      }
      if let panic = machine.control.panic { out.line(panic.text) }
    } catch {
      complain("\(shown(file, limit: .max)): \(error.message)")
      throw Exit.badData
    }
    out.flush()
  }
}
