import Engine
import Libc
import SystemPackage

/// How a QMP client is connected: by standard streams, or by a Unix socket at which one client at a time is served.
final class QMPConnection {
  struct Failure: Error {
    var message: String
  }

  /// -1 while nobody listens.
  private var input: Int32 = -1
  private var output: Int32 = -1
  private let listener: Int32
  private let path: String
  /// What a client hears first.
  private let greeting: String
  private var buffer = [UInt8](repeating: 0, count: 1 << 14)

  /// Whether the monitor has the standard streams: the console then has them not.
  let hasStandardStreams: Bool
  /// Whether somebody can still say something.
  var isOpen: Bool { listener >= 0 || input >= 0 }

  /// - Parameter backend: `stdio`, `unix:PATH,server=on,wait=off`, or the same as -chardev has it.
  init(_ backend: String, greeting: String) throws(Failure) {
    self.greeting = greeting + "\n"
    let words = backend.split(separator: ",").map(String.init)
    let kind = words.first ?? ""
    hasStandardStreams = kind == "stdio"
    if hasStandardStreams {
      (listener, path, input, output) = (-1, "", 0, 1)
      send(self.greeting)
      return
    }
    let named = words.first { $0.hasPrefix("path=") }.map { String($0.dropFirst(5)) }
    guard let path = kind.hasPrefix("unix:") ? String(kind.dropFirst(5)) : kind == "socket" ? named : nil else {
      throw Failure(message: "-qmp \(shown(backend)): not modelled; stdio and unix:PATH,server=on are")
    }
    guard words.contains("server=on") || words.contains("server") else {
      throw Failure(message: "-qmp \(shown(backend)): nobody listens there; expected server=on")
    }
    self.path = path
    listener = try Self.listen(at: path)
    if !words.contains("wait=off"), !words.contains("nowait") { accept(wait: true) }
  }

  deinit {
    guard listener >= 0 else { return }
    close(listener)
    unlink(path)
  }

  private static func listen(at path: String) throws(Failure) -> Int32 {
    var place = sockaddr_un()
    place.sun_family = sa_family_t(AF_UNIX)
    let room = MemoryLayout.size(ofValue: place.sun_path)
    guard path.utf8.count < room, !path.isEmpty else { throw Failure(message: "UNIX socket path '\(shown(path))' is too long") }
    withUnsafeMutableBytes(of: &place.sun_path) { $0.copyBytes(from: path.utf8) }
    let descriptor = socket(AF_UNIX, streamSocket, 0)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    // One that a process before has left behind.
    var about = stat()
    if lstat(path, &about) == 0, about.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let isBound = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, size) == 0 }
    }
    guard descriptor >= 0, isBound, Libc.listen(descriptor, 1) == 0 else {
      let reason = String(cString: strerror(errno))
      if descriptor >= 0 { close(descriptor) }
      throw Failure(message: "Failed to bind socket to \(shown(path)): \(reason)")
    }
    return descriptor
  }

  /// What a client has said; nil if nothing.
  ///
  /// - Parameter wait: whether to wait for it, for so many milliseconds at most.
  func receive(wait: Int32) -> String? {
    let descriptor = input >= 0 ? input : listener
    guard descriptor >= 0 else { return nil }
    var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&polled, 1, wait) > 0 else { return nil }
    guard input >= 0 else {
      accept(wait: false)
      return nil
    }
    let count = read(input, &buffer, buffer.count)
    guard count > 0 else {
      if count == 0 || ![EINTR, EAGAIN].contains(errno) { hangUp() }
      return nil
    }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  private func accept(wait: Bool) {
    var client: Int32
    repeat {
      client = Libc.accept(listener, nil, nil)
    } while wait && client < 0 && errno == EINTR
    guard client >= 0 else { return }
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    (input, output) = (client, client)
    send(greeting)
  }

  private func hangUp() {
    if listener >= 0, input >= 0 { close(input) }
    (input, output) = (-1, -1)
  }

  /// Lines for the client, if there is one.
  func send(_ lines: [String]) { for line in lines { send(line + "\n") } }

  private func send(_ text: String) {
    guard output >= 0 else { return }
    if writeAll(Array(text.utf8)[...], to: FileDescriptor(rawValue: output)).error != nil { hangUp() }
  }
}
