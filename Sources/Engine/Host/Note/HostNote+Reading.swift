import Attestation
import Basics
import Machine

/// Reading a note: each line a stranger may have written.
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
    var kvm: KVMVirtualMachine.State?
    var schedule = RealmVM.Schedule()
    var party: PartyMemory?
    var lists = 0
    var sent = 0
    var lineControl: UInt8 = 0
    var input = SerialInput()
    var gpio: [UInt8] = []
    var rtc: [UInt8] = []
    var flash = [NORFlash.State](repeating: NORFlash.State(), count: GuestMachine.flashBanks)
    var buttonRelease: UInt64?
    var gic = VirtualGIC.NoteReader()
    var devices = RealmVM.DeviceReader()

    var layout: GuestLayout { GuestLayout(options) }

    init(dram: Range<UInt64>, peCount: Int) {
      self.dram = dram
      self.peCount = peCount
    }

    mutating func take(_ given: HostNoteLine) throws(HostNoteLine.Malformed) {
      var line = given
      if line.subject == "vm" {
        try begin(&line)
      } else {
        guard kvm != nil else { throw HostNoteLine.Malformed(message: "expected #host vm first") }
        switch line.subject {
        case "vcpu": try takeVCPU(&line)
        case "gic": try gic.take(&line)
        case "gic_vcpu": try gic.takeVCPU(&line, lists)
        case "given": try takePages(line.words, \.given, from: layout.ramBase)
        case "shared": try takePages(line.words, \.shared, from: layout.half + layout.ramBase)
        case "free": try takeFree(line.words)
        case "tables": try takeTables(line.words)
        case "party": try takeParty(&line)
        case "disk": try devices.takeDisk(&line)
        case "flash": try takeFlash(&line)
        case "share": try devices.takeShare(&line)
        case "virtio": try devices.takeDevice(&line)
        case "state": try devices.takeState(&line)
        default: throw HostNoteLine.Malformed(message: "there is no #host \(shown(line.subject))")
        }
      }
      if !["given", "shared", "free", "tables"].contains(line.subject) { try line.finish() }
    }

    private mutating func begin(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      guard kvm == nil else { throw HostNoteLine.Malformed(message: "a second #host vm before #host end") }
      options.isRealm = line.takes("realm")
      guard options.isRealm || line.takes("normal") else { throw HostNoteLine.Malformed(message: "expected realm or normal") }
      options.image = try line.text("image", most: HostNote.longestName)
      options.trusts = try line.text("trusts", most: HostNote.longestName)
      let name = try line.text("machine", most: HostNote.longestName)
      guard let machine = GuestMachine(name, bits: try line.optional("bits", 33...48) ?? 0), machine == .own || machine.bits != 0
      else {
        throw HostNoteLine.Malformed(message: "machine= is none that is known, or has no bits=")
      }
      options.machine = machine
      lineControl = UInt8(try line.number("line", 0...255))
      input = try serial(&line)
      gpio = try line.bytes("gpio", count: PL061.State.size)
      buttonRelease = try line.optional("press")
      rtc = try line.bytes("rtc", count: PL031.State.size)
      let rom = try line.number("rom", 0...(1 << UInt64(GuestMachine.flashBanks)) - 1)
      options.readOnlyFlash = Set((0..<GuestMachine.flashBanks).filter { rom >> UInt64($0) & 1 != 0 })
      options.hasNetwork = line.takes("net")
      options.hasRNG = line.takes("rng")
      options.hasConsole = line.takes("console")
      options.hasSockets = line.takes("vsock")
      options.rngSeed = try line.number("rng_seed")
      options.hasAccessPlatform = !line.takes("plain_dma")
      options.vcpus = Int(try line.number("vcpus", 1...8))
      let unit = machine == .own ? RealmVM.block : Granule.size
      options.memory = try line.number("memory", unit...RealmVM.mostMemory)
      guard options.memory % unit == 0 else {
        throw HostNoteLine.Malformed(message: "memory= is no multiple of \(sizeText(unit))")
      }
      guard let hash = HashAlgorithm(rawValue: UInt8(truncatingIfNeeded: try line.number("hash", 0...255))) else {
        throw HostNoteLine.Malformed(message: "hash= is no hash algorithm")
      }
      options.hash = hash
      pe = Int(try line.number("pe", 0...UInt64(peCount - 1)))
      let turns = 0...UInt64(options.vcpus - 1)
      lastTurn = Int(try line.number("last", turns))
      var kvm = KVMVirtualMachine.State(granules: GranuleAllocator(next: 0), gic: VirtualGIC(vcpus: 1, listRegisters: 1))
      let first = try line.granule(options.isRealm ? "rd" : "root", in: dram)
      if options.isRealm { kvm.rd = first } else { kvm.root = first }
      // A note is of a guest that was built.
      kvm.realm = options.isRealm ? .active : .none
      kvm.granules.next = try line.number("next", dram.lowerBound...dram.upperBound)
      guard kvm.granules.next.isGranuleAligned else { throw HostNoteLine.Malformed(message: "next= is no granule") }
      schedule.current = Int(try line.number("current", turns))
      kvm.held = line.takes("held") ? schedule.current : nil
      schedule.waits = Int(try line.number("waits", HostNote.counts))
      kvm.pagesGiven = Int(try line.number("pages", HostNote.counts))
      schedule.sliceEnd = try line.optional("slice")
      kvm.executed = try line.number("executed", HostNote.counts)
      sent = Int(try line.number("sent", HostNote.counts))
      lists = Int(try line.number("lists", 1...16))
      for reason in ExitReason.allCases {
        let count = try line.number(reason.name, HostNote.counts)
        if count > 0 { kvm.exits[reason] = Int(count) }
      }
      self.kvm = kvm
    }

    /// What waits in the UART; recordings that are older have less of it, as `uart`.
    private func serial(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) -> SerialInput {
      let former = try line.bytes("uart", count: SerialInput.formerSize)
      let bytes = try line.bytes("serial", count: SerialInput.size)
      guard former[0] <= 16, bytes[0] <= SerialInput.room else {
        throw HostNoteLine.Malformed(message: "the UART has more bytes than there is room for")
      }
      return former.contains { $0 != 0 } ? SerialInput(former: former) : SerialInput(bytes)
    }

    private mutating func takeVCPU(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      guard let count = kvm?.vcpus.count, count < options.vcpus else {
        throw HostNoteLine.Malformed(message: "more vCPUs than vcpus= says")
      }
      var vcpu = KVMVirtualMachine.VCPU(
        address: try line.granule("rec", in: dram), run: try line.granule("run", in: dram), isOn: line.takes("on"))
      vcpu.isWaiting = line.takes("waiting")
      vcpu.missing = try line.optional("missing")
      vcpu.deadline = try line.optional("deadline")
      vcpu.flags = try line.optional("flags")
      vcpu.lists = try line.list("lists", count: lists)
      kvm?.vcpus.append(vcpu)
    }

    /// Pages of RAM, which begins at `base`, or of its shared half.
    private mutating func takePages(
      _ words: [String], _ pages: WritableKeyPath<KVMVirtualMachine.State, PageMap>, from base: UInt64
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
        // RAM, and firmware below it, or the same places of the shared half.
        let places =
          [base..<base + options.memory] + (options.machine.firmwareMemory.map { [$0.moved(by: base - layout.ramBase)] } ?? [])
        guard ipa.isGranuleAligned, places.contains(where: { $0.contains(ipa) && size <= $0.upperBound - ipa }),
          HostNoteLine.isGranule(pa, in: dram), size <= dram.upperBound - pa
        else { throw HostNoteLine.Malformed(message: "\"\(shown(word))\" leads outside the guest's RAM, or DRAM") }
        for n in 0..<count {
          let page = ipa + n * Granule.size
          guard kvm?[keyPath: pages][page] == nil else {
            throw HostNoteLine.Malformed(message: "the page at \(hex(page)) stands twice in it")
          }
          kvm?[keyPath: pages][page] = pa + n * Granule.size
        }
      }
    }

    /// Granules that were the guest's: each was allocated once.
    private mutating func takeFree(_ words: [String]) throws(HostNoteLine.Malformed) {
      guard let next = kvm?.granules.next else { return }
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
        guard UInt64(kvm?.granules.free.count ?? 0) + count <= (next - dram.lowerBound) / Granule.size else {
          throw HostNoteLine.Malformed(message: "more free granules than the Host has used")
        }
        for n in 0..<count { kvm?.granules.free.append(first + n * Granule.size) }
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
        let key = KVMVirtualMachine.TableKey(level: level, region: region)
        guard kvm?.tables.updateValue(table, forKey: key) == nil else {
          throw HostNoteLine.Malformed(message: "the table of \"\(shown(word))\" stands twice in it")
        }
      }
    }

    /// A bank that is not as at reset.
    private mutating func takeFlash(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      guard options.hasFlash else { throw HostNoteLine.Malformed(message: "this guest has no flash") }
      let bank = Int(try line.number("bank", 0...UInt64(GuestMachine.flashBanks - 1)))
      guard
        let state = NORFlash.State(
          mode: try line.number("mode"), cycle: try line.number("cycle"), status: try line.number("status"),
          awaited: try line.number("awaited"), buffer: try line.anyBytes("buffer", most: NORFlash.State.mostBytes))
      else { throw HostNoteLine.Malformed(message: "#host flash is no state of a bank of flash") }
      flash[bank] = state
    }

    private mutating func takeParty(_ line: inout HostNoteLine) throws(HostNoteLine.Malformed) {
      var memory = PartyMemory()
      memory.draws = Int(try line.number("draws", 0...1 << 32))
      let bytes = try line.bytes("bytes", count: RelyingParty.keyLength)
      if line.takes("nonce") { memory.nonce = bytes }
      party = memory
    }

    mutating func finish() throws(HostNoteLine.Malformed) -> HostNote {
      guard var kvm else { throw HostNoteLine.Malformed(message: "expected #host vm first") }
      guard kvm.vcpus.count == options.vcpus else {
        throw HostNoteLine.Malformed(message: "\(kvm.vcpus.count) lines of vCPUs; vcpus= says \(options.vcpus)")
      }
      kvm.gic = try gic.finish(options.vcpus)
      var options = options
      options.disks = devices.disks
      options.share = devices.share
      let devices = try devices.finish(options)
      return HostNote(
        options: options, pe: pe, lastTurn: lastTurn, kvm: kvm, schedule: schedule, sent: sent,
        lineControl: lineControl, input: input, gpio: gpio, rtc: rtc, flash: flash, buttonRelease: buttonRelease,
        devices: devices, party: party)
    }
  }
}

extension Range<UInt64> {
  fileprivate func moved(by distance: UInt64) -> Range<UInt64> { lowerBound + distance..<upperBound + distance }
}
