/// Where the program keeps its files.
enum Paths {
  /// `$XDG_STATE_HOME/workbench`, else `~/.local/state/workbench`.
  static var state: String? {
    if let state = environmentVariable("XDG_STATE_HOME"), state.hasPrefix("/") { return state + "/workbench" }
    return environmentVariable("HOME").map { $0 + "/.local/state/workbench" }
  }
  /// `$XDG_CONFIG_HOME/workbench`, else `~/.config/workbench`.
  static var configuration: String? {
    if let configuration = environmentVariable("XDG_CONFIG_HOME"), configuration.hasPrefix("/") {
      return configuration + "/workbench"
    }
    return environmentVariable("HOME").map { $0 + "/.config/workbench" }
  }
  static func sessions(in folder: String?) -> String? { folder.map { $0 + "/sessions" } }
  static func history(in folder: String?) -> String? { folder.map { $0 + "/history" } }
}
