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
  }

  package let parameters: MeasurementStep.RealmParameters
  /// A personalization value has so many bytes.
  static let personalizationLength = 64

  /// Not in the RIM.
  package var personalization: [UInt8]?
  package let vcpus: Int
  package let ram: [Range<UInt64>]
  /// By address: that is the order in which they are measured.
  package let pieces: [Piece]
  package let entry: Entry
  /// Pages the guest begins with whose content is not measured: the event log, which is written last.
  package let unmeasured: [Range<UInt64>]

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

  package var hash: HashAlgorithm { parameters.hash }
  package var ipaBits: UInt64 { parameters[RmiRealmParams.table.s2sz] }

  // MARK: Tables

  /// The level KVM has the walk of stage 2 begin at: tables that would have 16 entries or fewer at the first level are left out, and
  /// as many of the next lie side by side (stage2_pgtable_levels).
  package static func startLevel(ipaBits: UInt64) -> Int { 4 - Int((ipaBits - 8) / 9) }

  /// How many tables lie side by side at that level.
  package static func startTables(ipaBits: UInt64) -> UInt64 {
    let shift = UInt64(12 + 9 * (4 - startLevel(ipaBits: ipaBits)))
    return ipaBits > shift ? 1 << (ipaBits - shift) : 1
  }

  /// The entries a range's RIPAS is set by: each as large as a table's entry can be that begins there and ends within. The RMM extends
  /// the RIM once for each (RMI_RTT_INIT_RIPAS).
  package static func entries(of range: Range<UInt64>, ipaBits: UInt64) -> some Sequence<Range<UInt64>> {
    let sizes = (startLevel(ipaBits: ipaBits)...3).map { rttEntrySize($0) }
    return sequence(state: range.lowerBound) { (base: inout UInt64) -> Range<UInt64>? in
      guard base < range.upperBound else { return nil }
      let first = base
      let size = sizes.first { first.isAligned(to: $0) && range.upperBound - first >= $0 } ?? Granule.size
      base = first + size
      return first..<base
    }
  }

  // MARK: The RIM

  /// More steps than a plan may have: 4 TiB in entries of 2 MiB, or 8 GiB of images.
  package static let mostSteps = 1 << 21

  /// How many steps make the RIM.
  package var stepCount: Int {
    let entries = ram.reduce(0) { $0 + Self.entries(of: $1, ipaBits: ipaBits).reduce(0) { count, _ in count + 1 } }
    let pages = pieces.reduce(0) { $0 + Int(($1.end - $1.address.granuleBase) / Granule.size) }
    return entries + pages + unmeasured.reduce(0) { $0 + Int(($1.upperBound - $1.lowerBound) / Granule.size) } + 2
  }

  /// The steps of the RIM, in the order in which KVM has the RMM make them.
  package func measure(_ body: (MeasurementStep) -> Void) {
    var measurements = RealmMeasurements(hash)
    body(measurements.take(.create(parameters)))
    for range in ram {
      for entry in Self.entries(of: range, ipaBits: ipaBits) {
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
