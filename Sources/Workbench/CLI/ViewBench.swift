import Engine
import Views

/// Figures of drawing: CPU time and bytes of frames, maps of large memories, time to the first frame.
struct ViewBench {
  let rounds: Int

  func rows() -> [MeasureRow] { frames() + maps() + [firstFrame()] }

  private func best(_ body: () -> Void) -> Double {
    var least = Double.infinity
    for _ in 0..<max(rounds, 3) {
      let start = CPUClock.now
      body()
      least = min(least, CPUClock.now - start)
    }
    return least
  }

  /// A session on 4 GiB, a million granules, of which a few are not the Host's.
  private func million() -> Session {
    var configuration = MachineConfiguration()
    configuration.dramSize = 4 << 30
    let session = Session(configuration)
    for n in 0..<200 {
      session.perform(.action(.assignGranule(configuration.dramBase + UInt64(n * 5003) << 12, .secure)))
    }
    return session
  }

  private func frames() -> [MeasureRow] {
    let session = million()
    let state = ViewState()
    func draw() -> Canvas { Screens(session, state).draw(width: 200, height: 60) }
    let before = draw()
    let idle = best { _ = FrameWriter.bytes(draw(), from: before, theme: .standard) }
    let idleBytes = FrameWriter.bytes(draw(), from: before, theme: .standard).count
    for n in 0..<1000 {
      session.perform(.action(.assignGranule(session.configuration.dramBase + UInt64(n * 1009 + 7) << 12, .root)))
    }
    let after = draw()
    let changed = best { _ = FrameWriter.bytes(draw(), from: before, theme: .standard) }
    let full = best { _ = FrameWriter.bytes(draw(), from: nil, theme: .standard) }
    func row(_ what: String, _ seconds: Double, _ bytes: Int) -> [MeasureRow] {
      [
        MeasureRow(name: "frame 200x60, \(what), CPU", value: seconds * 1e3, unit: "ms"),
        MeasureRow(name: "frame 200x60, \(what), bytes", value: Double(bytes), unit: "bytes"),
      ]
    }
    return row("nothing changed", idle, idleBytes)
      + row("1,000 of 1 M granules changed", changed, FrameWriter.bytes(after, from: before, theme: .standard).count)
      + row("full redraw", full, FrameWriter.bytes(after, from: nil, theme: .standard).count)
  }

  private func maps() -> [MeasureRow] {
    [(4, "1 M"), (32, "8 M")].map { gigabytes, name in
      var configuration = MachineConfiguration()
      configuration.dramSize = UInt64(gigabytes) << 30
      var machine = Machine(configuration)
      machine.tracing = false
      // Something in every 2 MiB, so that nothing can be skipped.
      var address = configuration.dramBase
      while address < configuration.dramTop {
        _ = machine.perform(.assignGranule(address, .secure))
        address += 2 << 20
      }
      let (rows, width) = (50, 100)
      let granules = (configuration.dramSize >> 12) / UInt64(rows * width) + 1
      let starts = (0..<UInt64(rows)).map { configuration.dramBase + $0 * UInt64(width) * granules << 12 }
      let time = best { _ = machine.map(rows: starts, granules: granules, width: width) }
      return MeasureRow(name: "map of \(name) granules", value: time * 1e3, unit: "ms")
    }
  }

  private func firstFrame() -> MeasureRow {
    let time = best {
      let session = Session(MachineConfiguration())
      let canvas = Screens(session, ViewState()).draw(width: 120, height: 36)
      _ = FrameWriter.bytes(canvas, from: nil, theme: .standard)
    }
    return MeasureRow(name: "boot, session and first frame 120x36, in the process", value: time * 1e3, unit: "ms")
  }
}
