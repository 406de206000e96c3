import Libc
import SystemPackage

/// System calls that swift-system has no names for.
extension FileDescriptor {
  /// Brings what was written to the disk, fsync(2); what cannot be brought there by its nature is no trouble.
  func synchronize() throws(Errno) {
    guard fsync(rawValue) != 0, errno != EINVAL else { return }
    throw Errno(rawValue: errno)
  }

  /// The same for the contents alone, fdatasync(2). Only a lack of room and a broken disk are trouble.
  func synchronizeData() throws(Errno) {
    guard fdatasync(rawValue) != 0, [EIO, ENOSPC, EDQUOT].contains(errno) else { return }
    throw Errno(rawValue: errno)
  }

  /// A lock for this descriptor alone, flock(2); false if somebody else has it.
  func tryLock() -> Bool { flock(rawValue, LOCK_EX | LOCK_NB) == 0 }

  /// Gives the lock to others.
  func unlock() { _ = flock(rawValue, LOCK_UN) }

  /// Waits until it takes bytes.
  func waitUntilWritable() {
    var ready = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
    _ = poll(&ready, 1, -1)
  }
}

extension FilePath {
  /// Removes a file. Nobody asks whether that was possible.
  func remove() { _ = withPlatformString { unlink($0) } }

  /// Whether there is anything of this name.
  var isThere: Bool { withPlatformString { access($0, F_OK) == 0 } }

  /// Puts this file in another's place. False if that is not possible.
  func replace(_ other: FilePath) -> Bool {
    withPlatformString { from in other.withPlatformString { rename(from, $0) == 0 } }
  }

  /// Without symbolic links; it has to be there.
  func real() throws(Errno) -> FilePath {
    guard let real = withPlatformString({ realpath($0, nil) }) else { throw Errno(rawValue: errno) }
    defer { free(real) }
    return FilePath(platformString: real)
  }

  /// Makes a folder and those above it, for its owner alone.
  func makeFolders() throws(Errno) {
    var made = FilePath("/")
    for component in components {
      made.append(component)
      if made.withPlatformString({ mkdir($0, 0o700) }) != 0, errno != EEXIST { throw Errno(rawValue: errno) }
    }
  }
}

extension Stat {
  /// Whether both are of one file, under whatever names.
  func isSameFile(as other: Stat) -> Bool { inode == other.inode && deviceID == other.deviceID }
}

/// Numbers that swift-system has no names for.
enum SystemConstants {
  static let noControllingTerminal = O_NOCTTY
}

/// Whether a descriptor leads to a terminal.
func isTerminal(_ descriptor: FileDescriptor) -> Bool { isatty(descriptor.rawValue) == 1 }

/// Lets others go on for some milliseconds.
func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

/// An environment variable that is set and not empty.
func environmentVariable(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}
