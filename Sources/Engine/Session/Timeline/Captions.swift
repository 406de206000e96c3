import Basics

/// Words that belong to a step: what the author of a script says before it, and what is expected of it.
package struct Caption: Sendable, Equatable {
  package enum Kind: Sendable {
    /// A comment, or what is echoed: it is about what comes next.
    case words
    /// An expectation that held, and one that did not.
    case held, failed
    /// What somebody says who reads it.
    case note
  }

  /// The step, from 1.
  package internal(set) var step: Int
  package let kind: Kind
  package let text: String
  /// The line of the file, from 1; 0 if it was typed.
  package let line: Int
}

/// The captions of a session's steps, in the order of the steps.
package struct Captions: Sendable {
  package private(set) var all: [Caption] = []
  /// Words that wait for the step they are about.
  private var waiting: [(text: String, line: Int)] = []
  /// The step at which a reader is to begin, if the author says so.
  package internal(set) var start: Int?

  /// Most captions a session keeps; a script can have any number of lines.
  package static let limit = 1 << 16
  /// Most characters one has.
  package static let longest = 4096

  /// Of a step, from 1.
  package func of(_ step: Int) -> ArraySlice<Caption> {
    let first = all.partitionPoint { $0.step >= step }
    return all[first..<all.partitionPoint { $0.step > step }]
  }

  /// The last words said at or before a step: what it is part of.
  package func lastWords(at step: Int) -> Caption? {
    all[..<all.partitionPoint { $0.step > step }].last { $0.kind == .words }
  }

  /// Whether an expectation about one of some steps, from 1, did not hold.
  package func hasFailed(in steps: ClosedRange<Int>) -> Bool {
    all[all.partitionPoint { $0.step >= steps.lowerBound }..<all.partitionPoint { $0.step > steps.upperBound }]
      .contains { $0.kind == .failed }
  }

  // MARK: Keeping

  /// Something is said about what comes next. Lines that follow one another are one text, but for those of a list.
  mutating func say(_ text: String, line: Int) {
    if text.hasPrefix("- "), waiting.last?.text.isEmpty == false, waiting.count < 64 { waiting.append(("", line)) }
    if let last = waiting.last, !text.isEmpty, last.text.count + text.count < Self.longest, line != 0 || last.line == 0 {
      waiting[waiting.count - 1].text += last.text.isEmpty ? text : " " + text
    } else if text.isEmpty {
      if waiting.last?.text.isEmpty == false, waiting.count < 64 { waiting.append(("", line)) }
    } else {
      waiting = waiting.suffix(63) + [(String(text.prefix(Self.longest)), line)]
    }
  }

  /// What was said belongs to this step.
  mutating func settle(at step: Int) {
    guard !waiting.isEmpty else { return }
    for words in waiting where !words.text.isEmpty {
      add(Caption(step: step, kind: .words, text: words.text, line: words.line))
    }
    waiting = []
  }

  mutating func add(_ caption: Caption) {
    guard all.count < Self.limit else { return }
    // Mostly the last; words of a step can come after what is expected of the one before.
    all.insert(caption, at: all.partitionPoint { $0.step > caption.step })
  }

  /// Forgets those of later steps.
  mutating func keep(upTo step: Int) {
    all.removeLast(all.count - all.partitionPoint { $0.step > step })
    if let start, start > step { self.start = nil }
  }

  /// Those of later steps, which were there before.
  mutating func append(_ later: [Caption]) { all += later }

  /// A step was put before this one.
  mutating func move(from step: Int) {
    for index in all.partitionPoint({ $0.step >= step })..<all.count { all[index].step += 1 }
  }
}

extension Session {
  /// Where a finished session is to be opened: where its author says, or at the first step that has words. Nil if nobody has said
  /// anything.
  package var opening: Int? {
    captions.start ?? captions.all.first { $0.kind == .words }.map(\.step)
  }
}
