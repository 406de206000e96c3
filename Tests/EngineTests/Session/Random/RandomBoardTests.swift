import Engine
import Testing

/// Random code on machines with every device.
struct RandomBoardTests {
  @Test func nothingBreaksAndBothEnginesAgree() {
    let run = RandomBoard.perform(instructions: 400_000, seed: 5, compareEvery: 1)
    #expect(run.problem == nil)
    #expect(run.guests >= 4 && run.compared == run.guests && run.accesses > 0)
  }

  @Test func itFollowsFromTheSeed() {
    let first = RandomBoard.perform(instructions: 100_000, seed: 9, compareEvery: 100)
    let second = RandomBoard.perform(instructions: 100_000, seed: 9, compareEvery: 100)
    #expect(first.digest == second.digest && first.instructions == second.instructions && first.problem == nil)
  }
}
