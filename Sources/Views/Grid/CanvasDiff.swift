/// A run of cells that differ from what the terminal shows, of one style.
package struct ChangedRun: Sendable, Equatable {
  package var x: Int
  package var y: Int
  package var cells: ArraySlice<Cell>
}

extension Canvas {
  /// Calls `body` for each run of neighbouring cells of one style that differ from `old`. With nil, or another size, all do.
  /// A character of two cells is in a run with both.
  package func changes(from old: Canvas?, _ body: (ChangedRun) -> Void) {
    let shown = old.flatMap { $0.width == width && $0.height == height ? $0 : nil }
    let isPlain = isPlain && shown?.isPlain ?? true
    func differs(_ index: Int) -> Bool {
      guard let shown else { return true }
      return shown.cells[index] != cells[index] || !isPlain && shown.marks[index] != marks[index]
    }
    for y in 0..<height {
      var x = 0
      while x < width {
        let index = y * width + x
        if !differs(index) {
          x += 1
          continue
        }
        let start = cells[index].scalar == Cell.second ? x - 1 : x
        var end = x + 1
        while end < width, cells[y * width + end].role == cells[index].role,
          cells[y * width + end].reverse == cells[index].reverse, differs(y * width + end)
        { end += 1 }
        if end < width, cells[y * width + end].scalar == Cell.second { end += 1 }
        body(ChangedRun(x: start, y: y, cells: cells[(y * width + start)..<(y * width + end)]))
        x = end
      }
    }
  }

  /// Cuts a run so that a character whose width the terminal may see otherwise stands alone: each piece is written at its own
  /// place, and whatever the terminal makes of one, the next is where it belongs.
  package func pieces(_ run: ChangedRun, _ body: (_ x: Int, _ scalars: [Unicode.Scalar], _ isPlain: Bool) -> Void) {
    var plain: [Unicode.Scalar] = []
    var start = run.x
    for (n, index) in run.cells.indices.enumerated() where run.cells[index].scalar != Cell.second {
      let marks = marks[index] ?? []
      let isWide = index + 1 < run.cells.endIndex && run.cells[index + 1].scalar == Cell.second
      if marks.isEmpty, !isWide {
        if plain.isEmpty { start = run.x + n }
        plain.append(run.cells[index].scalar)
        continue
      }
      if !plain.isEmpty { body(start, plain, true) }
      plain = []
      // Both cells are blank before a wide character, which may turn out to be a narrow one.
      if isWide { body(run.x + n, [" ", " "], true) }
      body(run.x + n, [run.cells[index].scalar] + marks, false)
    }
    if !plain.isEmpty { body(start, plain, true) }
  }
}
