import Engine

/// Which keys do what: those of the actions themselves, or others somebody has bound.
package struct KeyBindings: Sendable {
  private let changed: [String: [Key]]
  private let meanings: [KeyContext: [Key: UserAction]]
  /// Statements a person has put together.
  package let macros: [Macro]
  /// Everything a person can do, macros with it.
  package let actions: [UserAction]
  /// Whether keys are named in words: for terminals with ASCII alone.
  package var spellsKeys = false

  package static let standard: KeyBindings = KeyBindings()

  /// - Parameter changed: other keys of an action, by its id; they replace all it has.
  package init(_ changed: [String: [Key]] = [:], macros: [Macro] = []) {
    self.changed = changed
    self.macros = macros
    actions = UserAction.all + macros.map(\.action)
    var meanings: [KeyContext: [Key: UserAction]] = [:]
    for action in actions {
      for context in action.contexts {
        for key in changed[action.id] ?? action.defaultKeys { meanings[context, default: [:]][key] = action }
      }
    }
    self.meanings = meanings
  }

  /// The first key that two actions would share in one place, with such changes.
  package static func clash(
    _ changed: [String: [Key]], macros: [Macro] = []
  ) -> (key: Key, actions: (UserAction, UserAction))? {
    var owners: [KeyContext: [Key: UserAction]] = [:]
    for action in UserAction.all + macros.map(\.action) {
      for context in action.contexts {
        for key in changed[action.id] ?? action.defaultKeys {
          if let owner = owners[context]?[key], owner.id != action.id { return (key, (owner, action)) }
          owners[context, default: [:]][key] = action
        }
      }
    }
    return nil
  }

  package func keys(of action: UserAction) -> [Key] { changed[action.id] ?? action.defaultKeys }

  /// What a key does where the first of these contexts knows it.
  package func action(_ key: Key, in contexts: [KeyContext]) -> UserAction? {
    for context in contexts { if let action = meanings[context]?[key] { return action } }
    return nil
  }

  /// The key for an action, as a sentence names it.
  package subscript(action: UserAction) -> String { keys(of: action).first?.word ?? "no key" }

  /// The key that opens a panel, as a sentence names it.
  package subscript(panel: Panel) -> String { panel.opening.map { self[$0] } ?? "no key" }

  /// The keys for some actions, as the key bar shows them.
  func glyphs(_ actions: [UserAction]) -> String {
    let first = actions.compactMap { keys(of: $0).first }
    if first == [.up, .down, .left, .right] { return "arrows" }
    if first == [.up, .down], !spellsKeys { return "↑↓" }
    return first.map { $0.glyph(isSpelt: spellsKeys) }.joined(separator: " ")
  }
}

/// An entry of the key bar: keys, and in a word what they do here.
package struct KeyHint: Sendable {
  let actions: [UserAction]
  private var label: String

  /// - Parameter label: what the keys do here, if it is not what the action says.
  package init(_ actions: UserAction..., label: String? = nil) {
    self.actions = actions
    self.label = label ?? actions.first?.label ?? ""
  }

  /// That a panel is opened.
  package init(opening panel: Panel) {
    actions = panel.opening.map { [$0] } ?? []
    label = actions.first?.label ?? ""
  }

  /// The same with another label.
  func named(_ label: String) -> KeyHint {
    var copy = self
    copy.label = label
    return copy
  }

  /// That what is typed is taken as text.
  init(typing label: String) {
    actions = []
    self.label = label
  }

  func text(_ bindings: KeyBindings) -> (keys: String, label: String) {
    (actions.isEmpty ? "type" : bindings.glyphs(actions), label)
  }

  /// Whether it can be done now: one of the actions can.
  func isPossible(_ session: Session, _ state: ViewState) -> Bool {
    actions.isEmpty || actions.contains { $0.whyImpossible(session, state) == nil }
  }

  /// Those that are on a screen that takes no text, whatever else has no room: the way back, help, and the way out.
  static func always(on screen: Panel) -> [KeyHint] {
    (screen == .overview ? [] : [KeyHint(.back)]) + [KeyHint(opening: .palette), KeyHint(.quit)]
  }

  /// Those most screens begin with.
  static var common: [KeyHint] { [KeyHint(.command), KeyHint(.undo), KeyHint(.redo)] }
}

extension ViewState {
  /// Where keys have a meaning now, the nearest first. What takes text leaves the keys that work anywhere no room.
  package var keyContexts: [KeyContext] {
    if command != nil { return [.commandLine] }
    let own: [KeyContext] = [.panel(screen.name)]
    if screen.takesText { return own }
    return (screen == .overview ? [.panel(focus.name)] + own : own) + [.anywhere]
  }
}
