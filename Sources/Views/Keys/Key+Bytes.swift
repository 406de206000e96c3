/// What a key sends to whoever reads a terminal: an xterm's, or a VT100's where that is older.
extension Key {
  package var bytes: [UInt8] {
    if let scalar { return Array(String(scalar).utf8) }
    if let known = Self.sequences[name] { return Array(known.utf8) }
    let scalars = Array(name.unicodeScalars)
    if scalars.count == 2, scalars[0] == "^", (0x40..<0x60).contains(scalars[1].value) { return [UInt8(scalars[1].value - 64)] }
    if scalars.count == 3, name.hasPrefix("M-") { return [27] + Array(String(scalars[2]).utf8) }
    return []
  }

  private static let sequences: [String: String] = [
    "enter": "\r", "tab": "\t", "S-tab": "\u{1B}[Z", "backspace": "\u{7F}", "delete": "\u{1B}[3~", "esc": "\u{1B}",
    "up": "\u{1B}[A", "down": "\u{1B}[B", "right": "\u{1B}[C", "left": "\u{1B}[D", "home": "\u{1B}[H", "end": "\u{1B}[F",
    "pgup": "\u{1B}[5~", "pgdn": "\u{1B}[6~", "F1": "\u{1B}OP", "F2": "\u{1B}OQ", "F3": "\u{1B}OR", "F4": "\u{1B}OS",
    "F5": "\u{1B}[15~", "F6": "\u{1B}[17~", "F7": "\u{1B}[18~", "F8": "\u{1B}[19~", "F9": "\u{1B}[20~", "F10": "\u{1B}[21~",
    "F11": "\u{1B}[23~", "F12": "\u{1B}[24~",
  ]
}
