import Machine

/// How software of the Normal world acts on the machine: SMCs, accesses to memory through its own PAS, waiting, and a look at what a
/// REC exit left.
package protocol HostDoor: AnyObject {
  /// X0 to X17 of an SMC from NS-EL2; X0 and up of the answer. Nil while a Realm keeps the PE.
  func smc(_ arguments: [UInt64]) -> [UInt64]?
  /// The answer to an SMC the kernel made while it started, before anything was done on the machine. It is no step.
  func atStart(_ arguments: [UInt64]) -> [UInt64]
  /// Enters a vCPU that is no Realm's: where its registers are, and its run page. X0 0 when it came back, X0 1 if it could not be
  /// entered; nil while it keeps the PE.
  func enterVCPU(_ vcpu: UInt64, run: UInt64) -> [UInt64]?
  /// A register of the PE at NS-EL2, by the name `sysreg` has for it.
  func setRegister(_ name: String, _ value: UInt64)
  /// What such a register has.
  func register(_ name: String) -> UInt64
  /// A Realm that keeps the PE it is on goes on; the answer of its RMI_REC_ENTER, nil if it keeps the PE again.
  func resume() -> [UInt64]?
  /// The next code that runs holds its PE after so many instructions.
  func pause(after instructions: Int)
  func write(_ address: UInt64, _ bytes: [UInt8])
  func write64(_ address: UInt64, _ value: UInt64)
  /// An attempt to read, as a step of its own: nil for a granule protection fault.
  func read64(_ address: UInt64) -> UInt64?
  /// Bytes of the Normal world's own memory; nil where it is not.
  func read(_ address: UInt64, _ count: Int) -> [UInt8]?
  /// The second half of a run granule.
  func exitRecord(_ run: UInt64) -> RunExit
  /// List registers of the virtual CPU interface: ICH_VTR_EL2.ListRegs, and one.
  var listRegisters: Int { get }
  /// DRAM that is the Host's.
  var dram: Range<UInt64> { get }
  /// The PE whose software it is.
  var pe: Int { get }
  /// Goes on as software of another PE.
  func selectPE(_ pe: Int)
  /// Whether a Realm, or a VM, keeps a PE.
  func isBusy(_ pe: Int) -> Bool
  /// The physical counter.
  var now: UInt64 { get }
  /// Instructions after which a vCPU gives the Host its PE back.
  var budget: UInt64 { get }
  /// Waits until the counter has a value.
  func idle(until time: UInt64)

  /// A layer of the host's software begins something: the steps until it ends belong together.
  func beginLayer(_ what: @autoclosure () -> String)
  func endLayer()
  /// Hears that KVM has turned a call down.
  ///
  /// - Parameter row: its name in the table of KVM's error numbers.
  func hear(refusal row: String)
  /// Keeps with the step that is done next what was typed before it.
  func hear(typed bytes: [UInt8])
  /// Keeps with the step that is done next what the guest has printed on a console whose bytes pass through its memory.
  func hear(printed bytes: [UInt8])
  /// Keeps with the step that is done next that it is done for a virtio device of the guest's.
  ///
  /// - Parameter kind: the number of its kind (virtio 1.2, 5).
  func hear(device kind: UInt32)
  /// Whether it is time to note what the software knows.
  var wantsNote: Bool { get }
  /// Keeps what the software knows now with what was done last.
  func note(_ text: @autoclosure () -> String)
  /// Whether what is done now is done for somebody outside the machine: it is done again without asking him.
  var isOutside: Bool { get set }
  /// Whether all that is done was done before, and its software only finds out again what it knew.
  var follows: Bool { get }
  /// While it follows: values that were written next, to one 64-bit word after the other.
  func followed(writesFrom address: UInt64, most: Int) -> [UInt64]
}
