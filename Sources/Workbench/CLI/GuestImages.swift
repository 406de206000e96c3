import Engine
import FoundationEssentials

/// The images guests are booted from, and whom the relying party trusts.
enum GuestImages {
  /// The guest a relying party trusts if nobody says otherwise.
  static let sealedModel = "model"

  /// The path of an image: a file, or the name of a guest in Sessions/guests, such as `model`.
  static func path(_ image: String) -> String {
    guard !image.isEmpty, !image.contains("/"), !image.contains("."), !isFile(image) else { return image }
    return folders.map { "\($0)/\(image).elf" }.first(where: isFile) ?? image
  }

  /// The guest that is booted if none is named.
  static let tour = "tour"

  /// Where the project keeps its guests: below the working directory, beside the folders the program lies in, or where it was
  /// installed to.
  private static var folders: [String] {
    var folders = ["Sessions/guests"]
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var folder = (link ?? CommandLine.arguments.first ?? "")[...]
    while let slash = folder.lastIndex(of: "/") {
      folder = folder[..<slash]
      folders += ["\(folder)/Sessions/guests", "\(folder)/share/workbench/guests"]
    }
    return folders
  }

  /// The path of a benchmark's program; just its name if there is none.
  static func benchmark(_ name: String) -> String {
    folders.map { "\($0)/../../Benchmarks/guests/\(name)" }.first(where: isFile) ?? name
  }

  private static func isFile(_ path: String) -> Bool {
    var isDirectory = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory
  }

  /// Reads an image by its path or name.
  static func load(_ image: String) throws(TokenFile.Failure) -> BootImage {
    let path = path(image)
    let bytes = try TokenFile.bytes(path, limit: 64 << 20)
    do throws(BootImage.Malformed) {
      return try BootImage(bytes, base: RealmVM.ramBase)
    } catch {
      throw TokenFile.Failure(message: "\(path): \(error.message)", code: 65)
    }
  }

  /// What makes a relying party when a guest first speaks to one; it makes nil if what it shall trust cannot be had.
  ///
  /// - Parameter image: the guest it trusts. Nil for the sealed model of the project, which need not be there.
  static func relyingParty(
    trusting image: String?, _ options: RealmVM.Options, _ configuration: MachineConfiguration
  ) throws(TokenFile.Failure) -> () -> RelyingParty? {
    let given: BootImage? = if let image { try load(image) } else { nil }
    return {
      guard let published = given ?? (try? load(sealedModel)) else { return nil }
      do throws(RealmVM.Failure) {
        return try ConfidentialModel.party(trusting: published, options, configuration)
      } catch {
        if let image { complain("--relying-party \(image): \(error.message)") }
        return nil
      }
    }
  }
}
