/// Somebody outside the machine who answers host calls, and remembers: a Host that goes back takes its memory back, too.
package protocol OutsideParty: AnyObject {
  /// Which host calls are for it.
  var immediate: UInt64 { get }
  var memory: PartyMemory { get set }
  /// Finds out again what it remembered after a call that it answered before.
  func learn(_ call: RealmVM.HostCall, _ answer: [UInt64])
}
