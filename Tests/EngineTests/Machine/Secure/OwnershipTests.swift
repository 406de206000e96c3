import Basics
import Foundation
import Testing

@testable import Machine

/// The ownership of memory in FF-A against a table of its own: what each call must answer, page by page, and where the granule then is.
struct OwnershipTests {
  /// What the table knows of a page. It has no transactions but by their number.
  struct Page: Equatable {
    var owner: UInt64
    var transaction: UInt64?
    /// Delegated to the RMM.
    var isRealm = false
  }

  struct Deal {
    var kind: String
    var owner: UInt64
    var receivers: [UInt64]
    var pages: [Int]
    var holders: Set<UInt64> = []
  }

  /// The table: from pages and deals to answers.
  struct Table {
    var pages = [Page](repeating: Page(owner: 0), count: 6)
    var deals: [UInt64: Deal] = [:]
    var next: UInt64 = 1

    mutating func send(_ kind: String, _ sender: UInt64, _ receivers: [UInt64], _ chosen: [Int]) -> String {
      if kind == "donate", receivers.count > 1 { return "FFA_INVALID_PARAMETERS" }
      if receivers.contains(sender) { return "FFA_INVALID_PARAMETERS" }
      // Pages in different states, or another's, or promised already.
      guard chosen.allSatisfy({ pages[$0].owner == sender && pages[$0].transaction == nil }) else { return "FFA_DENIED" }
      // EL3 moves only what is Non-secure: what the RMM has it does not.
      if sender == 0, kind != "share", chosen.contains(where: { pages[$0].isRealm }) { return "FFA_DENIED" }
      deals[next] = Deal(kind: kind, owner: sender, receivers: receivers, pages: chosen)
      for page in chosen { pages[page].transaction = next }
      next += 1
      return "OK"
    }

    mutating func retrieve(_ handle: UInt64, _ receiver: UInt64) -> String {
      guard let deal = deals[handle], deal.receivers.contains(receiver) else { return "FFA_INVALID_PARAMETERS" }
      if deal.holders.contains(receiver) { return "FFA_DENIED" }
      guard deal.kind == "donate" else {
        deals[handle]?.holders.insert(receiver)
        return "OK"
      }
      for page in deal.pages { pages[page] = Page(owner: receiver) }
      deals[handle] = nil
      return "OK"
    }

    mutating func relinquish(_ handle: UInt64, _ borrower: UInt64) -> String {
      guard deals[handle]?.holders.contains(borrower) == true else { return "FFA_INVALID_PARAMETERS" }
      deals[handle]?.holders.remove(borrower)
      return "OK"
    }

    mutating func reclaim(_ handle: UInt64, _ owner: UInt64) -> String {
      guard let deal = deals[handle], deal.owner == owner else { return "FFA_INVALID_PARAMETERS" }
      guard deal.holders.isEmpty else { return "FFA_DENIED" }
      for page in deal.pages { pages[page].transaction = nil }
      deals[handle] = nil
      return "OK"
    }

    /// Whether a page is out of the Normal world's reach: a partition's, or given away by the Normal world and not shared.
    func isSecure(_ page: Int) -> Bool {
      if pages[page].owner != 0 { return true }
      return pages[page].transaction.flatMap { deals[$0] }.map { $0.kind != "share" } ?? false
    }

    mutating func delegate(_ page: Int) -> Bool {
      guard !pages[page].isRealm, !isSecure(page) else { return false }
      pages[page].isRealm = true
      return true
    }

    mutating func undelegate(_ page: Int) -> Bool {
      guard pages[page].isRealm else { return false }
      pages[page].isRealm = false
      return true
    }
  }

  static let base: UInt64 = 0x8200_0000

  /// One sequence of calls; the machine and the table begin anew.
  static func play(_ numbers: inout SeededNumbers, _ script: SecureScript, steps: Int) throws {
    var table = Table()
    let ids: [UInt64] = [0, SecureScript.tee, SecureScript.keys]
    // The machine is used again: its handles go on where the last sequence ended.
    let first = script.machine.spm.nextHandle
    for step in 0..<steps {
      let who = numbers.pick(ids)
      let handle = UInt64(1 + numbers.below(max(1, Int(table.next))))
      let expected: String
      let answer: SecureScript.Answer
      var words = ""
      switch numbers.below(10) {
      case 0...3:
        let kind = numbers.pick(["share", "lend", "donate"])
        var receivers = [numbers.pick([SecureScript.tee, SecureScript.keys])]
        if numbers.chance(15) { receivers = [SecureScript.tee, SecureScript.keys] }
        let start = numbers.below(6)
        let chosen = Array(start..<min(6, start + 1 + numbers.below(3)))
        expected = table.send(kind, who, receivers, chosen)
        answer = script.send(kind, who, receivers, chosen.map { base + UInt64($0) << 12 })
        words = "\(kind) \(chosen) by \(who) to \(receivers)"
      case 4...5:
        expected = table.retrieve(handle, who)
        answer = script.retrieve(handle + first - 1, who)
        words = "retrieve \(handle) by \(who)"
      case 6:
        expected = table.relinquish(handle, who)
        answer = script.relinquish(handle + first - 1, who)
        words = "relinquish \(handle) by \(who)"
      case 7...8:
        expected = table.reclaim(handle, who)
        answer = script.reclaim(handle + first - 1, who)
        words = "reclaim \(handle) by \(who)"
      default:
        let page = numbers.below(6)
        let isDelegation = numbers.chance(60)
        let isDone = isDelegation ? table.delegate(page) : table.undelegate(page)
        expected = isDone ? "0" : "1"
        let x = script.smc(.normal, isDelegation ? 0xC400_0151 : 0xC400_0152, [base + UInt64(page) << 12]).x
        answer = SecureScript.Answer(x: x)
        try #require("\(x[0])" == expected, "step \(step): delegate or undelegate page \(page)")
        continue
      }
      try #require(answer.status == expected, "step \(step): \(words)")
    }
    for page in 0..<6 {
      let gpi: GPI = table.pages[page].isRealm ? .realm : table.isSecure(page) ? .secure : .nonSecure
      try #require(script.machine.gptWalk(base + UInt64(page) << 12).gpi == gpi, "page \(page)")
    }
    try #require(script.machine.invariantViolations() == [])
  }

  /// A hundredth of what WORKBENCH_FUZZ says, and at least 120 sequences.
  @Test func theTableAndTheMachineAgree() throws {
    let wanted = ProcessInfo.processInfo.environment["WORKBENCH_FUZZ"].flatMap { Int($0) }.map { max(120, $0 / 100) } ?? 120
    var numbers = SeededNumbers(seed: 13)
    let script = SecureScript()
    let mark = script.machine.checkpoint()
    for _ in 0..<wanted {
      try Self.play(&numbers, script, steps: 14)
      script.machine.restore(to: mark)
    }
  }
}
