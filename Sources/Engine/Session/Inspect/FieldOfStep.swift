import Machine

extension Session {
  /// How many steps before and after an access are looked at for the call that tells what lies there.
  package static let fieldReach = 512

  /// The field a step's access is of: what the RMM and EL3 keep there now; or, of software's own memory, the structure that a call soon
  /// after it, or else before it, is given the address of.
  ///
  /// - Parameters:
  ///   - step: from 1.
  ///   - reach: how many steps before and after it are looked at.
  package func fieldPlace(ofStep step: Int, reach: Int = fieldReach) -> FieldPlace? {
    guard steps.indices.contains(step - 1), case .action(let action) = steps.input(step - 1) else { return nil }
    switch action {
    case .access(let access):
      let place = fieldPlace(at: access.address, nearStep: step, reach: reach)
      // What the Host accesses is not yet, or no longer, a structure of the RMM's.
      return access.world == .normal && place.map { StructureTables.ofRMM.contains($0.structure) } == true ? nil : place
    case .guest(let guest) where guest.kind == .read64 || guest.kind == .write64:
      return given(at: guest.x[0], nearStep: step, byGuest: true, reach)
    default: return nil
    }
  }

  /// The same for any physical address.
  package func fieldPlace(at address: UInt64, nearStep step: Int, reach: Int = fieldReach) -> FieldPlace? {
    read { $0.fieldPlace(at: address) } ?? given(at: address, nearStep: step, byGuest: false, reach) ?? filled(address)
  }

  /// Of a structure that was filled by its names.
  private func filled(_ address: UInt64) -> FieldPlace? {
    for (table, author) in StructureTables.written where author == .host {
      for base in filledPages(table.name) { if let place = table.place(base, at: address) { return place } }
    }
    return nil
  }

  private func given(at address: UInt64, nearStep step: Int, byGuest: Bool, _ reach: Int) -> FieldPlace? {
    let here = min(max(step, 0), steps.count)
    let after = here..<min(here + reach, steps.count)
    let before = (max(here - reach, 0)..<here).reversed()
    for index in Array(after) + Array(before) {
      guard case .action(let action) = steps.input(index), byGuest == action.isGuests else { continue }
      for (base, table) in StructureTables.given(by: action) {
        if let place = table.place(base, at: address) { return place }
      }
    }
    return nil
  }
}

extension Action {
  fileprivate var isGuests: Bool { if case .guest = self { true } else { false } }
}
