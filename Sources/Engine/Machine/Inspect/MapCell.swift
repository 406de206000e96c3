/// Bytes and words for one row of the granule map.
public struct MapCell: Sendable, Equatable {
  public var gpi: GPI
  public var state: GranuleState
  /// How much it wants to be seen: the highest in a cell wins.
  public var rank: UInt8

  public init(record: UInt8) {
    let record = GranuleRecord(raw: record)
    gpi = record.gpi
    state = record.state
    rank = MapCell.rank(state, gpi)
  }

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
}

extension Machine {
  /// The most telling granule of each of `count` equal pieces of a range, each `granules` granules long.
  public func map(from base: UInt64, granules: UInt64, count: Int) -> [MapCell] {
    let ordinary = MapCell(record: 0)
    var cells = [MapCell](repeating: ordinary, count: count)
    let bytes = granules << Granule.shift
    let top = min(configuration.dramTop, base + bytes * UInt64(count))
    guard base < top else { return cells }
    // Ranks by metadata byte, so that the scan of a chunk is a table look-up a granule.
    let ranks = (0...255).map { MapCell(record: UInt8($0)).rank }
    memory.forEachChunk(from: base, to: top) { chunk, records in
      for index in 0..<512 where records[index] != 0 {
        let address = chunk + UInt64(index) << Granule.shift
        guard address >= base, address < top else { continue }
        let cell = Int((address - base) / bytes)
        if ranks[Int(records[index])] > cells[cell].rank { cells[cell] = MapCell(record: records[index]) }
      }
    }
    return cells
  }
}
