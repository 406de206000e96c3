import Attestation
import Crypto

/// RIM and REM computation (DEN0137 A7.1). A measurement is 64 bytes; a SHA-256 value occupies the first 32.
package enum Measurement {
  /// Hashes `bytes` into 64 bytes, zero beyond the hash's length.
  static func hash(_ algorithm: HashAlgorithm, _ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableRawBufferPointer) {
    switch algorithm {
    case .sha256:
      SHA256.hash(data: bytes).withUnsafeBytes { out.copyMemory(from: $0) }
      UnsafeMutableRawBufferPointer(rebasing: out[32..<64]).initializeMemory(as: UInt8.self, repeating: 0)
    case .sha512:
      SHA512.hash(data: bytes).withUnsafeBytes { out.copyMemory(from: $0) }
    }
  }

  /// The initial RIM: the hash of an RmiRealmParams in which only what describes the Realm is left (DEN0137 A7.1.1).
  static func initial(
    _ algorithm: HashAlgorithm, _ parameters: MeasurementStep.RealmParameters, into out: UnsafeMutableRawBufferPointer
  ) {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      func field(_ offset: Int, _ value: UInt64) {
        buffer.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
      }
      field(0x00, parameters.flags)
      field(0x08, parameters.s2sz)
      field(0x10, parameters.sveVL)
      field(0x18, parameters.numBPs)
      field(0x20, parameters.numWPs)
      field(0x28, parameters.pmuCounters)
      field(0x30, UInt64(parameters.hash.rawValue))
      hash(algorithm, UnsafeRawBufferPointer(buffer), into: out)
    }
  }

  /// Extends a RIM with a 256-byte measurement descriptor: type, length, the RIM before, and the command's part from 0x50 on.
  package static func extendRIM(
    _ algorithm: HashAlgorithm, _ rim: UnsafeMutableRawBufferPointer, type: UInt8,
    _ fill: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 8) { descriptor in
      descriptor.initializeMemory(as: UInt8.self, repeating: 0)
      descriptor[0] = type
      descriptor.storeBytes(of: UInt64(256).littleEndian, toByteOffset: 8, as: UInt64.self)
      UnsafeMutableRawBufferPointer(rebasing: descriptor[0x10..<0x50]).copyMemory(from: UnsafeRawBufferPointer(rim))
      fill(descriptor)
      hash(algorithm, UnsafeRawBufferPointer(descriptor), into: rim)
    }
  }

  /// RmmMeasurementDescriptorData; `digest` is the granule's hash, or nil when it is not measured.
  static func data(
    _ algorithm: HashAlgorithm, _ rim: UnsafeMutableRawBufferPointer, ipa: UInt64, flags: UInt64,
    digest: UnsafeRawBufferPointer?
  ) {
    extendRIM(algorithm, rim, type: 0) { descriptor in
      descriptor.storeBytes(of: ipa.littleEndian, toByteOffset: 0x50, as: UInt64.self)
      descriptor.storeBytes(of: flags.littleEndian, toByteOffset: 0x58, as: UInt64.self)
      if let digest {
        UnsafeMutableRawBufferPointer(rebasing: descriptor[0x60..<0x60 + algorithm.length])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: digest[0..<algorithm.length]))
      }
    }
  }

  /// RmmMeasurementDescriptorRec: only flags, pc and X0 to X7 of the parameters count.
  package static func rec(
    _ algorithm: HashAlgorithm, _ rim: UnsafeMutableRawBufferPointer, flags: UInt64, pc: UInt64, gprs: UnsafeRawPointer
  ) {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { params in
      params.initializeMemory(as: UInt8.self, repeating: 0)
      params.storeBytes(of: flags.littleEndian, toByteOffset: 0, as: UInt64.self)
      params.storeBytes(of: pc.littleEndian, toByteOffset: 0x200, as: UInt64.self)
      UnsafeMutableRawBufferPointer(rebasing: params[0x300..<0x340])
        .copyMemory(from: UnsafeRawBufferPointer(start: gprs, count: 64))
      extendRIM(algorithm, rim, type: 1) { descriptor in
        hash(
          algorithm, UnsafeRawBufferPointer(params),
          into: UnsafeMutableRawBufferPointer(rebasing: descriptor[0x50..<0x90]))
      }
    }
  }

  /// RmmMeasurementDescriptorRipas of one RTT entry.
  package static func ripas(_ algorithm: HashAlgorithm, _ rim: UnsafeMutableRawBufferPointer, base: UInt64, top: UInt64) {
    extendRIM(algorithm, rim, type: 2) { descriptor in
      descriptor.storeBytes(of: base.littleEndian, toByteOffset: 0x50, as: UInt64.self)
      descriptor.storeBytes(of: top.littleEndian, toByteOffset: 0x58, as: UInt64.self)
    }
  }

  /// Extends a REM with `size` bytes of `value` (DEN0137 B5.3.4): both operands padded to 64 bytes, or with `padded` false
  /// neither, as TF-RMM does (D23).
  package static func extendREM(
    _ algorithm: HashAlgorithm, _ rem: UnsafeMutableRawBufferPointer, value: UnsafeRawBufferPointer, size: Int, padded: Bool
  ) {
    withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { buffer in
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      let old = padded ? 64 : algorithm.length
      UnsafeMutableRawBufferPointer(rebasing: buffer[0..<old])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(rem)[0..<old]))
      if size > 0 {
        UnsafeMutableRawBufferPointer(rebasing: buffer[old..<old + size])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: value[0..<size]))
      }
      let length = padded ? 128 : old + size
      hash(algorithm, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[0..<length]), into: rem)
    }
  }
}
