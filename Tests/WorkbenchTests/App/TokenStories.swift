import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// The token of a session, taken apart by keys.
@MainActor
struct TokenStories {
  /// What a verifier does not make sure of is marked, and refuses nothing.
  @Test func aCheckThatIsOffIsSeen() throws {
    let story = try Story(opening: PseudoTerminal.root.appending(path: "Sessions/11-replayed-token.session").path)
    story.keys("}", "a", "c", "0100001126201123", .enter)
    story.sees("refused: freshness")
    story.keys(.escape)
    story.types("without token.freshness")
    story.keys("a")
    story.doesNotSee("refused: freshness")
    story.keys(.right)
    #expect(story.lines.contains { $0.contains("○ freshness") }, "\(story.screen)")
    story.keys(.right, "G")
    #expect(story.lines.contains { $0.contains("│ ○ answers the challenge") }, "\(story.screen)")
    story.sees("switched off: token.freshness.")
  }

  @Test func aTokenIsTakenApart() throws {
    let story = try Story(opening: PseudoTerminal.root.appending(path: "Sessions/11-replayed-token.session").path)
    // Where it begins there is none yet.
    story.sees("step 1/31")
    story.sees("An old token in a new conversation")
    story.keys("a")
    story.sees("Step 28 finishes one; ⏎ goes there.")
    story.keys(.enter)
    story.sees("token 1 of 1 · step 28")
    story.keys("}")
    story.keys(.escape, "x")
    story.sees("it is for the appraisal of a token (a, then the tab Appraisal)")
    story.keys("a")
    story.sees("Sig_structure")
    story.keys("cxyz", .enter)
    story.sees("a challenge is up to 64 bytes in hexadecimal, without 0x")
    story.keys(.control("U"), "0100001126201123", .enter)
    story.sees("refused: freshness")
    // On the list of checks what failed comes first, and a key goes from one that needs the eye to the next.
    story.keys(.right, "G", "n")
    #expect(story.state.token.row == 0)
    story.sees("check that failed or was not evaluated 1 of")
    #expect(story.lines.contains { $0.contains("✗ freshness") })
    story.keys(.left)
    story.keys("O")
    story.sees("token 1 of 2")
    story.keys(.left)
    story.sees("CCA_REALM: affirming")
    story.keys("x")
    story.sees("what if: the chosen line is no reference value")
    for _ in 0..<8 { story.keys(.down) }
    story.keys("x")
    story.sees("supposed")
    story.keys(.left)
    story.sees("RMI_REALM_CREATE")
    story.keys("jj", .enter)
    story.sees("at step 20 of 31")
  }
}
