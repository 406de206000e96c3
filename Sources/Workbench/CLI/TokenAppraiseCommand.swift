import ArgumentParser
import Engine

struct TokenDiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Compares two tokens claim by claim.",
    discussion: "The exit code is 0 if no claim differs, else 1. Signatures are never the same and are not compared.")

  @OptionGroup var first: TokenSource

  @Argument(help: ArgumentHelp("The other token or session.", valueName: "other"), completion: .file())
  var other: String

  @Option(help: "Which token of the other session.")
  var otherNumber: Int?

  @Flag(help: "Prints equal claims too.")
  var all = false

  func run() throws {
    let a = TokenDocument(try first.load().bytes)
    let b = TokenDocument(try TokenSource.load(other, otherNumber, first.machine).bytes)
    let difference = TokenDifference(a, b)
    var out = Output()
    for row in difference.rows where all || !row.isSame {
      let name = "\(row.part.rawValue) \(row.name)"
      if row.isSame {
        out.line("= \(name): \(row.first ?? "")")
      } else {
        out.line("≠ \(name)")
        out.line("    \(row.first ?? "absent")")
        out.line("    \(row.second ?? "absent")")
      }
    }
    for line in difference.lineage { out.line(line) }
    out.flush()
    if !difference.isSame { throw Exit.difference }
  }
}

struct TokenAppraiseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "appraise", abstract: "Holds a token against reference values.",
    discussion: """
      Prints two trust vectors in the terms of AR4SI, each value with its reason. The reference values are a file that \
      `workbench token endorse` writes from a good token. The exit code is 0 if both are affirming, else 1.
      """)

  @OptionGroup var source: TokenSource

  @Option(help: ArgumentHelp("Reference values and trust anchors.", valueName: "file"), completion: .file())
  var reference: String

  @Option(help: ArgumentHelp("What was sent to the Realm, in hexadecimal.", valueName: "hex"))
  var challenge: String?

  @Flag(help: "Prints JSON.")
  var json = false

  mutating func validate() throws {
    if let challenge { try VerificationArguments.validate(challenge: challenge) }
  }

  func run() throws {
    let document = TokenDocument(try source.load().bytes)
    let values: ReferenceValues
    do {
      values = try ReferenceValues(lines: try SessionLoader.read(reference).lines)
    } catch let error as SessionLoader.Failure {
      complain(error.message)
      throw ExitCode(error.code)
    } catch let error as ScriptError {
      complain(error.description(in: reference))
      throw Exit.badData
    }
    let appraisal = Appraisal(document, values, challenge: challenge.flatMap { TokenFile.hexadecimal($0) })
    var out = Output()
    if json {
      out.lines(try JSONText.of(AppraisalJSON(appraisal)))
    } else {
      for line in appraisal.lines { out.line(line) }
      if !appraisal.report.failures.isEmpty || !appraisal.report.warnings.isEmpty {
        out.line("the token is \(appraisal.report.summary)")
      }
    }
    out.flush()
    if appraisal.platform.status != .affirming || appraisal.realm.status != .affirming { throw Exit.difference }
  }
}

/// In the shape of an EAR's submodules.
struct AppraisalJSON: Encodable {
  struct Module: Encodable {
    var status: String
    var vector: [String: Int]
    var reasons: [String: String]

    init(_ vector: TrustVector) {
      status = vector.status.rawValue
      self.vector = [:]
      reasons = [:]
      for entry in vector.entries {
        self.vector[entry.claim.rawValue] = entry.value
        reasons[entry.claim.rawValue] = entry.reason
      }
    }
  }
  var submods: [String: Module]
  var verification: VerificationJSON

  init(_ appraisal: Appraisal) {
    submods = [appraisal.platform.name: Module(appraisal.platform), appraisal.realm.name: Module(appraisal.realm)]
    verification = VerificationJSON(appraisal.report)
  }
}
