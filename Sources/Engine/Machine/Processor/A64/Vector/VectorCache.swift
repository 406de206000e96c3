/// A decoded FP or AdvSIMD word: what it is, or that it is UNDEFINED.
enum DecodedVector {
  case data(VectorInstruction)
  case transfer(VectorTransfer)
  case undefined

  init(_ word: UInt32, _ features: A64Features) {
    if let instruction = VectorDecoder.decode(word, features) {
      self = .data(instruction)
    } else if let transfer = VectorDecoder.transfer(word) {
      self = .transfer(transfer)
    } else {
      self = .undefined
    }
  }
}

/// Decoded words by a hash of them: decoding depends on the word alone, so nothing ever makes them stale.
final class VectorCache {
  private let entries: UnsafeMutablePointer<(word: UInt32, decoded: DecodedVector)>
  private static let count = 1 << 11
  private let features: A64Features

  init(_ features: A64Features) {
    self.features = features
    entries = .allocate(capacity: Self.count)
    // No FP or AdvSIMD word is 0, so 0 is a word that is not there.
    entries.initialize(repeating: (0, .undefined), count: Self.count)
  }

  deinit { entries.deallocate() }

  @inline(__always) func decode(_ word: UInt32) -> DecodedVector {
    let index = Int(((word ^ word >> 13) &* 0x9E37_79B1) >> 21)
    if entries[index].word == word { return entries[index].decoded }
    let decoded = DecodedVector(word, features)
    entries[index] = (word, decoded)
    return decoded
  }
}
