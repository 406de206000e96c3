/// A failure condition that decided a call, or would have.
public struct Decision: Sendable {
  public var fid: UInt32
  package var condition: StaticString
  /// Whether it would have decided but is switched off; of a ``Protection`` the function identifier is 0.
  package var isOverruled = false
  /// The rule that the action has broken, if that is what is noted: nothing decided then.
  package var broken: BrokenRule?

  /// Whether it is a condition that decided a call.
  package var hasDecided: Bool { !isOverruled && broken == nil }

  package init(fid: UInt32, condition: StaticString, isOverruled: Bool = false, broken: BrokenRule? = nil) {
    self.fid = fid
    self.condition = condition
    self.isOverruled = isOverruled
    self.broken = broken
  }

  /// Its specification name.
  public var id: String { condition.description }
  /// Where the program has that name: the same for each decision of one condition.
  package var place: UnsafePointer<UInt8> { condition.utf8Start }
}

extension Machine {
  /// Runs a command: its conditions in order, then its effect or its refusal.
  ///
  /// Each command is a function of its own: in one with all of them the compiler gives up on what it would make of one.
  @inline(never) mutating func execute<C: Command>(_: C.Type, _ call: inout Call) {
    var watcher = Silent()
    do throws(Refusal) {
      try C.conditions(self, &call, &watcher)
    } catch {
      call.out[0] = error.code
      call.decidedBy = error.id
      C.refused(&self, &call)
      observation.append(Decision(fid: C.fid, condition: error.id))
      return
    }
    C.effect(&self, &call)
  }
}

extension Machine {
  /// Runs a command of a machine of the lab: conditions that are switched off are noted, and do not refuse.
  ///
  /// It is apart from ``execute(_:_:)`` so that a machine whose checks are all on pays nothing.
  @inline(never) mutating func executeInLab<C: Command>(_: C.Type, _ call: inout Call) {
    var watcher = Tolerant(command: C.name, off: switchedOff, buffersMustBeNonSecure: !isOff(.gpcNormal))
    bound(C.self, &call)
    do throws(Refusal) {
      try C.conditions(self, &call, &watcher)
    } catch {
      noteOverruled(C.self, watcher)
      if watcher.hasFaulted, let buffer = C.inputs.first(where: { $0.kind == .nsPA }) { memory.noteStray(call[buffer]) }
      call.out[0] = error.code
      call.decidedBy = error.id
      C.refused(&self, &call)
      observation.append(Decision(fid: C.fid, condition: error.id))
      return
    }
    noteOverruled(C.self, watcher)
    if watcher.followsForeignBuffer, let buffer = C.inputs.first(where: { $0.kind == .nsPA }) {
      breaks(.isolation, call[buffer], UInt64(World.realm.rawValue))
    }
    C.effect(&self, &call)
  }

  private mutating func noteOverruled<C: Command>(_: C.Type, _ watcher: Tolerant) {
    for condition in watcher.overruled {
      note(Decision(fid: C.fid, condition: condition, isOverruled: true), key: SwitchSet.key(condition, of: C.name))
    }
  }

  /// A level no table can have is brought near those that can, where it is no level all the same: how far it is off does not matter.
  func bound<C: Command>(_: C.Type, _ call: inout Call) {
    for input in C.inputs where input.kind == .level {
      call.x[input.register] = UInt64(bitPattern: min(max(Int64(bitPattern: call.x[input.register]), -8), 8))
    }
  }
}

extension Decision {
  /// The name of the switch, if it is one that is off.
  package var overruledName: String? {
    guard isOverruled else { return nil }
    return fid == 0 ? id : "\(Commands.name(of: UInt64(fid))).\(id)"
  }

  /// Of a protection that is off and would have acted.
  package init(overruled protection: Protection) {
    self.init(fid: 0, condition: protection.name, isOverruled: true)
  }
}
