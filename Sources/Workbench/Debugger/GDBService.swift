import Engine
import SystemPackage

/// Waits for GDB at a port, and gives it a target until it lets that go.
func serveGDB(_ target: any DebugTarget, _ port: UInt16, _ address: String) throws -> GDBListener.Ending {
  do throws(GDBListener.Failure) {
    let listener = try GDBListener(port: port, address: address)
    var error = Output(.standardError)
    error.line("gdb: listening on \(listener.place)")
    error.flush()
    let server = GDBServer(target: target)
    while true {
      let ending = try listener.serve(server)
      // Where its connection is lost the target stands, and the next one may come.
      if ending != .gone { return ending }
    }
  } catch {
    complain("--gdb: \(error.message)")
    throw Exit.usage
  }
}
