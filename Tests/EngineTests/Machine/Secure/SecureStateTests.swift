import Testing

@testable import Machine

/// What the SPMC knows is state: digest, file and checkpoint have all of it, and its rules can be broken.
struct SecureStateTests {
  private static let changes: [String: @Sendable (inout SecureState) -> Void] = [
    "endpoints": { $0.endpoints[2].message[7] ^= 1 },
    "running": { $0.running[1] = 1 },
    "shares": { $0.shares.removeLast() },
    "nextHandle": { $0.nextHandle += 1 },
    "owned": { $0.owned.removeAll() },
    "isByHand": { $0.isByHand.toggle() },
  ]

  private static let endpointChanges: [String: @Sendable (inout FFAEndpoint) -> Void] = [
    "tx": { $0.tx ^= 0x1000 }, "rx": { $0.rx ^= 0x1000 }, "isRXFull": { $0.isRXFull.toggle() },
    "state": { $0.state = .preempted }, "model": { $0.model = .run }, "pe": { $0.pe ^= 1 }, "caller": { $0.caller = 3 },
    "callerID": { $0.callerID ^= 1 }, "callee": { $0.callee = 3 }, "awaitsAnswer": { $0.awaitsAnswer.toggle() },
    "message": { $0.message[0] ^= 1 },
  ]

  private static let shareChanges: [String: @Sendable (inout MemoryShare) -> Void] = [
    "handle": { $0.handle += 1 }, "kind": { $0.kind = .donate }, "sender": { $0.sender ^= 1 }, "owner": { $0.owner = 2 },
    "tag": { $0.tag ^= 1 }, "attributes": { $0.attributes ^= 1 }, "isCleared": { $0.isCleared.toggle() },
    "isReadOnly": { $0.isReadOnly.toggle() }, "isProtected": { $0.isProtected.toggle() },
    "constituents": { $0.constituents[0].pages += 1 }, "receivers": { $0.receivers[0].granted = nil },
  ]

  /// A machine on which something is lent and retrieved, something shared, and something donated.
  private static func machine() -> SecureScript {
    let script = SecureScript()
    #expect(script.send("lend", 0, [0x8001], [0x8200_0000]).status == "OK")
    #expect(script.retrieve(1, 0x8001).status == "OK")
    #expect(script.send("donate", 0, [0x8002], [0x8200_1000]).status == "OK")
    #expect(script.retrieve(2, 0x8002).status == "OK")
    #expect(script.send("share", 0, [0x8002], [0x8200_3000]).status == "OK")
    #expect(script.machine.invariantViolations() == [])
    return script
  }

  @Test func eachFieldChangesTheDigest() throws {
    let script = Self.machine()
    let state = try #require(script.machine.control.secure)
    #expect(Set(Mirror(reflecting: state).children.compactMap(\.label)) == Set(Self.changes.keys))
    #expect(Set(Mirror(reflecting: state.endpoints[0]).children.compactMap(\.label)) == Set(Self.endpointChanges.keys))
    #expect(Set(Mirror(reflecting: state.shares[0]).children.compactMap(\.label)) == Set(Self.shareChanges.keys))
    var digests: Set<UInt64> = [script.machine.digest()]
    func look(_ name: String, _ changed: SecureState) {
      script.machine.control.secure = changed
      #expect(digests.insert(script.machine.digest()).inserted, "\(name)")
    }
    for (name, change) in Self.changes {
      var changed = state
      change(&changed)
      look(name, changed)
    }
    for (name, change) in Self.endpointChanges {
      for index in state.endpoints.indices {
        var changed = state
        change(&changed.endpoints[index])
        look("\(name) of \(index)", changed)
      }
    }
    for (name, change) in Self.shareChanges {
      var changed = state
      change(&changed.shares[0])
      look(name, changed)
    }
    var changed = state
    changed.owned[0].isReadOnly.toggle()
    look("isReadOnly", changed)
    changed = state
    changed.owned[0].owner = 1
    look("owner", changed)
    changed = state
    changed.shares[0].receivers[0].permissions = FFAPermissions(raw: 1)
    look("permissions", changed)
  }

  @Test func aMachineWithoutAnSPMCHasTheDigestItHad() {
    var machine = Machine(MachineConfiguration())
    #expect(machine.control.secure == nil)
    var other = Machine(MachineConfiguration())
    other.control.secure = SecureState(peCount: 2)
    let digests = [machine.digest(), other.digest()]
    #expect(digests[0] != digests[1])
  }

  @Test func aFileAndACheckpointKeepIt() throws {
    let script = Self.machine()
    #expect(script.smc(.normal, 0x8400_006F, [0x8001]).isRunning)
    let configuration = script.machine.configuration
    let bytes = SavedState.bytes(&script.machine)
    var again = try SavedState.machine(bytes) { line throws(SavedState.Malformed) in
      #expect(line.hasSuffix("secure=spmc"))
      return configuration
    }
    #expect(again.digest() == script.machine.digest())
    #expect(SavedState.bytes(&again) == bytes)
    let mark = script.machine.checkpoint()
    let digest = script.machine.digest()
    #expect(script.smc(.secure, 0x8400_0070, [0x8001_0000]).x[0] == 0x8400_0070)
    #expect(script.machine.digest() != digest)
    script.machine.restore(to: mark)
    #expect(script.machine.digest() == digest)
  }

  /// The rules of the Secure world, each broken by a change of the records or of the GPT.
  @Test func eachRuleCanBeBroken() throws {
    let script = Self.machine()
    let state = try #require(script.machine.control.secure)
    let rules = Set(ModelRule.all.filter(\.isOfSecureWorld).map(\.name))
    var broken: Set<String> = []
    func look(_ change: (inout SecureState) -> Void) {
      var changed = state
      change(&changed)
      script.machine.control.secure = changed
      broken.formUnion(script.machine.invariantViolations().map(\.rule).filter(rules.contains))
    }
    look { $0.shares[1].handle = 1 }
    look { $0.owned.append($0.owned[0]) }
    look { $0.shares[1].constituents = $0.shares[0].constituents }
    look { $0.shares[0].owner = 2 }
    look { $0.shares[0].receivers[0].id = 5 }
    look { $0.endpoints[1].state = .running }
    look { $0.running[0] = 2 }
    look { $0.endpoints[1].callee = 2 }
    script.machine.control.secure = state
    script.machine.movePages(0x8200_0000..<0x8200_1000, to: .nonSecure)
    broken.formUnion(script.machine.invariantViolations().map(\.rule).filter(rules.contains))
    #expect(broken == rules && rules.count > 4)
  }
}
