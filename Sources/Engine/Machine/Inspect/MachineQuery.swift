import Attestation
import Basics

/// A look at a machine that changes nothing.
public enum MachineQuery: Sendable {
  case gpt(UInt64), state(UInt64), refcount(UInt64), rim(UInt64), peek64(UInt64), register(String)
}

extension Machine {
  /// What a query finds, and its number if it is one.
  package func answer(_ query: MachineQuery) -> (String, UInt64?) {
    switch query {
    case .gpt(let address):
      return (isDRAM(address) ? gpi(address).name : "INVALID", nil)
    case .state(let address):
      guard address.isGranuleAligned, isDelegable(address) else { return ("INVALID", nil) }
      let state = granuleState(address)
      return (state == .undelegated ? "NS" : state.name, nil)
    case .refcount(let address):
      guard address.isGranuleAligned, isDelegable(address) else { return ("0xffff", 0xFFFF) }
      let count = references(address)
      return (hex(count), count)
    case .rim(let rd):
      guard rd.isGranuleAligned, granuleIs(rd, .rd) else { return ("none", nil) }
      let realm = realm(rd)
      return ((0...4).map { hexBytes(realm.measurement($0)[0..<realm.hash.length]) }.joined(separator: " "), nil)
    case .peek64(let address):
      let value = isDRAM(address) ? readBytes(address, 8) : 0
      return (hex(value), value)
    case .register(let name):
      let value = control.pes[control.currentPE].register(name) ?? 0
      return (hex(value), value)
    }
  }

  /// Reference count of a granule: live entries of a table, RECs of a Realm, else 0.
  package func references(_ address: UInt64) -> UInt64 {
    switch granuleState(address) {
    case .rd: realm(address).recCount
    case .rtt: UInt64(rttReferences(address, levelOfTable(address) ?? 3))
    default: 0
    }
  }
}
