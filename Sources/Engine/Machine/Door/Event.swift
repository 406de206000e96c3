/// Something that happened inside an action, in the order it happened. Plain data, so that tracing allocates nothing.
public struct Event: Sendable, Equatable {
  package enum Kind: UInt8, Sendable {
    /// An SMC leaves `world` at level `detail`: a = function id.
    case smc
    /// The answer: a = X0.
    case smcReturn
    /// The PE moves: a = from (world << 8 | level), b = to, c = SCR_EL3.
    case move
    /// EL3 or the RMM calls a service: a = function id, b = first argument, c = result.
    case service
    /// a = granule, b = old GPI, c = new GPI.
    case gpi
    /// a = granule, b = old state, c = new state.
    case granule
    /// a = address of the entry, b = old descriptor, c = new descriptor.
    case rttEntry
    /// a = rd, b = old realm state, c = new one.
    case realmState
    /// a = rd, b = measurement index, c = first 8 bytes of the new value.
    case measurement
    /// A granule protection fault: a = address, b = PAS, c = syndrome; detail as of ``access``.
    case fault
    /// A guest's exception taken to EL2 of its world: a = ESR_EL2, b = FAR_EL2, c = HPFAR_EL2.
    case exception
    /// An exception taken by a guest at EL1: a = ESR_EL1, b = FAR_EL1, c = new pc.
    case injection
    /// A REC exit, or that of a vCPU of the Normal world: a = where its registers are, b = exit reason, c = esr.
    case exit
    /// An RSI or PSCI call: a = function id, b = first argument, c = X0 of the answer; detail = 1 if it leaves the Realm unanswered.
    case call
    /// A boot stage: a = stage number.
    case boot
    /// Firmware was measured: a = its place in the boot order, b = first 8 bytes of the hash.
    case bootMeasurement
    /// A virtual SError is made pending in a Realm: a = its syndrome.
    case interrupt
    /// A virtual interrupt taken by a guest at EL1: a = INTID, b = pc it came from.
    case virtualInterrupt
    /// Bytes moved: a = address, b = length, c = 0 read or 1 write; detail = 2 by S-EL2, 3 to 5 by the device (``SMMUCheck``).
    case access
    /// A partition prints: a, b and c are its characters, detail how many.
    case partitionLog
    /// The RMM stops: a = the address it followed.
    case panic
    /// EL3 prints: a = which message, b and c = numbers in it. See ``RootMessage``.
    case console
    /// A check that is switched off would have acted: a = which, by ``SwitchSet/key(_:)``.
    case overruled
    /// The action breaks a rule that a machine of the lab is held to: detail = which, a and b = see ``BrokenRule``.
    case broken
    /// Events that were not kept: a = how many.
    case leftOut
  }

  package var kind: Kind
  public var world: World
  /// Nesting depth below the action, from 0.
  package var depth: UInt8
  /// Kind-specific; an exception level or a count.
  package var detail: UInt8
  package var pe: UInt8
  package var a: UInt64
  package var b: UInt64
  package var c: UInt64

  package init(
    kind: Kind, world: World, depth: UInt8, detail: UInt8, pe: UInt8, a: UInt64, b: UInt64, c: UInt64
  ) {
    self.kind = kind
    self.world = world
    self.depth = depth
    self.detail = detail
    self.pe = pe
    self.a = a
    self.b = b
    self.c = c
  }
}
