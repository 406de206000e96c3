import Benchmark
import Engine
import Views

/// Figures of drawing: CPU time and bytes of frames, maps of large memories, time to the first frame.
struct ViewRows {
  var suite: BenchmarkSuite {
    let suite = BenchmarkSuite(name: "")
    frames(suite)
    map(suite, "map of 1 M granules", 4 << 30)
    map(suite, "map of 8 M granules", 32 << 30)
    suite.measure("boot, session and first frame 120x36, in the process", in: "ms") { state in
      let used = CPUClock.seconds {
        let session = Session(MachineConfiguration())
        let canvas = Screens(session, ViewState()).draw(width: 120, height: 36)
        _ = FrameWriter.bytes(canvas, from: nil, theme: .standard)
      }
      state.least(used * 1e3)
    }
    return suite
  }

  private func frames(_ suite: BenchmarkSuite) {
    let million = Million()
    func row(_ what: String, isChanged: Bool, isFull: Bool) {
      /// The bytes of a frame that is drawn now.
      func frame(_ before: Canvas) -> [UInt8] {
        FrameWriter.bytes(million.draw(), from: isFull ? nil : before, theme: .standard)
      }
      suite.measure("frame 200x60, \(what), CPU", in: "ms") { state in
        let before = million.before
        if isChanged { million.change() }
        state.least(CPUClock.seconds { _ = frame(before) } * 1e3)
      }
      suite.measure("frame 200x60, \(what), bytes", in: "bytes") { state in
        let before = million.before
        if isChanged { million.change() }
        state.least(Double(frame(before).count))
      }
    }
    row("nothing changed", isChanged: false, isFull: false)
    row("1,000 of 1 M granules changed", isChanged: true, isFull: false)
    row("full redraw", isChanged: true, isFull: true)
  }

  private func map(_ suite: BenchmarkSuite, _ name: String, _ size: UInt64) {
    var made: Large?
    suite.measure(name, in: "ms") { state in
      let large = made ?? Large(size)
      made = large
      state.least(large.map() * 1e3)
    }
  }
}

/// A session on 4 GiB, a million granules, of which a few are not the Host's.
private final class Million {
  private lazy var session = {
    var configuration = MachineConfiguration()
    configuration.dramSize = 4 << 30
    let session = Session(configuration)
    for n in 0..<200 {
      session.perform(.action(.assignGranule(configuration.dramBase + UInt64(n * 5003) << 12, .secure)))
    }
    return session
  }()
  private let state = ViewState()
  /// The frame before anything changes.
  private(set) lazy var before = draw()
  private var isChanged = false

  func draw() -> Canvas { Screens(session, state).draw(width: 200, height: 60) }

  /// Gives a thousand granules to the Root world.
  func change() {
    guard !isChanged else { return }
    isChanged = true
    for n in 0..<1000 {
      session.perform(.action(.assignGranule(session.configuration.dramBase + UInt64(n * 1009 + 7) << 12, .root)))
    }
  }
}

/// A machine with something in every 2 MiB, so that a map of it can skip nothing.
private final class Large {
  private let size: UInt64
  private var machine: Machine

  init(_ size: UInt64) {
    self.size = size
    var configuration = MachineConfiguration()
    configuration.dramSize = size
    machine = Machine(configuration)
    machine.tracing = false
    var address = configuration.dramBase
    while address < configuration.dramTop {
      _ = machine.perform(.assignGranule(address, .secure))
      address += 2 << 20
    }
  }

  /// The seconds of CPU a map of 100x50 cells takes.
  func map() -> Double {
    let (rows, width) = (50, 100)
    let base = machine.configuration.dramBase
    let granules = (size >> 12) / UInt64(rows * width) + 1
    let starts = (0..<UInt64(rows)).map { base + $0 * UInt64(width) * granules << 12 }
    return CPUClock.seconds { _ = machine.map(rows: starts, granules: granules, width: width) }
  }
}
