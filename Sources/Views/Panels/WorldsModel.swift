import Engine

/// What runs where: for each world and exception level the software that is there, and no other.
struct WorldsModel {
  /// A piece of software, or a VM, at its level.
  struct Resident {
    var text: String
    /// The same where there is little room.
    var short: String
    /// The same where there is hardly any.
    var shortest: String
    /// The same where a whole line has less room than the text.
    var narrow: String
    var role: Role
    /// What it consists of, a line each where there is room; narrow where it has less.
    var parts: [(text: String, narrow: String)]

    init(
      _ text: String, short: String? = nil, shortest: String? = nil, narrow: String? = nil, _ role: Role,
      parts: [(text: String, narrow: String)] = []
    ) {
      self.text = text
      self.narrow = narrow ?? text
      self.short = short ?? text
      self.shortest = shortest ?? self.short
      self.role = role
      self.parts = parts
    }
  }

  struct Column {
    let world: World
    let title: String
    let role: Role
    /// Software at EL0, EL1 and EL2.
    var residents: [[Resident]] = [[], [], []]

    /// What is at a level, in no more than `room` lines: with its parts if they fit, and broken at words if that fits, too.
    func lines(_ level: Int, _ room: Int, _ width: Int) -> [(text: String, role: Role)] {
      func fitting(_ text: String, _ narrow: String) -> String { Canvas.columns(of: text) <= width ? text : narrow }
      let whole = residents[level].flatMap { resident in
        [(fitting(resident.text, resident.narrow), resident.role)]
          + resident.parts.map { (fitting("  " + $0.text, "  " + $0.narrow), resident.role) }
      }
      let broken = whole.flatMap { line in WhyPanel.wrap(line.0, to: width, hanging: 4).map { ($0, line.1) } }
      if broken.count <= room { return broken }
      if whole.count <= room { return whole }
      let rest = residents[level].count - room
      let short = residents[level].prefix(rest > 0 ? max(0, room - 1) : room).map { ($0.text, $0.role) }
      return short + (rest > 0 ? [("and \(rest + 1) more", Role.dim)] : [])
    }
  }

  /// One place on the way of an SMC.
  struct Hop {
    let world: World
    let level: UInt8
    let scr: UInt64
    let pe: UInt8

    func isAt(_ other: Hop) -> Bool { world == other.world && level == other.level }
  }

  var columns: [Column]
  let pes: [ProcessingElement]
  let currentPE: Int
  let hops: [Hop]
  /// Whether it is the way a machine booted.
  let isBoot: Bool
  /// What is at EL3.
  let monitor: Resident

  /// - Parameter travel: which hop of the last step's way is shown, while it is: its PE is there then.
  init(_ session: Session, travel: Int?) {
    hops = Self.hops(session.lastStep?.events ?? [])
    isBoot = if case .reset? = session.lastStep?.input { true } else { false }
    var control = session.read { $0.control }
    if let travel, hops.indices.contains(travel), control.pes.indices.contains(Int(hops[travel].pe)) {
      let hop = hops[travel]
      control.pes[Int(hop.pe)].world = hop.world
      control.pes[Int(hop.pe)].exceptionLevel = hop.level
      control.pes[Int(hop.pe)].scrEL3 = hop.scr
    }
    pes = control.pes
    currentPE = control.currentPE
    var normal = Column(world: .normal, title: "Normal", role: .normal)
    let stack = session.stackPicture
    normal.residents[2] = [Resident(session.hasHost || stack != nil ? "KVM" : "Host", .normal)]
    let vms = stack?.guests.filter { $0.process?.vm.isRealm == false } ?? []
    normal.residents[1] = vms.map { Self.resident($0, control.pes) }
    let known = Set(vms.flatMap { $0.process?.vm.vcpus.map(\.address) ?? [] })
    normal.residents[1] += control.pes.filter { $0.runningVCPU != 0 && !known.contains($0.runningVCPU) }.map {
      Resident("VM, vCPU \(hex($0.runningVCPU))", short: "VM", .normal)
    }
    var realm = Column(world: .realm, title: "Realm", role: .realm)
    let policy = session.configuration.policy
    let hasRMM = session.read { $0.hasRMM }
    realm.residents[2] = [
      hasRMM && control.panic == nil
        ? Resident("RMM 1.0 · \(policy.name)", short: "RMM 1.0", .realm)
        : Resident(hasRMM ? "RMM has stopped" : "no RMM", .fault)
    ]
    let pes = control.pes
    realm.residents[1] = session.read { $0.realmSummaries() }.map { Self.resident($0, pes) }
    var secure = Column(world: .secure, title: "Secure", role: .secure)
    secure.residents = Self.secureResidents(session)
    columns = [normal, realm, secure].map { column in
      var column = column
      // An application is only known while a PE executes it.
      if column.residents[0].isEmpty, control.pes.contains(where: { $0.world == column.world && $0.exceptionLevel == 0 }) {
        column.residents[0] = [Resident("application", short: "app", column.role)]
      }
      return column
    }
    // Whoever built a guest here emulates its devices from user space.
    if session.hasHost { columns[0].residents[0] = [Resident("VMM", .normal)] }
    if let stack {
      // There is room for a line.
      let names = stack.guests.compactMap { guest in guest.process.map { "\($0.program) \($0.number): \(guest.name)" } }
      let short = names.count == 1 ? stack.guests.first { $0.process != nil }?.name : "\(names.count) VMMs"
      columns[0].residents[0] = names.isEmpty ? [] : [Resident(names.joined(separator: ", "), short: short, .normal)]
    }
    let token = session.configuration.platform == .model ? ", platform token" : ""
    // What a platform has got right needs no word.
    let smmu = session.configuration.smmu
    let device = smmu == .on ? "" : "; device: \(smmu.summary)"
    monitor = Resident("monitor: SMC routing, granule transitions\(token)\(device)", short: "monitor, GPT\(device)", .root)
  }

  /// An ordinary VM.
  private static func resident(_ guest: StackPicture.Guest, _ pes: [ProcessingElement]) -> Resident {
    let parts = (guest.process?.vm.vcpus ?? []).enumerated().map { number, vcpu in
      let pe = pes.firstIndex { vcpu.address != 0 && $0.runningVCPU == vcpu.address }
      let state = pe.map { "● runs on pe\($0)" } ?? (!vcpu.isOn ? "off" : vcpu.isWaiting ? "waits" : "runnable")
      return (text: "vCPU \(number) \(state)", narrow: "vCPU \(number) \(state)")
    }
    return Resident("VM \(guest.name)", .normal, parts: parts)
  }

  private static func resident(_ realm: RealmSummary, _ pes: [ProcessingElement]) -> Resident {
    let running = realm.recs.filter(\.running).map { "REC \($0.index)" }
    let recs =
      running.isEmpty
      ? realm.recs.isEmpty ? "" : " · \(realm.recs.count) REC\(realm.recs.count == 1 ? "" : "s")"
      : " · runs \(running.joined(separator: ", "))"
    let name = "realm \(realm.number) \(realm.state.name)"
    let parts = realm.recs.map { rec in
      let state = rec.pending.isEmpty ? rec.runnable ? "runnable" : "off" : "waits for the Host: \(rec.pending)"
      let pe = pes.firstIndex { $0.runningREC == rec.address }
      let narrow = "REC \(rec.index) " + (pe.map { "● runs on pe\($0)" } ?? state)
      return (text: narrow + " · pc \(hex(rec.pc))", narrow: narrow)
    }
    return Resident(
      name + recs, short: name, shortest: "R\(realm.number) \(realm.state.name)", .realm(realm.number - 1), parts: parts)
  }

  /// The way a step took through the worlds, from where it began.
  static func hops(_ events: [Event]) -> [Hop] {
    let moves = events.filter { $0.kind == .move }
    guard let first = moves.first else { return [] }
    func hop(_ place: UInt64, _ move: Event) -> Hop {
      Hop(world: World(rawValue: UInt8(place >> 8 & 3)) ?? .root, level: UInt8(place & 3), scr: move.c, pe: move.pe)
    }
    var hops = [hop(first.a, first)]
    // A PE that boots behind another comes to where that is.
    for next in moves.map({ hop($0.b, $0) }) where next.pe == hops.last?.pe || !hops.contains(where: { $0.isAt(next) }) {
      hops.append(next)
    }
    return hops
  }

  /// The PEs that are at a level of a world.
  func pes(_ world: World, _ level: Int) -> [Int] {
    pes.indices.filter { pes[$0].world == world && (world == .root || pes[$0].exceptionLevel == UInt8(level)) }
  }

  /// The numbers of the hops that end at a level of a world.
  func numbers(_ world: World, _ level: Int) -> [Int] {
    hops.indices.filter { hops[$0].world == world && (world == .root || hops[$0].level == UInt8(level)) }
  }

  /// A hop's number as it is drawn.
  static func mark(_ number: Int) -> String {
    number < 20 ? String(Character(Unicode.Scalar(0x2460 + UInt32(number)) ?? "*")) : "(\(number + 1))"
  }
}
