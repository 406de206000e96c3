import Engine

/// A session that plays by itself, step after step.
package struct Playback: Sendable, Equatable {
  package var isOn = false
  /// Which of the speeds.
  var speed = 2
  /// Steps a second.
  static let speeds = [0.25, 0.5, 1, 2, 4, 8, 16, 32]

  package init() {}

  /// Seconds from step to step.
  package var interval: Double { 1 / Self.speeds[speed] }

  package var text: String {
    let speed = Self.speeds[speed]
    return speed < 1 ? "a step in \(Int(1 / speed)) seconds" : "\(Int(speed)) step\(speed == 1 ? "" : "s") a second"
  }
}

extension UserAction {
  package static let play: UserAction = UserAction(
    "play", ["space"], "Play or stop", "Goes through the session step after step, at a speed one chooses.", label: "play",
    unless: { session, state in
      guard !state.playback.isOn, session.position == session.steps.count else { return nil }
      return session.steps.isEmpty
        ? "nothing has been done yet" : "this is the last step; \(state.bindings[.beginning]) goes to the beginning"
    }
  ) { effect in
    effect.state.playback.isOn.toggle()
    if effect.state.playback.isOn { sayHow(&effect) } else { effect.say("stopped at step \(effect.session.position)") }
  }

  package static let faster: UserAction = speed("faster", ".", "Faster", 1)
  package static let slower: UserAction = speed("slower", ",", "Slower", -1)

  private static func speed(_ id: String, _ key: Key, _ title: String, _ change: Int) -> UserAction {
    UserAction(id, [key], title, "The speed at which a session plays.") { effect in
      let speed = effect.state.playback.speed + change
      effect.state.playback.speed = max(0, min(speed, Playback.speeds.count - 1))
      sayHow(&effect)
    }
  }

  private static func sayHow(_ effect: inout Effect) {
    let keys = effect.state.bindings
    effect.say(
      "\(effect.state.playback.text); \(keys[.slower]) slower, \(keys[.faster]) faster, \(keys[.play]) "
        + (effect.state.playback.isOn ? "stops" : "plays"))
  }
}
