import Testing

@testable import Session

/// What is kept of what EL3 and partitions print.
struct RootLogTests {
  @Test func theFirstLinesAreKept() {
    var log = RootLog()
    for step in 1...RootLog.limit + 5 { log.append(["\(step)"], step) }
    let lines = log.lines(upTo: .max)
    #expect(lines.count == RootLog.limit + 1)
    #expect(lines.dropLast().last == "\(RootLog.limit)")
    #expect(lines.last?.contains("is not kept: a session keeps 10000 lines and 1 MiB") == true)
  }

  @Test func bytesAreBoundedAndComeBackWhenSomethingIsUndone() {
    var log = RootLog()
    let line = String(repeating: "x", count: RootLog.byteLimit / 4)
    for step in 1...6 { log.append([line], step) }
    // The fifth says that there was more.
    #expect(log.lines(upTo: .max).count == 5)
    let later = log.behind(2)
    log.keep(upTo: 2)
    log.append([line, line, line], 3)
    // The fifth says that there was more.
    #expect(log.lines(upTo: .max).count == 5)
    log.keep(upTo: 2)
    log.append(later)
    #expect(log.lines(upTo: 3).count == 3)
    // The fifth says that there was more.
    #expect(log.lines(upTo: .max).count == 5)
  }
}
