/// Where the program keeps its files.
enum Paths {
  /// `$XDG_STATE_HOME/workbench`, else `~/.local/state/workbench`.
  static var state: String? {
    if let state = environmentVariable("XDG_STATE_HOME"), state.hasPrefix("/") { return state + "/workbench" }
    return environmentVariable("HOME").map { $0 + "/.local/state/workbench" }
  }
  static var sessions: String? { state.map { $0 + "/sessions" } }
  static var history: String? { state.map { $0 + "/history" } }
}
