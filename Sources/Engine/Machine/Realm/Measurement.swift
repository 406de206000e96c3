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
      guard let params = buffer.baseAddress else { return }
      // As wide as TF-RMM has it: by the specification there is nothing beyond the field's own bytes.
      parameters.forEach { params.put($0.offset, $0.widthInTFRMM, $1) }
      hash(algorithm, UnsafeRawBufferPointer(buffer), into: out)
    }
  }

  /// Extends a RIM with a measurement descriptor: what all have in common, and the command's part.
  package static func extendRIM(
    _ algorithm: HashAlgorithm, _ rim: UnsafeMutableRawBufferPointer, type: UInt64,
    _ fill: (UnsafeMutableRawPointer) -> Void
  ) {
    withUnsafeTemporaryAllocation(byteCount: RmmMeasurementDescriptor.about.size, alignment: 8) { buffer in
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      guard let descriptor = buffer.baseAddress else { return }
      descriptor[RmmMeasurementDescriptor.table.descType] = type
      descriptor[RmmMeasurementDescriptor.table.len] = UInt64(buffer.count)
      descriptor.bytes(RmmMeasurementDescriptor.table.rim).copyMemory(from: UnsafeRawBufferPointer(rim))
      fill(descriptor)
      hash(algorithm, UnsafeRawBufferPointer(buffer), into: rim)
    }
  }

  /// RmmMeasurementDescriptorData; `digest` is the granule's hash, or nil when it is not measured.
  static func data(
    _ algorithm: HashAlgorithm, _ rim: UnsafeMutableRawBufferPointer, ipa: UInt64, flags: UInt64,
    digest: UnsafeRawBufferPointer?
  ) {
    extendRIM(algorithm, rim, type: RmmMeasurementDescriptorData.type) { descriptor in
      descriptor[RmmMeasurementDescriptorData.table.ipa] = ipa
      descriptor[RmmMeasurementDescriptorData.table.flags] = flags
      if let digest {
        descriptor.bytes(RmmMeasurementDescriptorData.table.content)
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: digest[0..<algorithm.length]))
      }
    }
  }

  /// RmmMeasurementDescriptorRec: only flags, pc and X0 to X7 of the parameters count.
  package static func rec(
    _ algorithm: HashAlgorithm, _ rim: UnsafeMutableRawBufferPointer, flags: UInt64, pc: UInt64, gprs: UnsafeRawPointer
  ) {
    withUnsafeTemporaryAllocation(byteCount: RmiRecParams.about.size, alignment: 8) { buffer in
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      guard let params = buffer.baseAddress else { return }
      params[RmiRecParams.table.flags] = flags
      params[RmiRecParams.table.pc] = pc
      (params + RmiRecParams.table.gprs.offset).copyMemory(from: gprs, byteCount: RmiRecParams.table.gprs.extent)
      extendRIM(algorithm, rim, type: RmmMeasurementDescriptorRec.type) { descriptor in
        hash(algorithm, UnsafeRawBufferPointer(buffer), into: descriptor.bytes(RmmMeasurementDescriptorRec.table.content))
      }
    }
  }

  /// RmmMeasurementDescriptorRipas of one RTT entry.
  package static func ripas(_ algorithm: HashAlgorithm, _ rim: UnsafeMutableRawBufferPointer, base: UInt64, top: UInt64) {
    extendRIM(algorithm, rim, type: RmmMeasurementDescriptorRipas.type) { descriptor in
      descriptor[RmmMeasurementDescriptorRipas.table.base] = base
      descriptor[RmmMeasurementDescriptorRipas.table.top] = top
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
