import Basics

/// The machine's state that is not in modelled memory. Small and copied whole by a checkpoint.
package struct ControlState: Sendable {
  package var pes: [ProcessingElement] = []
  package var currentPE = 0
  /// One bit for each PE that runs a REC, a vCPU of the Normal world (`runningREC` or `runningVCPU` is not 0), or a partition.
  var busyPEs: UInt8 = 0
  /// Where EL3 will put the next L1 GPT table.
  var nextL1Table: UInt64 = 0
  /// Boot stages that have been passed.
  package var bootStages: UInt64 = 0
  /// Realm descriptors that exist, ascending.
  package var realms: [UInt64] = []
  /// RECs that exist, ascending.
  package var recs: [UInt64] = []
  /// VMIDs in use, one bit each.
  var vmids: [UInt64] = [0, 0, 0, 0]
  /// What the guests have still to do.
  package var guestQueue = GuestQueue()
  /// Instructions the Realms' vCPUs have executed, and time they have skipped: the count of the virtual counter.
  package var guestInstructions: UInt64 = 0
  /// V0 to V31, FPCR and FPSR of RECs that have used them: see ``VectorUnit``.
  var vectors: [UInt64: [UInt64]] = [:]
  /// Instructions a vCPU executes before it holds its PE for a debugger.
  package var guestPause: Int?
  /// Whether software of the Realm or of the Root world has written memory by hand: what EL3 and the RMM keep there may be anything,
  /// and they look before they follow an address.
  package var isScribbled = false { didSet { isWary = isWary || isScribbled } }
  /// What a machine of the lab keeps; nil: no check of it was ever switched off.
  package var lab: LabState? { didSet { isWary = isWary || lab != nil } }
  /// Whether the RMM's own data may be wrong, because somebody has written to them or a check was off: the RMM looks before it follows an
  /// address. Follows from ``isScribbled`` and ``lab``.
  var isWary = false
  /// Why the RMM has stopped, if it has: from then on EL3 answers RMI with SMC_UNK.
  package var panic: RMMPanic?
  /// What the SPMC knows, of a machine that has one.
  package var secure: SecureState?
}

extension ControlState {
  /// Becomes what another state is that it comes from. Of what is the same in both nothing is copied or counted.
  mutating func goBack(to old: borrowing ControlState) {
    for n in old.pes.indices { pes[n] = old.pes[n] }
    currentPE = old.currentPE
    busyPEs = old.busyPEs
    nextL1Table = old.nextL1Table
    bootStages = old.bootStages
    if realms != old.realms { realms = old.realms }
    if recs != old.recs { recs = old.recs }
    if vmids != old.vmids { vmids = old.vmids }
    guestQueue.goBack(to: old.guestQueue)
    guestInstructions = old.guestInstructions
    if !vectors.isEmpty || !old.vectors.isEmpty { vectors = old.vectors }
    guestPause = old.guestPause
    isScribbled = old.isScribbled
    if lab != nil || old.lab != nil { lab = old.lab }
    if panic != nil || old.panic != nil { panic = old.panic }
    if secure != nil || old.secure != nil { secure = old.secure }
    isWary = old.isWary
  }

  /// 64 bits that depend on every field, and for a list or a table on what stands where.
  func digest() -> UInt64 {
    var hash = StateHash()
    hash.add(UInt64(currentPE))
    hash.add(nextL1Table)
    hash.add(bootStages)
    hash.add(UInt64(busyPEs))
    hash.add(guestInstructions)
    hash.add(guestPause.map { UInt64(bitPattern: Int64($0)) })
    hash.add(isScribbled ? 1 : 0)
    hash.add(panic?.address)
    hash.add(realms)
    hash.add(recs)
    hash.add(vmids)
    hash.add(UInt64(pes.count))
    for pe in pes { pe.add(to: &hash) }
    hash.add(UInt64(vectors.count))
    for (rec, words) in vectors.sorted(by: { $0.key < $1.key }) {
      hash.add(rec)
      hash.add(words)
    }
    hash.add(guestQueue.digest())
    // A machine without an SPMC has the digest it had before there was one to have.
    secure?.add(to: &hash)
    lab?.add(to: &hash)
    return hash.value
  }

  /// The digest of recordings up to version 2, for comparing with theirs. It leaves out active priorities, and whose vector
  /// registers are whose.
  func digestOfVersion2() -> UInt64 {
    var hash = mix(UInt64(currentPE) ^ nextL1Table << 8 ^ bootStages << 40)
    for pe in pes {
      hash = mix(hash ^ UInt64(pe.world.rawValue) ^ UInt64(pe.exceptionLevel) << 8 ^ pe.runningREC)
      hash = mix(hash ^ pe.scrEL3)
      for n in 0..<18 { hash = mix(hash ^ pe.x[n]) }
      hash = mix(hash ^ pe.ichHCR ^ mix(pe.ichVMCR ^ mix(pe.ichMISR ^ mix(pe.isrEL1))))
      for n in 0..<16 { hash = mix(hash ^ pe.ichLR[n]) }
      if pe.vttbrEL2 | pe.vtcrEL2 | pe.hcrEL2 != 0 {
        hash = mix(hash ^ mix(mix(pe.vttbrEL2) ^ pe.vtcrEL2) ^ pe.hcrEL2 ^ mix(pe.runningVCPU))
      }
    }
    for value in realms { hash = mix(hash ^ value) }
    for value in recs { hash = mix(hash ^ ~value) }
    for value in vmids { hash = mix(hash ^ value) }
    if guestInstructions != 0 { hash = mix(hash ^ guestInstructions) }
    for rec in vectors.keys.sorted() { for word in vectors[rec] ?? [] { hash = mix(hash ^ word) } }
    if let guestPause { hash = mix(hash ^ UInt64(guestPause)) }
    if let secure {
      var state = StateHash()
      secure.add(to: &state)
      hash = mix(hash ^ state.value)
    }
    return mix(hash ^ guestQueue.digest())
  }
}
