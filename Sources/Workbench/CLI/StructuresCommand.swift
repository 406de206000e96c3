import ArgumentParser
import Engine

struct StructuresCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "structures", abstract: "Prints the reference of all structures in memory, in Markdown.",
    discussion: "With --at, says which field of which structure lies at an address at the end of a session, and what it is for.")

  @Argument(help: "One structure instead of all.", completion: .list(StructureReference.names))
  var structure: String?

  @Option(help: ArgumentHelp("A physical address.", valueName: "pa"))
  var at: String?

  @Option(help: ArgumentHelp("Script or recording to run first.", valueName: "file"), completion: .file())
  var after: String?

  @OptionGroup var machine: MachineOptions

  mutating func validate() throws {
    if structure != nil, at != nil { throw ValidationError("a structure, or --at PA, not both") }
    if after != nil, at == nil { throw ValidationError("--after is for --at PA") }
  }

  func run() throws {
    var out = Output()
    defer { out.flush() }
    if let at { return try say(at, &out) }
    guard let structure else {
      for line in StructureReference.all() { out.line(line) }
      return
    }
    guard let page = StructureReference.page(named: structure) else {
      let near = closest(to: structure.lowercased(), among: StructureReference.names)
      complain(
        "unknown structure \"\(shown(structure))\"; "
          + (near.map { "did you mean \($0)?" } ?? "there are \(StructureReference.names.joined(separator: ", "))"))
      throw Exit.usage
    }
    for line in page { out.line(line) }
  }

  private func say(_ address: String, _ out: inout Output) throws {
    let configuration = try machine.configuration()
    let value: UInt64
    do throws(ScriptError) {
      value = try StatementParser(line: 0, names: ScriptNames()).value(address)
    } catch {
      complain(error.message)
      throw Exit.usage
    }
    let session: Session
    do throws(SessionLoader.Failure) {
      session =
        try after.map { file throws(SessionLoader.Failure) in try SessionLoader.load(file, configuration).session }
        ?? Session(configuration)
    } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
    guard let place = session.fieldPlace(at: value, nearStep: session.position) else {
      complain("\(hex(value)): no field of a structure lies there, as far as the last calls tell")
      throw Exit.difference
    }
    out.line("\(hex(value)): \(place.text), \(place.width) byte\(place.width == 1 ? "" : "s"): \(place.meaning)")
  }
}
