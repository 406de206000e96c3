import Basics
import Testing

@testable import Host

/// What a driver does wrong, by accident or on purpose, costs it its device, and nothing else.
struct VirtioDeviceTests {
  /// A guest's memory of 64 KiB, and a driver that is what it is told to be.
  private final class Pages {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)

    var access: VirtioMemory {
      VirtioMemory(
        read: { address, count in self.range(address, count).map { Array(self.bytes[$0]) } },
        write: { address, bytes in
          guard let range = self.range(address, bytes.count) else { return false }
          self.bytes.replaceSubrange(range, with: bytes)
          return true
        })
    }

    private func range(_ address: UInt64, _ count: Int) -> Range<Int>? {
      guard address < UInt64(bytes.count), count <= bytes.count - Int(address) else { return nil }
      return Int(address)..<Int(address) + count
    }
  }

  private final class Driver {
    let device: VirtioDevice
    var isHigh = false
    private let pages = Pages()
    var memory: [UInt8] { pages.bytes }

    init(_ function: any VirtioFunction) {
      device = VirtioDevice(at: 0x1000, function, hasAccessPlatform: true, pages.access)
      device.onInterrupt = { [unowned self] in isHigh = $0 }
    }

    func put(_ address: Int, _ value: UInt64, _ count: Int) {
      for n in 0..<count { pages.bytes[address + n] = UInt8(truncatingIfNeeded: value >> UInt64(8 * n)) }
    }

    func describe(_ n: Int, _ address: UInt64, _ count: UInt64, flags: UInt64, next: UInt64 = 0) {
      put(16 * n, address, 8)
      put(16 * n + 8, count | flags << 32 | next << 48, 8)
    }

    /// Features, queues of 8 entries with descriptors at 0, rings at 0x800 and 0xC00 of each 0x1000, DRIVER_OK.
    func start(features: UInt64 = 1 << 32) {
      device.write(0x70, size: 4, 3)
      for (select, word) in [(0, features & 0xFFFF_FFFF), (1, features >> 32)] as [(UInt64, UInt64)] {
        device.write(0x24, size: 4, select)
        device.write(0x20, size: 4, word)
      }
      device.write(0x70, size: 4, 11)
      for queue in device.state.queues.indices {
        let base = UInt64(queue) << 12
        device.write(0x30, size: 4, UInt64(queue))
        device.write(0x38, size: 4, 8)
        for (offset, address) in [(0x80, base), (0x90, base + 0x800), (0xA0, base + 0xC00)] as [(UInt64, UInt64)] {
          device.write(offset, size: 4, address)
        }
        device.write(0x44, size: 4, 1)
      }
      device.write(0x70, size: 4, 15)
    }

    /// Has the device read some bytes, and write into a room behind them: what it has written.
    @discardableResult
    func exchange(_ queue: Int, _ bytes: [UInt8], room: Int = 0) -> [UInt8] {
      let base = UInt64(queue) << 12
      for (n, byte) in bytes.enumerated() { put(0x8000 + n, UInt64(byte), 1) }
      var descriptor = 0
      for (address, count, isWritten) in [(0x8000, bytes.count, false), (0xA000, room, true)] where count > 0 {
        let flags: UInt64 = (isWritten ? 2 : 0) | (isWritten || room == 0 ? 0 : 1)
        put(Int(base) + 16 * descriptor, UInt64(address), 8)
        put(Int(base) + 16 * descriptor + 8, UInt64(count) | flags << 32 | UInt64(descriptor + 1) << 48, 8)
        descriptor += 1
      }
      let taken = Int(device.state.queues[queue].taken)
      put(Int(base) + 0x804 + 2 * (taken & 7), 0, 2)
      put(Int(base) + 0x802, UInt64(taken + 1), 2)
      device.write(0x50, size: 4, UInt64(queue))
      return Array(memory[0xA000..<0xA000 + written(queue)])
    }

    /// Offers a buffer of 512 bytes to what comes by itself: what is written there, now or later, is `arrived(queue)`.
    func await(_ queue: Int) {
      let base = queue << 12
      put(base + 16 * 7, 0xC000, 8)
      put(base + 16 * 7 + 8, 512 | 2 << 32, 8)
      let taken = Int(device.state.queues[queue].taken)
      put(base + 0x804 + 2 * (taken & 7), 7, 2)
      put(base + 0x802, UInt64(taken + 1), 2)
      device.write(0x50, size: 4, UInt64(queue))
    }

    func arrived(_ queue: Int) -> [UInt8] { Array(memory[0xC000..<0xC000 + written(queue)]) }

    /// Bytes of the buffer that came back last.
    private func written(_ queue: Int) -> Int {
      let last = Int(device.state.queues[queue].given &- 1) & 7
      return Int(memory[(queue << 12) + 0xC04 + 8 * last + 4]) | Int(memory[(queue << 12) + 0xC04 + 8 * last + 5]) << 8
    }

    /// Makes the buffer at descriptor 0 available.
    func offer(_ count: UInt64 = 1) {
      put(0x802, count, 2)
      device.write(0x50, size: 4, 0)
    }
  }

  private static let image = DiskImage("disk", [UInt8](repeating: 0x41, count: 4096), isWritable: true)

  @Test func registersAreThoseOfVersion2() {
    let device = Driver(VirtioRNG(seed: 1)).device
    #expect([0, 4, 8].map { device.read($0, size: 4) } == [0x7472_6976, 2, 4])
    device.write(0x14, size: 4, 1)
    #expect(device.read(0x10, size: 4) == 3, "VERSION_1 and ACCESS_PLATFORM")
    #expect(device.read(0x34, size: 4) == 256)
    device.write(0x30, size: 4, 1)
    #expect(device.read(0x34, size: 4) == 0, "there is one queue")
    #expect(device.read(0xB0, size: 4) == 0xFFFF_FFFF && device.read(0, size: 1) == 0)
  }

  /// A driver of before virtio 1, or one that takes what was not offered, does not get FEATURES_OK.
  @Test(arguments: [(1 << 32, true), (3 << 32, true), (0, false), (1 << 32 | 1 << 28, false)] as [(UInt64, Bool)])
  func featuresAreNegotiated(_ features: (bits: UInt64, areGood: Bool)) {
    let driver = Driver(VirtioRNG(seed: 1))
    driver.start(features: features.bits)
    #expect((driver.device.read(0x70, size: 4) & 8 != 0) == features.areGood)
  }

  @Test func aBufferIsFilledAndAnInterruptComes() {
    let driver = Driver(VirtioRNG(seed: 1))
    driver.start()
    driver.describe(0, 0x2000, 20, flags: 2)
    driver.offer()
    #expect(driver.isHigh && driver.device.read(0x60, size: 4) == 1)
    #expect(driver.memory[0xC02] == 1 && driver.memory[0xC08] == 20 && Set(driver.memory[0x2000..<0x2014]).count > 8)
    driver.device.write(0x64, size: 4, 1)
    #expect(!driver.isHigh && driver.device.state.counts.written == 20)
  }

  /// Queues that lead nowhere, in a circle, outside, or are longer than they are.
  @Test(
    arguments: [
      ("circle", "in a circle"), ("index", "a descriptor 9, of 8"), ("indirect", "indirect"), ("order", "behind one to write"),
      ("outside", "cannot read the guest's memory at 0x10000"), ("head", "a descriptor 200"),
      ("ring", "its available ring says that 9"),
      ("long", "a buffer of more than"), ("bare", "without a header"),
    ])
  func aBadQueueNeedsAReset(_ fault: (kind: String, says: String)) {
    let driver = Driver(VirtioDisk(Self.image))
    driver.start()
    driver.describe(0, 0x2000, 16, flags: 1, next: 1)
    driver.describe(1, 0x3000, 1, flags: 2)
    switch fault.kind {
    case "circle": driver.describe(1, 0x3000, 1, flags: 3, next: 1)
    case "index": driver.describe(0, 0x2000, 16, flags: 1, next: 9)
    case "indirect": driver.describe(0, 0x2000, 16, flags: 4)
    case "order":
      driver.describe(0, 0x2000, 16, flags: 3, next: 1)
      driver.describe(1, 0x3000, 1, flags: 0)
    case "outside": driver.describe(0, 0x1_0000, 16, flags: 1, next: 1)
    case "head": driver.put(0x804, 200, 2)
    case "long": driver.describe(0, 0x2000, 0xFFFF_FFFF, flags: 1, next: 1)
    case "bare": driver.describe(0, 0x2000, 8, flags: 1, next: 1)
    default: break
    }
    driver.offer(fault.kind == "ring" ? 9 : 1)
    let device = driver.device
    #expect(device.read(0x70, size: 4) & 0x40 != 0 && device.read(0x60, size: 4) & 2 != 0 && driver.isHigh)
    #expect(device.trouble?.contains(fault.says) == true, "\(device.trouble ?? "nothing")")
    device.write(0x70, size: 4, 0)
    #expect(device.read(0x70, size: 4) == 0 && !driver.isHigh)
  }

  /// Reads, writes, flushes, the name; beyond the end; what is written is beside the image, and known again.
  @Test func aDiskAnswersRequests() {
    let driver = Driver(VirtioDisk(Self.image))
    driver.start()
    func request(_ kind: UInt64, _ sector: UInt64, _ count: UInt64, isRead: Bool) -> UInt8 {
      driver.put(0x2000, kind, 4)
      driver.put(0x2008, sector, 8)
      driver.describe(0, 0x2000, 16, flags: 1, next: 1)
      driver.describe(1, 0x4000, count, flags: isRead ? 3 : 1, next: 2)
      driver.describe(2, 0x3000, 1, flags: 2)
      driver.offer(UInt64(driver.device.state.queues[0].taken &+ 1))
      return driver.memory[0x3000]
    }
    #expect(request(0, 0, 512, isRead: true) == 0 && driver.memory[0x4000] == 0x41)
    driver.put(0x4000, 0x42, 1)
    #expect(request(1, 7, 512, isRead: false) == 0)
    driver.put(0x4000, 0, 1)
    #expect(request(0, 7, 512, isRead: true) == 0 && driver.memory[0x4000] == 0x42)
    #expect(request(0, 8, 512, isRead: true) == 1 && request(1, 8, 512, isRead: false) == 1)
    #expect(request(0, .max, 512, isRead: true) == 1 && request(0, 0, 500, isRead: true) == 1)
    #expect(request(4, 0, 512, isRead: false) == 0 && request(99, 0, 512, isRead: true) == 2)
    #expect(request(8, 0, 20, isRead: true) == 0 && driver.memory[0x4000] == 0x77)
    var again = VirtioDisk(Self.image)
    #expect(again.restore(driver.device.function.state) && again.state == driver.device.function.state)
    #expect(!again.restore([1, 2, 3]) && !again.restore([UInt8](repeating: 0xFF, count: 8 + 4096)))
  }

  @Test func aConsolePrintsAndIsTypedInto() throws {
    let driver = Driver(VirtioConsole())
    var printed: [UInt8] = []
    driver.device.onOutput = { printed += $0 }
    driver.start()
    driver.exchange(1, Array("words".utf8))
    #expect(printed == Array("words".utf8))
    var console = try #require(driver.device.function as? VirtioConsole)
    #expect(console.isInUse && console.isEmpty)
    console.type(Array("typed".utf8))
    driver.device.function = console
    driver.await(0)
    #expect(driver.arrived(0) == Array("typed".utf8))
  }

  /// virtio_vsock_hdr, from port 1000 of the guest's, and what follows it.
  private static func packet(_ port: UInt64, _ operation: UInt64, _ bytes: [UInt8] = [], flags: UInt64 = 0) -> [UInt8] {
    var packet = LittleEndianBytes()
    for (value, count) in [
      (3, 8), (2, 8), (1000, 4), (port, 4), (UInt64(bytes.count), 4), (1, 2), (operation, 2), (flags, 4), (65536, 4), (0, 4),
    ] as [(UInt64, Int)] { packet.put(value, count) }
    packet.put(bytes)
    return packet.bytes
  }

  /// Requests, bytes there and back, the end: RST is 3, RESPONSE 2, RW 5, CREDIT_UPDATE 6.
  @Test func socketsLeadToServices() throws {
    let driver = Driver(VirtioSocket())
    driver.device.onRequest = { operation, message in operation == 1 ? (0, message + [9]) : nil }
    driver.start()
    func answer(_ packet: [UInt8]) -> (operation: Int, bytes: [UInt8]) {
      driver.exchange(1, packet)
      driver.await(0)
      let arrived = driver.arrived(0)
      return (Int(arrived[30]), Array(arrived[44...]))
    }
    #expect(answer(Self.packet(9, 1)).operation == 3, "nobody is there")
    #expect(answer(Self.packet(7, 5, [1])).operation == 3, "nobody has connected")
    #expect(answer(Self.packet(7, 1)).operation == 2)
    #expect(answer(Self.packet(7, 5, Array("echo".utf8))) == (5, Array("echo".utf8)))
    #expect(answer(Self.packet(7, 4, flags: 3)).operation == 3)
    #expect(answer(Self.packet(4433, 1)).operation == 2)
    // A request in two pieces.
    let request: [UInt8] = [1, 0, 0, 0, 2, 0, 0, 0, 7, 8]
    #expect(answer(Self.packet(4433, 5, Array(request.prefix(5)))).operation == 6)
    #expect(answer(Self.packet(4433, 5, Array(request.dropFirst(5)))) == (5, [0, 0, 0, 0, 3, 0, 0, 0, 7, 8, 9]))
    #expect(answer(Self.packet(4433, 5, [2, 0, 0, 0, 0, 0, 0, 0])).operation == 3, "nobody answers that")
    var again = VirtioSocket()
    let state = driver.device.function.state
    #expect(again.restore(state) && again.state == state && !again.restore(Array(state.dropLast())))
  }

  /// A request of FUSE, and what it is answered: an error number, or bytes.
  @Test func aFolderIsRead() throws {
    let archive = SharedFolder.archive([
      SharedFolder.Entry(path: ["a"], bytes: Array("content".utf8)), SharedFolder.Entry(path: ["d"], bytes: nil),
      SharedFolder.Entry(path: ["d", "b"], isExecutable: true, bytes: []),
    ])
    let folder = try #require(SharedFolder(DiskImage("folder", archive, isWritable: false)))
    let driver = Driver(VirtioFiles(folder))
    driver.start()
    func ask(_ opcode: UInt64, _ node: UInt64, _ numbers: [(UInt64, Int)] = [], _ name: String? = nil) -> (
      problem: Int, bytes: [UInt8]
    ) {
      var request = LittleEndianBytes()
      for (value, count) in [(40, 4), (opcode, 4), (77, 8), (node, 8), (0, 8), (0, 8)] + numbers { request.put(value, count) }
      if let name { request.put(name.utf8 + [0]) }
      let answer = driver.exchange(1, request.bytes, room: 2048)
      #expect(answer.count >= 16 && answer[8] == 77 && Int(answer[0]) | Int(answer[1]) << 8 == answer.count)
      return (answer[4] == 0 ? 0 : 256 - Int(answer[4]), Array(answer.dropFirst(16)))
    }
    #expect(ask(26, 0, [(7, 4), (40, 4), (1 << 20, 4), (0, 4)]).bytes.prefix(8) == [7, 0, 0, 0, 31, 0, 0, 0])
    #expect(ask(1, 1, [], "a").bytes.first == 2 && ask(1, 1, [], "..").problem == 2 && ask(1, 1, [], "d/b").problem == 2)
    #expect(ask(1, 2, [], "a").problem == 20, "no folder")
    let reading: [(UInt64, Int)] = [(0, 8), (3, 8), (100, 4), (0, 4), (0, 8), (0, 8)]
    #expect(ask(15, 2, reading) == (0, Array("tent".utf8)))
    #expect(ask(15, 1, reading).problem == 21 && ask(15, 99, reading).problem == 116)
    #expect(ask(14, 2, [(0, 8)]).problem == 0 && ask(14, 2, [(1, 8)]).problem == 30 && ask(16, 2, reading).problem == 30)
    #expect(ask(99, 1).problem == 38)
    // `.`, `..`, `a`, `d`: each an entry of 32 bytes, whose third number says where the next is.
    let names = ask(28, 1, [(0, 8), (0, 8), (1000, 4), (0, 4), (0, 8), (0, 8)])
    #expect(names.bytes.count == 128 && names.bytes[24] == 0x2E && names.bytes[88] == 0x61 && names.bytes[96 + 20] == 4)
    #expect(ask(28, 1, [(0, 8), (3, 8), (1000, 4), (0, 4), (0, 8), (0, 8)]).bytes.count == 32)
    #expect(ask(28, 1, [(0, 8), (0, 8), (40, 4), (0, 4), (0, 8), (0, 8)]).bytes.count == 32, "one has room")
  }

  /// Memory, rings and descriptors full of anything: nothing ends the program, and nothing outside is touched.
  @Test(arguments: 0..<5)
  func anythingMayStandInAQueue(_ kind: Int) {
    var random = SeededNumbers(seed: UInt64(kind) + 77)
    for round in 0..<1500 {
      let functions: [any VirtioFunction] = [
        VirtioRNG(seed: 1), VirtioDisk(Self.image), VirtioNetwork(), VirtioConsole(), VirtioSocket(),
      ]
      let driver = Driver(functions[kind])
      driver.start()
      for _ in 0..<Int.random(in: 1...40, using: &random) {
        let place: Int = [0, 8, 12, 14, 0x800, 0x802, 0x804, 0xC00, 0x2000, 0x2008].randomElement(using: &random)!
        let queue = kind >= 2 ? Int.random(in: 0...1, using: &random) << 12 : 0
        let entry = place < 0x800 ? 16 * Int.random(in: 0...7, using: &random) : 0
        let isSmall = Bool.random(using: &random)
        let value: UInt64 = .random(in: 0...(isSmall ? 9 : UInt64.max), using: &random)
        let count: Int = [2, 4, 8].randomElement(using: &random)!
        driver.put(queue + place + entry, value, count)
      }
      for _ in 0..<20 {
        let offset = UInt64.random(in: 0..<0x60, using: &random) * 4
        driver.device.write(offset, size: 4, .random(in: 0...20, using: &random))
        let size: UInt64 = [1, 2, 4, 8].randomElement(using: &random)!
        _ = driver.device.read(offset, size: size)
        driver.device.write(0x50, size: 4, UInt64.random(in: 0...2, using: &random))
      }
      #expect(driver.memory.count == 1 << 16, "round \(round)")
    }
  }

  /// Frames that were right, with bytes that are anything: no answer is longer than a frame, and the network is known again.
  @Test func anythingMayComeOverTheNetwork() {
    var random = SeededNumbers(seed: 3)
    var network = ModelNetwork()
    let host: [UInt8] = [0x52, 0x55, 0x0A, 0x00, 0x02, 0x02]
    let arp =
      host + ModelNetwork.guestMAC + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + ModelNetwork.guestMAC + [
        10, 0, 2, 15, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2,
      ]
    #expect(network.answers(to: arp).first?.prefix(6).elementsEqual(ModelNetwork.guestMAC) == true)
    var segment: [UInt8] = [0x0F, 0xA1, 0, 80, 0, 0, 0, 9, 0, 0, 0, 0, 0x50, 2, 0x10, 0, 0, 0, 0, 0]
    var server = ModelServer()
    for round in 0..<20_000 {
      var frame = arp
      for _ in 0..<4 { frame[Int.random(in: 12..<frame.count, using: &random)] = .random(in: 0...255, using: &random) }
      #expect(
        network.answers(to: Array(frame.prefix(Int.random(in: 0...frame.count, using: &random)))).allSatisfy { $0.count <= 1514 })
      segment[Int.random(in: 0..<20, using: &random)] = .random(in: 0...255, using: &random)
      if round % 4 == 0 { segment.replaceSubrange(0..<4, with: [0x0F, 0xA1, 0, 80]) }
      if round % 16 == 0 { segment[12...13] = [0x50, 2] }
      let data = round % 3 == 0 ? Array("GET /bytes/9000 HTTP/1.0\r\n\r\n".utf8) : []
      #expect(server.take(segment + data, from: ModelNetwork.guestAddress).allSatisfy { $0.count <= 1480 })
      #expect(server.stateSize < 64 * (ModelServer.mostOutgoing + 8192))
    }
    var bytes = PacketBytes()
    server.put(in: &bytes)
    var reader = PacketReader(bytes.bytes[...])
    #expect(ModelServer(reading: &reader) != nil && reader.rest.isEmpty)
  }
}
