import Machine

/// Pages by the IPA they are mapped at, in blocks of 2 MiB: a copy shares all blocks but those that change.
struct PageMap: Sendable, Sequence, ExpressibleByDictionaryLiteral {
  private static let pagesPerBlock: UInt64 = 512
  private static let none = UInt64.max
  private var blocks: [UInt64: [UInt64]] = [:]
  private(set) var count = 0

  init(dictionaryLiteral elements: (UInt64, UInt64)...) {
    for (ipa, page) in elements { self[ipa] = page }
  }

  /// Bytes that a copy costs once one page changes.
  var copyCost: Int { 32 * blocks.count + 8 * Int(Self.pagesPerBlock) }

  subscript(ipa: UInt64) -> UInt64? {
    get {
      guard ipa % Granule.size == 0, let page = blocks[ipa >> 21]?[Int(ipa >> 12 % Self.pagesPerBlock)] else { return nil }
      return page == Self.none ? nil : page
    }
    set {
      precondition(ipa % Granule.size == 0, "pages are mapped at granules")
      let index = Int(ipa >> 12 % Self.pagesPerBlock)
      let empty = [UInt64](repeating: Self.none, count: Int(Self.pagesPerBlock))
      let old = blocks[ipa >> 21, default: empty][index]
      count += (newValue == nil ? 0 : 1) - (old == Self.none ? 0 : 1)
      blocks[ipa >> 21, default: empty][index] = newValue ?? Self.none
    }
  }

  /// In ascending order of the IPA.
  func makeIterator() -> some IteratorProtocol<(key: UInt64, value: UInt64)> {
    blocks.keys.sorted().lazy.flatMap { block in
      blocks[block, default: []].enumerated().lazy.filter { $0.element != Self.none }.map { offset, page in
        (key: block << 21 | UInt64(offset) << 12, value: page)
      }
    }.makeIterator()
  }
}
