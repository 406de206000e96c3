import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// What is undone and done otherwise.
@MainActor
struct BranchStories {
  private func story(_ size: (Int, Int) = (120, 36), records: Bool = false) throws -> Story {
    let story = try Story(size: size, records: records)
    for n in 1...3 { story.types("RMI_GRANULE_DELEGATE 0x8000\(n)000") }
    story.keys("uu")
    story.types("RMI_GRANULE_DELEGATE 0x80005000")
    return story
  }

  @Test func oneGoesBackNamesComparesAndPrunes() throws {
    let story = try story(records: true)
    story.sees("(2 undone steps stay on branch main; this is b1, U shows all)")
    story.sees("main─┬─b1 2/2")
    story.types("branch other")
    story.sees("main─┬─other 2/2")
    story.keys("ma", "U")
    story.sees("main  3 steps of its own, to step 3")
    story.sees("└─other  1 step of its own after step 1, to step 2")
    story.sees("' a")
    // What it did stands beside it.
    story.sees("Steps of other")
    story.sees("2  RMI_GRANULE_DELEGATE addr=0x80005000")
    story.keys("g")
    story.sees("Steps of main")
    story.sees("3  RMI_GRANULE_DELEGATE addr=0x80003000")
    // The other one, and back by a key.
    story.keys("g", .enter)
    #expect(story.session.branch.name == "main")
    story.keys(";")
    #expect(story.session.branch.name == "other" && story.session.position == 2)
    story.keys("g", "=")
    story.sees("A  other@2")
    story.sees("B  main@3")
    story.sees("1 step in common, then")
    story.sees("granule 0x80005000  DELEGATED")
    story.keys(.escape, "gX", .enter)
    story.sees("main is forgotten")
    story.keys(.escape)
    story.doesNotSee("└─other 3 steps")
    #expect(story.session.allSteps == 2)
    let replayed = try story.quitsAndReplays().session
    #expect(replayed.branches.map(\.name) == ["main", "other"])
    #expect(replayed.allSteps == 2)
    #expect(replayed.bookmarks.map(\.name) == ["a"])
  }

  @Test(arguments: [(80, 24), (120, 36), (200, 60)]) func screens(_ size: (Int, Int)) throws {
    let story = try story(size)
    story.types("bookmark end where the other way ends")
    story.keys("U")
    try ScreenStories.compare(story, "branches")
    story.keys(.escape)
    story.types("compare main b1")
    try ScreenStories.compare(story, "compare")
  }

  @Test func bookmarksAndNotesAreRecorded() throws {
    let story = try story(records: true)
    story.types("bookmark end where the other way ends")
    story.types("note somebody else says this")
    story.sees("✎ somebody else says this")
    story.types("switch main 2")
    story.keys("mx")
    story.types("goto 0")
    story.keys("'x")
    #expect(story.session.branch.name == "main" && story.session.position == 2)
    let path = try story.quitsAndLeaves().path
    let notes = try Headless.run(["session", "notes", path])
    #expect(notes.code == 0)
    #expect(
      notes.output == """
        branch main
        2\tbookmark x
        branch b1
        2\tnote somebody else says this
        2\tbookmark end where the other way ends

        """)
    let replay = try Headless.run(["replay", "--verify", path])
    #expect(replay.code == 0, "\(replay.error)")
    #expect(replay.output.hasPrefix("4 steps on 2 branches, 4 answers and "), "\(replay.output)")
    let diff = try Headless.run(["diff", "\(path)@main", "\(path)@b1"])
    #expect(diff.code == 1)
    #expect(diff.output.contains("granule 0x80005000 is UNDELEGATED, the Host's in A, DELEGATED in B"), "\(diff.output)")
    let same = try Headless.run(["diff", "\(path)@main@1", "\(path)@b1@1"])
    #expect(same.code == 0 && same.output.hasSuffix("the states are the same\n"), "\(same.output)")
    let json = try Headless.run(["diff", "--json", "\(path)@x", "\(path)@end"])
    #expect(json.code == 1 && json.output.contains("\"kind\":\"granule\""), "\(json.output)")
    #expect(try Headless.run(["diff", path, "\(path)@nowhere"]).code == 64)
  }
}

/// A step that is done otherwise, and sessions that are made of others.
@MainActor
struct EditStories {
  private static let script = (1...4).map { "RMI_GRANULE_DELEGATE 0x8000\($0)000" }.joined(separator: "\n")

  @Test func anEditIsABranchBesideTheOther() throws {
    let story = try Story(Self.script)
    story.types("edit 2 RMI_GRANULE_DELEGATE 0x80003000")
    story.sees("1 step on b1 in place of step 2, 2 done again: 1 answer and 1 things of the state differ")
    story.sees("A  main@4")
    story.sees("B  b1@4")
    #expect(story.session.branches.map(\.name) == ["main", "b1"])
    #expect(story.session.steps.map(\.hasFailed) == [false, false, true, false])
  }

  @Test func whatIsNoEditChangesNothing() throws {
    let story = try Story(Self.script)
    for (line, says) in [
      ("edit 9 RMI_VERSION 0x10000", "expected edit STEP with a step from 1 to 4"),
      ("edit 2 RMI_NONSENSE", "step 2: "), ("edit 2 print 1", "does nothing to the machine"),
    ] {
      story.types(line)
      story.sees(says)
      story.keys(.escape)
      #expect(story.session.position == 4 && story.session.branches.count == 1, "\(line)")
    }
  }

  @Test func sessionsAreJoinedTrimmedAndRenamed() throws {
    let folder = try TemporaryFolder()
    let a = try folder.write(
      "a.session", "# One\nRMI_GRANULE_DELEGATE 0x80001000\nns.read64 0x80002000\nRMI_GRANULE_DELEGATE 0x80001000\n")
    let b = try folder.write("b.session", "RMI_GRANULE_DELEGATE 0x80005000\n")
    func made(_ arguments: [String]) throws -> String {
      let path = "\(folder.path)/out-\(arguments[0])-\(arguments.count).rec"
      let result = try Headless.run(["session"] + arguments + ["-o", path])
      #expect(result.code == 0, "\(arguments): \(result.error)")
      let replay = try Headless.run(["replay", "--verify", path])
      #expect(replay.code == 0, "\(arguments): \(replay.error)")
      return path
    }
    let joined = try made(["join", a, b])
    #expect(try Headless.run(["diff", joined, b]).output.contains("the states are the same"))
    let trimmed = try made(["trim", a])
    let text = try String(contentsOfFile: trimmed, encoding: .utf8)
    #expect(
      text.contains("# One") && text.split(separator: "GRANULE_DELEGATE").count == 2 && !text.contains("ns.read64"), "\(text)"
    )
    let moved = try made(["rename", a, "0x80001000=0x80009000"])
    #expect(try String(contentsOfFile: moved, encoding: .utf8).contains("GRANULE_DELEGATE 0x80009000\n"))
    let shifted = try made(["rename", b, "--shift", "0x1000", "main=first"])
    #expect(try String(contentsOfFile: shifted, encoding: .utf8).contains("GRANULE_DELEGATE 0x80006000"))
    let lint = try Headless.run(["session", "lint", a, b, joined])
    #expect(lint.code == 1)
    #expect(lint.output.contains("a.session:4: warning: it is refused, and nothing expects that"), "\(lint.output)")
    #expect(lint.output.contains("b.session:1: warning: it begins with no comment"), "\(lint.output)")
    #expect(!lint.output.contains("join"), "\(lint.output)")
  }
}
