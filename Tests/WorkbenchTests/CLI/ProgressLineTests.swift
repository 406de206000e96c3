import Testing

@testable import Workbench

struct ProgressLineTests {
  @Test func aLineSaysHowFarHowFastAndHowLong() {
    #expect(
      ProgressLine.text(1_200_000, of: 10_000_000, "actions", seconds: 3)
        == "1,200,000 of 10,000,000 actions (12 %), 400,000 a second, 22 s left")
    #expect(ProgressLine.text(999, of: nil, "lines", seconds: 2) == "999 lines, 499 a second")
    #expect(ProgressLine.text(0, of: 0, "lines", seconds: 1) == "0 of 0 lines (100 %), 0 a second")
  }

  /// Standard error is a pipe here: nothing but what is meant for it.
  @Test func thereIsNoneWithoutATerminal() throws {
    let result = try Headless.run(["fuzz", "--calls", "60000", "--check-every", "50"])
    #expect(result.code == 0)
    #expect(result.error.isEmpty, "\(result.error)")
  }
}
