import Basics
import Machine

/// What somebody may have meant who begins a line with a word that begins no statement.
extension Language {
  /// What other tools call it, and what does it here.
  private static let others = [
    "?": ["help"], "activate": ["RMI_REALM_ACTIVATE"], "attest": ["token"], "clear": ["machine"], "commands": ["help"],
    "config": ["set"], "course": ["learn"], "destroy": ["teardown"], "enter": ["RMI_REC_ENTER"], "granules": ["show"],
    "h": ["help"], "info": ["show"], "lesson": ["learn"], "lessons": ["learn"], "list": ["open"], "load": ["open"],
    "ls": ["open"], "man": ["help"], "mark": ["bookmark"], "reset": ["machine"], "restart": ["machine"],
    "run": ["boot", "continue"],
    "save": ["write"], "settings": ["set"], "trace": ["show"], "vm": ["boot"], "w": ["write"],
    "why": ["show"],
    "worlds": ["show"], "wq": ["quit"], "q!": ["quit"], "x": ["peek64"],
  ]

  /// Most names that are offered.
  private static let most = 3

  /// Beginnings of statements that somebody may have meant, the likeliest first; empty if nothing is near.
  func meant(_ words: [String]) -> [String] {
    guard let word = words.first?.lowercased(), word.count <= 64 else { return [] }
    let names = firstWords + Calls.all.map(\.name)
    func having(_ part: String) -> [String] { names.filter { $0.lowercased().contains(part) } }
    if words.count > 1 {
      // A call in words: rmi version, granule delegate.
      let call = having("\(word)_\(words[1].prefix(32).lowercased())")
      if !call.isEmpty { return Array(call.prefix(Self.most)) }
    }
    if Int(word) != nil, verb("goto") != nil { return ["goto \(word)"] }
    if let known = Self.others[word]?.filter({ verb($0) != nil || actions(of: $0) != nil }), !known.isEmpty { return known }
    let beginning = word.count > 1 ? names.filter { $0.lowercased().hasPrefix(word) } : []
    if !beginning.isEmpty { return Array(beginning.prefix(Self.most)) }
    if let near = closest(to: word, among: names) { return [near] }
    return word.count > 2 ? Array(having(word).prefix(Self.most)) : []
  }
}
