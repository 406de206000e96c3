import Attestation
import Basics
import Machine

/// A Realm as a VMM will have KVM build it: parameters, RAM, what is loaded where, and where the first vCPU begins. The RIM follows from
/// it, before anything has been made and by the same rules.
package struct RealmPlan: Sendable {
  /// An image in the guest's memory.
  package struct Piece: Equatable, Sendable {
    package let name: String
    package let address: UInt64
    package let bytes: [UInt8]
    /// Whether a guest's own flash has it, which keeps what the guest makes of it.
    package var isFlash: Bool { name.hasPrefix("flash") }
    /// Where its last page ends.
    package var end: UInt64 { (address + UInt64(bytes.count) + Granule.size - 1).granuleBase }

    package init(_ name: String, at address: UInt64, _ bytes: [UInt8]) {
      self.name = name
      self.address = address
      self.bytes = bytes
    }
  }

  /// Registers of the first vCPU; the others are turned on by PSCI, and not measured.
  package struct Entry: Equatable, Sendable {
    package var pc: UInt64
    package var x0: UInt64

    package init(pc: UInt64, x0: UInt64) { (self.pc, self.x0) = (pc, x0) }
  }

  package let parameters: MeasurementStep.RealmParameters

  /// Not in the RIM.
  package var personalization: [UInt8]?
  package let vcpus: Int
  package let ram: [Range<UInt64>]
  /// By address: that is the order in which they are measured.
  package let pieces: [Piece]
  package let entry: Entry
  /// Pages the guest begins with whose content is not measured: the event log, which is written last.
  package let unmeasured: [Range<UInt64>]
  /// What is in them; the rest is zero.
  package var unmeasuredContent: [UInt8] = []

  package init(
    _ parameters: MeasurementStep.RealmParameters, vcpus: Int, ram: [Range<UInt64>], pieces: [Piece], entry: Entry,
    unmeasured: [Range<UInt64>] = []
  ) {
    self.parameters = parameters
    self.vcpus = vcpus
    self.ram = ram
    self.pieces = pieces.sorted { $0.address < $1.address }
    self.entry = entry
    self.unmeasured = unmeasured
  }

  /// What user space has in so many bytes of the guest's memory before it begins: images, the log, zeroes between.
  package func content(at base: UInt64, _ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    func put(_ source: [UInt8], _ address: UInt64) {
      let (from, to) = (max(address, base), min(address + UInt64(source.count), base + UInt64(count)))
      guard from < to else { return }
      bytes.replaceSubrange(Int(from - base)..<Int(to - base), with: source[Int(from - address)..<Int(to - address)])
    }
    for piece in pieces { put(piece.bytes, piece.address) }
    if let log = unmeasured.first { put(unmeasuredContent, log.lowerBound) }
    return bytes
  }

  package var hash: HashAlgorithm { parameters.hash }
  package var ipaBits: UInt64 { parameters[RmiRealmParams.table.s2sz] }

  // MARK: The RIM

  /// Most steps a plan may have: 4 TiB in entries of 2 MiB, or 8 GiB of images.
  package static let mostSteps = 1 << 21

  /// How many steps make the RIM.
  package var stepCount: Int {
    let entries = ram.reduce(0) { $0 + KVMStage2.entries(of: $1, ipaBits: ipaBits).reduce(0) { count, _ in count + 1 } }
    let pages = pieces.reduce(0) { $0 + Int(($1.end - $1.address.granuleBase) / Granule.size) }
    return entries + pages + unmeasured.reduce(0) { $0 + Int(($1.upperBound - $1.lowerBound) / Granule.size) } + 2
  }

  /// The steps of the RIM, in the order in which KVM has the RMM make them.
  package func measure(_ body: (MeasurementStep) -> Void) {
    var measurements = RealmMeasurements(hash)
    body(measurements.take(.create(parameters)))
    for range in ram {
      for entry in KVMStage2.entries(of: range, ipaBits: ipaBits) {
        body(measurements.take(.ripas(base: entry.lowerBound, top: entry.upperBound)))
      }
    }
    for piece in pieces {
      piece.forEachPage { page, bytes in
        body(measurements.take(.data(ipa: page, flags: 1, content: measurements.content(bytes))))
      }
    }
    body(measurements.take(.rec(flags: 1, pc: entry.pc, gprs: [entry.x0] + [UInt64](repeating: 0, count: 7))))
    for range in unmeasured {
      for page in stride(from: range.lowerBound, to: range.upperBound, by: Int(Granule.size)) {
        body(measurements.take(.data(ipa: page, flags: 0, content: nil)))
      }
    }
  }

  /// As long as the hash.
  package var rim: [UInt8] {
    var rim: [UInt8] = []
    measure { rim = $0.value }
    return rim
  }
}

extension RealmPlan.Piece {
  /// Its pages, filled up with zeroes on both sides.
  package func forEachPage<E: Error>(_ body: (UInt64, [UInt8]) throws(E) -> Void) throws(E) {
    let size = Int(Granule.size)
    var page = address.granuleBase
    // The first page begins with zeroes if the image does not begin with a page.
    var from = -Int(address - page)
    while from < bytes.count {
      let content = [UInt8](repeating: 0, count: max(0, -from)) + bytes[max(0, from)..<min(bytes.count, from + size)]
      try body(page, content + [UInt8](repeating: 0, count: size - content.count))
      from += size
      page += Granule.size
    }
  }
}
