import Basics
import Machine

/// Every virtio device with a driver that is a stranger: queues that are set up, requests as real drivers make them, and then anything in
/// their place. Everything follows from the numbers it is given.
package final class VirtioBench {
  /// What the devices may reach, and where it is.
  private static let size = 1 << 17
  private static let base: UInt64 = 0x8000_0000
  /// Bytes of each queue's descriptors and rings, and of a buffer.
  private static let queueSize: UInt64 = 0x1000
  private static let bufferSize: UInt64 = 0x400
  private static let entries: UInt64 = 8
  /// Most bytes that a device asks for at once: a buffer's.
  private static let mostAtOnce = VirtioDevice.longestBuffer
  /// Most bytes all devices may know.
  private static let mostKnown = 32 << 20

  private var memory = [UInt8](repeating: 0, count: VirtioBench.size)
  private var devices: [VirtioDevice] = []
  /// What broke a rule, in a sentence.
  private var problem: String?
  /// Buffers that came back, accesses that were turned down, devices that stopped.
  package private(set) var counts = (buffers: 0, outside: 0, stopped: 0)

  /// - Parameter numbers: decide about the image, the folder, and the seed of the random numbers.
  package init(_ numbers: inout SeededNumbers) {
    let disk = (0..<numbers.below(20_000)).map { UInt8(truncatingIfNeeded: $0) }
    let functions: [any VirtioFunction] = [
      VirtioDisk(DiskImage("disk", disk, isWritable: numbers.chance(70))), VirtioNetwork(), VirtioRNG(seed: numbers.next()),
      VirtioConsole(), VirtioSocket(), VirtioFiles(Self.folder(&numbers)),
    ]
    for function in functions {
      let device = VirtioDevice(
        at: 0x300_0000 + UInt64(devices.count) * VirtioDevice.size, function, hasAccessPlatform: numbers.chance(80),
        VirtioMemory(read: { [unowned self] in read($0, $1) }, write: { [unowned self] in write($0, $1) }))
      device.onRequest = { operation, message in
        operation == 9 ? nil : (operation, [UInt8](message.prefix(200)) + [UInt8](repeating: 7, count: Int(operation & 0xFFFF)))
      }
      devices.append(device)
      start(device)
    }
  }

  /// A folder, of whose archive some bytes are anything: what cannot be one is none.
  package static func folder(_ numbers: inout SeededNumbers) -> SharedFolder {
    var archive = SharedFolder.archive([
      SharedFolder.Entry(path: ["a"], bytes: Array("first".utf8)), SharedFolder.Entry(path: ["d"], bytes: nil),
      SharedFolder.Entry(path: ["d", "b"], bytes: [UInt8](repeating: 9, count: 3000)),
    ])
    if numbers.chance(70) {
      for _ in 0..<numbers.below(4) { archive[numbers.below(archive.count)] = UInt8(numbers.below(256)) }
      if numbers.chance(20) { archive.removeLast(numbers.below(archive.count)) }
    }
    let image = DiskImage("folder", archive, isWritable: false)
    return SharedFolder(image) ?? SharedFolder(missing: "folder", size: 512, digest: [])
  }

  // MARK: Memory

  private func place(_ address: UInt64, _ count: Int) -> Int? {
    if count < 0 || count > Self.mostAtOnce { problem = "a device asks for \(count) bytes at once" }
    guard address >= Self.base, address - Self.base <= UInt64(Self.size), count <= Self.size - Int(address - Self.base) else {
      counts.outside += 1
      return nil
    }
    return Int(address - Self.base)
  }

  private func read(_ address: UInt64, _ count: Int) -> [UInt8]? {
    place(address, count).map { Array(memory[$0..<$0 + count]) }
  }

  private func write(_ address: UInt64, _ bytes: [UInt8]) -> Bool {
    guard let place = place(address, bytes.count) else { return false }
    memory.replaceSubrange(place..<place + bytes.count, with: bytes)
    return true
  }

  private func put(_ address: UInt64, _ value: UInt64, _ count: Int) {
    for n in 0..<count { memory[Int(address - Self.base) + n] = UInt8(truncatingIfNeeded: value >> UInt64(8 * n)) }
  }

  // MARK: The driver

  private func queue(_ device: VirtioDevice, _ index: Int) -> UInt64 {
    let number = devices.firstIndex { $0 === device } ?? devices.count
    return Self.base + UInt64(3 * number + index) * Self.queueSize
  }

  private var buffers: UInt64 { Self.base + 20 * Self.queueSize }

  private func start(_ device: VirtioDevice) {
    device.write(0x70, size: 4, 0)
    device.write(0x70, size: 4, 3)
    for (select, word) in [(0, 0), (1, 1)] as [(UInt64, UInt64)] {
      device.write(0x24, size: 4, select)
      device.write(0x20, size: 4, word)
    }
    device.write(0x70, size: 4, 11)
    for index in device.state.queues.indices {
      let base = queue(device, index)
      for offset in stride(from: 0, to: Self.queueSize, by: 8) { put(base + offset, 0, 8) }
      device.write(0x30, size: 4, UInt64(index))
      device.write(0x38, size: 4, Self.entries)
      for (register, address) in [(0x80, base), (0x90, base + 0x800), (0xA0, base + 0xC00)] as [(UInt64, UInt64)] {
        device.write(register, size: 4, address)
        device.write(register + 4, size: 4, 0)
      }
      device.write(0x44, size: 4, 1)
    }
    device.write(0x70, size: 4, 15)
  }

  /// One buffer, made as a driver makes it, changed in some places, and offered; now and then registers instead.
  ///
  /// - Returns: what broke a rule, if anything did.
  package func step(_ numbers: inout SeededNumbers) -> String? {
    let device = devices[numbers.below(devices.count)]
    if device.state.status & VirtioDevice.Status.needsReset != 0 || device.state.status & VirtioDevice.Status.driverOK == 0 {
      counts.stopped += 1
      start(device)
    }
    let index = numbers.below(device.state.queues.count)
    offer(device, index, &numbers)
    if numbers.chance(60) { change(device, index, &numbers) }
    if numbers.chance(10) { registers(device, &numbers) }
    let before = device.state.counts.buffers
    device.write(0x50, size: 4, UInt64(index))
    if numbers.chance(20), let console = device.function as? VirtioConsole {
      var console = console
      console.type([UInt8](repeating: 0x61, count: numbers.below(40)))
      device.function = console
      device.serve(0)
    }
    counts.buffers += Int(device.state.counts.buffers - before)
    return problem ?? wrong(device, &numbers)
  }

  /// What is known has to be little, and known again as it was.
  private func wrong(_ device: VirtioDevice, _ numbers: inout SeededNumbers) -> String? {
    let known = devices.reduce(0) { $0 + $1.function.stateSize }
    if known > Self.mostKnown { return "the devices know \(known) bytes" }
    guard numbers.chance(2) else { return nil }
    let state = device.function.state
    var again = device.function
    return again.restore(state) && again.state == state
      ? nil : "what \(device.function.kind.name) knows is not known again as it was"
  }

  private func offer(_ device: VirtioDevice, _ index: Int, _ numbers: inout SeededNumbers) {
    let base = queue(device, index)
    let readable = Self.request(device.function.kind, index, &numbers)
    var descriptor: UInt64 = 0
    func describe(_ address: UInt64, _ count: UInt64, isWritten: Bool, isLast: Bool) {
      let flags: UInt64 = (isWritten ? 2 : 0) | (isLast ? 0 : 1)
      put(base + 16 * descriptor, address, 8)
      put(base + 16 * descriptor + 8, count | flags << 32 | (descriptor + 1) << 48, 8)
      descriptor += 1
    }
    let room = numbers.chance(85) ? [UInt64(numbers.below(1024)), 1].filter { $0 > 0 } : []
    if !readable.isEmpty {
      for (n, byte) in readable.enumerated() { put(buffers + UInt64(n), UInt64(byte), 1) }
      // In one piece, or in two.
      let cut = numbers.chance(50) ? readable.count : 1 + numbers.below(readable.count)
      describe(buffers, UInt64(cut), isWritten: false, isLast: cut == readable.count && room.isEmpty)
      if cut < readable.count {
        describe(buffers + UInt64(cut), UInt64(readable.count - cut), isWritten: false, isLast: room.isEmpty)
      }
    }
    for (n, count) in room.enumerated() {
      describe(buffers + 0x4000 + UInt64(n) * Self.bufferSize, count, isWritten: true, isLast: n == room.count - 1)
    }
    let taken = UInt64(device.state.queues[index].taken)
    put(base + 0x800 + 4 + 2 * (taken & (Self.entries - 1)), 0, 2)
    put(base + 0x802, taken &+ 1 & 0xFFFF, 2)
  }

  /// What a driver says to a device: right as far as it goes.
  private static func request(_ kind: VirtioKind, _ queue: Int, _ numbers: inout SeededNumbers) -> [UInt8] {
    var bytes = LittleEndianBytes()
    func filled(_ count: Int) -> [UInt8] { [UInt8](repeating: 0x42, count: count) }
    switch kind {
    case .rng: break
    case .disk:
      bytes.put(UInt64(numbers.pick([0, 1, 4, 8])), 4)
      bytes.put(0, 4)
      bytes.put(UInt64(numbers.below(50)), 8)
      bytes.put(filled(512 * numbers.below(4)))
    case .console: if queue == 1 { bytes.put(filled(numbers.below(64))) }
    case .network:
      guard queue == 1 else { break }
      bytes.put(filled(12))
      let host: [UInt8] = [0x52, 0x55, 0x0A, 0x00, 0x02, 0x02]
      bytes.put(host + ModelNetwork.guestMAC + (numbers.chance(50) ? [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] : [8, 0, 0x45, 0]))
      bytes.put(ModelNetwork.guestMAC + [10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2] + filled(numbers.below(200)))
    case .socket:
      guard queue == 1 else { break }
      bytes.put(3, 8)
      bytes.put(2, 8)
      bytes.put(UInt64(1000 + numbers.below(80)), 4)
      bytes.put(UInt64(numbers.pick([7, 4433])), 4)
      let operation = numbers.pick([1, 1, 3, 4, 5, 5, 5, 5, 6, 7])
      let data = operation == 5 ? filled(numbers.below(600)) : []
      bytes.put(UInt64(data.count), 4)
      bytes.put(1, 2)
      bytes.put(UInt64(operation), 2)
      bytes.put(UInt64(numbers.below(4)), 4)
      bytes.put(UInt64(numbers.pick([0, 100, 65536])), 4)
      bytes.put(0, 4)
      if numbers.chance(50), data.count >= 8 {
        bytes.put(UInt64(1 + numbers.below(9)), 4)
        bytes.put(UInt64(data.count - 8), 4)
        bytes.put(data.dropFirst(8))
      } else {
        bytes.put(data)
      }
    case .files:
      bytes.put(80, 4)
      bytes.put(UInt64(numbers.pick([1, 1, 2, 3, 5, 14, 15, 15, 16, 17, 18, 26, 27, 28, 28, 34, 42, 44])), 4)
      bytes.put(numbers.next(), 8)
      bytes.put(UInt64(numbers.below(6)), 8)
      bytes.put(filled(16).map { _ in 0 })
      if numbers.chance(40) {
        bytes.put("d\0".utf8)
        bytes.put(filled(30))
      } else {
        for value in [0, UInt64(numbers.below(4000)), UInt64(numbers.below(5000))] { bytes.put(value, 8) }
        bytes.put(filled(16).map { _ in 0 })
      }
    }
    return bytes.bytes
  }

  /// Anything in the place of something.
  private func change(_ device: VirtioDevice, _ index: Int, _ numbers: inout SeededNumbers) {
    let base = queue(device, index)
    for _ in 0...numbers.below(4) {
      let place: UInt64
      switch numbers.below(10) {
      case 0..<4: place = base + 16 * UInt64(numbers.below(3)) + UInt64(numbers.pick([0, 4, 8, 12, 14]))
      case 4..<6: place = base + UInt64(numbers.pick([0x800, 0x802, 0x804, 0x806, 0xC00, 0xC02]))
      default: place = buffers + UInt64(numbers.below(96))
      }
      let value: UInt64 =
        switch numbers.below(4) {
        case 0: UInt64(numbers.below(10))
        case 1: Self.base + UInt64(numbers.below(Self.size + 64))
        case 2: UInt64.max >> UInt64(numbers.below(64))
        default: numbers.next()
        }
      put(place, value, numbers.pick([1, 2, 4, 8]))
    }
  }

  private func registers(_ device: VirtioDevice, _ numbers: inout SeededNumbers) {
    for _ in 0...numbers.below(4) {
      let offset = UInt64(numbers.below(0x60)) * 4
      let size = UInt64(numbers.pick([1, 2, 4, 4, 4, 8]))
      _ = device.read(UInt64(numbers.below(0x200)), size: size)
      device.write(offset, size: size, numbers.chance(60) ? UInt64(numbers.below(40)) : numbers.next())
    }
  }
}
