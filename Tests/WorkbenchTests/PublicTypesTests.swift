import Foundation
import Testing

/// What the product `Engine` shows of itself: types that an embedder names, and those that come with them.
struct PublicTypesTests {
  /// Why a type is public.
  private enum Reason {
    /// An embedder names it: Documentation/Embedding.md, the packages Benchmarks and Fuzz.
    case document, benchmarks, fuzz
    /// It is what a public declaration of that type takes or gives.
    case of(String)
  }

  private static let types: [String: Reason] = [
    // Attestation
    "Appraisal": .document, "CoRIM": .fuzz, "CoRIM.Part": .of("CoRIM"), "ReferenceValues": .document,
    "TrustVector": .of("Appraisal"), "TrustVector.Tier": .of("Appraisal"), "TrustVector.Entry": .of("TrustVector"),
    "CBORError": .of("TokenDocument"), "HashAlgorithm": .of("RealmSummary"), "PublicKey": .benchmarks,
    "ClaimReading": .of("TokenPart"), "TokenCheck": .benchmarks, "TokenCheck.Link": .of("TokenCheck"),
    "CheckInput": .of("CheckOutcome"), "CheckOutcome": .of("VerificationReport.Finding"),
    "CheckOutcome.Verdict": .of("CheckOutcome"), "TokenDifference": .fuzz, "TokenDifference.Row": .of("TokenDifference"),
    "TokenDocument": .document, "TokenPart": .of("ClaimReading"), "TokenPart.Kind": .of("TokenPart"),
    "TokenProfile": .of("Appraisal"), "VerificationOptions": .document, "VerificationReport": .document,
    "VerificationReport.Verdict": .of("VerificationReport"), "VerificationReport.Finding": .of("VerificationReport"),
    // Machine
    "EntropyDoor": .of("Machine"), "Event": .of("Machine"), "InvariantViolation": .of("Machine"), "Machine": .document,
    "MachineConfiguration": .document, "VCPUKind": .of("MachineConfiguration"), "Action": .of("Machine"),
    "Outcome": .of("Machine"), "SavedState": .document, "SavedState.Malformed": .of("SavedState"), "MemoryAccess": .document,
    "MemoryAccess.Kind": .of("MemoryAccess"), "AccessOutcome": .of("Outcome"), "GranuleProtectionFault": .of("Machine"),
    "GranuleState": .of("MapCell"), "GPI": .of("Event"), "World": .of("Event"), "Decoder": .document,
    "MachineQuery": .of("Session"), "MapCell": .of("Machine"), "MappedRange": .of("Machine"), "RealmSummary": .of("Machine"),
    "RealmSummary.REC": .of("RealmSummary"), "CodeEngine": .benchmarks, "GuestAction": .benchmarks,
    "GuestAction.Kind": .of("GuestAction"), "SwitchSet": .of("Action"), "GuestRegisters": .of("Machine"),
    "Decision": .of("Machine"),
    "Explanation": .of("Session"), "ConditionVerdict": .of("Explanation"), "ConditionVerdict.Verdict": .of("ConditionVerdict"),
    "RIPAS": .of("MappedRange"), "HIPAS": .of("MappedRange"), "RealmState": .of("RealmSummary"), "CCAToken": .fuzz,
    "MintedToken": .benchmarks, "EL3Error": .of("Outcome"), "SMCDisposition": .of("Machine"), "SMCOutcome": .of("Outcome"),
    // Host
    "BootImage": .document, "BootImage.Malformed": .of("BootImage"), "RealmVM": .document, "RealmVM.Options": .document,
    "RealmVM.Ending": .benchmarks, "RealmVM.Failure": .of("RealmVM"),
    // Session
    "GuestControl": .of("ScriptRunner"), "StructureReference": .document, "ExpectationFailure": .of("ScriptRunner"),
    "ScriptError": .of("ReferenceValues"), "ScriptRunner": .document, "ScriptRunner.Report": .of("ScriptRunner"),
    "ScriptLine": .of("ScriptRunner"), "Recording": .document, "Replayer": .document, "Replayer.Difference": .of("Replayer"),
    "Answer": .of("Session"), "Answer.Kind": .of("Answer"), "Answer.Guest": .of("Answer.Kind"), "RunLimits": .of("Session"),
    "Session": .document, "Session.Step": .of("Session"), "Session.Step.Input": .of("Session"), "SessionToken": .of("Session"),
    "StatementResult": .of("ScriptRunner.Report"), "StepList": .of("Session"),
  ]

  /// Public types, each with its public declarations and its cases.
  private struct Surface {
    private(set) var types: Set<String> = []
    private(set) var declarations: [String: [Substring]] = [:]

    /// - Parameter text: a file as the formatter leaves it: what lies in a type is indented.
    mutating func add(_ text: String) {
      let declaration = /^ *(?:@\w+ )*(public )?(?:\w+ )*(?:struct|class|enum|protocol|extension|actor) ([A-Z][\w.]*)/
      var scopes: [(indent: Int, name: Substring)] = []
      for line in text.split(separator: "\n") where line.contains(/\S/) {
        let indent = line.prefix { $0 == " " }.count
        scopes.removeAll { $0.indent >= indent }
        let owner = scopes.map(\.name).joined(separator: ".")
        let type = line.firstMatch(of: declaration)
        if let type, type.1 != nil { types.insert(owner.isEmpty ? String(type.2) : "\(owner).\(type.2)") }
        if line.contains(#/^ *(?:@\w+(?:\(\w+\))? )*(?:public|case) /#) { declarations[owner, default: []].append(line) }
        if let type, line.last != "}" { scopes.append((indent, type.2)) }
      }
    }
  }

  private func text(_ folder: String) throws -> [String] {
    let root = PseudoTerminal.root.appending(path: folder)
    let files = try #require(FileManager.default.enumerator(atPath: root.path))
    return try files.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.map {
      try String(contentsOf: root.appending(path: $0), encoding: .utf8)
    }
  }

  @Test func theEngineShowsWhatAnEmbedderNamesAndNoMore() throws {
    var surface = Surface()
    for file in try text("Sources/Engine") { surface.add(file) }
    let known = Set(Self.types.keys)
    #expect(surface.types.subtracting(known) == [], "public, and not in the list: who outside of the package names it?")
    #expect(known.subtracting(surface.types) == [])
    let document = try String(contentsOf: PseudoTerminal.root.appending(path: "Documentation/Embedding.md"), encoding: .utf8)
    let benchmarks = try text("Benchmarks/Sources").joined()
    let fuzz = try text("Fuzz/Sources").joined()
    for (type, reason) in Self.types {
      let name = try Regex("\\b\(type.split(separator: ".").last ?? "")\\b").wordBoundaryKind(.simple)
      let isNamed =
        switch reason {
        case .document: document.contains(name)
        case .benchmarks: benchmarks.contains(name)
        case .fuzz: fuzz.contains(name)
        case .of(let other):
          surface.types.contains(other)
            && (surface.declarations[other] ?? []).contains { !$0.hasSuffix("enum \(type) {") && $0.contains(name) }
        }
      #expect(isNamed, "\(type): \(reason)")
    }
  }
}
