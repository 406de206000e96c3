import Attestation
import Basics
import Machine

/// What a hypervisor knows of its guest, written down: lines of a recording that begin with `#host` and are comments to everybody
/// else. With the machine as it was at that step, the guest can go on.
///
/// The console is not in it: the session has it.
package struct HostNote {
  package let options: RealmVM.Options
  let pe: Int
  package let lastTurn: Int
  package let state: RealmVM.State
  /// Bytes of its console.
  let sent: Int
  package let party: PartyMemory?

  /// Most bytes of a name of an image.
  static let longestName = 1024
  /// Most lines: one for each 64 pages of the largest guest, and what else there is.
  package static let mostLines = 80_000
  /// The last line.
  package static let end = HostNoteLine.prefix + "end"
  /// What marks a step that the hypervisor was not told of, and one that it did for somebody outside the machine.
  package static let aside = HostNoteLine.prefix + "aside"
  package static let outside = HostNoteLine.prefix + "outside"

  /// Most pages of one word: the largest guest's.
  static let longestRun = RealmVM.mostMemory / Granule.size
  static let counts: ClosedRange<UInt64> = 0...1 << 62
}

// MARK: Writing

extension RealmVM {
  /// What it knows now, line by line.
  package var noteText: String {
    var vm = HostNoteLine("vm")
    vm.add(isRealm ? "realm" : "normal")
    vm.add("image", text: String(options.image.prefix(HostNote.longestName / 4)))
    vm.add("trusts", text: String(options.trusts.prefix(HostNote.longestName / 4)))
    vm.add("vcpus", UInt64(options.vcpus))
    vm.add("memory", options.memory)
    vm.add("hash", UInt64(options.hash.rawValue))
    vm.add("pe", UInt64(pe))
    vm.add(isRealm ? "rd" : "root", isRealm ? state.rd : state.root)
    vm.add("next", state.nextGranule)
    vm.add("current", UInt64(state.current))
    vm.add("last", UInt64(lastTurn))
    vm.add("held", if: state.isHeld)
    vm.add("waits", UInt64(state.waits))
    vm.add("pages", UInt64(state.pagesGiven))
    vm.add("slice", state.sliceEnd)
    vm.add("executed", state.executed)
    vm.add("sent", UInt64(uart.count))
    vm.add("lists", UInt64(state.vcpus.first?.lists.count ?? 0))
    for reason in ExitReason.allCases { vm.add(reason.name, UInt64(state.exits[reason] ?? 0)) }
    var lines = [vm.text] + state.vcpus.map(\.note) + state.gic.noteLines
    lines += HostNoteLine.lines("given", Self.ranges(state.given)) + HostNoteLine.lines("shared", Self.ranges(state.shared))
    lines += HostNoteLine.lines("free", Self.runs(state.free))
    let tables = state.tables.sorted { ($0.key.level, $0.key.region) < ($1.key.level, $1.key.region) }
    lines += HostNoteLine.lines("tables", tables.map { "\($0.key.level):\(hex($0.key.region)):\(hex($0.value))" })
    if let memory = party?.memory, memory != PartyMemory() {
      var line = HostNoteLine("party")
      line.add("draws", UInt64(memory.draws))
      line.add("nonce", if: memory.nonce != nil)
      line.add("bytes", bytes: memory.nonce ?? [])
      lines.append(line.text)
    }
    return (lines + [HostNote.end]).joined(separator: "\n")
  }

  /// Has the session keep what it knows with its last step.
  func note() { door.note(noteText) }

  /// Pages that follow each other, on both sides: `IPA:PA`, and `*COUNT` for more than one.
  private static func ranges(_ pages: PageMap) -> [String] {
    var ranges: [(ipa: UInt64, pa: UInt64, count: UInt64)] = []
    for (ipa, pa) in pages {
      if let last = ranges.last, ipa == last.ipa + last.count * Granule.size, pa == last.pa + last.count * Granule.size {
        ranges[ranges.count - 1].count += 1
      } else {
        ranges.append((ipa, pa, 1))
      }
    }
    return ranges.map { "\(hex($0.ipa)):\(hex($0.pa))" + times($0.count) }
  }

  /// Granules that follow each other, in their order.
  private static func runs(_ granules: [UInt64]) -> [String] {
    var runs: [(first: UInt64, count: UInt64)] = []
    for granule in granules {
      if let last = runs.last, granule == last.first + last.count * Granule.size {
        runs[runs.count - 1].count += 1
      } else {
        runs.append((granule, 1))
      }
    }
    return runs.map { hex($0.first) + times($0.count) }
  }

  private static func times(_ count: UInt64) -> String { count > 1 ? "*\(hex(count))" : "" }
}

extension RealmVM.VCPU {
  fileprivate var note: String {
    var line = HostNoteLine("vcpu")
    line.add("rec", rec)
    line.add("run", run)
    line.add("on", if: isOn)
    line.add("waiting", if: isWaiting)
    line.add("missing", missing)
    line.add("deadline", deadline)
    line.add("flags", flags)
    line.add("lists", lists)
    return line.text
  }
}

// MARK: Reading

extension HostNote {
  /// - Parameters:
  ///   - lines: with the last one.
  ///   - machine: whose memory and PEs they are about.
  package init(_ lines: [String], on machine: MachineConfiguration) throws(HostNoteLine.Malformed) {
    var reader = Reader(dram: machine.dramBase..<machine.dramTop, peCount: machine.peCount)
    for (index, text) in lines.enumerated() {
      do throws(HostNoteLine.Malformed) {
        if text == HostNote.end { break }
        try reader.take(try HostNoteLine(reading: text))
      } catch {
        throw HostNoteLine.Malformed(message: error.message, index: index)
      }
    }
    do throws(HostNoteLine.Malformed) {
      self = try reader.finish()
    } catch {
      throw HostNoteLine.Malformed(message: error.message, index: max(0, lines.count - 1))
    }
  }

  /// Takes a note line by line.
  private struct Reader {
    let dram: Range<UInt64>
    let peCount: Int
    var options = RealmVM.Options()
    var pe = 0
    var lastTurn = 0
    var state: RealmVM.State?
    var party: PartyMemory?
    var lists = 0
    var sent = 0
    var gic = VirtualGIC.NoteReader()

    var layout: GuestLayout { GuestLayout(memory: options.memory) }

    init(dram: Range<UInt64>, peCount: Int) {
      self.dram = dram
      self.peCount = peCount
    }

    mutating func take(_ given: HostNoteLine) throws(HostNoteLine.Malformed) {
      var line = given
      if line.subject == "vm" {
        try begin(&line)
      } else {
        guard state != nil else { throw HostNoteLine.Malformed(message: "expected #host vm first") }
        switch line.subject {
        case "vcpu": try takeVCPU(&line)
        case "gic": try gic.take(&line)
        case "gic_vcpu": try gic.takeVCPU(&line, lists)
        case "given": try takePages(line.words, \.given, from: RealmVM.ramBase)
        case "shared": try takePages(line.words, \.shared, from: layout.half + RealmVM.ramBase)
        case "free": try takeFree(line.words)
        case "tables": try takeTables(line.words)
        case "party": try takeParty(&line)
        default: throw HostNoteLine.Malformed(message: "there is no #host \(shown(line.subject))")
        }
      }
      if !["given", "shared", "free", "tables"].contains(line.subject) { try line.finish() }
    }

    private mutating func begin(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      guard state == nil else { throw HostNoteLine.Malformed(message: "a second #host vm before #host end") }
      options.isRealm = line.takes("realm")
      guard options.isRealm || line.takes("normal") else { throw HostNoteLine.Malformed(message: "expected realm or normal") }
      options.image = try line.text("image", most: HostNote.longestName)
      options.trusts = try line.text("trusts", most: HostNote.longestName)
      options.vcpus = Int(try line.number("vcpus", 1...8))
      options.memory = try line.number("memory", RealmVM.block...RealmVM.mostMemory)
      guard options.memory % RealmVM.block == 0 else { throw HostNoteLine.Malformed(message: "memory= is no multiple of 2M") }
      guard let hash = HashAlgorithm(rawValue: UInt8(truncatingIfNeeded: try line.number("hash", 0...255))) else {
        throw HostNoteLine.Malformed(message: "hash= is no hash algorithm")
      }
      options.hash = hash
      pe = Int(try line.number("pe", 0...UInt64(peCount - 1)))
      let turns = 0...UInt64(options.vcpus - 1)
      lastTurn = Int(try line.number("last", turns))
      var state = RealmVM.State(nextGranule: 0, gic: VirtualGIC(vcpus: 1, listRegisters: 1))
      let first = try line.granule(options.isRealm ? "rd" : "root", in: dram)
      if options.isRealm { state.rd = first } else { state.root = first }
      state.nextGranule = try line.number("next", dram.lowerBound...dram.upperBound)
      guard state.nextGranule.isGranuleAligned else { throw HostNoteLine.Malformed(message: "next= is no granule") }
      state.current = Int(try line.number("current", turns))
      state.isHeld = line.takes("held")
      state.waits = Int(try line.number("waits", HostNote.counts))
      state.pagesGiven = Int(try line.number("pages", HostNote.counts))
      state.sliceEnd = try line.optional("slice")
      state.executed = try line.number("executed", HostNote.counts)
      sent = Int(try line.number("sent", HostNote.counts))
      lists = Int(try line.number("lists", 1...16))
      for reason in ExitReason.allCases {
        let count = try line.number(reason.name, HostNote.counts)
        if count > 0 { state.exits[reason] = Int(count) }
      }
      self.state = state
    }

    private mutating func takeVCPU(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      guard let count = state?.vcpus.count, count < options.vcpus else {
        throw HostNoteLine.Malformed(message: "more vCPUs than vcpus= says")
      }
      var vcpu = RealmVM.VCPU(
        rec: try line.granule("rec", in: dram), run: try line.granule("run", in: dram), isOn: line.takes("on"))
      vcpu.isWaiting = line.takes("waiting")
      vcpu.missing = try line.optional("missing")
      vcpu.deadline = try line.optional("deadline")
      vcpu.flags = try line.optional("flags")
      vcpu.lists = try line.list("lists", count: lists)
      state?.vcpus.append(vcpu)
    }

    /// Pages of RAM, which begins at `base`, or of its shared half.
    private mutating func takePages(
      _ words: [String], _ pages: WritableKeyPath<RealmVM.State, PageMap>, from base: UInt64
    ) throws(HostNoteLine.Malformed) {
      for word in words {
        let sides = word.split(separator: ":", omittingEmptySubsequences: false)
        let amount = sides.last?.split(separator: "*", omittingEmptySubsequences: false) ?? []
        guard sides.count == 2, (1...2).contains(amount.count) else {
          throw HostNoteLine.Malformed(message: "expected IPA:PA or IPA:PA*COUNT, found \"\(shown(word))\"")
        }
        let (ipa, pa) = (try HostNoteLine.number(sides[0], "IPA"), try HostNoteLine.number(amount[0], "PA"))
        let count = amount.count == 2 ? try HostNoteLine.number(amount[1], "COUNT", 1...HostNote.longestRun) : 1
        let size = count * Granule.size
        guard ipa.isGranuleAligned, ipa >= base, ipa - base < options.memory, size <= options.memory - (ipa - base),
          HostNoteLine.isGranule(pa, in: dram), size <= dram.upperBound - pa
        else { throw HostNoteLine.Malformed(message: "\"\(shown(word))\" leads outside the guest's RAM, or DRAM") }
        for n in 0..<count {
          let page = ipa + n * Granule.size
          guard state?[keyPath: pages][page] == nil else {
            throw HostNoteLine.Malformed(message: "the page at \(hex(page)) stands twice in it")
          }
          state?[keyPath: pages][page] = pa + n * Granule.size
        }
      }
    }

    /// Granules that were the guest's: each was allocated once.
    private mutating func takeFree(_ words: [String]) throws(HostNoteLine.Malformed) {
      guard let next = state?.nextGranule else { return }
      for word in words {
        let parts = word.split(separator: "*", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count) else {
          throw HostNoteLine.Malformed(message: "expected PA or PA*COUNT, found \"\(shown(word))\"")
        }
        let first = try HostNoteLine.number(parts[0], "PA")
        let count = parts.count == 2 ? try HostNoteLine.number(parts[1], "COUNT", 1...HostNote.longestRun) : 1
        guard HostNoteLine.isGranule(first, in: dram), first < next, count * Granule.size <= next - first else {
          throw HostNoteLine.Malformed(message: "\"\(shown(word))\" leads outside what the Host has used of DRAM")
        }
        guard UInt64(state?.free.count ?? 0) + count <= (next - dram.lowerBound) / Granule.size else {
          throw HostNoteLine.Malformed(message: "more free granules than the Host has used")
        }
        for n in 0..<count { state?.free.append(first + n * Granule.size) }
      }
    }

    private mutating func takeTables(_ words: [String]) throws(HostNoteLine.Malformed) {
      for word in words {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 3, let level = Int(parts[0]), (1...2).contains(level) else {
          throw HostNoteLine.Malformed(message: "expected LEVEL:REGION:PA, found \"\(shown(word))\"")
        }
        let most: UInt64 = 1 << (layout.width - UInt64(39 - 9 * level))
        let region = try HostNoteLine.number(parts[1], "REGION", 0...most - 1)
        let table = try HostNoteLine.number(parts[2], "PA")
        guard HostNoteLine.isGranule(table, in: dram) else {
          throw HostNoteLine.Malformed(message: "the table at \(hex(table)) is no granule of DRAM")
        }
        let key = RealmVM.TableKey(level: level, region: region)
        guard state?.tables.updateValue(table, forKey: key) == nil else {
          throw HostNoteLine.Malformed(message: "the table of \"\(shown(word))\" stands twice in it")
        }
      }
    }

    private mutating func takeParty(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      var memory = PartyMemory()
      memory.draws = Int(try line.number("draws", 0...1 << 32))
      let bytes = try line.bytes("bytes", count: RelyingParty.keyLength)
      if line.takes("nonce") { memory.nonce = bytes }
      party = memory
    }

    mutating func finish() throws(HostNoteLine.Malformed) -> HostNote {
      guard var state else { throw HostNoteLine.Malformed(message: "expected #host vm first") }
      guard state.vcpus.count == options.vcpus else {
        throw HostNoteLine.Malformed(message: "\(state.vcpus.count) lines of vCPUs; vcpus= says \(options.vcpus)")
      }
      state.gic = try gic.finish(options.vcpus)
      return HostNote(options: options, pe: pe, lastTurn: lastTurn, state: state, sent: sent, party: party)
    }
  }
}

extension RealmVM {
  /// The hypervisor that a note speaks of.
  package convenience init(_ door: any HostDoor, _ note: HostNote) {
    self.init(door, note.options, pe: note.pe)
    recall(note, console: [])
  }

  /// Knows what it knew then.
  ///
  /// - Parameter console: what the guest had printed.
  package func recall(_ note: HostNote, console: [UInt8]) {
    state = note.state
    lastTurn = note.lastTurn
    uart = PL011(sent: note.sent, console)
    party?.memory = note.party ?? PartyMemory()
  }
}
