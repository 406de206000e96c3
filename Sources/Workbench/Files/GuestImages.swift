import Engine
import FoundationEssentials

/// The images guests are booted from, and whom the relying party trusts.
enum GuestImages {
  /// The path of an image: a file, or the name of a guest in Sessions/guests, such as `model`.
  static func path(_ image: String) -> String { isFile(image) ? image : project(image) ?? image }

  /// The path of a guest of the project, by its name.
  private static func project(_ name: String) -> String? {
    guard !name.isEmpty, !name.contains("/"), !name.contains(".") else { return nil }
    return folders.flatMap { ["\($0)/\(name).elf", "\($0)/\(name).img"] }.first(where: isFile)
  }

  static let names = ["tour", "faults", "kernel", "irq", "fdt", "model", "devices"]

  /// What there is, for who names what there is not.
  private static func others(_ image: String) -> String {
    let near = closest(to: image.lowercased(), among: names)
    return (near.map { "; did you mean \($0)? T" } ?? "; t") + "he project's guests are \(names.joined(separator: ", "))"
  }

  /// The guest that is booted if none is named.
  static let tour = "tour"

  /// Where the project keeps its guests, and its TEE.
  private static var folders: [String] { projectFolders("guests", "secure") }

  /// Where folders of Sessions are: below the working directory, beside the folders the program lies in, or where it was installed to. All
  /// that is installed of the second and further ones is in the first.
  static func projectFolders(_ names: String...) -> [String] {
    var folders = names.map { "Sessions/\($0)" }
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    var folder = (link ?? CommandLine.arguments.first ?? "")[...]
    while let slash = folder.lastIndex(of: "/") {
      folder = folder[..<slash]
      folders += names.map { "\(folder)/Sessions/\($0)" } + ["\(folder)/share/workbench/\(names[0])"]
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
    let bytes: [UInt8]
    do throws(TokenFile.Failure) {
      bytes = try TokenFile.bytes(path, limit: 64 << 20, isPlain: true)
    } catch {
      throw isFile(path) ? error : TokenFile.Failure(message: error.message + others(image), code: error.code)
    }
    do throws(BootImage.Malformed) {
      return try BootImage(bytes, base: RealmVM.ramBase)
    } catch {
      throw TokenFile.Failure(message: "\(path): \(error.message)", code: 65)
    }
  }

  /// Reads the image a script boots: a guest of the project, or a file in the script's folder or below.
  static func load(_ image: String, from script: String) throws(ScriptError) -> BootImage {
    let path = try path(of: image, from: script)
    do throws(TokenFile.Failure) {
      return try load(path)
    } catch {
      throw ScriptError(message: error.message)
    }
  }

  /// Where that image is.
  static func path(of image: String, from script: String) throws(ScriptError) -> String {
    if let project = project(image) { return project }
    do throws(ScriptError) { return try Includes.path(of: image, from: script, to: "boot") } catch {
      throw ScriptError(message: error.message + others(image))
    }
  }

  /// Reads a disk's image, or an initial RAM disk.
  static func file(_ path: String) throws(ScriptError) -> [UInt8] {
    do throws(TokenFile.Failure) {
      return try TokenFile.bytes(path, limit: DiskImage.most, isPlain: true)
    } catch {
      throw ScriptError(message: error.message)
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
      guard let published = given ?? (try? load(ConfidentialModel.guest)) else { return nil }
      do throws(RealmVM.Failure) {
        return try ConfidentialModel.party(trusting: published, options, configuration)
      } catch {
        if let image { complain("--relying-party \(image): \(error.message)") }
        return nil
      }
    }
  }
}
