import Engine
import Foundation
import Testing

@testable import Session

/// Recordings in which something is wrong: they are performed, or there is a difference or an error with its line; the program stands.
/// `workbench fuzz --recordings` does the same as often as one likes.
struct MutationTests {
  @Test func whateverIsWrongIsSaid() throws {
    let tour = try BootImage(
      Array(Data(contentsOf: Project.root.appending(path: "Sessions/guests/tour.elf"))), base: RealmVM.ramBase)
    let run = RecordingsRun.perform(recordings: 600, seed: 14, image: tour)
    #expect(run.problem == nil)
    #expect(run.recordings == 600 && run.equal + run.different + run.refused == 600 && run.originals == 7)
    #expect(run.different > 30 && run.refused > 30)
  }

  /// Everything follows from the seed; without an image a random program is the guest.
  @Test func theSameComesOfTheSameSeed() {
    let runs = [3, 3, 4].map { RecordingsRun.perform(recordings: 40, seed: $0) }
    #expect(runs.map(\.problem) == [nil, nil, nil])
    #expect(runs[0].digest == runs[1].digest && runs[0].digest != runs[2].digest)
  }
}
