import SystemPackage

/// A file that cannot be read, and why.
struct UnreadableFile: Error {
  var path: String
  var reason: String
  var message: String { "\(path): \(reason)" }
}

/// Opens files that a stranger's text names, or that lie where others may put something: what is no file is refused before it is
/// read, as a FIFO has nobody at its other end and a device need not have one.
enum PlainFile {
  /// - Parameter followsLink: whether the path may be a symbolic link.
  static func open(
    _ path: String, _ mode: FileDescriptor.AccessMode = .readOnly, options: FileDescriptor.OpenOptions = [],
    followsLink: Bool = true
  ) throws(UnreadableFile) -> FileDescriptor {
    // Without O_NONBLOCK a FIFO is waited for while it is opened; to a file it means nothing.
    var options = options.union([.closeOnExec, .nonBlocking, .noControllingTerminal])
    if !followsLink { options.insert(.noFollow) }
    let descriptor: FileDescriptor
    do {
      descriptor = try FileDescriptor.open(FilePath(path), mode, options: options, permissions: .ownerReadWrite)
    } catch {
      let isLink = !followsLink && error as? Errno == .tooManySymbolicLinkLevels
      throw UnreadableFile(path: path, reason: isLink ? "is a symbolic link" : "\(error)")
    }
    guard let other = kind(descriptor) else { return descriptor }
    try? descriptor.close()
    throw UnreadableFile(path: path, reason: "is \(other); expected a file")
  }

  /// What a descriptor leads to that is no file; nil for a file.
  static func kind(_ descriptor: FileDescriptor) -> String? {
    guard let info = try? Stat(descriptor) else { return "not there" }
    return switch info.type {
    case .regular: nil
    case .directory: "a directory"
    case .fifo: "a FIFO"
    case .socket: "a socket"
    default: "a device"
    }
  }
}

extension FileDescriptor.OpenOptions {
  /// O_NOCTTY: a terminal that is opened does not become the program's.
  fileprivate static var noControllingTerminal: Self { Self(rawValue: SystemConstants.noControllingTerminal) }
}
