import Basics
import Machine

/// A machine that is put in any state of an exploration, and makes its moves.
///
/// A worker has it for itself: nobody else is in the middle of using what it uses.
final class ExploredMachine {
  @exclusivity(unchecked) var machine: Machine
  private let world: ExploredWorld
  private let pages: HostPages
  private let granuleTable: UInt64
  /// Whether the last move left something in the guests' queue, which was forgotten.
  @exclusivity(unchecked) private(set) var hasLeftQueue = false
  @exclusivity(unchecked) private var registers = InlineArray<18, UInt64>(repeating: 0)

  /// The pages the Host has prepared, which moves change for the moment.
  final class HostPages {
    fileprivate let pages: [UnsafeMutableRawPointer]
    fileprivate let usual: [UnsafeMutableRawPointer]
    fileprivate let addresses: [UInt64]

    init(_ alphabet: Alphabet) {
      func copies() -> [UnsafeMutableRawPointer] {
        alphabet.structures.map { prepared in
          let page = UnsafeMutableRawPointer.allocate(byteCount: 4096, alignment: 64)
          prepared.bytes.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { page.copyMemory(from: base, byteCount: 4096) }
          }
          return page
        }
      }
      pages = copies()
      usual = copies()
      addresses = alphabet.structures.map(\.address)
    }

    deinit { for page in pages + usual { page.deallocate() } }

    @inline(__always) fileprivate func put(_ value: UInt64, _ slot: MoveList.Slot) {
      let target = pages[slot.structure] + slot.offset
      switch slot.width {
      case 1: target.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
      case 2: target.storeBytes(of: UInt16(truncatingIfNeeded: value).littleEndian, as: UInt16.self)
      case 4: target.storeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, as: UInt32.self)
      default: target.storeBytes(of: value.littleEndian, as: UInt64.self)
      }
    }

    @inline(__always) fileprivate func reset(_ slot: MoveList.Slot) {
      (pages[slot.structure] + slot.offset).copyMemory(from: usual[slot.structure] + slot.offset, byteCount: slot.width)
    }
  }

  init(_ world: ExploredWorld, _ pages: HostPages) {
    self.world = world
    self.pages = pages
    machine = Machine(world.configuration)
    machine.tracing = false
    granuleTable = (machine.gptWalk(world.base).l1Address ?? machine.gpt.l1Base).granuleBase
    _ = machine.checkpoint()
    for (page, address) in zip(pages.pages, pages.addresses) { machine.memory.lend(page, to: address) }
  }

  /// Pages of the Host's that are no part of a state.
  var hostPages: ClosedRange<UInt64> { world.hostPages...world.hostPages + UInt64(pages.addresses.count + 1) * Granule.size - 1 }

  /// Words that a state takes: which control state, a page each granule, that of the GPT, and metadata, a byte each granule.
  static func stride(_ world: ExploredWorld) -> Int { 2 + world.granules + (world.granules + 7) / 8 }

  // MARK: States

  /// Puts the machine in a state.
  func enter(_ state: UnsafePointer<UInt64>, _ controls: ControlStore) {
    let count = world.granules
    machine.memory.lend(UnsafeMutableRawPointer(bitPattern: UInt(state[1])), to: granuleTable)
    for n in 0..<count {
      let address = world.base &+ UInt64(n) << 12
      machine.memory.lend(UnsafeMutableRawPointer(bitPattern: UInt(state[2 &+ n])), to: address)
      let record = state[2 &+ count &+ n / 8] >> UInt64(n % 8 * 8)
      machine.memory.lendRecord(UInt8(truncatingIfNeeded: record), to: address)
    }
    machine.adopt(controls[Int(state[0] & 0xFFFF_FFFF)], at: 0)
  }

  /// Adds the present state to a list.
  func append(to list: inout [UInt64], label: Int, _ controls: ControlStore, _ store: PageStore) {
    list.append(UInt64(controls.keep(machine.control)) | UInt64(label) << 32)
    list.append(kept(granuleTable, store))
    for n in 0..<world.granules { list.append(kept(world.base &+ UInt64(n) << 12, store)) }
    appendRecords(to: &list)
  }

  /// Adds the present state to a list: what a move has made of another, of which the pages that were not written are those of the present one.
  func append(
    to list: inout [UInt64], from origin: UnsafePointer<UInt64>, written: UInt64, label: Int, _ controls: ControlStore,
    _ store: PageStore
  ) {
    let count = world.granules
    list.append(UInt64(controls.keep(machine.control)) | UInt64(label) << 32)
    list.append(machine.memory.isWritten(granuleTable) ? kept(granuleTable, store) : origin[1])
    for n in 0..<count {
      list.append(written >> UInt64(n) & 1 == 1 ? kept(world.base &+ UInt64(n) << 12, store) : origin[2 &+ n])
    }
    appendRecords(to: &list)
  }

  /// Where the contents of a granule are kept; 0 for zeroes.
  private func kept(_ address: UInt64, _ store: PageStore) -> UInt64 {
    machine.memory.hasPage(address) ? UInt64(store.keep(machine.memory.page(address))) : 0
  }

  private func appendRecords(to list: inout [UInt64]) {
    for first in Swift.stride(from: 0, to: world.granules, by: 8) {
      var word: UInt64 = 0
      for n in first..<min(first + 8, world.granules) {
        word |= UInt64(machine.memory.record(world.base &+ UInt64(n) << 12)) << UInt64((n - first) * 8)
      }
      list.append(word)
    }
  }

  func goBack() { machine.goBack() }

  // MARK: Moves

  /// Makes the move that a list has found.
  ///
  /// - Returns: what an access came to, if it was one.
  func make(_ list: borrowing MoveList) -> AccessOutcome? {
    let form = list.form(list.move.form)
    let value = list.move.values[0]
    switch form.deed {
    case .call: call(form, list)
    case .read: return access(MemoryAccess(world: form.world, address: value, kind: .read64))
    case .write: return access(MemoryAccess(world: .normal, address: value, kind: .write64(ExploredScript.mark)))
    case .deviceReads: return access(MemoryAccess(device: value, kind: .read64))
    case .deviceWrites: return access(MemoryAccess(device: value, kind: .write64(ExploredScript.mark)))
    case .assign: _ = machine.perform(.assignGranule(value, form.gpi))
    case .select: _ = machine.perform(.selectPE(Int(truncatingIfNeeded: value)))
    case .resume: _ = machine.perform(.resume(Int(truncatingIfNeeded: value)))
    }
    return nil
  }

  private func access(_ access: MemoryAccess) -> AccessOutcome? {
    guard case .access(let outcome) = machine.perform(.access(access)) else { return nil }
    return outcome
  }

  private func call(_ form: MoveList.Form, _ list: borrowing MoveList) {
    for n in 1..<8 { registers[n] = 0 }
    registers[0] = form.fid
    var guest = Move.noGuest
    var unusual: UInt64 = 0
    for n in 0..<form.slotCount {
      let slot = list.slot(form, n)
      let value = list.move.values[n]
      switch slot.place {
      case .register: registers[slot.register] = value
      case .field where value == slot.usual: break
      case .field:
        pages.put(value, slot)
        unusual |= 1 << UInt64(n)
      case .guest: guest = value
      }
    }
    if guest != Move.noGuest { _ = machine.perform(.guest(list.alphabet.guests[Int(guest) - 1].action)) }
    _ = machine.perform(smc: &registers, from: .normal)
    while unusual != 0 {
      pages.reset(list.slot(form, unusual.trailingZeroBitCount))
      unusual &= unusual &- 1
    }
    // What a call that was refused left in the queue is not for the next.
    hasLeftQueue = guest != Move.noGuest && machine.control.guestQueue.count > 0
    if hasLeftQueue { machine.forgetQueue() }
  }
}
