import ArgumentParser
import Engine

/// Something that ends a boot before the guest does.
enum BootEvent: ExpressibleByArgument {
  case exit(ExitReason)
  case token
  case text(String)

  init?(argument: String) {
    if let reason = ExitReason.allCases.first(where: { $0.name == argument.uppercased() }) {
      self = .exit(reason)
    } else if argument == "token" {
      self = .token
    } else if argument.hasPrefix("text:"), argument.count > 5 {
      self = .text(String(argument.dropFirst(5)))
    } else {
      return nil
    }
  }

  var text: String {
    switch self {
    case .exit(let reason): "exit \(reason.name)"
    case .token: "token"
    case .text(let words): "text:\(words)"
    }
  }

  /// Whether it has come about since the exits were counted last.
  func happened(_ vm: RealmVM, _ session: Session, _ console: BootConsole, _ before: [ExitReason: Int]) -> Bool {
    switch self {
    case .exit(let reason): vm.exits[reason] != before[reason]
    case .token: !session.tokens.isEmpty
    case .text: console.hasSaid
    }
  }
}

/// Whether a Realm's device tree has the shared bit in addresses.
enum SharedBit: String, ExpressibleByArgument, CaseIterable {
  case auto, on, off

  var value: Bool? { self == .auto ? nil : self == .on }
}

/// Why a boot is over.
enum BootEnd {
  case guest(RealmVM.Ending)
  case event(BootEvent)
  case entries(Int)
  case instructions(UInt64)
  case history(Int)
  case signal(Int32)
  /// Nothing more will come of it: why.
  case sick(String)
  /// Somebody has pressed Ctrl-].
  case left

  /// What the guest did, or what was done to it.
  var text: String {
    switch self {
    case .guest(.poweredOff): "powered off"
    case .guest(.reset): "reset"
    case .guest(.failed(let why)): "failed: \(why)"
    case .event(let event): "stopped at \(event.text)"
    case .entries(let count): "was given up after \(count) entries"
    case .instructions(let count): "was given up after \(count) instructions; --limit allows more"
    case .history(let steps):
      "was given up after \(steps) steps, as many as a history has; without --record, --open and --gdb none is kept"
    case .signal(let number): "was stopped by \(StopSignal.name(number))"
    case .sick(let why): "does nothing any more: \(why)"
    case .left: "was left by Ctrl-]"
    }
  }

  /// Whether the guest is still somewhere in its code.
  var leavesGuest: Bool { if case .guest(.poweredOff) = self { false } else { true } }

  /// Whether it is to be said where it stopped, and what may help.
  var isTrouble: Bool {
    switch self {
    case .sick, .guest(.failed): true
    default: false
    }
  }

  /// What the program ends with, if the boot is not what was asked for.
  func code(awaited: Bool) -> ExitCode? {
    switch self {
    case .signal(let number): ExitCode(128 + number)
    case .event, .left: nil
    case .guest(.poweredOff) where !awaited: nil
    default: Exit.difference
    }
  }
}

/// What the Host gets when it reads the guest's memory.
struct HostLook: Encodable {
  var address: UInt64
  /// Where that is in the machine; nil if nothing is there.
  var physical: UInt64?
  /// 16 of them, or 8 where the guest's memory ends; nil for a granule protection fault.
  var bytes: [UInt8]?

  init(_ vm: RealmVM, _ ipa: UInt64) {
    address = ipa
    physical = vm.hostAddress(of: ipa & ~7)
    guard physical != nil else { return }
    let places = [ipa & ~7, (ipa & ~7) &+ 8].filter { vm.hostAddress(of: $0) != nil }
    let words = places.compactMap { vm.peek($0) }
    guard words.count == places.count else { return }
    bytes = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  var line: String {
    guard let physical else { return "the Host has given the guest no memory at \(hex(address)) to look at" }
    let place = "the guest's memory at \(hex(address)) (PA \(hex(physical)))"
    guard let bytes else { return "the Host cannot read \(place): granule protection fault" }
    let text = bytes.map { (0x20..<0x7F).contains($0) ? Character(Unicode.Scalar($0)) : "." }
    return "the Host can read \(place): \(bytes.map { hexBytes([$0]) }.joined(separator: " "))  \(String(text))"
  }
}

/// Where a guest stands: the vCPU that was entered last.
struct GuestPlace: Encodable {
  var vcpu: Int
  var pc: UInt64
  /// The place's name in the image, if it has one.
  var name: String?

  /// Nil before there is a vCPU.
  init?(_ vm: RealmVM, _ session: Session, _ symbols: SymbolTable) {
    let (number, address) = vm.lastVCPU
    guard let registers = session.read({ $0.guestRegisters(address) }) else { return nil }
    (vcpu, pc, name) = (number, registers.pc, symbols.text(registers.pc))
  }

  var text: String { "vCPU \(vcpu) at pc \(hex(pc))\(name.map { " (\($0))" } ?? "")" }
}

struct BootSummary: Encodable {
  /// Whether the guest ran in a Realm.
  var isRealm: Bool
  var hostRead: HostLook?
  var ending: String
  /// Where it stands, if it has not turned itself off.
  var place: GuestPlace?
  /// Its last 4 MiB at least.
  var console: String
  var consoleBytes: Int
  /// Instructions and ticks: the counter.
  var instructions: UInt64
  var exits: [String: Int]
  var pagesGiven: Int
  var steps: Int
  var tokens: Int
  var rim: String?
  /// Where it stopped, if that is no good end, and what may help.
  var account: [String]
  /// Virtio devices, and what passed through them.
  var devices: [String]
  /// What Host and relying party did around a guest that asked for a key: the first 1000 sentences.
  var outside: [String]

  init(_ vm: RealmVM, _ session: Session, _ end: BootEnd, _ place: GuestPlace?, _ look: HostLook?, outside: [String]) {
    self.outside = outside
    account = end.isTrouble ? GuestHealth.account(of: vm, session) : []
    let looks = vm.deviceLooks
    devices = looks.map(\.text)
    if !looks.isEmpty, let pages = vm.sharedPages {
      let others = looks.filter { !$0.bounces && $0.counts.buffers + $0.counts.faults > 0 }.map(\.kind.name)
      devices.append(
        "\(pages) pages of the guest's are shared with the Host"
          + (others.isEmpty ? "; every buffer went through them" : "; buffers of \(others.joined(separator: ", ")) did not"))
    }
    isRealm = vm.isRealm
    hostRead = look
    ending = end.text
    self.place = end.leavesGuest ? place : nil
    console = String(decoding: vm.uart.output, as: UTF8.self)
    consoleBytes = vm.uart.count
    instructions = session.read { $0.control.guestInstructions }
    exits = Dictionary(vm.exits.map { ($0.key.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    pagesGiven = vm.pagesGiven
    steps = session.position
    tokens = session.tokens.count
    rim = session.read { $0.realmSummaries().first?.measurements.first }.map { hexBytes($0) }
  }

  var lines: [String] {
    let reasons = exits.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    return [
      "the guest \(ending)\(place.map { "; \($0.text)" } ?? "")",
      "\(instructions) instructions, \(steps) steps, exits: \(reasons)",
      "\(pagesGiven) pages given on demand, \(tokens) token\(tokens == 1 ? "" : "s")",
    ] + account + devices + (rim.map { ["RIM \($0)"] } ?? []) + (hostRead.map { [$0.line] } ?? [])
  }
}
