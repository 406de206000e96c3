import Engine
import Foundation
import Testing

@testable import Attestation
@testable import Host
@testable import Machine
@testable import Session
@testable import Workbench

struct GDBServerTests {
  private let target = FakeDebugTarget()
  private let server: GDBServer

  init() {
    server = GDBServer(target: target)
    _ = server.respond(Array("qSupported:swbreak+;hwbreak+".utf8))
  }

  private func text(_ packets: [[UInt8]]) -> String {
    packets.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }

  /// The answer to a packet; for one that lets the guest run, what comes until it has stopped.
  private func say(_ packet: String) -> String {
    let reply = server.respond(Array(packet.utf8))
    var packets = reply.packets
    while server.isRunning { packets += server.goOn(limit: 5) }
    return text(packets)
  }

  private func hex(_ text: String) -> String { String(decoding: GDBHex.text(text.utf8), as: UTF8.self) }

  // MARK: Questions

  static let answers: [(String, String)] = [
    ("qSupported", GDBServer.features), ("vMustReplyEmpty", ""), ("", ""), ("qOffsets", ""), ("!", ""),
    ("qTStatus", ""), ("QNonStop:1", ""), ("vCont?", "vCont;c;C;s;S;t"), ("qAttached", "1"), ("qSymbol::", "OK"), ("qC", "QC1"),
    ("?", "T05thread:1;"), ("qfThreadInfo", "m1,2,3"), ("qsThreadInfo", "l"), ("T1", "OK"), ("T2", "OK"), ("T4", "E16"),
    ("T0", "E16"),
    ("Hg0", "OK"), ("Hg2", "OK"), ("Hc-1", "OK"), ("Hc1", "OK"), ("Hg4", "E16"), ("Hx1", "E16"), ("H", "E16"),
    ("qXfer:features:read:other.xml:0,10", "E00"), ("qXfer:features:read:target.xml:ffffffffffffffff,10", "l"),
    ("qXfer:features:read:target.xml:0", "E16"), ("qXfer:memory-map:read::0,10", ""), ("bz", ""), ("R00", ""),
    ("qThreadExtraInfo,4", "E16"), ("qThreadExtraInfo,", "E16"), ("qRcmd,6", "E16"), ("qRcmd,zz", "E16"),
  ]

  @Test(arguments: answers)
  func answersToQuestions(_ packet: String, _ answer: String) {
    #expect(say(packet) == answer, "\(packet)")
  }

  @Test func itSaysWhatItCan() {
    let features = say("qSupported:xmlRegisters=i386").split(separator: ";")
    for feature in ["PacketSize=4000", "QStartNoAckMode+", "qXfer:features:read+", "ReverseStep+", "ReverseContinue+"] {
      #expect(features.contains { $0 == feature })
    }
    #expect(say("qThreadExtraInfo,1") == hex("vCPU 0 (on)"))
    #expect(say("qThreadExtraInfo,2") == hex("vCPU 1 (off)"))
    #expect(server.acknowledges)
    #expect(say("QStartNoAckMode") == "OK")
    #expect(!server.acknowledges)
    server.attach()
    #expect(server.acknowledges)
  }

  @Test func theDescriptionComesInParts() {
    var description = ""
    var part = ""
    repeat {
      part = say("qXfer:features:read:target.xml:\(String(description.utf8.count, radix: 16)),100")
      description += part.dropFirst()
    } while part.hasPrefix("m")
    #expect(part.hasPrefix("l"))
    #expect(description.hasPrefix("<?xml"))
    #expect(description.hasSuffix("</target>\n"))
    #expect(description.contains("<architecture>aarch64</architecture>"))
    #expect(description.components(separatedBy: "<reg ").count == 35 + 34 + 2)
    #expect(description.contains(#"<reg name="SCTLR_EL1" bitsize="64" type="uint64" group="system"/>"#))
    #expect(say("qXfer:features:read:target.xml:0,ffffffff") == "l" + description)
  }

  @Test func theMonitorAnswersInLines() {
    #expect(say("qRcmd," + hex("ab")) == "O\(hex("ababab\n")) OK")
    #expect(say("qRcmd," + hex("nothing")) == "OK")
    let long = server.respond(Array(("qRcmd," + hex(String(repeating: "x", count: 5000))).utf8)).packets
    #expect(long.count == 3)
    #expect(long.allSatisfy { $0.count <= GDBPacket.limit })
  }

  // MARK: Registers and memory

  @Test func registersAreReadAndWritten() {
    #expect(say("P1f=0010000000000000") == "OK")
    #expect(say("p1f") == "0010000000000000")
    #expect(say("p21") == "c5030000")
    #expect(say("P21=c5030060") == "OK")
    #expect(target.registers(0).pstate == 0x1_6000_03C5)
    let all = say("g")
    #expect(all.count == 2 * 268)
    #expect(all.hasSuffix("00100000000000000000000000000000c5030060"))
    #expect(say("G" + "2a" + all.dropFirst(2)) == "OK")
    #expect(target.registers(0).x[0] == 42)
    #expect(say("Hg2") == "OK")
    #expect(say("P20=3400000000000000") == "OK")
    #expect(target.registers(1).pc == 0x34)
    #expect(target.registers(0).pc == 0)
    // The target does not let X5 be written.
    #expect(say("P5=0100000000000000") == "E16")
    #expect(say("G" + String(repeating: "11", count: 268)) == "E16")
    for packet in [
      "p46", "p", "pffffffffffffffffff", "P0=00", "P0", "P22=00000000", "G00", "Gxx", "P0=000000000000000000", "p0x",
    ] {
      #expect(say(packet) == "E16", "\(packet)")
    }
  }

  @Test func vectorsAndSystemRegistersAreReadOneByOne() {
    #expect(say("p22") == "00000000000000000001000000000000")
    #expect(say("p41") == "003e000000000000003f000000000000")
    #expect(say("p42") == "0f000000")
    #expect(say("p43") == "f0000000")
    #expect(say("p44") == "0108d03000000000")
    #expect(say("p45") == "0000008000000000")
    // They are not written.
    #expect(say("P44=0000000000000000") == "E16")
  }

  @Test func aDebuggerThatKnowsProcessesFindsOne() {
    #expect(say("qSupported:multiprocess+;swbreak+;hwbreak+").hasSuffix(";multiprocess+"))
    for (packet, answer) in [
      ("?", "T05thread:p1.1;"), ("qC", "QCp1.1"), ("qfThreadInfo", "mp1.1,p1.2,p1.3"), ("Hgp1.2", "OK"), ("Hgp0.0", "OK"),
      ("Hcp1.-1", "OK"), ("Tp1.3", "OK"), ("Tp1.4", "E16"), ("Tp2.1", "E16"), ("Hgp", "E16"),
      ("vCont;s:p1.1;c:p1.-1", "T05thread:p1.1;"),
      ("vCont;t:p1", "T00thread:p1.1;"), ("D;1", "OK"),
    ] { #expect(say(packet) == answer, "\(packet)") }
  }

  /// What `generate-core-file` asks for.
  @Test func memoryIsFoundAsThatOfAProcess() {
    func open(_ name: String) -> String { say("vFile:open:\(hex(name)),0,1c0") }
    #expect(say("vFile:setfs:0") == "F0")
    #expect(open("/etc/passwd") == "F-1,2")
    #expect(open("/proc/1/smaps") == "F1")
    let text = say("vFile:pread:1,3fff,0")
    #expect(text.contains("1000-1040 rw-p 00000000 00:00 0\n"))
    #expect(text.contains("0-44 r-xp 00000000 00:00 0\n"))
    #expect(open("/proc/1/maps") == "F2")
    #expect(say("vFile:pread:2,4,0") == "F4;1000")
    #expect(say("vFile:pread:2,4,ffffffff") == "F0;")
    #expect(say("vFile:close:2") == "F0")
    #expect(say("vFile:close:2") == "F-1,9")
    #expect(say("vFile:pread:2,4,0") == "F-1,9")
    for _ in 0..<15 { #expect(open("/proc/1/maps").hasPrefix("F")) }
    #expect(open("/proc/1/maps") == "F-1,18")
    for packet in ["vFile:open:zz,0,0", "vFile:close:", "vFile:pread:1,4"] { #expect(say(packet) == "E16") }
    #expect(say("vFile:pwrite:1,0,x") == "")
  }

  @Test func controlCEndsAWayBack() {
    #expect(say("s34") == "T05thread:1;")
    target.isInterrupted = { true }
    #expect(say("bc") == "T02thread:1;")
    #expect(say("bs") == "T02thread:1;")
    #expect(target.settled == 2)
    target.isInterrupted = { false }
    #expect(say("bs") == "T05thread:1;")
  }

  @Test func memoryIsReadAndWritten() {
    #expect(say("M1000,4:01020304") == "OK")
    #expect(say("m1000,5") == "0102030400")
    #expect(say("X1004,3:#a\u{3}") == "OK")
    #expect(say("m1003,5") == "0423610300")
    #expect(say("X1000,0:") == "OK")
    #expect(say("m1000,0") == "")
    #expect(say("m103e,100") == "0000")
    #expect(say("m2000,4") == "E0e")
    #expect(say("mffffffffffffffff,ffffffffffffffff") == "E0e")
    #expect(say("M103f,2:0000") == "E0e")
    for packet in [
      "m", "m1000", "m1000,", "m,4", "m1000,4x", "M1000,2:00", "M1000,1:0", "M1000,1", "X1000,2:a", "m10000000000000000,1",
    ] {
      #expect(say(packet) == "E16", "\(packet)")
    }
  }

  // MARK: Points

  @Test func pointsAreKeptOnce() {
    for packet in ["Z0,10,4", "Z0,10,4", "Z1,10,4", "Z2,1008,8", "Z3,1008,1", "Z4,1000,2", "Z1,10,4"] {
      #expect(say(packet) == "OK")
    }
    #expect(
      target.points == [.execute(0x10), .write(0x1008, count: 8), .read(0x1008, count: 1), .access(0x1000, count: 2)])
    #expect(say("z0,10,4") == "OK")
    #expect(target.points.contains(.execute(0x10)))
    #expect(say("z1,10,4") == "OK")
    #expect(say("z1,10,4") == "OK")
    #expect(!target.points.contains(.execute(0x10)))
    #expect(say("z2,1008,8") == "OK")
    #expect(target.points.count == 2)
    for packet in ["Z0,10", "Z0", "Z,10,4", "Z2,1008,0", "Z2,ffffffffffffffff,2", "Z0,10,4;X1,20", "Z3,1008"] {
      #expect(say(packet) == "E16", "\(packet)")
    }
    #expect(say("Z5,10,4") == "")
    #expect(target.points.count == 2)
    server.attach()
    #expect(target.points.isEmpty)
  }

  @Test func thereIsALimitToPoints() {
    for address in 0..<1024 { #expect(say("Z0,\(String(address, radix: 16)),4") == "OK") }
    #expect(say("Z0,1000,4") == "E16")
    #expect(say("Z0,3ff,4") == "OK")
    #expect(target.points.count == 1024)
  }

  // MARK: Going

  @Test func itStepsBothWays() {
    #expect(say("s") == "T05thread:1;")
    #expect(say("vCont;s:1;c") == "T05thread:1;")
    #expect(say("S05") == "T05thread:1;")
    #expect(target.registers(0).pc == 12)
    #expect(say("bs") == "T05thread:1;")
    #expect(say("vCont;s:2;c") == "T05thread:2;")
    // The thread that stopped is the one meant now.
    #expect(say("p20") == "0400000000000000")
    #expect(say("bs") == "T05thread:1;")
    #expect(target.registers(0).pc == 8)
    #expect(say("bc") == "T05replaylog:begin;thread:1;")
    #expect(say("bs") == "T05replaylog:begin;thread:1;")
    #expect(target.registers(0).pc == 0)
    #expect(say("s34") == "T05thread:1;")
    #expect(target.registers(0).pc == 0x38)
  }

  @Test func itStopsAtBreakpointsBothWays() {
    #expect(say("Z0,8,4") == "OK")
    #expect(say("Z1,2c,4") == "OK")
    #expect(say("vCont;c") == "T05swbreak:;thread:1;")
    #expect(target.registers(0).pc == 8)
    #expect(say("c") == "T05hwbreak:;thread:1;")
    #expect(target.registers(0).pc == 0x2C)
    #expect(say("bc") == "T05swbreak:;thread:1;")
    #expect(target.registers(0).pc == 8)
    #expect(say("vCont;C05:-1") == "T05hwbreak:;thread:1;")
    // A debugger that did not say it knows the reasons is told none.
    #expect(say("qSupported:swbreak+").isEmpty == false)
    #expect(say("bc") == "T05thread:1;")
  }

  @Test func oneVCPURunsAlone() {
    #expect(say("Z0,20,4") == "OK")
    #expect(say("vCont;c:2") == "T05swbreak:;thread:2;")
    #expect(target.registers(1).pc == 0x20)
    #expect(target.registers(0).pc == 0)
    #expect(say("Hc1") == "OK")
    #expect(say("c") == "T05swbreak:;thread:1;")
    #expect(target.registers(0).pc == 0x20)
  }

  @Test func someRunInTurnWhileOthersStand() {
    #expect(say("vCont;t:1;t:-1") == "T00thread:1;")
    #expect(say("vCont;t") == "T00thread:1;")
    target.on = [0, 1, 2]
    #expect(say("Z0,20,4") == "OK")
    #expect(say("vCont;t:1;c") == "T05swbreak:;thread:2;")
    #expect((0..<3).map { target.registers($0).pc } == [0, 0x20, 0x1C])
    // One that is off waits.
    target.on = [0, 2]
    #expect(say("vCont;t:1;c") == "T05swbreak:;thread:3;")
    #expect((0..<3).map { target.registers($0).pc } == [0, 0x20, 0x20])
    #expect(say("vCont;t:1;s:2;c") == "T05thread:2;")
    #expect((0..<3).map { target.registers($0).pc } == [0, 0x24, 0x20])
  }

  @Test func whatIsWatchedStopsBeforeTheAccessAndIsSteppedOver() {
    #expect(say("Z2,100c,4") == "OK")
    #expect(say("Z3,1008,1") == "OK")
    #expect(say("c") == "T05watch:100c;thread:1;")
    #expect(target.registers(0).pc == 0x10)
    #expect(say("z2,100c,4") == "OK")
    #expect(say("s") == "T05thread:1;")
    #expect(say("Z2,1008,1") == "OK")
    #expect(say("c") == "T05rwatch:1008;thread:1;")
    #expect(target.registers(0).pc == 0x20)
    #expect(say("bc") == "T05watch:1008;thread:1;")
    #expect(target.registers(0).pc == 0x14)
    #expect(target.read(0, 0x1008, 1) == [5])
    // Here the last instruction is the one that wrote: the debugger hears of it, and takes it back itself.
    #expect(say("bc") == "T05watch:1008;thread:1;")
    #expect(target.registers(0).pc == 0x14)
    #expect(say("bs") == "T05thread:1;")
    #expect(say("bc") == "T05replaylog:begin;thread:1;")
    #expect(say("z2,1008,1") == "OK")
    #expect(say("z3,1008,1") == "OK")
    #expect(say("Z4,1008,8") == "OK")
    #expect(say("c") == "T05awatch:1008;thread:1;")
  }

  @Test func theConsoleComesWhileTheGuestRuns() {
    // It stands before its last instruction first.
    let end = "O\(hex("the guest ends with this instruction; go on once more, or back\n")) T05thread:1;"
    #expect(say("c") == "O\(hex("hi?\n")) \(end)")
    #expect(target.registers(0).pc == 0x40)
    #expect(!server.hasExited)
    #expect(say("c") == "W00")
    #expect(server.hasExited)
    #expect(say("?") == "T05thread:1;")
    #expect(say("bs") == "T05thread:1;")
    #expect(!server.hasExited)
    #expect(say("bc") == "T05replaylog:begin;thread:1;")
    // It prints again what was taken back; a debugger that comes later is not told what was printed before.
    #expect(say("c") == "O\(hex("hi?\n")) \(end)")
    server.attach()
    #expect(say("c") == end)
    #expect(say("s") == "W00")
  }

  @Test func otherEnds() {
    target.surprise = .failed("no such page")
    #expect(say("c") == "O\(hex("the guest cannot go on: no such page\n")) T06thread:1;")
    target.surprise = .reset
    #expect(say("s") == "O\(hex("the guest wants a reset\n")) W01")
    #expect(server.hasExited)
  }

  @Test func anInterruptStopsARunningGuest() {
    target.isEndless = true
    #expect(server.interrupt().isEmpty)
    #expect(server.respond(Array("vCont;c".utf8)) == GDBReply(next: .run))
    #expect(server.goOn(limit: 10).isEmpty)
    #expect(server.isRunning)
    #expect(text(server.interrupt()) == "T02thread:1;")
    #expect(!server.isRunning)
    #expect(server.respond(Array("vCont;c:2".utf8)) == GDBReply(next: .run))
    #expect(server.goOn(limit: 10).isEmpty)
    #expect(text(server.interrupt()) == "T02thread:2;")
  }

  @Test func itIsLeft() {
    _ = say("Z0,8,4")
    #expect(server.respond(Array("D".utf8)) == GDBReply(packets: [Array("OK".utf8)], next: .detached))
    #expect(target.points.isEmpty)
    #expect(server.respond(Array("k".utf8)) == GDBReply(next: .killed))
    #expect(server.respond(Array("vKill;1".utf8)) == GDBReply(packets: [Array("OK".utf8)], next: .killed))
  }

  @Test(
    arguments: [
      "vCont", "vCont;", "vCont;x", "vCont;c:4", "vCont;c:", "vCont;C", "vCont;s:1;", "vCont;c:1x", "vContc", "cx", "sx", "C",
      "S;", "C05;",
      "c10000000000000000",
    ])
  func whatIsNoMoveIsRefused(_ packet: String) {
    #expect(say(packet) == "E16")
    #expect(target.registers(0).pc == 0)
  }
}
