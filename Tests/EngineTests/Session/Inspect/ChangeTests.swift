import Basics
import Engine
import Testing

@testable import Machine
@testable import Session

/// Who made this, and what changes it next: of random objects of random sessions, against a search that looks at the machine after each step.
struct ChangeTests {
  private static let sessions = 8
  private static let steps = 300
  private static let objects = 125

  /// A random session, and objects of it: some that something became of, and some of which nothing did.
  private static func session(_ seed: UInt64) -> (Session, [Changing]) {
    let session = Session(RandomDriver.configuration(seed % 2 == 0 ? .spec : .tfRMM))
    var driver = RandomDriver(seed: seed, session.configuration)
    var numbers = SeededNumbers(seed: seed)
    var objects: [Changing] = []
    var written: [UInt64] = []
    for _ in 0..<steps {
      session.perform(.action(session.read { driver.next($0) }))
      for event in session.steps[session.position - 1].events {
        switch event.kind {
        case .granule, .gpi: objects += [.granule(event.a)]
        case .realmState: objects += [.realm(event.a), .measurement(event.a, index: 0)]
        case .measurement: objects += [.measurement(event.a, index: Int(event.b))]
        case .rttEntry: objects += [.entry(event.a)]
        case .exit: objects += [.rec(event.a), .registers(event.a, [numbers.below(34)]), .registers(event.a, [0, 1, 2])]
        case .access where event.c == 1: written.append(event.a)
        default: break
        }
      }
    }
    let granule = { session.configuration.dramBase + UInt64(numbers.below(104)) << 12 }
    let some = (0..<Self.objects).map { number -> Changing in
      switch number % 10 {
      case 0: .granule(granule())
      case 1: .entry(granule() + UInt64(numbers.below(512)) * 8)
      case 2: .bytes(granule() + UInt64(numbers.below(4096)), count: 1 + numbers.below(8))
      case 3 where !written.isEmpty: .bytes(numbers.pick(written), count: 1 + numbers.below(8))
      default: numbers.pick(objects)
      }
    }
    return (session, some)
  }

  /// What the machine says of an object now.
  private static func look(_ object: Changing, _ m: borrowing Machine) -> [UInt64] {
    func state(_ address: UInt64) -> UInt64 { UInt64(m.granuleState(address.granuleBase).rawValue) }
    switch object {
    case .granule(let address): return [state(address), m.gptWalk(address).gpi.map { UInt64($0.rawValue) } ?? 99]
    case .realm(let rd): return [state(rd), m.granuleIs(rd, .rd) ? UInt64(m.realm(rd).state.rawValue) : 0]
    case .measurement(let rd, let index):
      guard m.granuleIs(rd, .rd) else { return [] }
      let bytes = m.realm(rd).measurement(index)
      return (0..<8).map { bytes.load(fromByteOffset: $0 * 8, as: UInt64.self) }
    case .rec(let address): return [state(address)]
    case .entry(let address):
      return [state(address), m.granuleIs(address.granuleBase, .rtt) ? m.readBytes(address, 8) : 0]
    case .registers(let rec, let all):
      guard let now = m.guestRegisters(rec) else { return [] }
      return all.map { (now.x + [now.sp, now.pc, now.pstate])[$0] }
    case .bytes(let address, let count):
      return (0..<UInt64(count)).filter { (address + $0).granuleBase == address.granuleBase }.map { m.readBytes(address + $0, 1) }
    }
  }

  @Test(arguments: 1...UInt64(sessions)) func whoMadeThis(_ seed: UInt64) {
    let (session, objects) = Self.session(seed)
    // After each step, what is said of each object.
    var said: [[[UInt64]]] = []
    for step in 0...session.steps.count {
      session.seek(step)
      said.append(session.read { m in objects.map { Self.look($0, m) } })
    }
    var numbers = SeededNumbers(seed: seed)
    var found = 0
    for (number, object) in objects.enumerated() {
      var changes = (1...session.steps.count).filter { said[$0][number] != said[$0 - 1][number] }
      // A Realm that is gone has no other measurement for that, and one that is new has one if it is not zero.
      if case .measurement = object {
        changes = changes.filter { step in
          let (before, after) = (said[step - 1][number], said[step][number])
          return !after.isEmpty && (!before.isEmpty || after.contains { $0 != 0 })
        }
      }
      if case .rec(let rec) = object {
        changes += (1...session.steps.count).filter {
          guard case .action(.smc(_, let x)) = session.steps[$0 - 1].input else { return false }
          return session.steps[$0 - 1].result.exit != nil && x[1] == rec
        }
        changes = Set(changes).sorted()
      }
      for _ in 0..<4 {
        let place = numbers.below(session.steps.count + 1)
        session.seek(place)
        let next = session.change(of: object, isNext: true)?.step
        let last = session.change(of: object, isNext: false)?.step
        #expect(next == changes.first { $0 > place }, "\(object.name), after step \(place)")
        #expect(last == changes.last { $0 < place }, "\(object.name), before step \(place)")
        #expect(session.position == place)
        if next != nil || last != nil { found += 1 }
      }
    }
    #expect(found > objects.count)
  }
}
