import Attestation
import Basics
import Machine

/// A machine's state, taken apart into what can be compared with another one's.
package struct StateReading: Sendable {
  package enum Kind: Int, Sendable, Comparable, CaseIterable {
    case machine, pe, granule, realm, rec, entry, measurement, contents

    package static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// As JSON has it.
    package var name: String {
      switch self {
      case .machine: "machine"
      case .pe: "pe"
      case .granule: "granule"
      case .realm: "realm"
      case .rec: "rec"
      case .entry: "rtt_entry"
      case .measurement: "measurement"
      case .contents: "contents"
      }
    }

    package var title: String {
      switch self {
      case .machine: "Machine"
      case .pe: "Processing elements"
      case .granule: "Granules"
      case .realm: "Realms"
      case .rec: "RECs"
      case .entry: "RTT entries"
      case .measurement: "Measurements"
      case .contents: "Contents of pages"
      }
    }
  }

  /// What a value is of.
  package struct Key: Hashable, Sendable, Comparable {
    package let kind: Kind
    /// A granule, an RD, a REC, a number.
    package let address: UInt64
    /// An IPA, or which of several.
    package var place: UInt64 = 0
    /// A field of a structure.
    package var field = ""

    package static func < (a: Key, b: Key) -> Bool {
      (a.kind, a.address, a.place, a.field) < (b.kind, b.address, b.place, b.field)
    }

    /// In a sentence.
    package var name: String {
      switch kind {
      case .machine: field
      case .pe: "PE \(address)"
      case .granule: "granule \(hex(address))"
      case .realm: "\(field) of Realm \(hex(address))"
      case .rec: "\(field) of REC \(hex(address))"
      case .entry: "the \(place & 7 == 4 ? "page" : "block") at IPA \(hex(place & ~0xFFF)) of Realm \(hex(address))"
      case .measurement: "\(place == 0 ? "RIM" : "REM\(place - 1)") of Realm \(hex(address))"
      case .contents: "the page at \(hex(address))"
      }
    }

    /// What it is where nothing is said of it.
    var absent: String {
      switch kind {
      case .granule: "UNDELEGATED, the Host's"
      case .entry: "UNASSIGNED"
      case .contents: "zeros"
      case .realm, .rec: "0, or it is not there"
      default: "not there"
      }
    }
  }

  /// Most values a reading has of one kind; what is more is compared by the digest alone.
  static let limit = 1 << 18

  private(set) var values: [Key: String] = [:]
  /// What granules are that are not simply the Host's.
  private(set) var granules: [UInt64: MapCell] = [:]
  let digest: UInt64
  /// Whether something was left out.
  private(set) var isCut = false

  package init(_ machine: inout Machine) {
    digest = machine.digest()
    take(machine)
  }

  private mutating func take(_ machine: borrowing Machine) {
    values[Key(kind: .machine, address: 0, field: "the configuration")] = machine.configuration.propertyText
    if let panic = machine.control.panic { values[Key(kind: .machine, address: 0, field: "the RMM")] = panic.text }
    for (number, pe) in machine.control.pes.enumerated() {
      let runs = pe.runningREC | pe.runningVCPU
      values[Key(kind: .pe, address: UInt64(number))] = pe.place + (runs == 0 ? "" : ", runs \(hex(runs))")
    }
    takeGranules(machine)
    for rd in machine.control.realms { takeRealm(rd, machine) }
    for rec in machine.control.recs { takeFields(.rec, rec, machine) }
  }

  private mutating func takeGranules(_ machine: borrowing Machine) {
    var found: [(Key, String)] = []
    var cells: [UInt64: MapCell] = [:]
    machine.memory.forEachGranule { address, page, record in
      guard found.count < Self.limit else { return }
      let record = GranuleRecord(raw: record)
      if record.state != .undelegated || record.gpi != .nonSecure {
        let pas = record.state == .undelegated ? ", \(record.gpi.name) PAS" : ""
        found.append((Key(kind: .granule, address: address), record.state.name + pas))
        cells[address] = MapCell(record: record.raw)
      }
      // What the RMM keeps is compared by its fields, and the GPT by what it says of granules.
      guard let page, machine.isDRAM(address), record.state == .undelegated || record.state == .data else { return }
      // A page of zeroes and one that was never written are the same.
      let digest = Memory.digest(of: page, at: address)
      if digest != 0 { found.append((Key(kind: .contents, address: address), "contents \(String(digest, radix: 16))")) }
    }
    isCut = found.count >= Self.limit
    for (key, value) in found { values[key] = value }
    granules = cells
  }

  private mutating func takeRealm(_ rd: UInt64, _ machine: borrowing Machine) {
    takeFields(.realm, rd, machine)
    let realm = machine.realm(rd)
    for index in 0...4 {
      values[Key(kind: .measurement, address: rd, place: UInt64(index))] =
        hexBytes(Array(realm.measurement(index)[0..<realm.hash.length]))
    }
    let lpa2 = realm.lpa2
    var entries: [(Key, String)] = []
    machine.walkTables(realm, table: { _, _, _ in }) { entry, level, ipa in
      let hipas = entry.hipas(level)
      if hipas == .unassignedNS || hipas == .unassigned && entry.ripas == .empty { return true }
      let address = entry.isLive ? " → \(hex(entry.address(lpa2: lpa2)))" : ""
      entries.append(
        (Key(kind: .entry, address: rd, place: ipa | UInt64(level + 1)), "\(hipas.name) \(entry.ripas.name)\(address)"))
      return entries.count < Self.limit
    }
    if entries.count >= Self.limit { isCut = true }
    for (key, value) in entries { values[key] = value }
  }

  private mutating func takeFields(_ kind: Kind, _ address: UInt64, _ machine: borrowing Machine) {
    guard let contents = machine.keptContents(address) else { return }
    for field in contents.fields {
      let words = field.split(separator: " ", maxSplits: 1)
      values[Key(kind: kind, address: address, field: String(words[0]))] = words.count > 1 ? String(words[1]) : ""
    }
  }
}

/// What is not the same in two states.
package struct StateDifference: Sendable {
  package struct Item: Sendable, Equatable {
    package let key: StateReading.Key
    package let a: String
    package let b: String
    /// Of a granule, what it is in both.
    package let cells: Cells?

    package struct Cells: Sendable, Equatable {
      package let a: MapCell
      package let b: MapCell
    }

    /// In a sentence.
    package var text: String { "\(key.name) is \(a) in A, \(b) in B" }
  }

  package let items: [Item]
  /// Both have the same digest.
  package let isEqual: Bool
  /// Items were left out.
  package let isCut: Bool

  package init(_ a: StateReading, _ b: StateReading) {
    isEqual = a.digest == b.digest
    isCut = a.isCut || b.isCut
    guard !isEqual else {
      items = []
      return
    }
    let keys = Set(a.values.keys).union(b.values.keys).filter { a.values[$0] != b.values[$0] }
    items = keys.sorted().map { key in
      var (left, right) = (a.values[key] ?? key.absent, b.values[key] ?? key.absent)
      // Which of the bytes differ, nobody would read.
      if key.kind == .contents {
        (left, right) = (left == key.absent ? left : "written", right == key.absent ? right : "written otherwise")
      }
      let (before, after) = (a.granules[key.address] ?? MapCell(record: 0), b.granules[key.address] ?? MapCell(record: 0))
      return Item(key: key, a: left, b: right, cells: key.kind == .granule ? Item.Cells(a: before, b: after) : nil)
    }
  }
}
