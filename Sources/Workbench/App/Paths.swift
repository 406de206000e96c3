#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Where the program keeps its files.
enum Paths {
  /// `$XDG_STATE_HOME/workbench`, else `~/.local/state/workbench`.
  static var state: String? {
    if let state = environment("XDG_STATE_HOME"), state.hasPrefix("/") { return state + "/workbench" }
    return environment("HOME").map { $0 + "/.local/state/workbench" }
  }
  static var sessions: String? { state.map { $0 + "/sessions" } }
  static var history: String? { state.map { $0 + "/history" } }

  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  /// Makes a folder and those above it, for its owner alone. False if that is not possible.
  static func make(_ path: String) -> Bool {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      if mkdir(made, 0o700) != 0, errno != EEXIST { return false }
    }
    return true
  }
}
