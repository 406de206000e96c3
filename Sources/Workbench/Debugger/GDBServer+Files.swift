import Engine

/// The two files a debugger looks for to save a core: where the guest has memory, as Linux tells of a process.
extension GDBServer {
  /// Most files that are open at a time.
  private static let fileLimit = 16
  /// Most bytes of a file in an answer, each of which may take two.
  private static let pieceLimit = GDBPacket.limit / 2 - 64

  /// `vFile:`: what is asked for, as File-I/O has it.
  func file(_ reader: inout GDBReader) -> GDBReply? {
    if reader.skip("setfs:") { return .text("F0") }
    if reader.skip("open:") { return open(&reader) }
    if reader.skip("close:") {
      guard let number = reader.lastNumber() else { return nil }
      return files.removeValue(forKey: Int(clamping: number)) == nil ? Self.failure(9) : .text("F0")
    }
    if reader.skip("pread:") {
      guard let number = reader.number(), reader.skip(","), let (count, offset) = reader.pair(), reader.isAtEnd else {
        return nil
      }
      guard let bytes = files[Int(clamping: number)] else { return Self.failure(9) }
      let piece = bytes.dropFirst(Int(clamping: offset)).prefix(Int(min(count, UInt64(Self.pieceLimit))))
      return GDBReply(packets: [Array("F\(String(piece.count, radix: 16));".utf8) + piece])
    }
    return .unknown
  }

  private func open(_ reader: inout GDBReader) -> GDBReply? {
    let name = reader.word(before: ",")
    guard let bytes = GDBHex.bytes(Array(name.utf8)[...]) else { return nil }
    // ENOENT, EMFILE.
    guard let text = content(of: String(decoding: bytes, as: UTF8.self)) else { return Self.failure(2) }
    guard let number = (1...Self.fileLimit).first(where: { files[$0] == nil }) else { return Self.failure(24) }
    files[number] = Array(text.utf8)
    return .text("F\(String(number, radix: 16))")
  }

  private static func failure(_ number: Int) -> GDBReply { .text("F-1,\(String(number, radix: 16))") }

  private func content(of name: String) -> String? {
    let isLong = name == "/proc/1/smaps"
    guard isLong || name == "/proc/1/maps" else { return nil }
    return target.mappings(thread).map { mapping in
      let (start, end) = (String(mapping.range.lowerBound, radix: 16), String(mapping.range.upperBound, radix: 16))
      let line = "\(start)-\(end) r\(mapping.isWritable ? "w" : "-")\(mapping.isExecutable ? "x" : "-")p 00000000 00:00 0\n"
      let size = (mapping.range.upperBound - mapping.range.lowerBound) >> 10
      // Memory of its own, which belongs into a core.
      return isLong ? line + "Size: \(size) kB\nRss: \(size) kB\nAnonymous: \(size) kB\nVmFlags: rd mr mw me\n" : line
    }.joined()
  }
}
