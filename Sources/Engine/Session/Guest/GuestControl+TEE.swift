import Basics
import Host
import Machine

/// The same commands for the TEE: it is meant while it has a PE, and where there is no guest.
extension GuestControl {
  struct DebuggedTEE {
    let debugger: PartitionDebugger
    var symbols = SymbolTable.none
    /// Whether its names were looked for.
    var hasLooked = false
  }

  /// What is shown of the guest, or the TEE, that commands are for.
  package struct DebugSubject {
    package let symbols: SymbolTable
    package let points: [DebugPoint]
    /// Where the registers of the vCPU are that it stands at.
    package let vcpu: UInt64
    /// Differs from that of another guest.
    package let identity: ObjectIdentifier
  }

  package var subject: DebugSubject? {
    if let tee, isTEEMeant {
      return DebugSubject(
        symbols: tee.symbols, points: tee.debugger.points, vcpu: Machine.partitionVCPU, identity: ObjectIdentifier(tee.debugger))
    }
    return guest.map {
      DebugSubject(
        symbols: $0.symbols, points: $0.debugger.points, vcpu: $0.debugger.registers($0.debugger.current).address,
        identity: ObjectIdentifier($0.debugger))
    }
  }

  /// Whether commands are for the TEE.
  var isTEEMeant: Bool {
    guard session.configuration.secure == .tee else { return false }
    return session.heldPartition != nil || !hasGuest
  }

  /// Whether the TEE stands where it is to stop.
  package var standsInTEE: Bool { !session.partitionStops.isEmpty && session.heldPartition != nil }

  /// Whether an image is that of a TEE: it lies in the memory of its partition.
  static func isTEE(_ image: BootImage) -> Bool { SecurePartition.all[Machine.codePartition - 1].memory.contains(image.entry) }

  /// A machine with a TEE, which has started or stands before its first instruction.
  func beginTEE(_ image: BootImage, stands: Bool) throws(ScriptError) -> Outcome {
    let memory = SecurePartition.all[Machine.codePartition - 1].memory
    guard image.fits(memory) else { throw ScriptError(message: BootImage.noTEE(memory)) }
    session.keepHistory()
    let first = session.position
    if session.configuration.secure != .tee || session.read({ $0.hasCode(Machine.codePartition) }) {
      var configuration = session.configuration
      configuration.secure = .tee
      session.perform(.reset(configuration, name: nil))
    }
    tee = DebuggedTEE(debugger: PartitionDebugger(session), symbols: image.symbols, hasLooked: true)
    for (address, bytes) in image.pieces {
      session.perform(.action(.access(MemoryAccess(world: .secure, address: address, kind: .bytes(Array(bytes))))))
    }
    let pc = RmmRec.table.pc.address(in: Machine.partitionVCPU)
    session.perform(.action(.access(MemoryAccess(world: .secure, address: pc, kind: .write64(image.entry)))))
    // As the SPMC starts it: it runs until it waits for a message.
    var x = InlineArray<18, UInt64>(repeating: 0)
    x[0] = FFA.run
    x[1] = SecurePartition.all[Machine.codePartition - 1].id << 16
    if stands { session.perform(.action(.guestPause(0))) }
    session.perform(.action(.smc(.normal, x)))
    firstNewStep = first
    return stands
      ? Outcome(kind: .stands, message: "the TEE stands before its first instruction")
      : Outcome(kind: .done, message: "the TEE waits for a message")
  }

  func perform(_ command: GuestCommand, onTEEIn file: String) throws(ScriptError) -> Outcome {
    session.keepHistory()
    var tee = self.tee ?? DebuggedTEE(debugger: PartitionDebugger(session))
    lookForNames(&tee, file)
    self.tee = tee
    let debugger = tee.debugger
    switch command {
    case .run(let control): return try run(control, tee)
    case .type: throw ScriptError(message: "nobody can type into the TEE; tee invoke has an application do something")
    case .stop(.event(.smc)): debugger.stopsAtSMC = true
    case .delete(.event(.smc)): debugger.stopsAtSMC = false
    case .stop(.event(let event)), .delete(.event(let event)):
      throw ScriptError(message: "\(event.text) is for guests; the TEE stops at ADDRESS, NAME, or smc")
    case .delete(nil):
      debugger.points = []
      debugger.stopsAtSMC = false
    case .stop(.code), .watch, .delete(.code): try changePoints(command, of: debugger, tee.symbols, besides: [], of: "TEE")
    case .symbols(let image):
      let symbols = try self.symbols(of: image ?? Self.teeImage, file)
      self.tee?.symbols = symbols
      return named(symbols, image ?? Self.teeImage)
    case .boot: break
    }
    return Outcome(
      kind: .done, message: points(debugger.points, debugger.stopsAtSMC ? [DebugEvent.smc.text] : [], tee.symbols))
  }

  private static let teeImage = "tee"

  /// Names of the project's own TEE, if that is what has been loaded, or will be.
  private func lookForNames(_ tee: inout DebuggedTEE, _ file: String) {
    guard !tee.hasLooked else { return }
    tee.hasLooked = true
    guard let image = try? image(Self.teeImage, file) else { return }
    let first = image.pieces.first { $0.address == image.entry }
    let isIt = session.read {
      !$0.hasCode(Machine.codePartition) || first.map { Array($0.bytes) } == $0.bytes(image.entry, first?.bytes.count ?? 0)
    }
    if isIt { tee.symbols = image.symbols }
  }

  private func run(_ control: GuestCommand.RunControl, _ tee: DebuggedTEE) throws(ScriptError) -> Outcome {
    let debugger = tee.debugger
    let before = session.now
    let printed = session.partitionConsole.count
    var done = 0
    func times(_ count: Int, _ command: () -> DebugStop?) -> DebugStop? {
      var stop: DebugStop?
      var first: Int?
      while done < count {
        stop = command()
        first = [first, debugger.firstNewStep].compactMap { $0 }.min()
        guard stop == .stepped else { break }
        done += 1
        let pc = debugger.registers(0).pc
        if done < count, debugger.points.contains(.execute(pc)) {
          stop = .point(.execute(pc))
          break
        }
      }
      firstNewStep = first
      return stop
    }
    var stop: DebugStop?
    switch control {
    case .until: throw ScriptError(message: "until is for guests: nothing lets the TEE go on but a call of the Normal world")
    case .continue(let count): stop = debugger.goOn(limit: count ?? instructionsAtOnce, isEnough: isEnough)
    case .out: stop = debugger.goOn(limit: instructionsAtOnce, endsWithCall: true) { false }
    case .reverse: stop = debugger.goBack()
    case .step(let count): stop = times(count) { debugger.step(0) }
    case .over(let count): stop = times(count) { debugger.stepOver(0, limit: instructionsAtOnce) }
    case .back(let count): stop = times(count) { debugger.stepBack() }
    }
    firstNewStep = [firstNewStep, debugger.firstNewStep].compactMap { $0 }.min()
    if let why = debugger.exhaustion { throw ScriptError(message: why) }
    var outcome = outcome(stop, "the TEE at \(tee.symbols.text(debugger.registers(0).pc) ?? hex(debugger.registers(0).pc))")
    if stop == .beginning { outcome.message = "this is where the TEE began" }
    outcome.instructions = session.now > before ? session.now - before : 0
    if stop == .interrupted {
      wasInterrupted = true
      outcome.message = "stopped by a key after \(outcome.instructions) instructions: \(outcome.message)"
    }
    outcome.console = Array(session.partitionConsole.dropFirst(printed))
    return outcome
  }
}

extension BootImage {
  /// Most bytes a line has room for.
  private static var most: Int { 16 << 10 }

  /// What is to be written, in pieces of a line each.
  var pieces: [(address: UInt64, bytes: ArraySlice<UInt8>)] {
    segments.flatMap { segment in
      stride(from: 0, to: segment.bytes.count, by: Self.most).map { start in
        (segment.address + UInt64(start), segment.bytes[start..<min(start + Self.most, segment.bytes.count)])
      }
    }
  }

  /// Whether it lies in some memory.
  func fits(_ memory: Range<UInt64>) -> Bool {
    memory.contains(entry)
      && segments.allSatisfy { $0.address >= memory.lowerBound && $0.address + UInt64($0.bytes.count) <= memory.upperBound }
  }

  static func noTEE(_ memory: Range<UInt64>) -> String {
    "it is no image of a TEE: it does not lie from \(hex(memory.lowerBound)) to \(hex(memory.upperBound - 1))"
  }
}
