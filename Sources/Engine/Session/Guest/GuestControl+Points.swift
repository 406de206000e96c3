import Basics
import Host
import Machine

/// Where code is to stop, of a guest and of the TEE.
extension GuestControl {
  /// Has code stop at an instruction or a write, or no longer.
  ///
  /// - Parameters:
  ///   - events: what it stops at besides, in words.
  ///   - name: what it is called.
  func changePoints(
    _ command: GuestCommand, of target: any DebugTarget, _ symbols: SymbolTable, besides events: [String], of name: String
  ) throws(ScriptError) {
    switch command {
    case .stop(.code(let place)):
      let address = try address(place, symbols)
      guard address % 4 == 0 else {
        throw ScriptError(message: "\(hex(address)) is no address of an instruction; expected a multiple of 4")
      }
      try makeRoom(target.points.count + events.count)
      if !target.points.contains(.execute(address)) { target.points.append(.execute(address)) }
    case .watch(let place, let count):
      try makeRoom(target.points.count + events.count)
      target.points.append(.write(try address(place, symbols), count: count))
    case .delete(.code(let place)):
      let address = try address(place, symbols)
      guard target.points.contains(where: { $0.address == address }) else {
        throw noPoint(place.text, in: points(target.points, events, symbols), of: name)
      }
      target.points.removeAll { $0.address == address }
    default: break
    }
  }

  func noPoint(_ place: String, in points: String, of name: String) -> ScriptError {
    ScriptError(message: "the \(name) is not to stop at \(shown(place)): \(points)")
  }

  /// - Parameter count: places it is to stop at already.
  func makeRoom(_ count: Int) throws(ScriptError) {
    guard count < Self.mostPoints else {
      throw ScriptError(message: "the guest has \(Self.mostPoints) places to stop at, as many as there can be; delete some")
    }
  }

  private func address(_ place: GuestCommand.Address, _ symbols: SymbolTable) throws(ScriptError) -> UInt64 {
    guard let address = symbols.address(of: place.text) ?? place.value else {
      throw ScriptError(
        message: "\"\(shown(place.text))\" is neither a number nor a name in the guest's ELF; expected ADDRESS or NAME")
    }
    return address
  }

  /// Where it is to stop, in words.
  var points: String {
    guest.map { points($0.debugger.points, $0.debugger.events.map(\.text).sorted(), $0.symbols) } ?? ""
  }

  func points(_ points: [DebugPoint], _ events: [String], _ symbols: SymbolTable) -> String {
    let places = points.map { point in
      if case .execute(let address) = point { return symbols.text(address) ?? hex(address) }
      return "a write to \(hex(point.address))"
    }
    let all = places + events
    let more = all.count > Self.mostNamed ? " and \(all.count - Self.mostNamed) more" : ""
    return all.isEmpty ? "it stops nowhere" : "it stops at \(all.suffix(Self.mostNamed).joined(separator: ", "))\(more)"
  }
}
