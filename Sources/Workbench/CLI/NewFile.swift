import ArgumentParser
import Engine

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Writes files that were not there: nothing is ever overwritten, and none is left in part.
enum NewFile {
  struct Failure: Error {
    var message: String
    var code = Exit.unwritable
  }

  static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      if errno == EEXIST {
        throw Failure(message: "\(shown(path, limit: .max)) exists already; choose another name", code: Exit.usage)
      }
      throw Failure(message: "cannot create \(shown(path, limit: .max)): \(String(cString: strerror(errno)))")
    }
    var error = writeAll(bytes[...], to: descriptor).error
    // A file system may find out late that there is no room.
    if error == nil, fsync(descriptor) != 0, errno != EINVAL { error = errno }
    if close(descriptor) != 0, error == nil { error = errno }
    guard let error else { return }
    unlink(path)
    throw Failure(
      message: "cannot write \(shown(path, limit: .max)): \(String(cString: strerror(error))); nothing of it is left there")
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
      throw error.code
    }
  }
}
