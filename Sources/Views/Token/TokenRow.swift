import Engine

/// A stretch of a token's bytes and how it is shown.
struct ByteMark: Equatable {
  var range: Range<Int>
  var role: Role
}

/// A line of the token view's list, with what stands beside it when it is chosen.
struct TokenRow {
  /// Before the name: a mark, or indentation.
  var lead = ""
  var name = ""
  var value = ""
  var role = Role.text
  /// Words about it.
  var notes: [(String, Role)] = []
  /// Its bytes in the token.
  var marks: [ByteMark] = []
  /// Bytes that are not in the token: what was given or computed.
  var inputs: [CheckInput] = []
  /// The session's step it leads to.
  var step: Int?
  /// The reference value it stands for.
  var fact: WhatIf.Fact?
  /// Headings are passed over by the cursor only in looks: they can be chosen, and say what follows.
  var isHeading = false
}
