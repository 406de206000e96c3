/// Where the program keeps its files.
enum Paths {
  /// `$XDG_STATE_HOME/workbench`, else `~/.local/state/workbench`.
  static var state: String? {
    if let state = environmentVariable("XDG_STATE_HOME"), state.hasPrefix("/") { return state + "/workbench" }
    return environmentVariable("HOME").map { $0 + "/.local/state/workbench" }
  }
  static func sessions(in folder: String?) -> String? { folder.map { $0 + "/sessions" } }
  static func history(in folder: String?) -> String? { folder.map { $0 + "/history" } }
}
