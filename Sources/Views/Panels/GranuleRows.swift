import Engine

/// What the rows of the granule map stand for: memory cell by cell where a granule is somebody's, and one line for what lies between
/// and is simply the Host's.
package struct GranuleRows: Equatable, Sendable {
  package struct Row: Equatable, Sendable {
    package var base: UInt64
    package var bytes: UInt64
    /// One line that stands for a gap.
    package var isFolded: Bool
  }

  /// Granules a cell stands for.
  package let granules: UInt64
  /// Cells of a row.
  package let width: Int
  package let rows: [Row]

  package var bytesPerCell: UInt64 { granules << 12 }

  /// - Parameters:
  ///   - zoom: log2 of the granules a cell stands for; nil for the finest with which all rows are seen at once.
  ///   - height: lines there are.
  package init(_ session: Session, zoom: Int?, width: Int, height: Int) {
    let total = session.configuration.dramSize >> 12
    // With this one all of memory is seen at once, however much of it is in use.
    var coarsest = 0
    while UInt64(width * height) << UInt64(coarsest) < total { coarsest += 1 }
    var level = min(zoom ?? 0, coarsest)
    // Rows that hold something: those of the next zoom follow from them.
    var used = session.read { $0.piecesInUse(of: UInt64(width) << UInt64(level + 12)) }
    if zoom == nil, used.isEmpty {
      level = coarsest
      rows = Self.rows(session, level, width, used) { _ in true }
    } else {
      while zoom == nil, level < coarsest, Self.count(used) > height {
        level += 1
        used = Self.halved(used)
      }
      // One row is not folded: the line would be no shorter.
      rows = Self.rows(session, level, width, used) { $0 == 1 }
    }
    granules = 1 << UInt64(level)
    self.width = width
  }

  /// Rows of twice the length.
  private static func halved(_ used: [UInt64]) -> [UInt64] {
    var halves: [UInt64] = []
    for row in used where halves.last != row / 2 { halves.append(row / 2) }
    return halves
  }

  /// Lines they take at most, with those of the gaps beside them.
  private static func count(_ used: [UInt64]) -> Int {
    var lines = 0
    var next: UInt64 = 0
    for row in used {
      lines += row == next ? 1 : 2
      next = row + 1
    }
    return lines + 1
  }

  /// - Parameter isShown: whether a gap of so many rows is shown row by row.
  private static func rows(_ session: Session, _ level: Int, _ width: Int, _ used: [UInt64], isShown: (UInt64) -> Bool) -> [Row] {
    let (base, size) = (session.configuration.dramBase, session.configuration.dramSize)
    let bytes = UInt64(width) << UInt64(level + 12)
    let count = (size + bytes - 1) / bytes
    var rows: [Row] = []
    func gap(_ pieces: Range<UInt64>) {
      if isShown(UInt64(pieces.count)) {
        rows += pieces.map { Row(base: base + $0 * bytes, bytes: bytes, isFolded: false) }
      } else if !pieces.isEmpty {
        let start = base + pieces.lowerBound * bytes
        rows.append(Row(base: start, bytes: min(base + pieces.upperBound * bytes, base + size) - start, isFolded: true))
      }
    }
    var next: UInt64 = 0
    for piece in used {
      gap(next..<piece)
      rows.append(Row(base: base + piece * bytes, bytes: bytes, isFolded: false))
      next = piece + 1
    }
    gap(next..<count)
    return rows
  }

  /// The row an address is in.
  package func row(of address: UInt64) -> Int? {
    rows.firstIndex { address >= $0.base && address - $0.base < $0.bytes }
  }

  /// The address so many cells and rows from another one.
  package func moved(_ address: UInt64, columns: Int, rows count: Int, within limits: Range<UInt64>) -> UInt64 {
    guard let row = row(of: address) else { return limits.lowerBound }
    if count != 0 {
      let target = min(max(row + count, 0), rows.count - 1)
      guard target != row else { return address }
      let column = rows[row].isFolded ? 0 : (address - rows[row].base) / bytesPerCell
      let wanted = rows[target].base + (rows[target].isFolded ? 0 : column * bytesPerCell)
      return min(wanted, limits.upperBound - Granule.size)
    }
    if rows[row].isFolded {
      let target = row + (columns < 0 ? -1 : 1)
      guard rows.indices.contains(target) else { return address }
      return columns < 0 ? rows[target].base + rows[target].bytes - bytesPerCell : rows[target].base
    }
    let step = bytesPerCell * UInt64(columns.magnitude)
    if columns < 0 { return address - limits.lowerBound >= step ? address - step : limits.lowerBound }
    return min(address + step, limits.upperBound - Granule.size)
  }
}
