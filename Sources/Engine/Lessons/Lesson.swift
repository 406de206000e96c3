import Basics
import Session

/// A lesson: what is read, what a machine is to be brought to, and how that can be done and not done.
package struct Lesson: Sendable {
  /// A piece of text.
  package enum Paragraph: Sendable, Equatable {
    /// Words that are broken into lines where there is room.
    case words(String)
    /// A line that is shown as it is.
    case line(String)
  }

  /// A line of the file.
  package struct Line: Sendable, Equatable {
    /// From 1.
    package let number: Int
    package let text: String
  }

  /// A predicate that has still to be read: names in it may be those of the start.
  package struct Clause: Sendable, Equatable {
    package let text: String
    /// What is said instead of it; empty if nothing is.
    package let words: String
    package let line: Int
    package let column: Int
  }

  /// Statements that reach a goal, or look as if they did.
  package struct Attempt: Sendable, Equatable {
    package let name: String
    /// Why it does not reach the goal, of one that does not.
    package let why: String
    package let line: Int
    package internal(set) var statements: [Line] = []
  }

  package struct Question: Sendable, Equatable {
    package struct Answer: Sendable, Equatable {
      package let text: String
      package let reason: String
      package let isRight: Bool
      package let line: Int
    }
    package let text: String
    package let line: Int
    /// As the file has them.
    package internal(set) var answers: [Answer] = []
    /// The name of the lesson it is in.
    let lesson: String

    init(text: String, line: Int, lesson: String) { (self.text, self.line, self.lesson) = (text, line, lesson) }

    /// The answers as they are shown, each by its place in the file: always the same of a question, and the right one anywhere.
    package var order: [Int] {
      var numbers = SeededNumbers(seed: FNV1a.hash("\(lesson)\n\(text)".utf8))
      var order = Array(answers.indices)
      for place in order.indices.reversed() { order.swapAt(place, numbers.below(place + 1)) }
      return order
    }

    /// The answers in that order.
    package var shown: [Answer] { order.map { answers[$0] } }
  }

  /// A part of the lesson, with a goal of its own.
  package struct Task: Sendable {
    package let title: String
    package let line: Int
    package internal(set) var text: [Paragraph] = []
    /// All of them must hold.
    package internal(set) var goals: [Clause] = []
    /// None of them may hold after any step.
    package internal(set) var forbidden: [Clause] = []
    /// The last one is given by the solution.
    package internal(set) var hints: [Line] = []
    package internal(set) var questions: [Question] = []
    package internal(set) var solutions: [Attempt] = []
    package internal(set) var wrongs: [Attempt] = []
    /// Lines that are enough; nil: as many as the first solution has.
    package internal(set) var par: Int?

    package var lines: Int { countsLines ? par ?? solutions.first?.statements.count ?? 0 : 0 }

    /// Whether lines are counted: where a guest is run, what one line did cannot be told from what several did.
    package var countsLines: Bool {
      !(solutions.first?.statements ?? []).contains { statement in
        GuestStatement.names.contains(statement.text.split(separator: " ").first.map(String.init) ?? "")
      }
    }
  }

  /// What a lesson lets its learner do that others do not.
  package enum Permission: String, Sendable, CaseIterable {
    /// Software of the Root, Realm or Secure world makes reads and writes by hand; EL3 moves granules.
    case root, realm, secure
    /// A fresh machine of the lesson's kind: `machine`, `boot`, `virsh` on none.
    case machine
    /// Registers of a PE are set from outside.
    case registers
    /// Checks are switched off.
    case lab

    package var help: String {
      switch self {
      case .root: "reads and writes of the Root world by hand, and granules that EL3 moves (root.write64, gpt.set)"
      case .realm: "reads and writes of the Realm world by hand (realm.write64)"
      case .secure: "reads and writes of the Secure world by hand (secure.read64)"
      case .machine: "fresh machines of the lesson's kind (case, boot, a first virsh)"
      case .registers: "registers of a PE that are set from outside (sysreg)"
      case .lab: "checks that are switched off (without)"
      }
    }
  }

  /// The name of its file, without folder and ending.
  package let name: String
  package internal(set) var title = ""
  package internal(set) var part = 0
  package internal(set) var concept = ""
  package internal(set) var minutes = 0
  package internal(set) var sources: [String] = []
  package internal(set) var attacks: [String] = []
  package internal(set) var permissions: Set<Permission> = []
  package internal(set) var introduction: [Paragraph] = []
  /// Statements that make the machine the learner finds.
  package internal(set) var start: [Line] = []
  package internal(set) var tasks: [Task] = []

  /// The parts of the course, from 1.
  package static let parts = [
    "The machine", "One Realm, by hand", "A running guest", "Proof", "Attacks, other worlds, the future",
  ]

  /// Most bytes of a lesson's file, most lines, tasks, and lines of a text at 80 columns.
  package static let mostBytes = 1 << 18
  package static let mostLines = 4096
  package static let mostTasks = 16
  package static let mostTextLines = 16
  /// Columns that a line which is not broken may have, and a title.
  package static let widest = 76
  package static let longestTitle = 40
  /// Most minutes a lesson may take.
  package static let longest = 10

  /// Calls and verbs its first solutions use.
  package var calls: [String] {
    var seen: Set<String> = []
    let all = tasks.flatMap { $0.solutions.first?.statements ?? [] }
    return all.compactMap { $0.text.split(separator: " ").first.map(String.init) }.filter { seen.insert($0).inserted }
  }
}

/// What is wrong with a lesson, where, and what would be right.
package struct LessonProblem: Error, Sendable, Equatable {
  /// What sort of mistake it is: each has an example in the tests.
  package enum Kind: String, Sendable, CaseIterable {
    case noTitle = "no-title"
    case unknownWord = "unknown-word"
    case misplaced
    case missing
    case badNumber = "bad-number"
    case tooLong = "too-long"
    case tooWide = "too-wide"
    case badStatement = "bad-statement"
    case badPredicate = "bad-predicate"
    case startFails = "start-fails"
    case trueAtStart = "true-at-start"
    case solutionFails = "solution-fails"
    case solutionForbidden = "solution-forbidden"
    case wrongPasses = "wrong-passes"
    case wrongFails = "wrong-fails"
    case fewWrongs = "few-wrongs"
    case noSolution = "no-solution"
    case noGoal = "no-goal"
    case emptyHint = "empty-hint"
    case repeatedHint = "repeated-hint"
    case noHint = "no-hint"
    case badQuestion = "bad-question"
    case noReason = "no-reason"
    case lowPar = "low-par"
    case noSource = "no-source"
    case sameCommands = "same-commands"
    case repeatedName = "repeated-name"
    case unknownKey = "unknown-key"
  }

  package let kind: Kind
  package let line: Int
  package let column: Int
  package let message: String

  /// Whether the lesson cannot be begun with it.
  package var isFatal: Bool {
    [.noTitle, .unknownWord, .misplaced, .tooLong, .badStatement, .badQuestion, .noGoal].contains(kind)
      || kind == .missing && column != 1
  }

  package init(_ kind: Kind, line: Int, column: Int = 1, _ message: String) {
    self.kind = kind
    self.line = line
    self.column = column
    self.message = message
  }
}

extension Lesson {
  /// The ids of keys in a text, as `{undo}`, with the place of each.
  static func keys(in text: String) -> [String] {
    text.matches(of: /\{([a-z][a-z-]*)\}/).map { String($0.1) }
  }

  /// With the names of keys in place of what stands for them: `{undo}` is the key that undoes.
  ///
  /// - Parameter key: what the key of an action is called, by the action's id; nil if there is none.
  package func naming(_ key: (String) -> String?) -> Lesson {
    func named(_ text: String) -> String { text.replacing(/\{([a-z][a-z-]*)\}/) { key(String($0.1)) ?? String($0.0) } }
    func named(_ text: [Paragraph]) -> [Paragraph] {
      text.map { paragraph in
        switch paragraph {
        case .words(let words): .words(named(words))
        case .line(let line): .line(named(line))
        }
      }
    }
    var copy = self
    copy.introduction = named(introduction)
    for index in copy.tasks.indices {
      copy.tasks[index].text = named(tasks[index].text)
      copy.tasks[index].hints = tasks[index].hints.map { Line(number: $0.number, text: named($0.text)) }
    }
    return copy
  }
}
