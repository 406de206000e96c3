import ArgumentParser
import Engine

/// The Realm that a command line of QEMU or kvmtool would make, as `measure` predicts it.
struct MeasuredVMM {
  let steps: [MeasurementStep]
  private let prediction: RealmPrediction

  /// Whether the words of the command line begin with a VMM's name, or are the file of a domain.
  static func isNamed(by words: [String]) -> Bool {
    ["qemu", "lkvm"].contains(words.first) || words.count == 1 && words[0].hasSuffix(".xml")
  }

  /// The program's arguments, with a VMM's behind a `--`: they look like options, and are not ours.
  static func separated(_ arguments: [String]) -> [String] {
    guard arguments.first == "measure", !arguments.contains("--") else { return arguments }
    let valued = ["--diff", "--realm", "--diff-realm", "--index", "--capabilities", "--dtb", "--machine", "--rmm"]
    let place = arguments.indices.first { index in
      isNamed(by: [arguments[index]]) && !valued.contains(arguments[index - 1])
    }
    guard let place else { return arguments }
    return arguments[..<place] + ["--"] + arguments[place...]
  }

  init(_ words: [String], capabilities: String?, dtb: String?, _ configuration: MachineConfiguration) throws {
    let host = try capabilities.map { try Self.capabilities($0) } ?? HostCapabilities(features: configuration.featureRegister0)
    let tree = try dtb.map { path in
      try orComplain { () throws(TokenFile.Failure) in try TokenFile.bytes(path, limit: 1 << 20, isPlain: true) }
    }
    var (words, folder) = (words, "")
    if words[0].hasSuffix(".xml") {
      folder = words[0].lastIndex(of: "/").map { String(words[0][...$0]) } ?? ""
      words = try Self.domain(words[0], configuration)
    }
    let files = GuestFiles { [folder] name throws(GuestFiles.Unreadable) in
      do throws(TokenFile.Failure) {
        return try TokenFile.bytes(name.hasPrefix("/") ? name : folder + name, limit: 256 << 20, isPlain: true)
      } catch {
        throw GuestFiles.Unreadable(message: error.message)
      }
    }
    do throws(RealmPrediction.Failure) {
      prediction = try RealmPrediction(words, host, tree: tree, files)
      steps = prediction.steps
    } catch {
      complain(error.message)
      throw Exit.badData
    }
  }

  /// The command line libvirt makes of a domain.
  private static func domain(_ path: String, _ configuration: MachineConfiguration) throws -> [String] {
    let bytes = try orComplain { () throws(TokenFile.Failure) in try TokenFile.bytes(path, limit: 1 << 20, isPlain: true) }
    do throws(LibvirtError) {
      let capabilities = EmulatorCapabilities(hostCPUs: configuration.peCount)
      return ["qemu"] + (try LibvirtDaemon.command(of: bytes, capabilities)).arguments.dropFirst()
    } catch {
      complain("\(path):\(error.place.map { "\($0.text): " } ?? "")\(error.message)")
      throw Exit.badData
    }
  }

  private static func capabilities(_ path: String) throws -> HostCapabilities {
    do {
      return try HostCapabilities(lines: try SessionLoader.read(path, isPlain: true).lines)
    } catch let error as SessionLoader.Failure {
      complain(error.message)
      throw ExitCode(error.code)
    } catch let error as HostCapabilities.Malformed {
      complain("\(path):\(error.line): \(error.message)")
      throw Exit.badData
    }
  }

  /// What there is to say of the command line besides.
  func remarks(isBrief: Bool) -> [String] {
    var remarks = prediction.problems.map { "the VMM would end at once: \($0)" }
    if !isBrief, !prediction.withoutMeaning.isEmpty {
      remarks.append("without a meaning for the RIM: \(prediction.withoutMeaning.joined(separator: ", "))")
    }
    return remarks
  }
}
