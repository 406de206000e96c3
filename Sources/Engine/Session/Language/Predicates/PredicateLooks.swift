import Attestation
import Basics
import Machine

private func number(_ arguments: [PredicateLook.Argument], _ index: Int = 0) -> UInt64 {
  if index < arguments.count, case .number(let value) = arguments[index] { value } else { 0 }
}

private func realmName(_ value: UInt64) -> String { "Realm \(value < 4096 ? "\(value)" : hex(value))" }

private func recName(_ arguments: [PredicateLook.Argument]) -> String {
  arguments.count > 1
    ? "REC \(arguments[1].text) of \(realmName(number(arguments)))" : "REC \(arguments.first?.text ?? "")"
}

extension PredicateLook {
  private typealias RealmValue = @Sendable (borrowing Machine, UInt64) -> PredicateValue

  /// A property of a Realm.
  private static func realm(
    _ property: String, _ finding: Finding, help: String, of what: String, _ value: @escaping RealmValue
  ) -> PredicateLook {
    PredicateLook("realm", [.number("N")], property: property, finding: finding, help: help) { arguments in
      what + realmName(number(arguments))
    } read: { reader, arguments in
      guard let rd = reader.rd(number(arguments)) else { return .absent("there is no \(realmName(number(arguments)))") }
      return reader.session.read { value($0, rd) }
    }
  }

  private static func summary(
    _ property: String, help: String, of what: String, _ value: @escaping @Sendable (RealmSummary) -> UInt64
  ) -> PredicateLook {
    realm(property, .number, help: help, of: what) { machine, rd in
      .number(machine.realmSummaries().first { $0.rd == rd }.map(value) ?? 0)
    }
  }

  static let realms: [PredicateLook] = [
    PredicateLook("realms", finding: .number, help: "how many Realms there are") { _ in
      "the number of Realms"
    } read: { reader, _ in
      .number(reader.session.read { UInt64($0.control.realms.count) })
    },
    PredicateLook(
      "realm", [.number("N")], finding: .flag, help: "there is such a Realm: the Nth by the address of its RD, or that of an RD",
      adjective: "there"
    ) {
      realmName(number($0))
    } read: { reader, arguments in
      .flag(reader.rd(number(arguments)) != nil)
    },
    realm("state", .word(["NEW", "ACTIVE", "SYSTEM_OFF"]), help: "its state", of: "") { machine, rd in
      .word(machine.realm(rd).state.name)
    },
    realm("rd", .number, help: "the PA of its RD", of: "the RD of ") { _, rd in .number(rd) },
    realm("vmid", .number, help: "its VMID", of: "the VMID of ") { machine, rd in .number(machine.realm(rd).vmid) },
    realm("ipa_width", .number, help: "bits of its IPA space", of: "the IPA width of ") { machine, rd in
      .number(machine.realm(rd).ipaWidth)
    },
    realm("start_level", .number, help: "the level its stage 2 walk starts at", of: "the starting level of ") { machine, rd in
      .number(UInt64(bitPattern: Int64(machine.realm(rd).startLevel)))
    },
    realm("hash", .word(["SHA_256", "SHA_512"]), help: "its measurement algorithm", of: "the hash algorithm of ") { machine, rd in
      .word(machine.realm(rd).hash == .sha256 ? "SHA_256" : "SHA_512")
    },
    summary("tables", help: "its RTTs, those of the starting level with them", of: "the number of tables of ") {
      UInt64($0.tables)
    },
    summary("pages", help: "granules mapped at Protected IPAs", of: "the number of pages of ") { $0.assigned },
    summary("shared", help: "granules mapped at Unprotected IPAs", of: "the number of shared pages of ") { $0.assignedNS },
    summary("recs", help: "its RECs", of: "the number of RECs of ") { UInt64($0.recs.count) },
    PredicateLook("rim", [.number("N")], finding: .text, help: "the RIM of a Realm, in hexadecimal digits") {
      "the RIM of \(realmName(number($0)))"
    } read: { reader, arguments in
      measurement(reader, number(arguments), 0)
    },
    PredicateLook("rem", [.number("N"), .number("I")], finding: .text, help: "one of its REMs, 0 to 3") {
      "REM\(number($0, 1)) of \(realmName(number($0)))"
    } read: { reader, arguments in
      number(arguments, 1) < 4
        ? measurement(reader, number(arguments), Int(number(arguments, 1)) + 1) : .absent("a Realm has the REMs 0 to 3")
    },
  ]

  private static func measurement(_ reader: PredicateReader, _ number: UInt64, _ index: Int) -> PredicateValue {
    guard let rd = reader.rd(number) else { return .absent("there is no \(realmName(number))") }
    return .text(
      reader.session.read { machine in
        let realm = machine.realm(rd)
        return hexBytes(Array(realm.measurement(index)[0..<realm.hash.length]))
      })
  }

  // MARK: RECs

  private static let recParameters: [Parameter] = [.number("N"), .number("INDEX")]

  private static func rec(
    _ property: String, _ finding: Finding, help: String, of what: String = "", adjective: String = "",
    _ value: @escaping RealmValue
  ) -> PredicateLook {
    PredicateLook("rec", recParameters, least: 1, property: property, finding: finding, help: help, adjective: adjective) {
      arguments in
      what + recName(arguments)
    } read: { reader, arguments in
      guard let rec = reader.rec(arguments) else { return .absent("there is no \(recName(arguments))") }
      return reader.session.read { value($0, rec) }
    }
  }

  static let recs: [PredicateLook] = [
    PredicateLook(
      "rec", recParameters, least: 1, finding: .flag,
      help: "there is such a REC: by its index in Realm 1 (`rec(0)`), in Realm N (`rec(2, 0)`), or by its address",
      adjective: "there"
    ) {
      recName($0)
    } read: { reader, arguments in
      .flag(reader.rec(arguments) != nil)
    },
    rec("runnable", .flag, help: "its runnable flag: PSCI_CPU_ON sets it", adjective: "runnable") { .flag($0.rec($1).runnable) },
    rec("running", .flag, help: "a PE runs it", adjective: "running") { .flag($0.rec($1).running) },
    rec("pc", .number, help: "its program counter", of: "the pc of ") { .number($0.rec($1).pc) },
    rec("psci", .flag, help: "a PSCI call waits for RMI_PSCI_COMPLETE", adjective: "waiting for RMI_PSCI_COMPLETE") {
      .flag($0.rec($1).psciPending)
    },
    rec("host_call", .flag, help: "a host call waits for its answer", adjective: "waiting for the answer to a host call") {
      .flag($0.rec($1).hostCallPending)
    },
    rec("ripas_change", .flag, help: "a RIPAS change waits for the Host", adjective: "waiting for a RIPAS change") {
      .flag($0.rec($1).ripasBase != $0.rec($1).ripasTop)
    },
  ]

  // MARK: Memory

  private static let granuleStates = GranuleState.allCases.map(\.name)
  private static let spaces = GPI.allCases.map(\.name)

  private static func granule(
    _ name: String, _ property: String, _ finding: Finding, help: String, of what: String, _ value: @escaping RealmValue
  ) -> PredicateLook {
    PredicateLook(name, [.number("PA")], property: property, finding: finding, help: help) {
      what + hex(number($0))
    } read: { reader, arguments in
      let address = number(arguments)
      return reader.session.read { machine in
        machine.isDRAM(address) ? value(machine, address.granuleBase) : .absent("\(hex(address)) is no address of DRAM")
      }
    }
  }

  static let memory: [PredicateLook] = [
    granule("gpt", "", .word(spaces), help: "which PAS the GPT says a granule is in", of: "the GPT entry of ") {
      .word($0.gpi($1).name)
    },
    granule("granule", "state", .word(granuleStates), help: "the RMM's state of a granule", of: "granule ") {
      .word($0.granuleState($1).name)
    },
    granule(
      "granule", "refcount", .number, help: "live entries of a table, RECs of a Realm, else 0", of: "the reference count of "
    ) {
      .number($0.references($1))
    },
    granule("granule", "owner", .number, help: "the RD of the Realm it belongs to, 0 if to none", of: "the owner of ") {
      .number($0.role($1).owner ?? 0)
    },
    granule("granule", "zero", .number, help: "1 if it holds nothing but zeroes, else 0", of: "emptiness of ") {
      machine, address in
      .number((0..<512).allSatisfy { machine.readBytes(address + UInt64($0) * 8, 8) == 0 } ? 1 : 0)
    },
    PredicateLook("granules", [.word("STATE", granuleStates)], finding: .number, help: "how many granules the RMM has in a state")
    {
      "the number of \($0.first?.text ?? "") granules"
    } read: { reader, arguments in
      var count: UInt64 = 0
      reader.session.read { machine in
        machine.memory.forEachGranule { _, _, record in
          if GranuleRecord(raw: record).state.name == arguments.first?.text { count += 1 }
        }
      }
      return .number(count)
    },
    PredicateLook("memory", [.number("PA")], finding: .number, help: "8 bytes of memory, past the granule protection check") {
      "the value at \(hex(number($0)))"
    } read: { reader, arguments in
      let address = number(arguments)
      return reader.session.read {
        $0.isDRAM(address) ? .number($0.readBytes(address, 8)) : .absent("\(hex(address)) is no address of DRAM")
      }
    },
  ]

  // MARK: Tables

  private static func entry(
    _ property: String, _ finding: Finding, help: String, of what: String,
    _ value: @escaping @Sendable (WalkReport, WalkReport.Hop) -> PredicateValue
  ) -> PredicateLook {
    PredicateLook("rtt", [.number("N"), .number("IPA")], property: property, finding: finding, help: help) { arguments in
      "\(what) of IPA \(hex(number(arguments, 1))) in \(realmName(number(arguments)))"
    } read: { reader, arguments in
      let ipa = number(arguments, 1)
      guard let rd = reader.rd(number(arguments)) else { return .absent("there is no \(realmName(number(arguments)))") }
      guard let report = reader.session.read({ $0.walkReport(rd, ipa) }), let hop = report.hops.last else {
        return .absent("IPA \(hex(ipa)) lies beyond the IPA space of \(realmName(number(arguments)))")
      }
      return value(report, hop)
    }
  }

  static let tables: [PredicateLook] = [
    entry(
      "hipas", .word(["UNASSIGNED", "ASSIGNED", "UNASSIGNED_NS", "ASSIGNED_NS", "TABLE"]),
      help: "the HIPAS of the entry where the walk for an IPA ends", of: "the HIPAS"
    ) { .word($1.hipas.name) },
    entry("ripas", .word(["EMPTY", "RAM", "DESTROYED"]), help: "its RIPAS", of: "the RIPAS") { .word($1.ripas.name) },
    entry("level", .number, help: "the level where the walk ends", of: "the level") {
      .number(UInt64(bitPattern: Int64($1.level)))
    },
    entry("pa", .number, help: "the PA that is mapped there", of: "the PA") { report, _ in
      report.address.map { .number($0) } ?? .absent("IPA \(hex(report.ipa)) is mapped to nothing")
    },
  ]
}
