extension String {
  /// This text as one word of a line: every byte that is not plain there is `%` and two hexadecimal digits, so that it is read back byte
  /// for byte. `%` itself must not be plain.
  package func percentWord(_ isPlain: (UInt8) -> Bool) -> String {
    utf8.map { isPlain($0) ? String(Unicode.Scalar($0)) : "%" + hexBytes([$0]) }.joined()
  }

  /// The text such a word stands for; nil if a % is not followed by two digits, or the bytes are no UTF-8.
  package init?(percentWord word: String) {
    var bytes: [UInt8] = []
    var rest = Array(word.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = [UInt8](hex: String(decoding: rest.prefix(2), as: UTF8.self)) else { return nil }
      bytes += value
      rest = rest.dropFirst(2)
    }
    self.init(validating: bytes, as: UTF8.self)
  }
}
