import Basics

/// Steps to come back to, and what a reader says of a step.
package struct BookmarkStatement: Statement {
  package enum Deed: Sendable, Equatable {
    case list
    case set(String, note: String)
    case remove(String)
    case note(String)
  }
  package let deed: Deed

  static let verbs = [
    Verb(
      "bookmark", "[NAME [NOTE ..]]", help: "a name for this step, and what there is to say of it; alone lists all",
      details: """
        up to \(Bookmark.longest) letters, digits, `-`, `_` and `.`; one that is there already is moved. Recordings keep them, on \
        whatever branch the step is
        """,
      examples: ["bookmark", "bookmark a", "bookmark before-activate the last step at which data can be added"]
    ) { arguments throws(ScriptError) in
      guard arguments.count > 0 else { return BookmarkStatement(deed: .list) }
      guard Bookmark.isName(arguments[0].text) else {
        throw arguments.error(
          arguments[0],
          "\"\(shown(arguments[0].text))\" is no name; expected up to \(Bookmark.longest) letters, digits, - _ and .")
      }
      let note = arguments.words.dropFirst().map(\.text).joined(separator: " ")
      return BookmarkStatement(deed: .set(arguments[0].text, note: note))
    },
    Verb(
      "unmark", "NAME", 1...1, help: "forgets a bookmark", examples: ["unmark a"],
      choices: { $0.bookmarks.map(\.name).joined(separator: " ") }
    ) { BookmarkStatement(deed: .remove($0[0].text)) },
    Verb(
      "note", "TEXT", 1...Int.max, help: "what a reader has to say of this step, beside what its author says",
      examples: ["note this is where the RIM changes"]
    ) { BookmarkStatement(deed: .note($0.text)) },
  ]

  package var text: String {
    switch deed {
    case .list: "bookmark"
    case .set(let name, ""): "bookmark \(name)"
    case .set(let name, let note): "bookmark \(name) \(note)"
    case .remove(let name): "unmark \(name)"
    case .note(let text): "note \(text)"
    }
  }
  package var isExpectable: Bool { false }

  package func perform(in runner: ScriptRunner, at line: ScriptLine) throws(ScriptError) -> StatementResult? {
    let session = runner.session
    var result = StatementResult()
    // A batch run has nowhere to go back to.
    guard session.keepsHistory else { return nil }
    switch deed {
    case .list:
      result.text = session.bookmarks.isEmpty ? "no step has a bookmark" : session.bookmarkLines.joined(separator: "\n")
    case .set(let name, let note):
      guard session.setBookmark(name, note: note) else {
        throw line.error("the session has \(Bookmark.limit) bookmarks, as many as one keeps")
      }
      result.text = "step \(session.position) has the bookmark \(name)"
    case .remove(let name):
      // In a recording the steps it was on may have been forgotten before.
      guard session.removeBookmark(name) || runner.source.place == .recording else {
        throw line.error("there is no bookmark \"\(shown(name))\"")
      }
      result.text = "the bookmark \(name) is forgotten"
    case .note(let text):
      session.addNote(text, line: runner.source.place == .commandLine ? 0 : line.number)
      result.text = "noted with step \(max(1, session.position))"
    }
    return result
  }
}

extension Bookmark {
  /// Whether something can be the name of a bookmark or a branch.
  package static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.unicodeScalars.count <= longest
      && text.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_.".unicodeScalars.contains($0))
      }
  }
}

extension Session {
  /// A line for each bookmark.
  package var bookmarkLines: [String] {
    bookmarks.map { bookmark in
      let name = branches.first { $0.id == bookmark.place.branch }?.name ?? ""
      let note = bookmark.note.isEmpty ? "" : ": \(bookmark.note)"
      return "\(bookmark.name), step \(bookmark.place.step) of \(name)\(note)"
    }
  }
}
