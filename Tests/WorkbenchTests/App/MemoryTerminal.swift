import Libc
import Views

@testable import Workbench

/// A terminal that is nowhere: input waits in a queue, and the last canvas is kept.
final class MemoryTerminal: Terminal {
  private(set) var width: Int
  private(set) var height: Int
  private(set) var mouse = true
  var isASCII = false
  private(set) var canvas: Canvas
  private(set) var theme: Theme?
  private(set) var colours = ColourMode.auto
  /// How often the whole screen was painted anew, and how often the shell was given back.
  private(set) var repaints = 0
  private(set) var suspensions = 0
  private(set) var crashNote = ""
  private(set) var clipboard: String?
  /// Whether the workbench has nothing to do until a key comes.
  private(set) var isAwaited = false
  /// Microseconds a frame takes to be sent, and how many were.
  var slowness: UInt32 = 0
  private(set) var frames = 0
  /// Keys come one by one, each when it is waited for.
  var drips = false
  private var mayTake = true
  private var inputs: [TerminalInput] = []
  private var signals: [Int32] = []
  private var hasHungUp = false

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    canvas = Canvas(width: width, height: height)
  }

  // MARK: The person's side

  func give(_ inputs: [TerminalInput]) {
    self.inputs += inputs
    isAwaited = false
  }

  func give(signal: Int32) {
    signals.append(signal)
    isAwaited = false
  }

  func resize(_ width: Int, _ height: Int) {
    (self.width, self.height) = (width, height)
    give(signal: SIGWINCH)
  }

  func hangUp() {
    hasHungUp = true
    isAwaited = false
  }

  // MARK: The workbench's side

  func present(_ canvas: Canvas) {
    if slowness > 0 { usleep(slowness) }
    frames += 1
    self.canvas = canvas
  }

  func wait(_ milliseconds: Int) -> TerminalWake {
    if !signals.isEmpty { return .signal(signals.removeFirst()) }
    if hasHungUp { return .hangup }
    mayTake = true
    if !inputs.isEmpty { return .input }
    // It looks at its recording each second, and would wait for a minute without one.
    isAwaited = milliseconds >= 1000
    if !isAwaited { usleep(UInt32(milliseconds) * 1000) }
    return .timeout
  }

  func next() -> TerminalInput? {
    guard !inputs.isEmpty, mayTake else { return nil }
    mayTake = !drips
    return inputs.removeFirst()
  }

  func resized() { repaints += 1 }
  func repaint() { repaints += 1 }
  func suspend() { suspensions += 1 }
  func toggleMouse() { mouse.toggle() }
  func copy(_ text: String) { clipboard = text }
  func use(_ theme: Theme) { self.theme = theme }
  func draw(_ colours: ColourMode, ascii: Bool) { (self.colours, isASCII) = (colours, ascii) }
  func setCrashNote(_ text: String) { crashNote = text }
}
