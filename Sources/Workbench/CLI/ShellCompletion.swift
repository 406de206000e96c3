import ArgumentParser

extension CompletionKind {
  /// What a shell offers for a word that names something of the project's, or a file.
  ///
  /// - Parameter names: what there is, asked for when somebody types.
  static func files(and names: @escaping @Sendable () -> [String]) -> CompletionKind {
    .custom { _, _, prefix in names().filter { $0.hasPrefix(prefix) } + Paths.completions(prefix) }
  }
}
