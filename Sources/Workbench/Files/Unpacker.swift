import CZlib

/// Unpacks what gzip has packed, piece by piece, and no more than a stranger may have one unpack.
final class Unpacker {
  struct Failure: Error {
    let reason: String
  }

  /// What a file that is packed begins with.
  static let magic: [UInt8] = [0x1F, 0x8B]
  /// Most bytes a file is unpacked to.
  static let most = 8 << 30
  /// A window of 32K, the header of gzip.
  private static let window: Int32 = 15 + 16

  // It stays where it is: zlib compares its address.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var packed: [UInt8]
  private var position = 0
  private var left: Int
  /// Whether a part has ended; another may follow.
  private var isBetween = false

  /// - Parameters:
  ///   - first: the beginning of the file.
  ///   - most: bytes it is unpacked to at most.
  init(_ first: ArraySlice<UInt8>, most: Int = most) throws(Failure) {
    packed = Array(first)
    left = most
    stream.initialize(to: z_stream())
    guard inflateInit2_(stream, Self.window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw Failure(reason: "there is no room to unpack it")
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Unpacks as much as there is room for.
  ///
  /// - Parameter more: gives the next bytes of the file; none at its end.
  /// - Returns: how many bytes; 0 at the end, also where the file is cut off.
  func read(into block: inout [UInt8], _ more: () throws -> [UInt8]) throws -> Int {
    while true {
      if position == packed.count {
        packed = try more()
        position = 0
        if packed.isEmpty { return 0 }
      }
      if isBetween {
        inflateReset(stream)
        isBetween = false
      }
      let room = block.count
      let status = packed.withUnsafeMutableBufferPointer { packed in
        block.withUnsafeMutableBufferPointer { block in
          stream.pointee.next_in = packed.baseAddress.map { $0 + position }
          stream.pointee.avail_in = UInt32(packed.count - position)
          stream.pointee.next_out = block.baseAddress
          stream.pointee.avail_out = UInt32(room)
          return inflate(stream, Z_NO_FLUSH)
        }
      }
      position = packed.count - Int(stream.pointee.avail_in)
      guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
        throw Failure(reason: "it is packed by gzip, and damaged")
      }
      isBetween = status == Z_STREAM_END
      let count = room - Int(stream.pointee.avail_out)
      left -= count
      guard left >= 0 else { throw Failure(reason: "it is packed by gzip, and unpacks to more than 8G") }
      if count > 0 { return count }
    }
  }
}

/// Packs bytes as gzip does, piece by piece.
final class Packer {
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var room = [UInt8](repeating: 0, count: 1 << 16)

  init() throws(Unpacker.Failure) {
    stream.initialize(to: z_stream())
    let status = deflateInit2_(
      stream, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw Unpacker.Failure(reason: "there is no room to pack it") }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// What more bytes come to; all of it with the last.
  func pack(_ bytes: [UInt8], isLast: Bool) -> [UInt8] {
    var bytes = bytes
    var packed: [UInt8] = []
    bytes.withUnsafeMutableBufferPointer { bytes in
      stream.pointee.next_in = bytes.baseAddress
      stream.pointee.avail_in = UInt32(bytes.count)
      repeat {
        let count = room.withUnsafeMutableBufferPointer { room in
          stream.pointee.next_out = room.baseAddress
          stream.pointee.avail_out = UInt32(room.count)
          deflate(stream, isLast ? Z_FINISH : Z_NO_FLUSH)
          return room.count - Int(stream.pointee.avail_out)
        }
        packed += room[..<count]
      } while stream.pointee.avail_out == 0
    }
    return packed
  }
}
