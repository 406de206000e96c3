/// A colour as red, green and blue.
public struct RGB: Sendable, Equatable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  package init(_ value: UInt32) {
    red = UInt8(value >> 16 & 0xFF)
    green = UInt8(value >> 8 & 0xFF)
    blue = UInt8(value & 0xFF)
  }
}

/// How a role looks.
public struct Style: Sendable, Equatable {
  public var foreground: RGB?
  /// One of the eight classic colours, for terminals that have no more.
  public var basic: Int?
  public var bold = false
  public var dim = false
  public var underline = false
  public var reverse = false
}

/// A table from roles to styles.
public struct Theme: Sendable {
  public let name: String
  public let summary: String
  private let styles: [Style]

  public func style(_ role: Role) -> Style { styles[Int(role.rawValue)] }

  init(_ name: String, _ summary: String, _ table: (Role) -> Style) {
    self.name = name
    self.summary = summary
    styles = Role.allCases.map(table)
  }

  /// For a beamer, or from far away: nothing is dim, and what has a colour is bold.
  package var large: Theme {
    Theme(name, summary) { role in
      var style = self.style(role)
      style.dim = false
      switch role {
      case .dim, .border: style.foreground = nil
      case .text: break
      default: style.bold = true
      }
      return style
    }
  }

  public static let all = [standard, light, contrast, colourBlind, mono]

  /// Another word for the first, ``standard``.
  package static let otherName = "dark"

  public static func named(_ name: String) -> Theme? { name == otherName ? standard : all.first { $0.name == name } }

  private static func colour(_ value: UInt32, _ basic: Int, bold: Bool = false, reverse: Bool = false) -> Style {
    Style(foreground: RGB(value), basic: basic, bold: bold, reverse: reverse)
  }

  public static let standard = Theme("default", "dark background, one hue a world") { role in
    switch role {
    case .text: Style()
    case .dim: Style(foreground: RGB(0x8A8A8A), dim: true)
    case .title: Style(bold: true)
    case .underlined: Style(underline: true)
    case .border: Style(foreground: RGB(0x6C6C6C), dim: true)
    case .focus: colour(0x5FD7FF, 6, bold: true)
    case .bar: Style(reverse: true)
    case .key: colour(0xFFD75F, 3, bold: true)
    case .selected: Style(bold: true, reverse: true)
    case .normal: colour(0x87AFD7, 4)
    case .realm: colour(0x5FD787, 2)
    case .secure: colour(0xD787D7, 5)
    case .root: colour(0xFF875F, 1)
    case .delegated: colour(0x87875F, 3)
    case .rd: colour(0xFFFF87, 3, bold: true)
    case .rec: colour(0xFFAF5F, 3, bold: true)
    case .aux: colour(0xAF8700, 3)
    case .rtt: colour(0x5FD7FF, 6)
    case .data: colour(0x5FD787, 2, bold: true)
    case .owner1: colour(0x5FD787, 2, bold: true)
    case .owner2: colour(0xFFAF5F, 3, bold: true)
    case .owner3: colour(0x87AFFF, 4, bold: true)
    case .owner4: colour(0xFF87D7, 5, bold: true)
    case .owner5: colour(0xFFFF87, 3, bold: true)
    case .owner6: colour(0x5FFFFF, 6, bold: true)
    case .changed: Style(foreground: RGB(0xFFD75F), basic: 3, bold: true, reverse: true)
    case .fault: colour(0xFF5F5F, 1, bold: true)
    case .ok: colour(0x87D787, 2)
    case .accent: colour(0x5FD7FF, 6)
    case .warning: colour(0xFFD75F, 3)
    case .found: Style(foreground: RGB(0x5FFFFF), basic: 6, bold: true, underline: true)
    }
  }

  /// For a light background: dark hues, none of them near white.
  public static let light = Theme("light", "light background, one hue a world") { role in
    switch role {
    case .text, .title, .underlined, .bar: standard.style(role)
    case .selected: Style(bold: true, reverse: true)
    case .dim: Style(foreground: RGB(0x6C6C6C))
    case .border: Style(foreground: RGB(0x949494))
    case .focus: colour(0x005F87, 4, bold: true)
    case .key: colour(0x875F00, 1, bold: true)
    case .normal: colour(0x005FAF, 4)
    case .realm: colour(0x00692E, 2)
    case .secure: colour(0x87005F, 5)
    case .root: colour(0xAF3A00, 1)
    case .delegated: colour(0x6C5F00, 1)
    case .rd: colour(0x7A5200, 1, bold: true)
    case .rec: colour(0x9E4A00, 1, bold: true)
    case .aux: colour(0x7A5A2E, 1)
    case .rtt: colour(0x005F87, 4)
    case .data: colour(0x00692E, 2, bold: true)
    case .owner1: colour(0x00692E, 2, bold: true)
    case .owner2: colour(0x9E4A00, 1, bold: true)
    case .owner3: colour(0x0048B3, 4, bold: true)
    case .owner4: colour(0x8700AF, 5, bold: true)
    case .owner5: colour(0x6C5F00, 1, bold: true)
    case .owner6: colour(0x005F73, 4, bold: true)
    case .changed: colour(0x8A3A00, 1, bold: true, reverse: true)
    case .fault: colour(0xB00000, 1, bold: true)
    case .ok: colour(0x00692E, 2)
    case .accent: colour(0x005F87, 4)
    case .warning: colour(0x7A5200, 1, bold: true)
    case .found: Style(foreground: RGB(0x0048B3), basic: 4, bold: true, underline: true)
    }
  }

  /// The strongest contrast there is, on any background: the terminal's own colours, and what differs by attributes.
  public static let contrast = Theme("contrast", "the strongest contrast, on any background, without colours") { role in
    switch role {
    case .text, .dim, .border, .normal, .delegated, .aux: Style()
    case .title, .key, .focus, .accent, .realm, .secure, .root, .rtt: Style(bold: true)
    case .rd, .rec, .data, .owner1, .owner2, .owner3, .owner4, .owner5, .owner6: Style(bold: true)
    case .underlined: Style(underline: true)
    case .found: Style(bold: true, underline: true)
    case .bar, .selected: Style(bold: true, reverse: true)
    case .changed: Style(underline: true, reverse: true)
    case .ok: Style(bold: true)
    case .fault, .warning: Style(bold: true, underline: true, reverse: true)
    }
  }

  /// Hues of Okabe and Ito, told apart by people with any common colour vision.
  public static let colourBlind = Theme("colour-blind", "hues that any colour vision tells apart") { role in
    switch role {
    case .normal: colour(0x56B4E9, 6)
    case .realm, .ok: colour(0x009E73, 2)
    case .secure: colour(0xCC79A7, 5)
    case .root, .fault: colour(0xD55E00, 1, bold: true)
    case .rd: colour(0xF0E442, 3, bold: true)
    case .rec: colour(0xE69F00, 3, bold: true)
    case .rtt, .focus, .accent: colour(0x56B4E9, 6, bold: true)
    case .data, .owner1: colour(0x009E73, 2, bold: true)
    case .owner2: colour(0xE69F00, 3, bold: true)
    case .owner3: colour(0x56B4E9, 6, bold: true)
    case .owner4: colour(0xCC79A7, 5, bold: true)
    case .owner5: colour(0xF0E442, 3, bold: true)
    case .owner6: colour(0xD55E00, 1, bold: true)
    case .key, .warning: colour(0xF0E442, 3)
    default: standard.style(role)
    }
  }

  /// No colours: attributes only.
  public static let mono = Theme("mono", "no colours, attributes only") { role in
    switch role {
    case .title, .focus, .key, .rd, .rec, .data, .accent: Style(bold: true)
    case .owner1, .owner2, .owner3, .owner4, .owner5, .owner6: Style(bold: true)
    case .dim, .border, .normal, .delegated, .aux: Style(dim: true)
    case .underlined: Style(underline: true)
    case .bar, .selected: Style(reverse: true)
    case .changed: Style(underline: true, reverse: true)
    case .fault, .warning, .found: Style(bold: true, underline: true)
    default: Style()
    }
  }
}

extension RGB {
  /// The nearest of the 256 palette colours: 6x6x6 cube or grey ramp.
  package var palette256: Int {
    func step(_ value: UInt8) -> Int { value < 48 ? 0 : value < 115 ? 1 : (Int(value) - 35) / 40 }
    let levels = [0, 95, 135, 175, 215, 255]
    let (r, g, b) = (step(red), step(green), step(blue))
    func distance(_ x: Int, _ y: Int, _ z: Int) -> Int {
      let (dr, dg, db) = (x - Int(red), y - Int(green), z - Int(blue))
      return dr * dr + dg * dg + db * db
    }
    let cube = distance(levels[r], levels[g], levels[b])
    let grey = max(0, min(23, ((Int(red) + Int(green) + Int(blue)) / 3 - 3) / 10))
    let level = 8 + grey * 10
    return distance(level, level, level) < cube ? 232 + grey : 16 + 36 * r + 6 * g + b
  }
}
