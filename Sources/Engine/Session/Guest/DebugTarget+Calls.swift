import Basics
import Machine

extension DebugTarget {
  /// The instruction at an address, as a vCPU would read it.
  func word(_ vcpu: Int, _ address: UInt64) -> UInt32? {
    let bytes = read(vcpu, address, 4)
    return bytes.count == 4 ? bytes.enumerated().reduce(0) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) } : nil
  }

  /// Over a call: until the instruction behind it, in this vCPU or any; another instruction is a step.
  package func stepOver(_ vcpu: Int, limit: Int) -> DebugStop? {
    let pc = registers(vcpu).pc
    // BL and BLR.
    guard let word = word(vcpu, pc), word >> 26 == 0b100101 || word & 0xFFFF_FC1F == 0xD63F_0000 else { return step(vcpu) }
    let behind = DebugPoint.execute(pc &+ 4)
    guard !points.contains(behind) else { return goOn(limit: limit) }
    points.append(behind)
    defer { points.removeAll { $0 == behind } }
    let stop = goOn(limit: limit)
    return stop == .point(behind) ? .stepped : stop
  }
}

extension Session {
  /// What a debugger's `monitor TEXT` is answered.
  ///
  /// - Parameter vcpu: where the registers are of the vCPU it looks at.
  func monitor(_ text: String, vcpu: UInt64) -> String {
    let words = text.split(separator: " ").map(String.init)
    switch words.first {
    case "info":
      return "step \(position) of the session, \(now) instructions and ticks, digest \(hex(digest()))\n"
    case "translate" where words.count == 2:
      guard let address = UInt64(words[1].hasPrefix("0x") ? String(words[1].dropFirst(2)) : words[1], radix: 16) else { break }
      return read { $0.translation(vcpu, address) } + "\n"
    case "task" where words.count == 1: return (linuxKernel(vcpu)?.task ?? Self.noKernel) + "\n"
    case "dmesg" where words.count == 1:
      guard let log = linuxKernel(vcpu)?.log() else { return Self.noKernel + "\n" }
      return (log.problem.map { [$0] } ?? log.lines).joined(separator: "\n") + "\n"
    default: break
    }
    return "monitor info: where the session stands\nmonitor translate ADDRESS: stage 1 and stage 2 of a virtual address\n"
      + "monitor task, monitor dmesg: of a Linux kernel, with no symbols needed\n"
  }
}
