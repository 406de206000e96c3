import Machine

/// Flash and virtio devices in a note of their Host.
extension RealmVM {
  /// Bytes of what a device knows in one line.
  private static let piece = 16384

  var deviceLines: [String] {
    var lines = options.disks.map { Self.line("disk", $0) }
    if let share = options.share { lines.append(Self.line("share", share.archive)) }
    for (number, device) in virtio.enumerated() {
      lines.append(Self.line(device.state, number))
      let state = device.function.state
      for start in stride(from: 0, to: state.count, by: Self.piece) {
        var line = HostNoteLine("state")
        line.add("device", UInt64(number))
        line.add("bytes", all: Array(state[start..<min(start + Self.piece, state.count)]))
        lines.append(line.text)
      }
    }
    return lines
  }

  /// Banks in a note of their Host: those that are not as at reset.
  var flashLines: [String] {
    flash.enumerated().filter { $0.element.state != NORFlash.State() }.map { number, bank in
      var line = HostNoteLine("flash")
      line.add("bank", UInt64(number))
      line.add("mode", UInt64(bank.state.mode.rawValue))
      line.add("cycle", UInt64(bank.state.cycle.rawValue))
      line.add("status", UInt64(bank.state.status))
      line.add("awaited", UInt64(bank.state.awaited))
      if !bank.state.buffer.isEmpty { line.add("buffer", all: bank.state.bufferBytes) }
      return line.text
    }
  }

  /// An image is told by its name and its SHA-256.
  private static func line(_ subject: String, _ image: DiskImage) -> String {
    var line = HostNoteLine(subject)
    line.add("name", text: String(image.name.prefix(HostNote.longestName / 4)))
    line.add("size", image.size)
    line.add("digest", bytes: image.digest)
    line.add("writable", if: image.isWritable)
    return line.text
  }

  private static func line(_ state: VirtioDevice.State, _ number: Int) -> String {
    var line = HostNoteLine("virtio")
    line.add("device", UInt64(number))
    line.add("status", UInt64(state.status))
    line.add("select", UInt64(state.featureSelect))
    line.add("driver_select", UInt64(state.driverFeatureSelect))
    line.add("features", state.driverFeatures)
    line.add("queue", UInt64(state.queueSelect))
    line.add("interrupts", UInt64(state.interrupts))
    line.add("counts", [state.counts.buffers, state.counts.read, state.counts.written, state.counts.faults])
    for (n, queue) in state.queues.enumerated() {
      line.add(
        "q\(n)",
        [
          UInt64(queue.count), queue.isReady ? 1 : 0, queue.descriptors, queue.driver, queue.device, UInt64(queue.taken),
          UInt64(queue.given),
        ])
    }
    return line.text
  }

  /// Takes the lines of all devices.
  struct DeviceReader {
    var disks: [DiskImage] = []
    private var transports: [VirtioDevice.State] = []
    private var states: [[UInt8]] = []
    /// Most queues of a device.
    private static let mostQueues = 3
    private static let mostDevices = RealmVM.mostDisks + 5
    private(set) var share: SharedFolder?

    mutating func takeDisk(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      guard disks.count < RealmVM.mostDisks else { throw HostNoteLine.Malformed(message: "more than \(RealmVM.mostDisks) disks") }
      disks.append(try Self.image(&line, UInt64(DiskImage.most)))
    }

    mutating func takeShare(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      guard share == nil else { throw HostNoteLine.Malformed(message: "a second #host share") }
      share = SharedFolder(try Self.image(&line, UInt64(SharedFolder.most)))
    }

    private static func image(_ line: inout HostNoteLine, _ most: UInt64) throws(HostNoteLine.Malformed) -> DiskImage {
      DiskImage(
        missing: try line.text("name", most: HostNote.longestName), size: try line.number("size", 0...most) & ~511,
        digest: try line.bytes("digest", count: 32), isWritable: line.takes("writable"))
    }

    mutating func takeDevice(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      guard transports.count < Self.mostDevices, try line.number("device", 0...16) == UInt64(transports.count) else {
        throw HostNoteLine.Malformed(message: "device= is not \(transports.count), or there are more devices than there can be")
      }
      let word: ClosedRange<UInt64> = 0...UInt64(UInt32.max)
      var state = VirtioDevice.State(queues: [])
      state.status = UInt32(try line.number("status", 0...UInt64(VirtioDevice.Status.all)))
      state.featureSelect = UInt32(try line.number("select", word))
      state.driverFeatureSelect = UInt32(try line.number("driver_select", word))
      state.driverFeatures = try line.number("features")
      state.queueSelect = UInt32(try line.number("queue", word))
      state.interrupts = UInt32(try line.number("interrupts", 0...3))
      let counts = try line.list("counts", count: 4, HostNote.counts)
      state.counts = VirtioCounts(buffers: counts[0], read: counts[1], written: counts[2], faults: counts[3])
      for n in 0..<Self.mostQueues {
        let numbers = try line.list("q\(n)", count: 7)
        var queue = VirtioDevice.Queue()
        queue.isReady = numbers[1] == 1
        let longest = UInt64(queue.isReady ? VirtioDevice.longestQueue : .max)
        guard numbers[0] <= longest, !queue.isReady || numbers[0].nonzeroBitCount == 1, numbers[5] <= 0xFFFF, numbers[6] <= 0xFFFF
        else { throw HostNoteLine.Malformed(message: "q\(n)= is no queue") }
        queue.count = UInt32(numbers[0])
        (queue.descriptors, queue.driver, queue.device) = (numbers[2], numbers[3], numbers[4])
        (queue.taken, queue.given) = (UInt16(numbers[5]), UInt16(numbers[6]))
        state.queues.append(queue)
      }
      transports.append(state)
      states.append([])
    }

    mutating func takeState(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      let number = Int(try line.number("device", 0...16))
      let bytes = try line.anyBytes("bytes", most: RealmVM.piece)
      guard number == transports.count - 1, states[number].count + bytes.count <= RealmVM.mostNoted else {
        throw HostNoteLine.Malformed(message: "#host state is not behind its device, or of more than \(RealmVM.mostNoted) bytes")
      }
      states[number] += bytes
    }

    /// What the devices of a guest with these options know; as they are at reset if nothing is said of them.
    func finish(_ options: Options) throws(HostNoteLine.Malformed) -> [DeviceState] {
      let functions = RealmVM.virtioFunctions(options)
      guard transports.count == functions.count else {
        throw HostNoteLine.Malformed(message: "\(transports.count) lines of virtio devices; the guest has \(functions.count)")
      }
      var found: [DeviceState] = []
      for (n, function) in functions.enumerated() {
        var (transport, function) = (transports[n], function)
        transport.queues.removeLast(Self.mostQueues - function.queueCount)
        guard function.restore(states[n]) else {
          throw HostNoteLine.Malformed(message: "what stands in #host state of device \(n) cannot be a \(function.kind.name)'s")
        }
        found.append(DeviceState(transport: transport, function: function))
      }
      return found
    }
  }
}
