import Basics

/// One cell of the granule map: the most telling granule of those it stands for.
public struct MapCell: Sendable, Equatable {
  public var gpi: GPI
  public var state: GranuleState
  /// The Realm it belongs to, by its place in the list of RDs; nil if it is nobody's.
  public var owner: Int?
  /// How much it wants to be seen: the highest in a cell wins.
  package var rank: UInt8
  /// Where it is; 0 for a cell in which nothing wants to be seen.
  public var address: UInt64 = 0

  package init(record: UInt8) {
    let record = GranuleRecord(raw: record)
    gpi = record.gpi
    state = record.state
    rank = MapCell.rank(state, gpi)
  }

  /// The rarer, the higher.
  static func rank(_ state: GranuleState, _ gpi: GPI) -> UInt8 {
    switch state {
    case .rd: 9
    case .rec: 8
    case .rtt: 6
    case .recAux: 5
    case .data: 4
    case .delegated: 3
    case .undelegated:
      switch gpi {
      case .nonSecure: 0
      case .root, .secure, .any, .noAccess: 7
      case .realm: 10
      }
    }
  }

  /// Whether it is a Realm's.
  var isOwned: Bool { state != .undelegated && state != .delegated }
}

/// How many granules there are of a kind.
package struct GranuleCount: Sendable {
  package var cell: MapCell
  package var count: Int
}

extension Machine {
  /// Rows of the granule map.
  ///
  /// - Parameters:
  ///   - rows: where each begins, in ascending order; they do not overlap.
  ///   - granules: how many a cell stands for.
  ///   - width: cells of a row.
  public func map(rows: [UInt64], granules: UInt64, width: Int) -> [[MapCell]] {
    var map = rows.map { row(from: $0, granules: granules, width: width) }
    guard !control.realms.isEmpty, let first = rows.first, let last = rows.last else { return map }
    if control.realms.count == 1 {
      // What is a Realm's is this one's.
      for row in map.indices { for cell in map[row].indices where map[row][cell].isOwned { map[row][cell].owner = 0 } }
      return map
    }
    let bytes = granules << Granule.shift
    let end = last + bytes * UInt64(width)
    for (owner, rd) in control.realms.enumerated() {
      forEachGranule(of: rd) { address, length in
        guard address < end, address + length > first else { return }
        // From the last row that does not begin behind it.
        var row = max(0, rows.partitionPoint { $0 > address } - 1)
        while row < rows.count, rows[row] < address + length {
          let from = max(address, rows[row])
          let to = min(address + length, rows[row] + bytes * UInt64(width))
          if from < to {
            for cell in Int((from - rows[row]) / bytes)...Int((to - 1 - rows[row]) / bytes)
            where map[row][cell].isOwned && map[row][cell].address &- address < length {
              map[row][cell].owner = owner
            }
          }
          row += 1
        }
      }
    }
    return map
  }

  private func row(from base: UInt64, granules: UInt64, width: Int) -> [MapCell] {
    var cells = [MapCell](repeating: MapCell(record: 0), count: width)
    let bytes = granules << Granule.shift
    let top = min(configuration.dramTop, base + bytes * UInt64(width))
    guard base < top else { return cells }
    memory.forEachChunk(from: base, to: top) { chunk, records in
      Memory.forEachUsed(records) { index in
        let address = chunk + UInt64(index) << Granule.shift
        guard address >= base, address < top else { return }
        let cell = Int((address - base) / bytes)
        let rank = MapRanks.of(records[index])
        if rank > cells[cell].rank {
          cells[cell] = MapCell(record: records[index])
          cells[cell].address = address
        }
      }
    }
    return cells
  }

  /// How many granules of DRAM there are of each kind.
  package func granuleCounts() -> [GranuleCount] {
    var counts = [Int](repeating: 0, count: 256)
    memory.forEachChunk(from: configuration.dramBase, to: configuration.dramTop) { chunk, records in
      Memory.forEachUsed(records) { index in
        let address = chunk + UInt64(index) << Granule.shift
        if address >= configuration.dramBase, address < configuration.dramTop { counts[Int(records[index])] += 1 }
      }
    }
    counts[0] = Int(configuration.dramSize >> Granule.shift) - counts.reduce(0, +)
    return counts.indices.filter { counts[$0] > 0 }.map { GranuleCount(cell: MapCell(record: UInt8($0)), count: counts[$0]) }
  }

  /// Pieces of memory, each `bytes` long and counted from the first byte of DRAM, in which a granule is not simply the Host's.
  package func piecesInUse(of bytes: UInt64) -> [UInt64] {
    var pieces: [UInt64] = []
    let base = configuration.dramBase
    memory.forEachChunk(from: base, to: configuration.dramTop) { chunk, records in
      Memory.forEachUsed(records) { index in
        let address = chunk + UInt64(index) << Granule.shift
        guard address >= base else { return }
        let piece = (address - base) / bytes
        if pieces.last != piece { pieces.append(piece) }
      }
    }
    return pieces
  }

  /// Every granule that is a Realm's, or block of them: address and length.
  func forEachGranule(of rd: UInt64, _ body: (UInt64, UInt64) -> Void) {
    body(rd, Granule.size)
    for address in control.recs {
      let rec = rec(address)
      guard rec.owner == rd else { continue }
      body(address, Granule.size)
      for n in 0..<rec.auxCount { body(rec.aux(n), Granule.size) }
    }
    let realm = realm(rd)
    let lpa2 = realm.lpa2
    forEachTable(realm) { table, level, _ in
      body(table, Granule.size)
      forEachEntry(of: table) { _, entry in
        if entry.hipas(level) == .assigned { body(entry.address(lpa2: lpa2), rttEntrySize(level)) }
      }
    }
  }
}

/// Ranks by record, so that the scan of a chunk is a table look-up a granule.
private enum MapRanks {
  private static let table = (0...255).map { MapCell(record: UInt8($0)).rank }
  static func of(_ record: UInt8) -> UInt8 { table[Int(record)] }
}
