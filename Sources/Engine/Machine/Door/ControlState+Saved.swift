import Basics

/// The state that is not in modelled memory, as numbers and back.
extension ControlState {
  /// Every field; lists and tables begin with how many there are.
  var words: [UInt64] {
    var words: [UInt64] = [
      UInt64(pes.count), UInt64(currentPE), nextL1Table, bootStages, guestInstructions, guestPause == nil ? 0 : 1,
      UInt64(guestPause ?? 0), (isScribbled ? 1 : 0) | (lab == nil ? 0 : 2), panic == nil ? 0 : 1, panic?.address ?? 0,
    ]
    for pe in pes { words += pe.words }
    for list in [realms, recs, vmids] { words += [UInt64(list.count)] + list }
    words.append(UInt64(vectors.count))
    for (rec, registers) in vectors.sorted(by: { $0.key < $1.key }) { words += [rec] + registers }
    words.append(UInt64(guestQueue.count))
    for action in guestQueue.pending { words += action.words }
    words.append(UInt64(guestQueue.departures.count))
    for departure in guestQueue.departures { words += [departure.rec, departure.pc] + departure.action.words }
    words += secure?.words ?? []
    words += lab?.words ?? []
    return words
  }

  /// Reads what ``words`` has written, for a machine that has just booted.
  init(_ reader: inout StateReader, _ machine: borrowing Machine) throws(SavedState.Malformed) {
    let configuration = machine.configuration
    let count = try reader.number()
    guard count == UInt64(configuration.peCount) else {
      throw SavedState.Malformed(message: "\(count) PEs in a machine of \(configuration.peCount)")
    }
    currentPE = Int(try reader.number(upTo: count - 1))
    nextL1Table = try reader.number()
    let gpt = machine.gpt
    guard (gpt.l1Base...gpt.l1Top).contains(nextL1Table), (nextL1Table - gpt.l1Base) % GranuleProtectionTable.l1Size == 0
    else { throw SavedState.Malformed(message: "the next GPT table would be at \(hex(nextL1Table))") }
    bootStages = try reader.number()
    guard bootStages == machine.control.bootStages else {
      throw SavedState.Malformed(
        message: "boot stages \(hex(bootStages)); this machine passes \(hex(machine.control.bootStages))")
    }
    guestInstructions = try reader.number()
    let hasPause = try reader.number(upTo: 1) == 1
    let pause = Int(try reader.number(upTo: UInt64(Int.max)))
    guestPause = hasPause ? pause : nil
    let taint = try reader.number(upTo: 3)
    isScribbled = taint & 1 != 0
    let hasPanic = try reader.number(upTo: 1) == 1
    let address = try reader.number()
    panic = hasPanic ? RMMPanic(address: address) : nil
    for n in 0..<configuration.peCount {
      let pe = try ProcessingElement(&reader)
      pes.append(pe)
      if pe.runningREC | pe.runningVCPU != 0 || pe.hasStopped { busyPEs |= 1 << UInt8(n) }
      guard !pe.hasStopped || machine.canStop else {
        throw SavedState.Malformed(message: "PE \(n) has stopped at EL3, which it cannot on this machine")
      }
      guard pe.runningVCPU == 0 || (pe.runningVCPU.isGranuleAligned && machine.isDRAM(pe.runningVCPU)) else {
        throw SavedState.Malformed(message: "PE \(n) runs a vCPU at \(hex(pe.runningVCPU)), no granule of DRAM")
      }
    }
    realms = try Self.list(&reader, machine)
    recs = try Self.list(&reader, machine)
    guard try reader.number() == 4 else { throw SavedState.Malformed(message: "not four words of VMIDs") }
    for n in 0..<4 { vmids[n] = try reader.number() }
    for _ in 0..<(try reader.number(upTo: 1 << 16)) {
      let rec = try reader.number()
      var registers: [UInt64] = []
      for _ in 0..<VectorUnit.wordCount { registers.append(try reader.number()) }
      vectors[rec] = registers
    }
    for pe in pes where taint & 2 == 0 && pe.runningREC != 0 && !recs.contains(pe.runningREC) {
      throw SavedState.Malformed(message: "a PE runs \(hex(pe.runningREC)), which is no REC")
    }
    for _ in 0..<(try reader.number(upTo: 1 << 16)) { _ = guestQueue.append(try GuestAction(&reader)) }
    for _ in 0..<(try reader.number(upTo: 1 << 16)) {
      let (rec, pc) = (try reader.number(), try reader.number())
      guestQueue.depart(rec, try GuestAction(&reader), pc)
    }
    if machine.control.secure != nil {
      let state = try SecureState(&reader, peCount: configuration.peCount)
      for (n, partition) in state.running.enumerated() where partition != 0 { busyPEs |= 1 << UInt8(n) }
      secure = state
    }
    if taint & 2 != 0 { lab = try LabState(&reader) }
    isWary = isScribbled || lab != nil
  }

  /// Granules of DRAM, ascending.
  private static func list(_ reader: inout StateReader, _ machine: borrowing Machine) throws(SavedState.Malformed) -> [UInt64] {
    var list: [UInt64] = []
    for _ in 0..<(try reader.number()) {
      let address = try reader.number()
      guard address.isGranuleAligned, machine.isDRAM(address), address > list.last ?? 0 else {
        throw SavedState.Malformed(message: "\(hex(address)) in a list of granules of DRAM, ascending")
      }
      list.append(address)
    }
    return list
  }
}

extension ProcessingElement {
  fileprivate var words: [UInt64] {
    [UInt64(world.rawValue), UInt64(exceptionLevel)] + (0..<18).map { x[$0] } + [scrEL3, ichHCR, ichVMCR, ichMISR]
      + (0..<16).map { ichLR[$0] } + [ichAP0R, ichAP1R, isrEL1, runningREC, vttbrEL2, vtcrEL2, hcrEL2, runningVCPU]
      + [UInt64(guestLeft)]
  }

  fileprivate init(_ reader: inout StateReader) throws(SavedState.Malformed) {
    self.init()
    guard let world = World(rawValue: UInt8(try reader.number(upTo: 255))) else {
      throw SavedState.Malformed(message: "a PE in no world")
    }
    self.world = world
    exceptionLevel = UInt8(try reader.number(upTo: 3))
    for n in 0..<18 { x[n] = try reader.number() }
    scrEL3 = try reader.number()
    ichHCR = try reader.number()
    ichVMCR = try reader.number()
    ichMISR = try reader.number()
    for n in 0..<16 { ichLR[n] = try reader.number() }
    ichAP0R = try reader.number()
    ichAP1R = try reader.number()
    isrEL1 = try reader.number()
    runningREC = try reader.number()
    vttbrEL2 = try reader.number()
    vtcrEL2 = try reader.number()
    hcrEL2 = try reader.number()
    runningVCPU = try reader.number()
    guestLeft = Int(try reader.number(upTo: 1 << 40))
  }
}

extension GuestAction {
  fileprivate var words: [UInt64] {
    [UInt64(kind.rawValue), UInt64(count), UInt64(clamping: tag)] + (0..<18).map { x[$0] }
  }

  fileprivate init(_ reader: inout StateReader) throws(SavedState.Malformed) {
    guard let kind = Kind(rawValue: UInt8(try reader.number(upTo: 255))) else {
      throw SavedState.Malformed(message: "a guest action of no kind")
    }
    self.init(kind)
    count = Int(try reader.number(upTo: 18))
    tag = Int(try reader.number(upTo: UInt64(Int.max)))
    for n in 0..<18 { x[n] = try reader.number() }
    let most: UInt64? =
      switch kind {
      case .setreg: 30
      case .getreg: 31
      case .setsys, .getsys: UInt64(RealmRegister.allCases.count - 1)
      default: nil
      }
    if let most, x[0] > most { throw SavedState.Malformed(message: "register \(x[0]) in a guest action; there are 0 to \(most)") }
  }
}
