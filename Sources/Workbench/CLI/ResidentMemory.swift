/// Resident memory of this process.
enum ResidentMemory {
  /// Bytes, from VmRSS in /proc/self/status; 0 where there is none.
  static var bytes: Int {
    guard var reader = try? LineReader("/proc/self/status") else { return 0 }
    while case .text(let line)? = reader.next() {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      if words.count > 1, words[0] == "VmRSS:" { return (Int(words[1]) ?? 0) * 1024 }
    }
    return 0
  }
}
