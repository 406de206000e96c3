import Foundation
import Testing

/// A client that is not ours at the monitor of `workbench qemu`: the package qemu.qmp of QEMU's own project.
struct QMPClientTests {
  /// Whether Python has it; PYTHONPATH may say where.
  static let isInstalled = (try? Shell.run("python3 -c 'import qemu.qmp'").code) == 0

  /// What a client does in a guest's life; each answer is a line.
  private static let client = #"""
    import asyncio, subprocess, sys, time, os
    from qemu.qmp import QMPClient, ExecuteError
    from qemu.qmp.events import EventListener

    path, program, image, *more = sys.argv[1:]
    guest = subprocess.Popen(
        [program, 'qemu', '-S', '-M', 'virt', '-cpu', 'host', '-accel', 'kvm', '-m', '64M', '-smp', '2', '-kernel', image,
         '-nographic', '-qmp', 'unix:' + path + ',server=on,wait=off'] + more, stdout=subprocess.DEVNULL)

    async def main():
        qmp = QMPClient('test')
        while not os.path.exists(path) and guest.poll() is None:
            time.sleep(0.02)
        await qmp.connect(path)
        say = lambda *words: print(*words, flush=True)
        say('negotiated', qmp.greeting.QMP.version['qemu']['major'])
        say((await qmp.execute('query-status'))['status'])
        say([cpu['cpu-index'] for cpu in await qmp.execute('query-cpus-fast')])
        with qmp.listener() as events:
            await qmp.execute('cont')
            say((await events.get())['event'], (await qmp.execute('query-status'))['running'])
            await qmp.execute('stop')
            say((await events.get())['event'], (await qmp.execute('query-status'))['status'])
            await qmp.execute('cont')
            say((await events.get())['event'])
            await qmp.execute('system_powerdown')
            say((await events.get())['event'])
            try:
                await qmp.execute('no-such-command')
            except ExecuteError as error:
                say(error.error_class)
            await asyncio.sleep(0.3)
            say('still', (await qmp.execute('query-status'))['status'])
            await qmp.execute('quit' if len(more) == 0 else 'system_reset')
            say((await events.get())['data']['reason'])
        try:
            await qmp.disconnect()
        except EOFError:
            pass

    try:
        asyncio.run(asyncio.wait_for(main(), 20))
        print('exit', guest.wait(10))
    finally:
        guest.kill()
    """#

  private func talk(_ more: String) throws -> [String] {
    let folder = try TemporaryFolder()
    let script = try folder.write("client.py", Self.client)
    let image = PseudoTerminal.root.appending(path: "Sessions/hosts/cloud.img").path
    let result = try Shell.run(
      "python3 '\(script)' '\(folder.path)/qmp' '\(PseudoTerminal.program)' '\(image)' \(more)")
    #expect(result.code == 0, "\(result.error)")
    return result.output.split(separator: "\n").map(String.init)
  }

  /// This guest listens to no power button; its QEMU waits with it until the client says quit.
  @Test(.enabled(if: isInstalled, "Python has no qemu.qmp: pip install qemu.qmp"))
  func aClientOfQEMUsOwnIsServed() throws {
    #expect(
      try talk("") == [
        "negotiated 7", "prelaunch", "[0, 1]", "RESUME True", "STOP paused", "RESUME", "POWERDOWN", "CommandNotFound",
        "still running", "host-qmp-quit", "exit 0",
      ])
  }

  /// The same in a Realm, which ends when somebody resets it.
  @Test(.enabled(if: isInstalled, "Python has no qemu.qmp: pip install qemu.qmp"))
  func aRealmIsServedToo() throws {
    let lines = try talk("-object rme-guest,id=r -machine confidential-guest-support=r")
    #expect(lines.suffix(3) == ["still running", "host-qmp-system-reset", "exit 0"])
  }

  /// Without a monitor nobody could end a guest that waits for ever: it is said, and over.
  @Test func withoutAMonitorAGuestThatWaitsEnds() throws {
    let image = PseudoTerminal.root.appending(path: "Sessions/hosts/cloud.img").path
    let result = try Headless.run([
      "qemu", "-M", "virt", "-accel", "kvm", "-cpu", "host", "-m", "64M", "-kernel", image, "-nographic",
    ])
    #expect(result.code == 0 && result.output.contains("I stay until I am destroyed."))
    #expect(result.error.contains("a real QEMU would wait for ever") && !result.error.contains("kvm run failed"))
  }
}
