/// The engine that executes decoded pages in place.
///
/// It takes what compiled code mostly consists of, with translations that have been made; everything else, and everything that does
/// not succeed at once, it leaves to the reference engine, one instruction at a time. Both count, fault and end at the same
/// instruction.
extension Machine {
  /// Runs until an instruction does not complete, or until less than ``FastContext/longestStretch`` is left of the slice (nil).
  mutating func runFast(_ core: inout A64Core) -> A64Stop? {
    let workspace = core.workspace
    do throws(A64Stop) {
      try land(&core)
    } catch {
      return error
    }
    var bank = core.bank
    var context = FastContext(workspace, core.exceptionLevel, bank, core.pc, core.left)
    let flags = context.flags
    flags.nzcv = core.nzcv
    workspace.code.isStale = false
    let isDebugged = debugging != nil
    let alreadyDone = (debugging?.executed ?? 0) - (core.slice - core.left)
    while context.left >= FastContext.longestStretch {
      let compiled = context.execute(workspace.code, codeEngine, isStrict: core.isStrict)
      // To compile an instruction takes about as long as to leave two to the reference engine.
      progress.rare &+= 2 * compiled
      guard context.left >= FastContext.longestStretch else { break }
      progress.rare &+= 1
      switch context.op.pointee.operation {
      case .decode: context.decode(workspace)
      case .fetch:
        core.pc = context.page
        core.left = context.left - 1
        core.nzcv = flags.nzcv
        do throws(A64Stop) {
          try enterCode(&core)
        } catch {
          return error
        }
        workspace.code.isStale = false
        context.go(to: context.page)
      default:
        // The reference engine's turn.
        core.pc = context.pc
        core.left = context.left
        core.nzcv = flags.nzcv
        if isDebugged, isHeld(core, context.word, executed: alreadyDone + core.slice - core.left) { return .held }
        core.left -= 1
        let next = core.pc &+ 4
        do throws(A64Stop) {
          try execute(workspace.decode(context.word), &core, next)
          try land(&core)
        } catch {
          return error
        }
        if core.isWatched, debugging?.stopsAfterAccess() == true { return .held }
        flags.nzcv = core.nzcv
        if core.bank != bank || workspace.code.isStale {
          bank = core.bank
          workspace.code.isStale = false
          context = FastContext(workspace, core.exceptionLevel, bank, core.pc, core.left)
        } else {
          context.op += 1
          context.end = context.op + core.left
          if core.pc != next { context.go(to: core.pc) }
        }
      }
    }
    core.pc = context.pc
    core.left = context.left
    core.nzcv = flags.nzcv
    return nil
  }

  /// Whether a debugger holds the vCPU before an instruction, `executed` of this run behind it.
  private mutating func isHeld(_ core: borrowing A64Core, _ word: UInt32, executed: Int) -> Bool {
    debugging?.note(executed: executed)
    let isSMC = debugging?.stopsAtSMC == true && CodeDebugging.isSMC(word)
    return debugging?.stops(before: core.pc, isSMC: isSMC) == true
  }

  /// What a branch leaves in BTYPE the reference engine looks at, with the next instruction.
  @inline(__always) private mutating func land(_ core: inout A64Core) throws(A64Stop) {
    while core.pstate & PSTATE.btype != 0, core.features.contains(.bti), core.left > 0 { try stepCode(&core) }
  }

  /// Finds the decoded page of the pc.
  private mutating func enterCode(_ core: inout A64Core) throws(A64Stop) {
    let host = try fetchPage(&core)
    let code = core.workspace.code
    code.pages.put(core.pc, core.exceptionLevel, UnsafeMutableRawPointer(code.page(host)))
  }
}
