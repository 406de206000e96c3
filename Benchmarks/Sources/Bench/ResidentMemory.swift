import Foundation

/// Resident memory of this process.
enum ResidentMemory {
  /// Bytes, from VmRSS in /proc/self/status; 0 where there is none.
  static var bytes: Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    for line in status.split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      if words.count > 1, words[0] == "VmRSS:" { return (Int(words[1]) ?? 0) * 1024 }
    }
    return 0
  }
}
