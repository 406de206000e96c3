import Basics

/// A step to come back to.
package struct Bookmark: Sendable, Equatable {
  package let name: String
  package let note: String
  package internal(set) var place: BranchPlace

  /// Most letters of a name and of a note, and most bookmarks a session keeps.
  package static let longest = 32
  package static let longestNote = Captions.longest
  package static let limit = 4096
}

/// What somebody who reads a session adds to it, in the order in which it was: recordings have it.
package enum Addition: Sendable, Equatable {
  case bookmark(Bookmark)
  case unmark(String)
  case note(String, BranchPlace)
}

/// Bookmarks of a session, and all that was added.
struct Additions: Sendable {
  fileprivate(set) var bookmarks: [Bookmark] = []
  fileprivate(set) var log: [Addition] = []
}

extension Session {
  /// All bookmarks, in the order of their names.
  package var bookmarks: [Bookmark] { additions.bookmarks }

  package func bookmark(named name: String) -> Bookmark? { additions.bookmarks.first { $0.name == name } }

  /// What readers have added, in that order.
  package var additionLog: [Addition] { additions.log }

  /// Marks where the session stands; a bookmark of that name goes there. False if there are too many.
  @discardableResult
  package func setBookmark(_ name: String, note: String) -> Bool {
    guard keepsHistory, additions.bookmarks.count < Bookmark.limit || bookmark(named: name) != nil else { return false }
    let bookmark = Bookmark(name: name, note: String(note.prefix(Bookmark.longestNote)), place: place)
    additions.bookmarks.removeAll { $0.name == name }
    additions.bookmarks.insert(bookmark, at: additions.bookmarks.partitionPoint { $0.name > name })
    add(.bookmark(bookmark))
    return true
  }

  /// Whether there was one.
  @discardableResult
  package func removeBookmark(_ name: String) -> Bool {
    guard bookmark(named: name) != nil else { return false }
    additions.bookmarks.removeAll { $0.name == name }
    add(.unmark(name))
    return true
  }

  /// What begins a note that a lesson keeps: what its learner answered, asked for, and passed over. It is recorded, and no caption.
  package static let lessonNote = "lesson "

  /// Says something of the step where the session stands, beside what its author says.
  package func addNote(_ text: String, line: Int) {
    guard keepsHistory else { return }
    let text = String(text.prefix(Captions.longest))
    let step = max(1, position)
    if !text.hasPrefix(Self.lessonNote) { captions.add(Caption(step: step, kind: .note, text: text, line: line)) }
    add(.note(text, place(at: min(step, steps.count))))
  }

  private func add(_ addition: Addition) {
    guard additions.log.count < 1 << 16 else { return }
    additions.log.append(addition)
  }

  func forgetBookmarks(_ isGone: (BranchPlace) -> Bool) { additions.bookmarks.removeAll { isGone($0.place) } }

  /// A step was put before the last one.
  func moveBookmarks(from step: Int) {
    for index in additions.bookmarks.indices
    where additions.bookmarks[index].place.branch == branch.id && additions.bookmarks[index].place.step >= step {
      additions.bookmarks[index].place.step += 1
    }
  }
}
