import FoundationEssentials

/// Where the program keeps its files, and what others there are.
enum Paths {
  /// Paths that begin with what is typed: folders end with a slash.
  static func completions(_ typed: String) -> [String] {
    let cut = typed.lastIndex(of: "/").map { typed.index(after: $0) } ?? typed.startIndex
    let (folder, start) = (String(typed[..<cut]), typed[cut...])
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "." : folder)) ?? []
    let fitting = names.filter { $0.hasPrefix(start) && !$0.contains(" ") && (start.hasPrefix(".") || !$0.hasPrefix(".")) }
    return fitting.sorted().prefix(200).map { name in
      var isFolder = false
      _ = FileManager.default.fileExists(atPath: folder + name, isDirectory: &isFolder)
      return folder + name + (isFolder ? "/" : "")
    }
  }

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
