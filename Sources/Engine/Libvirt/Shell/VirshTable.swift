/// A table as virsh prints it (tools/vsh-table.c): a blank before each column, two behind it, the last one not filled.
struct VirshTable {
  private var rows: [[String]]

  init(_ header: [String]) { rows = [header] }

  mutating func add(_ row: [String]) { rows.append(row) }

  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      row.enumerated().map { column, cell in
        " " + (column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count) + "  ")
      }.joined()
    }
    let rule = String(repeating: "-", count: widths.reduce(0) { $0 + $1 + 3 })
    return ([lines[0], rule] + lines.dropFirst()).joined(separator: "\n") + "\n"
  }
}
