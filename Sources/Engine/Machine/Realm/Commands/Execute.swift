/// A failure condition that decided a call.
public struct Decision: Sendable {
  public var fid: UInt32
  package var condition: StaticString

  /// Its specification name.
  public var id: String { condition.description }
  /// Where the program has that name: the same for each decision of one condition.
  package var place: UnsafePointer<UInt8> { condition.utf8Start }
}

extension Machine {
  /// Runs a command: its conditions in order, then its effect or its refusal.
  @inline(__always) mutating func execute<C: Command>(_: C.Type, _ call: inout Call) {
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
