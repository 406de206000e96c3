import Testing

@testable import Session

/// What is kept of what EL3 and partitions print.
struct RootLogTests {
  @Test func theFirstLinesAreKept() {
    var log = RootLog()
    for step in 1...RootLog.limit + 5 { log.append(["\(step)"], step) }
    #expect(log.lines(upTo: .max).count == RootLog.limit)
    #expect(log.lines(upTo: .max).last == "\(RootLog.limit)")
  }

  @Test func bytesAreBoundedAndComeBackWhenSomethingIsUndone() {
    var log = RootLog()
    let line = String(repeating: "x", count: RootLog.byteLimit / 4)
    for step in 1...6 { log.append([line], step) }
    #expect(log.lines(upTo: .max).count == 4)
    let later = log.behind(2)
    log.keep(upTo: 2)
    log.append([line, line, line], 3)
    #expect(log.lines(upTo: .max).count == 4)
    log.keep(upTo: 2)
    log.append(later)
    #expect(log.lines(upTo: 3).count == 3)
    #expect(log.lines(upTo: .max).count == 4)
  }
}
