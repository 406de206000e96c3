import Engine

/// Something a person can do: the one place that says what it is called, which keys do it, where, what it does, and why it may be
/// impossible. Key map, key bar, palette, key reference and all that names a key are made from these.
package struct UserAction: Sendable {
  /// What a configuration calls it.
  package let id: String
  /// Its keys, where nobody has bound others.
  package let defaultKeys: [Key]
  package let contexts: [KeyContext]
  package let title: String
  /// What it does, in a sentence.
  package let help: String
  /// What the key bar calls it.
  let label: String
  private let reason: @Sendable (Session, ViewState) -> String?
  private let effect: @Sendable (inout Effect) -> Void

  /// - Parameters:
  ///   - label: what the key bar calls it; its title without capitals, if it is not said.
  ///   - reason: why it is impossible now, or nil.
  ///   - effect: what it does.
  package init(
    _ id: String, _ keys: [Key], in contexts: [KeyContext] = [.anywhere], _ title: String, _ help: String, label: String? = nil,
    unless reason: @escaping @Sendable (Session, ViewState) -> String? = { _, _ in nil },
    _ effect: @escaping @Sendable (inout Effect) -> Void
  ) {
    self.id = id
    self.defaultKeys = keys
    self.contexts = contexts
    self.title = title
    self.help = help
    self.label = label ?? title.lowercased()
    self.reason = reason
    self.effect = effect
  }

  /// Why it is impossible now, or nil.
  package func whyImpossible(_ session: Session, _ state: ViewState) -> String? { reason(session, state) }

  /// Does it, or says why not.
  package func perform(_ effect: inout Effect) {
    if let reason = reason(effect.session, effect.state) {
      effect.say("\(title.lowercased()): \(reason)", isError: true)
    } else {
      self.effect(&effect)
    }
  }

  /// Whether a key does it on the screens, rather than while something is typed.
  package var isOnScreens: Bool {
    contexts.contains { context in
      switch context {
      case .commandLine: false
      case .anywhere: true
      case .panel(let name): Panel.named(name).map { !$0.takesText } ?? true
      }
    }
  }
}
