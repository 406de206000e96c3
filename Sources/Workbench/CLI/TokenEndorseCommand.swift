import ArgumentParser
import Engine
import FoundationEssentials

struct TokenEndorseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "endorse", abstract: "Makes reference values of a good token.",
    discussion: """
      The token must verify first. Forms: text, which `token appraise` reads; corim-platform and corim-realm, unsigned CoRIMs in \
      CBOR; comid-platform, comid-anchor and comid-realm, templates in JSON for cocli, with the profiles veraison uses for CCA \
      (2025). A platform that is not secured is endorsed as well, with a warning.
      """)

  enum Form: String, CaseIterable {
    case text
    case corimPlatform = "corim-platform"
    case corimRealm = "corim-realm"
    case comidPlatform = "comid-platform"
    case comidAnchor = "comid-anchor"
    case comidRealm = "comid-realm"
  }

  @OptionGroup var source: TokenSource

  @OptionGroup var verification: VerificationArguments

  @Option(help: ArgumentHelp("\(Form.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "form"))
  var form: String = "text"

  @Option(
    help: ArgumentHelp("Names the CoRIM and its CoMIDs; without it, they are named after what they hold.", valueName: "text"))
  var id: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Writes a new file; - is standard output.", valueName: "file"))
  var output: String = "-"

  mutating func validate() throws {
    guard Form(rawValue: form) != nil else {
      throw ValidationError("--form is one of \(Form.allCases.map(\.rawValue).joined(separator: ", ")), not \"\(shown(form))\"")
    }
    if let id, id.allSatisfy(\.isWhitespace) {
      throw ValidationError("--id is empty; it names the CoRIM, as in --id my-platform, or can be left out")
    }
  }

  func run() throws {
    let token = try source.load()
    var options = try verification.options()
    options.platformKey = options.platformKey ?? token.platformKey
    let document = TokenDocument(token.bytes)
    let report = VerificationReport(document, options)
    guard report.verdict == .accepted else {
      complain("\(source.file): no reference values from a token that is \(report.summary)")
      throw Exit.difference
    }
    let values = ReferenceValues(document, key: options.platformKey)
    warn(values, report)
    let bytes: [UInt8]
    switch Form(rawValue: form) ?? .text {
    case .text: bytes = Array(values.text.utf8)
    case .corimPlatform: bytes = CoRIM.encoded(values, .platform, id: id)
    case .corimRealm: bytes = CoRIM.encoded(values, .realm, id: id)
    case .comidPlatform: bytes = Array((try JSONText.of(CoMIDTemplate(platform: values, id: id)) + "\n").utf8)
    case .comidAnchor: bytes = Array((try JSONText.of(CoMIDTemplate(anchors: values, id: id)) + "\n").utf8)
    case .comidRealm: bytes = Array((try JSONText.of(CoMIDTemplate(realm: values, id: id)) + "\n").utf8)
    }
    try NewFile.writeOrComplain(bytes, to: output)
  }

  /// What somebody should know before anything is trusted for these values: they are good only if the token is.
  private func warn(_ values: ReferenceValues, _ report: VerificationReport) {
    for state in values.lifecycles ?? [] where state != .secured {
      complain(
        "warning: the platform's life cycle is \(state.name), not secured: what its token says may be whoever's who debugs it")
    }
    for name in report.warnings {
      complain("warning: \(name): \(report.finding(name)?.outcome.sentence ?? "")")
    }
  }
}

struct TokenExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes a token of a session to a file.")

  @OptionGroup var source: TokenSource

  @Option(name: .shortAndLong, help: ArgumentHelp("A new file; - is standard output.", valueName: "file"))
  var output: String

  @Flag(help: "Writes base64 instead of bytes.")
  var base64 = false

  func run() throws {
    let token = try source.load()
    try NewFile.writeOrComplain(base64 ? Array((Data(token.bytes).base64EncodedString() + "\n").utf8) : token.bytes, to: output)
  }
}

struct TokenKeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Prints the public platform key of a machine, in PEM.",
    discussion: "It follows from the machine's properties, and signs its platform tokens; nothing it signs is a secret's guard.")

  @OptionGroup var machine: MachineOptions

  func run() throws {
    var machine = Machine(try machine.configuration())
    var out = Output()
    out.lines(machine.platformPublicKey().pem)
    out.flush()
  }
}
