import ArgumentParser
import Engine
import SystemPackage

/// Writes files that were not there: nothing is ever overwritten, and none is left in part.
enum NewFile {
  struct Failure: Error {
    var message: String
    var code = Exit.unwritable
  }

  static func write(_ bytes: [UInt8], to path: String) throws(Failure) {
    let file = try Growing(path)
    try file.append(bytes[...])
    try file.finish()
  }

  /// A file that is written piece by piece, and is there to stay once it is finished.
  final class Growing {
    private let path: FilePath
    private let descriptor: FileDescriptor
    private var isFinished = false
    /// Bytes the system has not been asked yet to bring to the disk.
    private var unsynced = 0
    private static let mostUnsynced = 1 << 20

    init(_ path: String) throws(Failure) {
      self.path = FilePath(path)
      do {
        descriptor = try FileDescriptor.open(
          self.path, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
          permissions: [.ownerReadWrite, .groupRead, .otherRead])
      } catch Errno.fileExists {
        throw Failure(message: "\(shown(path, limit: .max)) exists already; choose another name", code: Exit.usage)
      } catch {
        throw Failure(message: "cannot create \(shown(path, limit: .max)): \(error)")
      }
    }

    deinit {
      guard !isFinished else { return }
      try? descriptor.close()
      path.remove()
    }

    func append(_ text: String) throws(Failure) { try append(Array(text.utf8)[...]) }

    func append(_ bytes: ArraySlice<UInt8>) throws(Failure) {
      if let error = writeAll(bytes, to: descriptor).error { throw failure(error) }
      unsynced += bytes.count
      if unsynced > Self.mostUnsynced { try synchronize() }
    }

    /// Begins again.
    func empty() throws(Failure) {
      do {
        try descriptor.resize(to: 0)
        try descriptor.seek(offset: 0, from: .start)
      } catch {
        throw failure(error)
      }
    }

    /// A file system may find out late that there is no room.
    private func synchronize() throws(Failure) {
      unsynced = 0
      do throws(Errno) { try descriptor.synchronize() } catch { throw failure(error) }
    }

    func finish() throws(Failure) {
      try synchronize()
      isFinished = true
      do {
        try descriptor.close()
      } catch {
        path.remove()
        throw failure(error)
      }
    }

    private func failure(_ error: any Error) -> Failure {
      Failure(message: "cannot write \(shown(path.string, limit: .max)): \(error); nothing of it is left there")
    }
  }

  /// For commands; `-` is standard output.
  static func writeOrComplain(_ bytes: [UInt8], to path: String) throws {
    if path == "-" {
      var out = Output()
      out.append(bytes)
      out.flush()
      return
    }
    try orComplain { () throws(Failure) in try write(bytes, to: path) }
  }
}
