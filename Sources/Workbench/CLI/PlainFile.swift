#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that cannot be read, and why.
struct UnreadableFile: Error {
  var path: String
  var reason: String
  var message: String { "\(path): \(reason)" }
}

/// open(2), by a name that the method below does not hide.
private func opened(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }

/// Opens files that a stranger's text names, or that lie where others may put something: what is no file is refused before it is
/// read, as a FIFO has nobody at its other end and a device need not have one.
enum PlainFile {
  /// - Parameter followsLink: whether the path may be a symbolic link.
  /// - Returns: a descriptor.
  static func open(_ path: String, _ flags: Int32 = O_RDONLY, followsLink: Bool = true) throws(UnreadableFile) -> Int32 {
    // Without O_NONBLOCK a FIFO is waited for while it is opened; to a file it means nothing.
    let flags = flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (followsLink ? 0 : O_NOFOLLOW)
    let descriptor = opened(path, flags, 0o600)
    guard descriptor >= 0 else {
      let reason = !followsLink && errno == ELOOP ? "is a symbolic link" : String(cString: strerror(errno))
      throw UnreadableFile(path: path, reason: reason)
    }
    guard let other = kind(descriptor) else { return descriptor }
    close(descriptor)
    throw UnreadableFile(path: path, reason: "is \(other); expected a file")
  }

  /// What a descriptor leads to that is no file; nil for a file.
  static func kind(_ descriptor: Int32) -> String? {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else { return "not there" }
    return switch info.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: "a directory"
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }
}
