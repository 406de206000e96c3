/// A table as virsh prints it (tools/vsh-table.c): a blank before each column, two behind it, the last one not filled.
struct VirshTable {
  private let header: [String]
  private var rows: [[String]] = []

  init(_ header: [String]) { self.header = header }

  mutating func add(_ row: [String]) { rows.append(row) }

  /// With titles and the rule below them, or without.
  func text(hasHead: Bool) -> String {
    let all = (hasHead ? [header] : []) + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    var lines = all.map { row in
      row.enumerated().map { column, cell in
        " " + (column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count) + "  ")
      }.joined()
    }
    if hasHead { lines.insert(String(repeating: "-", count: widths.reduce(0) { $0 + $1 + 3 }), at: 1) }
    return lines.map { $0 + "\n" }.joined()
  }
}
