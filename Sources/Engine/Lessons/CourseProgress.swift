import Basics
import Session

/// How far somebody is in lessons: a text with a line for each, which can be read, carried and put beside another.
package struct CourseProgress: Sendable, Equatable {
  package struct Row: Sendable, Equatable {
    package let lesson: String
    /// Tasks that are over, and how many the lesson has.
    package let tasks: Int
    package let of: Int
    /// Of those that are over, how many were passed over.
    package let skipped: Int
    package let hints: Int
    package let wrongAnswers: Int
    package let lines: Int
    /// Whether all tasks were done once, in this attempt or one before.
    package fileprivate(set) var isDone: Bool
    /// The file name of the recording it goes on with; empty if there is none.
    package let recording: String

    package init(
      lesson: String, tasks: Int, of: Int, skipped: Int, hints: Int, wrongAnswers: Int, lines: Int, isDone: Bool,
      recording: String
    ) {
      (self.lesson, self.tasks, self.of, self.skipped) = (lesson, tasks, of, skipped)
      (self.hints, self.wrongAnswers, self.lines) = (hints, wrongAnswers, lines)
      (self.isDone, self.recording) = (isDone, recording)
    }

    var text: String {
      "\(isDone ? "done" : "begun") tasks=\(tasks)/\(of) skipped=\(skipped) hints=\(hints) wrong=\(wrongAnswers) lines=\(lines) "
        + "recording=\(recording.isEmpty ? "none" : recording) \(lesson)"
    }
  }

  /// In the order in which they were begun.
  package private(set) var rows: [Row] = []

  package static let header = "#workbench progress 1"
  /// Most lines of a file, and most letters of one.
  package static let mostRows = 4096
  package static let longest = 1024

  package init() {}

  package subscript(lesson: String) -> Row? { rows.first { $0.lesson == lesson } }

  /// Takes down how far a lesson is now. One that was done stays done until it is forgotten.
  package mutating func note(_ row: Row) {
    guard let index = rows.firstIndex(where: { $0.lesson == row.lesson }) else {
      if rows.count < Self.mostRows { rows.append(row) }
      return
    }
    let wasDone = rows[index].isDone
    rows[index] = row
    if wasDone { rows[index].isDone = true }
  }

  /// Forgets one lesson, and no other.
  package mutating func forget(_ lesson: String) { rows.removeAll { $0.lesson == lesson } }

  /// The lines of a file.
  package var lines: [String] { [Self.header] + rows.map(\.text) }

  /// Reads a file.
  package init(_ lines: [String]) throws(ScriptError) {
    let lines = lines.last == "" ? lines.dropLast() : lines[...]
    guard let first = lines.first else { return }
    guard first == Self.header else {
      throw ScriptError(line: 1, column: 1, message: "expected \"\(Self.header)\" in the first line")
    }
    guard lines.count <= Self.mostRows + 1 else {
      throw ScriptError(line: Self.mostRows + 2, column: 1, message: "it has more than \(Self.mostRows) lessons")
    }
    for (index, line) in lines.enumerated().dropFirst() where !line.isEmpty {
      guard line.count <= Self.longest, let row = Self.row(line) else {
        throw ScriptError(
          line: index + 1, column: 1,
          message: "expected done|begun tasks=N/N skipped=N hints=N wrong=N lines=N recording=FILE LESSON")
      }
      note(row)
    }
  }

  private static func row(_ line: String) -> Row? {
    let words = line.split(separator: " ", maxSplits: 7).map(String.init)
    guard words.count == 8, words[0] == "done" || words[0] == "begun" else { return nil }
    var values: [String] = []
    for (word, key) in zip(words[1...6], ["tasks", "skipped", "hints", "wrong", "lines", "recording"]) {
      guard word.hasPrefix(key + "=") else { return nil }
      values.append(String(word.dropFirst(key.count + 1)))
    }
    func number(_ text: some StringProtocol) -> Int? { Int(text).flatMap { (0...1_000_000).contains($0) ? $0 : nil } }
    let tasks = values[0].split(separator: "/", omittingEmptySubsequences: false).compactMap(number)
    let numbers = values[1...4].compactMap(number)
    // A recording lies beside the others, whatever the file says.
    guard tasks.count == 2, tasks[0] <= tasks[1], numbers.count == 4, !values[5].contains("/") else { return nil }
    return Row(
      lesson: words[7], tasks: tasks[0], of: tasks[1], skipped: numbers[0], hints: numbers[1], wrongAnswers: numbers[2],
      lines: numbers[3], isDone: words[0] == "done", recording: values[5] == "none" ? "" : values[5])
  }
}

/// A lesson as a line of the course, with how far somebody is.
package struct CourseEntry: Sendable, Equatable {
  package let name: String
  package let title: String
  package let part: Int
  package let minutes: Int
  package let concept: String
  package let tasks: Int
  package let attacks: [String]
  package let standing: CourseProgress.Row?
  /// Why it cannot be begun.
  package let trouble: String?

  package init(_ lesson: Lesson, _ standing: CourseProgress.Row?) {
    (name, title, part, minutes) = (lesson.name, lesson.title, lesson.part, lesson.minutes)
    (concept, tasks, attacks) = (lesson.concept, lesson.tasks.count, lesson.attacks)
    self.standing = standing
    trouble = nil
  }

  /// One whose file is no lesson.
  package init(name: String, trouble: String) {
    (self.name, title, part, minutes) = (name, name, 0, 0)
    (concept, tasks, attacks, standing) = ("", 0, [], nil)
    self.trouble = trouble
  }

  package var isDone: Bool { standing?.isDone ?? false }
  /// Whether it was begun and has tasks left.
  package var isUnderWay: Bool { standing.map { $0.tasks < $0.of } ?? false }
}
