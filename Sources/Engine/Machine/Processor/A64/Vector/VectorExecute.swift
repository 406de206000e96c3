/// FP and AdvSIMD in the interpreter.
extension Machine {
  /// Executes a word of the FP and AdvSIMD encodings and moves the pc.
  mutating func vector(_ word: UInt32, _ core: inout A64Core, _ next: UInt64) throws(A64Stop) {
    let decoded = core.workspace.vectors.decode(word)
    // What is not allocated is UNDEFINED, whatever CPACR_EL1 says.
    if case .undefined = decoded { throw .toEL1(esr: Syndrome.il, far: nil) }
    try useVectors(&core)
    switch decoded {
    case .data(let instruction):
      core.nzcv = VectorUnit.execute(instruction, v: core.v, x: core.x, nzcv: core.nzcv)
      core.pc = next
    case .transfer(let transfer): try self.transfer(transfer, &core, next)
    case .undefined: break
    }
  }

  /// CPACR_EL1.FPEN lets FP and SIMD through, or traps them to EL1; FPCR and FPSR with them. What gets through finds its registers.
  @inline(__always) func useVectors(_ core: inout A64Core) throws(A64Stop) {
    let enabled = core.rec[.cpacrEL1] >> 20 & 3
    guard enabled == 3 || (enabled == 1 && core.exceptionLevel == 1) else {
      throw .toEL1(esr: 0x07 << 26 | Syndrome.il | 0x1E << 20, far: nil)
    }
    guard !core.hasVectors else { return }
    core.hasVectors = true
    if let saved = control.vectors[progress.vcpu ?? 0] {
      core.v.update(from: saved, count: VectorUnit.wordCount)
    } else {
      core.v.update(repeating: 0, count: VectorUnit.wordCount)
    }
  }
}
