import Engine

/// Guests in files.
enum SnapshotFile {
  static func isSnapshot(_ path: String) -> Bool { LineReader.begins(path, with: GuestSnapshot.firstLine) }

  /// A session that begins with the guest in a file.
  static func session(_ path: String, keepsHistory: Bool) throws(TokenFile.Failure) -> Session {
    let bytes = try TokenFile.bytes(path, limit: GuestSnapshot.most, isPlain: true)
    do throws(GuestSnapshot.Malformed) {
      return try GuestSnapshot(bytes).session(keepsHistory: keepsHistory)
    } catch {
      throw TokenFile.Failure(message: "\(shown(path, limit: .max)): \(error.message)", code: 65)
    }
  }

  static func write(_ session: Session, _ vm: RealmVM, to path: String) throws(NewFile.Failure) {
    guard vm.canNote else {
      throw NewFile.Failure(
        message: "no snapshot: the guest has written more than \(sizeText(UInt64(RealmVM.mostNoted))) to its disks")
    }
    try NewFile.write(GuestSnapshot.bytes(session, vm), to: path)
  }
}
