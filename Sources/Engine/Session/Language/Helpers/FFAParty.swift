import Basics
import Machine

/// Who takes part in FF-A, as a statement that stands for others acts for it: the Host, or a partition that does what a person has it do.
struct FFAParty {
  let id: UInt64
  private let expansion: Expansion
  private let index: Int

  init(_ id: UInt64, _ expansion: Expansion) throws(Expansion.Stop) {
    guard let index = FFAEndpointIndex.of(id) else { throw .impossible("\(hex(id)) is nobody's id") }
    guard index == FFAEndpointIndex.normal || !expansion.read({ $0.hasCode(index) }) else {
      throw .impossible("the \(SecurePartition.all[index - 1].name) executes code and makes its own calls")
    }
    (self.id, self.index, self.expansion) = (id, index, expansion)
  }

  private var isHost: Bool { index == FFAEndpointIndex.normal }
  var name: String { Self.name(id) }

  static func name(_ id: UInt64) -> String {
    id == 0 ? "host" : SecurePartition.all.first { $0.id == id }?.name.lowercased() ?? hex(id)
  }

  static func id(named name: String) -> UInt64? {
    let name = name.lowercased()
    return name == "host" ? 0 : SecurePartition.all.first { $0.name.lowercased() == name }?.id
  }

  /// Pages of its own that it can keep something in.
  func sparePages(_ count: Int) throws(Expansion.Stop) -> [UInt64] {
    let pages: [UInt64] =
      isHost
      ? expansion.read { $0.hostPages(count) }
      : (0..<UInt64(count)).map { SecurePartition.all[index - 1].memory.lowerBound + $0 * Granule.size }
    guard pages.count == count else { throw .impossible("\(name) has no \(count) pages with nothing in them") }
    return pages
  }

  /// Makes a call whose descriptor is in the TX buffer. One who has none gets some first.
  ///
  /// - Parameter releases: whether what it finds in its RX buffer is read and done with.
  @discardableResult
  func call(
    _ name: String, _ descriptor: FFADescriptor, _ arguments: [UInt64], releases: Bool = false
  ) throws(Expansion.Stop) -> [UInt64] {
    if expansion.read({ $0.spm.endpoints[index].tx == 0 }) { try expansion.run("ffa map by=\(self.name)") }
    let tx = expansion.read { $0.spm.endpoints[index].tx }
    let verb = isHost ? "ns.write" : "secure.write"
    // A buffer that has become another world's cannot be written; the SPMC finds what is there.
    _ = try expansion.attempt("\(verb) \(hex(tx)) \(hexBytes(descriptor.bytes))")
    return try call(name, arguments, releases: releases)
  }

  /// Makes a call, and answers X0 to X7.
  @discardableResult
  func call(_ name: String, _ arguments: [UInt64], releases: Bool = false) throws(Expansion.Stop) -> [UInt64] {
    let words = ([name] + arguments.map { hex($0) }).joined(separator: " ")
    if isHost {
      let answer = try expansion.run(words).answer?.x ?? []
      if releases { try expansion.run("FFA_RX_RELEASE") }
      return answer + [UInt64](repeating: 0, count: max(0, 8 - answer.count))
    }
    let hasPE = expansion.read { $0.spm.running[$0.control.currentPE] == index }
    if !hasPE {
      try expansion.run("FFA_RUN \(hex(id << 16))")
      guard expansion.read({ $0.spm.running[$0.control.currentPE] == index }) else {
        throw .impossible("\(self.name) did not get the PE")
      }
    }
    let text = "secure.smc \(words)"
    let result = try expansion.attempt(text)
    if releases, result.answer?.x.first == UInt64(0x8400_0075) { try expansion.run("secure.smc FFA_RX_RELEASE") }
    if !hasPE { _ = try expansion.attempt("secure.smc FFA_MSG_WAIT") }
    try expansion.check(result, text)
    let answer = result.answer?.x ?? []
    return answer + [UInt64](repeating: 0, count: max(0, 8 - answer.count))
  }
}
