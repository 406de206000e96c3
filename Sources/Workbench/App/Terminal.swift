import Views

/// What the workbench draws on and what it hears from: the person at a terminal, or a test that stands for one.
@MainActor
protocol Terminal: AnyObject {
  var width: Int { get }
  var height: Int { get }
  /// Whether it shows ASCII alone.
  var isASCII: Bool { get }
  /// Whether the mouse is the workbench's: clicks come as input then.
  var mouse: Bool { get }

  /// Brings the screen to `canvas`, writing only what differs.
  func present(_ canvas: Canvas)
  /// Waits for something to happen, at most so many milliseconds.
  func wait(_ milliseconds: Int) -> TerminalWake
  /// The next key, click or pasted character, or nil if there is none now.
  func next() -> TerminalInput?

  /// The size is another.
  func resized()
  /// Forgets what is shown, so that the next frame paints everything.
  func repaint()
  /// Gives the shell back until it brings the workbench on.
  func suspend()
  func toggleMouse()
  /// Gives a text to the terminal's clipboard.
  func copy(_ text: String)
  func use(_ theme: Theme)
  /// Draws with other colours, or other characters, from now on.
  func draw(_ colours: ColourMode, ascii: Bool)
  /// What a crash prints after the terminal is restored.
  func setCrashNote(_ text: String)
}

/// What a person does at a terminal.
enum TerminalInput: Equatable {
  case key(Key)
  case click(x: Int, y: Int)
  case wheel(x: Int, y: Int, up: Bool)
  case paste(Unicode.Scalar)
  case pasteEnd
}

/// Why waiting for a terminal ended.
enum TerminalWake: Equatable {
  case timeout, input, hangup
  case signal(Int32)
}
