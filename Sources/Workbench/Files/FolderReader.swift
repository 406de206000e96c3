import Engine
import Libc
import SystemPackage

/// Reads a folder of the host's that a guest may read: every file and folder below it. It goes from descriptor to descriptor and follows no
/// link, so nothing outside of the folder is read whoever changes it meanwhile; links, FIFOs, sockets and devices are left out.
enum FolderReader {
  static func folder(_ path: String) throws(TokenFile.Failure) -> SharedFolder {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path, "\(Errno(rawValue: errno)); expected a folder", 66) }
    var entries: [SharedFolder.Entry] = []
    var bytes = 0
    try read(descriptor, path, [], &entries, &bytes)
    let archive = SharedFolder.archive(entries)
    guard archive.count <= SharedFolder.most, let folder = SharedFolder(DiskImage(fileName(path), archive, isWritable: false))
    else {
      throw failure(path, "more than \(sizeText(UInt64(SharedFolder.most)))", 65)
    }
    return folder
  }

  private static func failure(_ path: String, _ reason: String, _ code: Int32) -> TokenFile.Failure {
    TokenFile.Failure(message: "\(path): \(reason)", code: code)
  }

  /// - Parameter descriptor: of a folder; it is closed.
  private static func read(
    _ descriptor: Int32, _ root: String, _ path: [String], _ entries: inout [SharedFolder.Entry], _ bytes: inout Int
  ) throws(TokenFile.Failure) {
    let place = ([root] + path).joined(separator: "/")
    guard path.count < SharedFolder.deepest, let stream = fdopendir(descriptor) else {
      close(descriptor)
      throw failure(place, "folders in each other, more than \(SharedFolder.deepest)", 65)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if SharedFolder.isName(name) { names.append(name) }
      guard names.count + entries.count < SharedFolder.mostNodes else {
        throw failure(root, "more than \(SharedFolder.mostNodes) files and folders", 65)
      }
    }
    for name in names.sorted() {
      // Without O_NONBLOCK a FIFO is waited for.
      let child = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)
      if child < 0 {
        // A link, a socket, or something nobody but its owner may read.
        if errno == ELOOP || errno == ENXIO || errno == EACCES || errno == ENOENT { continue }
        throw failure("\(place)/\(name)", "\(Errno(rawValue: errno))", 66)
      }
      let file = FileDescriptor(rawValue: child)
      switch try? Stat(file).type {
      case .directory:
        entries.append(SharedFolder.Entry(path: path + [name], bytes: nil))
        try read(child, root, path + [name], &entries, &bytes)
      case .regular:
        defer { close(child) }
        let content = try content(file, "\(place)/\(name)", SharedFolder.most - bytes)
        bytes += content.count
        let isExecutable = (try? Stat(file).permissions.contains(.ownerExecute)) ?? false
        entries.append(SharedFolder.Entry(path: path + [name], isExecutable: isExecutable, bytes: content))
      default: close(child)
      }
    }
  }

  private static func content(_ file: FileDescriptor, _ path: String, _ most: Int) throws(TokenFile.Failure) -> [UInt8] {
    let all: [UInt8]?
    do { all = try TokenFile.all(of: file, most) } catch { throw failure(path, "\(error)", 66) }
    guard let all else { throw failure(path, "the folder has more than \(sizeText(UInt64(SharedFolder.most)))", 65) }
    return all
  }
}
