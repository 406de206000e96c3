import Engine
import Testing

/// A guest that is kept in a file, and goes on from there.
struct GuestSnapshotTests {
  private static let disk = Array("The first sector.".utf8) + [UInt8](repeating: 0, count: 9000) + [1, 2, 3]

  /// A guest at its prompt, and what is kept of it.
  private static func kept(_ options: String) throws -> (script: Script, bytes: [UInt8]) {
    let script = Script()
    script.runner.guestControl.loadFile = { name, _ throws(ScriptError) in
      guard name == "disk.img" else { throw ScriptError(message: "no file \(name)") }
      return disk
    }
    try script.run("debug \(options) --disk disk.img,rw --rng devices 1\nuntil text:\"> \"\nexpect event")
    try script.run("type \"disk\\n\"\nuntil text:\"> \"\nexpect event")
    let vm = try #require(script.runner.guestControl.guest).debugger.vm
    return (script, GuestSnapshot.bytes(script.session, vm))
  }

  @Test(arguments: ["", "--normal"])
  func aGuestGoesOnAsItWouldHave(_ options: String) throws {
    let (live, bytes) = try Self.kept(options)
    let opened = Script(in: try GuestSnapshot(bytes).session(keepsHistory: true))
    #expect(opened.session.digest() == live.session.digest())
    #expect(opened.session.console == live.session.console)
    let words = "type \"rng\\n\"\nuntil text:\"> \"\nexpect event\ntype \"disk\\n\"\nuntil text:\"> \"\nexpect event"
    try live.run(words)
    try opened.run(words)
    #expect(live.runner.failures == [] && opened.runner.failures == [])
    #expect(opened.session.digest() == live.session.digest())
    #expect(opened.session.console == live.session.console)
    #expect(opened.session.console.count > 100)
    // And so does one that was taken back to where it was opened.
    let (end, digest) = (opened.session.position, opened.session.digest())
    opened.session.seek(0)
    #expect(opened.session.digest() != digest)
    try opened.run(words)
    #expect(opened.runner.failures == [] && opened.session.position == end && opened.session.digest() == digest)
    try opened.run("back 3\nexpect stepped\nreverse\nexpect beginning")
    #expect(opened.session.position == 0)
  }

  @Test func anotherMachineInTheSessionIsOneThatBoots() throws {
    let opened = Script(in: try GuestSnapshot(try Self.kept("").bytes).session(keepsHistory: true))
    let digest = opened.session.digest()
    try opened.run("machine dram=64M\nRMI_GRANULE_DELEGATE 0x80001000")
    #expect(opened.session.read { $0.control.realms } == [])
    opened.session.seek(0)
    #expect(opened.session.digest() == digest)
  }

  /// What a stranger has written ends in an error or in a guest, never in a crash.
  @Test func whatCannotBeASnapshotIsRefused() throws {
    let bytes = try Self.kept("").bytes
    func problem(_ bytes: [UInt8]) -> String? {
      do throws(GuestSnapshot.Malformed) {
        _ = try GuestSnapshot(bytes).session(keepsHistory: false)
        return nil
      } catch {
        return error.message
      }
    }
    #expect(problem(bytes) == nil)
    #expect(problem([])?.contains("its first line") == true)
    #expect(problem(Array(bytes.dropLast()))?.contains("damaged") == true)
    let body = Array(bytes.split(separator: 10, maxSplits: 2, omittingEmptySubsequences: false)[2])
    #expect(GuestSnapshot.sealed(body) == bytes)
    #expect(problem(GuestSnapshot.sealed(Array(body.dropLast())))?.contains("are there") == true)
    #expect(problem(GuestSnapshot.sealed(Array("note 1\nstate 1\n\nab".utf8)))?.contains("its parts") == true)
    #expect(problem(GuestSnapshot.sealed(Array("note 99999999999999999999\n\n".utf8)))?.contains("how many bytes") == true)
    #expect(
      problem(GuestSnapshot.sealed(Array("note 0\nconsole 0\ndisk 9\nstate 0\n\nabcdefghi".utf8)))?.contains("disk") == true)
    // The sum is right, and what it is of is not: a byte here or there, mostly in the note and in the tables of the state.
    var numbers = SeededNumbers(seed: 17)
    var refused = 0
    let count = 40
    for n in 0..<count {
      var mutated = body
      let reach = n % 2 == 0 ? min(body.count, 20000) : body.count
      for _ in 0...n % 3 { mutated[Int(numbers.next() % UInt64(reach))] = UInt8(truncatingIfNeeded: numbers.next()) }
      if problem(GuestSnapshot.sealed(mutated)) != nil { refused += 1 }
    }
    #expect(refused > count / 2)
  }
}
