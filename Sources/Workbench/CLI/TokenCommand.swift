import ArgumentParser
import Engine
import FoundationEssentials
import Views

struct TokenCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Verifies, shows and compares attestation tokens.",
    discussion: """
      A FILE is a token as bytes, in hexadecimal or in base64; - is standard input. It can also be a session: then it stands for \
      the last token a Realm got in it, or for --number N.
      """,
    subcommands: [
      TokenViewCommand.self, TokenVerifyCommand.self, TokenShowCommand.self, TokenDiffCommand.self, TokenAppraiseCommand.self,
      TokenEndorseCommand.self, TokenExportCommand.self, TokenKeyCommand.self, TokenChecksCommand.self,
    ])
}

/// The options with which a token is verified.
struct VerificationArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The platform's public key, in PEM or as a JWK.", valueName: "file"), completion: .file())
  var key: String?

  @Option(help: ArgumentHelp("What was sent to the Realm, in hexadecimal.", valueName: "hex"))
  var challenge: String?

  @Option(
    help: ArgumentHelp(
      "Accept only this profile: \(TokenProfile.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
  var profile: String?

  func options() throws -> VerificationOptions {
    var options = VerificationOptions()
    if let key { options.platformKey = try orComplain { () throws(TokenFile.Failure) in try TokenFile.key(key) } }
    if let challenge { options.challenge = TokenFile.hexadecimal(challenge) }
    options.profile = profile.flatMap { TokenProfile(rawValue: $0) }
    return options
  }

  mutating func validate() throws {
    if let challenge { try Self.validate(challenge: challenge) }
    if let profile, TokenProfile(rawValue: profile) == nil {
      throw ValidationError(
        "--profile is one of \(TokenProfile.allCases.map(\.rawValue).joined(separator: ", ")), not \"\(shown(profile))\"")
    }
  }
}

extension VerificationArguments {
  static func validate(challenge: String) throws {
    guard let bytes = TokenFile.hexadecimal(challenge), (1...64).contains(bytes.count) else {
      throw ValidationError("--challenge is 1 to 64 bytes in hexadecimal, not \"\(shown(challenge))\"")
    }
  }
}

struct TokenVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Holds a token to every rule, offline.",
    discussion: """
      Every check is evaluated, whatever fails before: ✓ passed, ✗ failed, ! failed but only advises, · not evaluated. The exit \
      code is 0 if the token is accepted, 1 if it is refused or if a mandatory check could not be evaluated.
      """)

  @OptionGroup var source: TokenSource

  @OptionGroup var verification: VerificationArguments

  @Flag(help: "Shows what every check looked at, not only those that failed.")
  var inputs = false

  @Flag(help: "Prints JSON.")
  var json = false

  func run() throws {
    let token = try source.load()
    var options = try verification.options()
    options.platformKey = options.platformKey ?? token.platformKey
    let report = VerificationReport(TokenDocument(token.bytes), options)
    var out = Output()
    if json {
      out.lines(try JSONText.of(VerificationJSON(report)))
    } else {
      for line in report.lines(inputs: inputs) { out.line(line) }
    }
    out.flush()
    if report.verdict != .accepted { throw Exit.difference }
  }
}

struct TokenShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Prints a token in words, or byte for byte.")

  @OptionGroup var source: TokenSource

  @Flag(help: "Prints every CBOR head with its offset.")
  var bytes = false

  func run() throws {
    let document = TokenDocument(try source.load().bytes)
    var out = Output()
    for line in bytes ? document.dump : document.lines { out.line(line) }
    out.flush()
    if let error = document.error {
      complain("\(source.file): \(error.message)")
      throw Exit.badData
    }
  }
}

struct TokenViewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "view", abstract: "Opens a token in the terminal: claims, bytes, checks, chain, appraisal.")

  @Argument(help: ArgumentHelp("Token.", valueName: "file"), completion: .file())
  var file: String

  @Option(help: ArgumentHelp("The platform's public key, in PEM or as a JWK.", valueName: "file"), completion: .file())
  var key: String?

  func run() throws {
    guard !TokenFile.isSession(file) else {
      complain("\(file) is a session; open it with: workbench \(file), and press \(KeyBindings.standard[.token])")
      throw Exit.usage
    }
    let view = try TokenFile.view(file, key: key)
    try OpenCommand.parse(["--no-record"]).run(on: nil, nil) { state in
      state.token.file = view
      state.screen = .token
      state.name = view.name
    }
  }
}

struct TokenChecksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checks", abstract: "Prints the table of all checks, in Markdown.")

  func run() throws {
    var out = Output()
    for line in TokenCheck.reference { out.line(line) }
    out.flush()
  }
}

/// Values as JSON, with sorted keys.
enum JSONText {
  static func of(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return shownJSON(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}

struct VerificationJSON: Encodable {
  struct Input: Encodable {
    var label: String
    var bytes: String
    var offset: Int?
  }
  struct Check: Encodable {
    var name: String
    var weight: String
    var verdict: String
    var sentence: String
    var meaning: String
    var rule: String
    var inputs: [Input]
  }
  var verdict: String
  var summary: String
  var envelope: String
  var profile: String?
  var size: Int
  var checks: [Check]

  init(_ report: VerificationReport) {
    verdict = report.verdict.rawValue
    summary = report.summary
    envelope = report.document.envelope.name
    profile = TokenProfile(report.document)?.rawValue
    size = report.document.bytes.count
    checks = report.findings.map { finding in
      Check(
        name: finding.check.name, weight: finding.check.weight.rawValue, verdict: finding.outcome.verdict.rawValue,
        sentence: finding.outcome.sentence, meaning: finding.check.meaning, rule: finding.check.rule,
        inputs: finding.outcome.inputs.map {
          Input(label: $0.label, bytes: hexBytes($0.bytes), offset: $0.range?.lowerBound)
        })
    }
  }
}
