/// What a cell means. A theme turns roles into colours; a monochrome terminal into attributes.
public enum Role: UInt8, Sendable, CaseIterable {
  case text, dim, title, underlined, border, focus, bar, key, selected
  case normal, realm, secure, root
  case delegated, rd, rec, aux, rtt, data
  /// Realms, by number.
  case owner1, owner2, owner3, owner4, owner5, owner6
  case changed, fault, ok, accent, warning
  /// What was sought.
  case found

  /// One letter, for golden screens that show styles.
  public var letter: Character {
    switch self {
    case .text: " "
    case .dim: "."
    case .title: "T"
    case .underlined: "u"
    case .border: "b"
    case .focus: "f"
    case .bar: "_"
    case .key: "k"
    case .selected: ">"
    case .normal: "n"
    case .realm: "r"
    case .secure: "s"
    case .root: "o"
    case .delegated: "d"
    case .rd: "R"
    case .rec: "C"
    case .aux: "a"
    case .rtt: "t"
    case .data: "D"
    case .owner1: "1"
    case .owner2: "2"
    case .owner3: "3"
    case .owner4: "4"
    case .owner5: "5"
    case .owner6: "6"
    case .changed: "*"
    case .fault: "!"
    case .ok: "+"
    case .accent: "A"
    case .warning: "w"
    case .found: "?"
    }
  }
}
