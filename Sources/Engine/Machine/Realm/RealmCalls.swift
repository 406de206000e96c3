/// SMCs of a Realm: RSI and PSCI (DEN0137 B5, B6).
extension Machine {
  /// True: the Realm goes on. False: the REC exits with `exit`.
  mutating func handleRealmSMC(_ rec: REC, _ address: UInt64, _ exit: inout ExitRecord) -> Bool {
    var call = Call()
    call.rec = address
    for n in 0...10 { call.x[n] = rec.x(n) }
    let fid = realmFunction(rec.x(0))
    if explaining, let entry = Commands.withFID(fid) {
      var copy = call
      observation.append(explanation(entry, &copy))
    }
    let top = dispatchRealm(fid, &call, &exit)
    progress.realmDecision = call.decidedBy
    if tracing {
      let answers: Bool =
        switch call.realmAction {
        case .returnToRealm, .updateAndExit: true
        case .exit, .stage2Abort: false
        }
      emit(.call, rec.x(0), rec.x(1), call.out[0], world: .realm, detail: answers ? 0 : 1)
    }
    switch call.realmAction {
    case .returnToRealm:
      answer(rec, call, top)
      rec.pc &+= 4
      return true
    case .updateAndExit:
      answer(rec, call, top)
      rec.pc &+= 4
      return false
    case .exit:
      rec.pc &+= 4
      return false
    case .stage2Abort(let ipa, let level):
      exit = stage2AbortExit(ipa, level)
      return false
    }
  }

  /// The number that decides: X0 by the specification; W0 without the SVE hint, except for PSCI, by TF-RMM (D41).
  private func realmFunction(_ x0: UInt64) -> UInt64 {
    guard policy.has(.fidIsW0WithoutSVEHint) else { return x0 }
    let w0 = x0 & 0xFFFF_FFFF
    let withoutHint = w0 & ~SMCCC.sveHint
    return PSCI.range.contains(withoutHint & ~0x4000_0000) ? w0 : withoutHint
  }

  /// Writes a call's answer: X0 and the outputs; of the rest X1 to X3 become zero, and X4 and up too unless D22 holds.
  private mutating func answer(_ rec: REC, _ call: Call, _ top: Int) {
    let written = max(top, 3)
    for n in 0...written { rec.setX(n, call.out[n]) }
    // After a PSCI exit X7 and up are the vCPU's own (DEN0137 A4.3); else what is not an output is zero.
    var last = 16
    if case .updateAndExit = call.realmAction, PSCI.range.contains(call.x[0] & 0xBFFF_FFFF) { last = 6 }
    if !policy.has(.rsiKeepsX4AndUp), top >= 0 { for n in (written + 1)...last { rec.setX(n, 0) } }
  }

  /// Finds and runs the command. Returns the highest output register; -1 if there is no such command.
  private mutating func dispatchRealm(_ fid: UInt64, _ call: inout Call, _ exit: inout ExitRecord) -> Int {
    let (found, lastOutput) = withUnsafeMutablePointer(to: &self) { machine in
      withUnsafeMutablePointer(to: &call) { call in
        withUnsafeMutablePointer(to: &exit) { exit in
          var executor = RealmExecutor(fid: fid, machine: machine, call: call, exit: exit)
          var found = CommandList.rsi(&executor) || CommandList.psci(&executor)
          if !found, machine.pointee.policy.has(.psciSMC32Aliases) {
            executor.byAlias = true
            found = CommandList.psci(&executor)
          }
          return (found, executor.lastOutput)
        }
      }
    }
    if found { return lastOutput }
    if fid == SMCCC.version, policy.has(.realmSMCCCIsOneDotTwo) {
      call.out[0] = 0x1_0002
      return 3
    }
    // A function nobody defines: SMCCC has the vCPU keep X4 and up.
    call.out[0] = SMCCC.notSupported
    return -1
  }
}

/// Runs the RSI or PSCI command with an identifier, and has it say what the Host is told if the REC exits. With the list it is compiled
/// to a switch over the identifiers.
private struct RealmExecutor: CommandVisitor {
  let fid: UInt64
  /// The machine has one owner and cannot be part of a value; the others are not to be copied.
  let machine: UnsafeMutablePointer<Machine>
  let call: UnsafeMutablePointer<Call>
  let exit: UnsafeMutablePointer<ExitRecord>
  /// Whether the commands are looked for by their other identifiers.
  var byAlias = false
  /// The highest register that has an output.
  var lastOutput = 3

  @inline(__always) mutating func visit<C: Command>(_: C.Type) -> Bool {
    guard let identifier = byAlias ? C.alias : C.fid, fid == UInt64(identifier) else { return false }
    if machine.pointee.isLab {
      machine.pointee.executeInLab(C.self, &call.pointee)
    } else {
      machine.pointee.execute(C.self, &call.pointee)
    }
    if call.pointee.decidedBy == nil { lastOutput = C.lastOutput }
    switch call.pointee.realmAction {
    case .updateAndExit, .exit: C.describeExit(machine.pointee, call.pointee, fid, &exit.pointee)
    case .returnToRealm, .stage2Abort: break
    }
    return true
  }
}

enum PSCI {
  /// Function numbers of PSCI, as SMC32: 0x8400_0000 to 0x8400_0014.
  static let range: ClosedRange<UInt64> = 0x8400_0000...0x8400_0014
}
