import Engine
import SystemPackage

/// The host's files as libvirt's model may have them: plain files, and none whose symbolic links lead out of the folder that lets it in.
struct HostFiles: FileSource {
  /// Bytes of the largest image that is read.
  static let mostBytes = 1 << 30

  func exists(_ file: PermittedFile) -> Bool { real(file) != nil }

  func read(_ file: PermittedFile) -> FileAnswer {
    guard let path = real(file) else { return .missing }
    do throws(TokenFile.Failure) {
      return .bytes(try TokenFile.bytes(path, limit: Self.mostBytes, isPlain: true))
    } catch {
      return .unreadable(error.message)
    }
  }

  func isFolder(_ path: String) -> Bool { (try? Stat(FilePath(path)))?.type == .directory }

  /// Where a file is in the end, if that is where it may be.
  private func real(_ file: PermittedFile) -> String? {
    guard let path = try? FilePath(file.path).real() else { return nil }
    if let root = file.root {
      guard let folder = try? FilePath(root).real(), path.starts(with: folder) else { return nil }
    }
    return path.string
  }
}
