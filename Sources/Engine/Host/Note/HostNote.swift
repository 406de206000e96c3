import Attestation
import Basics
import Machine

/// What a hypervisor knows of its guest, written down: lines of a recording that begin with `#host` and are comments to everybody
/// else. With the machine as it was at that step, the guest can go on.
///
/// The console is not in it: the session has it.
package struct HostNote {
  package private(set) var options: RealmVM.Options
  let pe: Int
  package let lastTurn: Int
  let kvm: KVMVirtualMachine.State
  let schedule: RealmVM.Schedule
  /// Bytes of its console.
  let sent: Int
  /// LCR of its UART.
  let lineControl: UInt8
  /// What waits in the UART, and its registers; registers of the PL061, and when its power button is let go; the
  /// clock; what each bank of flash knows beside its content.
  let input: SerialInput
  let gpio: [UInt8]
  let rtc: [UInt8]
  let flash: [NORFlash.State]
  let buttonRelease: UInt64?
  let devices: [RealmVM.DeviceState]
  package let party: PartyMemory?

  /// Gives a disk its image, if that is the one it had.
  package mutating func insert(_ image: DiskImage, as number: Int) {
    guard options.disks.indices.contains(number), options.disks[number].digest == image.digest else { return }
    options.disks[number] = image
  }

  /// Gives the guest the folder it had, if this is it.
  package mutating func insert(share archive: DiskImage) {
    guard let share = options.share, share.archive.digest == archive.digest,
      let found = SharedFolder(DiskImage(share.archive.name, archive, isWritable: false))
    else { return }
    options.share = found
  }

  /// Most bytes of a name of an image.
  static let longestName = 1024
  /// Most lines: one for each 64 pages of the largest guest, and what else there is.
  package static let mostLines = 80_000
  /// The last line.
  package static let end = HostNoteLine.prefix + "end"
  /// What marks a step that the hypervisor was not told of, and one that it did for somebody outside the machine.
  package static let aside = HostNoteLine.prefix + "aside"
  package static let outside = HostNoteLine.prefix + "outside"
  /// Begins a line with what was typed before a step.
  package static let typed = HostNoteLine.prefix + "typed "
  /// The same with what was printed on a console whose bytes pass through the guest's memory.
  package static let printed = HostNoteLine.prefix + "printed "
  /// Begins a line with the device of the guest's that a step was done for.
  package static let device = HostNoteLine.prefix + "device "
  /// Most bytes of such a line.
  package static let mostPrinted = VirtioConsole.longest

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
    vm.add("machine", text: options.machine.name)
    vm.add("bits", options.machine.bits)
    vm.add("line", UInt64(serial.lineControl))
    vm.add("serial", bytes: serial.input.bytes)
    vm.add("gpio", bytes: gpio?.state.bytes ?? [])
    vm.add("press", buttonRelease)
    vm.add("rtc", bytes: rtc?.state.bytes ?? [])
    vm.add("rom", options.readOnlyFlash.reduce(0) { $0 | 1 << UInt64($1) })
    vm.add("net", if: options.hasNetwork)
    vm.add("rng", if: options.hasRNG)
    vm.add("console", if: options.hasConsole)
    vm.add("vsock", if: options.hasSockets)
    vm.add("rng_seed", options.hasRNG ? options.rngSeed : 0)
    vm.add("plain_dma", if: !options.hasAccessPlatform)
    vm.add("vcpus", UInt64(options.vcpus))
    vm.add("memory", options.memory)
    vm.add("hash", UInt64(options.hash.rawValue))
    vm.add("pe", UInt64(kvm.pe))
    vm.add(isRealm ? "rd" : "root", isRealm ? kvm.state.rd : kvm.state.root)
    vm.add("next", kvm.state.granules.next)
    vm.add("current", UInt64(schedule.current))
    vm.add("last", UInt64(lastTurn))
    vm.add("held", if: isHeld)
    vm.add("waits", UInt64(schedule.waits))
    vm.add("pages", UInt64(pagesGiven))
    vm.add("slice", schedule.sliceEnd)
    vm.add("executed", executed)
    vm.add("sent", UInt64(uart.count))
    vm.add("lists", UInt64(kvm.state.vcpus.first?.lists.count ?? 0))
    for reason in ExitReason.allCases { vm.add(reason.name, UInt64(exits[reason] ?? 0)) }
    var lines = [vm.text] + kvm.state.vcpus.map(\.note) + kvm.state.gic.noteLines
    lines += HostNoteLine.lines("given", Self.ranges(kvm.state.given))
    lines += HostNoteLine.lines("shared", Self.ranges(kvm.state.shared))
    lines += HostNoteLine.lines("free", Self.runs(kvm.state.granules.free))
    let tables = kvm.state.tables.sorted { ($0.key.level, $0.key.region) < ($1.key.level, $1.key.region) }
    lines += HostNoteLine.lines("tables", tables.map { "\($0.key.level):\(hex($0.key.region)):\(hex($0.value))" })
    lines += flashLines + deviceLines
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

extension KVMVirtualMachine.VCPU {
  fileprivate var note: String {
    var line = HostNoteLine("vcpu")
    line.add("rec", address)
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

extension RealmVM {
  /// The hypervisor that a note speaks of.
  package convenience init(_ door: any HostDoor, _ note: HostNote) {
    self.init(door, note.options, pe: note.pe)
    // Whoever read the note has seen that there is room for it.
    kvm.regions = [layout.ramBase..<layout.ramBase + options.memory]
    if isRealm, let firmware = options.machine.firmwareMemory, note.kvm.given.contains(where: { firmware.contains($0.key) }) {
      kvm.regions.append(firmware)
    }
    recall(note, console: [])
  }

  /// Knows what it knew then.
  ///
  /// - Parameter console: what the guest had printed.
  package func recall(_ note: HostNote, console: [UInt8]) {
    kvm.state = note.kvm
    schedule = note.schedule
    lastTurn = note.lastTurn
    uart = PL011(sent: note.sent, console)
    serial.lineControl = note.lineControl
    serial.input = note.input
    gpio?.state = PL061.State(note.gpio)
    rtc?.state = PL031.State(note.rtc)
    flashStates = note.flash
    buttonRelease = note.buttonRelease
    deviceStates = note.devices
    party?.memory = note.party ?? PartyMemory()
  }
}
