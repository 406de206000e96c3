/// Executing compiled code where the interpreter of decoded pages would be.
extension FastContext {
  /// Executes with an engine until an instruction is the reference engine's, or cannot be executed yet, or until too little is left for
  /// another stretch.
  ///
  /// - Returns: how many instructions were compiled.
  mutating func execute(_ cache: CodeCache, _ engine: CodeEngine, isStrict: Bool) -> Int {
    if engine != .fast, let machine = cache.machine(engine) { return runCompiled(cache, machine, isStrict: isStrict) }
    let before = left
    self = .executed(self)
    cache.noteExecuted(before - left)
    return 0
  }

  /// Executes, and compiles what is reached for the first time, until an instruction is the reference engine's, has not been decoded, is in
  /// a page that is still to be found, or until too little is left for another stretch.
  private mutating func runCompiled(_ cache: CodeCache, _ machine: MachineCode, isStrict: Bool) -> Int {
    var compiled = 0
    while base != missing {
      let place = op - base
      if CodeCache.changesOften(base) {
        self = .executed(self)
        return compiled
      }
      if !machine.fits(isStrict: isStrict) { cache.forgetCompiled(isStrict: isStrict) }
      if CodeCache.entries(base)[place] == machine.notCompiled {
        let operation = base[place].operation
        guard operation != .decode, operation != .reference else { return compiled }
        compiled += machine.compile(base, place)
      }
      switch machine.run(&self) {
      case .notCompiled: continue
      case .reference, .ended: return compiled
      case .elsewhere: guard left >= Self.longestStretch else { return compiled }
      }
    }
    return compiled
  }
}
