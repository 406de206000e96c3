import ArgumentParser
import Engine

/// A token named on the command line: a file, or one that a Realm got in a session.
struct TokenSource: ParsableArguments {
  @Argument(help: ArgumentHelp("Token or session.", valueName: "file"), completion: .file())
  var file: String

  @Option(help: "Which token of a session, from 1; the last without it.")
  var number: Int?

  @OptionGroup var machine: MachineOptions

  func load() throws -> Loaded { try TokenSource.load(file, number, machine) }

  struct Loaded {
    var bytes: [UInt8]
    /// For a token of a session, the key of the machine that made it.
    var platformKey: PublicKey?
  }

  static func load(_ file: String, _ number: Int?, _ machine: MachineOptions) throws -> Loaded {
    guard TokenFile.isSession(file) else {
      return Loaded(bytes: try orComplain { () throws(TokenFile.Failure) in try TokenFile.token(file) })
    }
    let session: Session
    let configuration = try machine.configuration()
    do throws(SessionLoader.Failure) {
      let loaded = try SessionLoader.load(file, configuration)
      SessionLoader.warn(of: loaded.contradiction, in: file)
      session = loaded.session
    } catch {
      complain(error.message)
      throw ExitCode(error.code)
    }
    guard let token = session.token(number) else {
      let count = session.tokens.count
      guard count > 0 else {
        complain("\(file): no Realm gets a token in it (RSI_ATTESTATION_TOKEN_INIT and _CONTINUE to the end)")
        throw Exit.badData
      }
      complain("\(file): has tokens 1 to \(count), not \(number ?? 0)")
      throw Exit.usage
    }
    return Loaded(bytes: token.token.bytes, platformKey: token.platformKey)
  }
}
