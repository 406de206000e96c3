import Engine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Writes files that were not there: nothing is ever overwritten.
enum NewFile {
  struct Failure: Error {
    var message: String
  }

  static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw Failure(
        message: errno == EEXIST
          ? "\(shown(path)) exists already; choose another name"
          : "cannot create \(shown(path)): \(String(cString: strerror(errno)))")
    }
    var out = Output(descriptor)
    out.append(bytes)
    out.flush()
    close(descriptor)
  }

  /// For commands; `-` is standard output.
  static func writeOrComplain(_ bytes: [UInt8], to path: String) throws {
    if path == "-" {
      var out = Output()
      out.append(bytes)
      out.flush()
      return
    }
    do throws(Failure) {
      try write(bytes, to: path)
    } catch {
      complain(error.message)
      throw Exit.usage
    }
  }
}
