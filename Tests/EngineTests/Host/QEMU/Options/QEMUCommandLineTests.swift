import Attestation
import Testing

@testable import Host

/// What a command line says, and what QEMU says of one that cannot be.
struct QEMUCommandLineTests {
  private func refusal(_ arguments: [String]) -> String? {
    do throws(VMMRefusal) {
      _ = try QEMUCommandLine(arguments)
      return nil
    } catch {
      return error.message
    }
  }

  /// Each as QEMU 7.2 answered, and what only a QEMU with rme-guest says as its source has it.
  @Test(arguments: [
    (["-foo"], "-foo: invalid option"), (["-kernel"], "-kernel: requires an argument"),
    (["-M", "virt-7.2,foo=bar"], "Property 'virt-7.2-machine.foo' not found"),
    (["-M", "virt,highmem=maybe"], "Parameter 'highmem' expects 'on' or 'off'"),
    (["-M", "virt,gic-version=9"], "Invalid gic-version value"),
    (["-M", "virt,its=off,foo"], "-M virt,its=off,foo: Expected '=' after parameter 'foo'"),
    (["-M", "virtx"], "unsupported machine type"),
    (["-m", "abc"], "-m abc: Parameter 'size' expects a non-negative number below 2^64"),
    (["-m", "2,foo=1"], "-m 2,foo=1: Invalid parameter 'foo'"),
    (
      ["-m", "99999999999999999999"], "-m 99999999999999999999: Value '99999999999999999999' is out of range for parameter 'size'"
    ),
    (["-smp", "abc"], "Parameter 'smp.cpus' expects integer"), (["-smp", "2,foo=1"], "Parameter 'smp.foo' is unexpected"),
    (
      ["-smp", "3,cores=2"],
      "Invalid CPU topology: product of the hierarchy must match maxcpus: "
        + "sockets (1) * clusters (1) * cores (2) * threads (1) != maxcpus (3)"
    ),
    (
      ["-smp", "4,maxcpus=2"],
      "Invalid CPU topology: maxcpus must be equal to or greater than smp: "
        + "sockets (1) * clusters (1) * cores (2) * threads (1) == maxcpus (2) < smp_cpus (4)"
    ),
    (["-M", "virt-7.2", "-smp", "600"], "Invalid SMP CPUs 600. The max CPUs supported by machine 'virt-7.2' is 512"),
    (["-smp", "2,dies=2"], "dies not supported by this machine's CPU topology"),
    (["-smp", "0"], "Invalid CPU topology: CPU topology parameters must be greater than zero"),
    (["-cpu", "host,foo=on"], "can't apply global host-arm-cpu.foo=on: Property 'host-arm-cpu.foo' not found"),
    (["-cpu", "host,sve=maybe"], "can't apply global host-arm-cpu.sve=maybe: Parameter 'sve' expects 'on' or 'off'"),
    (["-cpu", "host,sve128"], "Expected key=value format, found sve128."),
    (["-object", "foo,id=a"], "-object foo,id=a: Parameter 'qom-type' does not accept value 'foo'"),
    (["-object", "memory-backend-ram,id=a"], "-object memory-backend-ram,id=a: Parameter 'size' is missing"),
    (["-object", "memory-backend-ram"], "-object memory-backend-ram: Parameter 'id' is missing"),
    (["-object", "rme-guest,id=5"], "-object rme-guest,id=5: Parameter 'id' expects an identifier"),
    (["-object", "{\"qom-type\":\"rme-guest\""], "-object {\"qom-type\":\"rme-guest\": JSON parse error, premature EOI"),
    (["-object", "{\"a\":1}"], "-object {\"a\":1}: Parameter 'qom-type' is missing"),
    (
      ["-object", "memory-backend-ram,id=a,size=1M", "-object", "memory-backend-ram,id=a,size=1M"],
      "-object memory-backend-ram,id=a,size=1M: Duplicate ID 'a' for object"
    ),
    (
      ["-object", "rme-guest,id=r,measurement-algorithm=md5"],
      "-object rme-guest,id=r,measurement-algorithm=md5: Parameter 'measurement-algorithm' does not accept value 'md5'"
    ),
    (["-object", "rme-guest,id=r,foo=1"], "-object rme-guest,id=r,foo=1: Invalid parameter 'foo'"),
    (
      ["-object", "rme-guest,id=r,measurement-log=maybe"],
      "-object rme-guest,id=r,measurement-log=maybe: Parameter 'measurement-log' expects 'on' or 'off'"
    ),
    (
      ["-object", "rme-guest,id=r,personalization-value=&+"],
      "-object rme-guest,id=r,personalization-value=&+: Base64 data '&+' is not valid"
    ),
    (["-object", "rme-guest,id=a", "-object", "rme-guest,id=b"], "a single instance of RmeGuest is supported"),
    (["-chardev", "foo,id=x"], "-chardev foo,id=x: 'foo' is not a valid char driver name"),
    (["-serial", "foo"], "-serial foo: 'foo' is not a valid char driver"),
    (["-mon", "chardev=x"], "-mon chardev=x: chardev \"x\" not found"),
    (["-device", "arm-smmuv3"], "-device arm-smmuv3: not modelled"), (["-numa", "node"], "-numa: not modelled"),
    (["disk.img"], "disk.img: not modelled"),
  ])
  func whatCannotBe(_ row: (arguments: [String], message: String)) {
    #expect(refusal(row.arguments) == row.message)
  }

  /// It would be a Realm all the same.
  @Test(arguments: [
    (["-object", "rme-guest,id=r"], "missing -machine confidential-guest-support parameter"),
    (["-M", "confidential-guest-support=rme0"], "Device 'rme0' not found"),
    (["-append", "x"], "-append only allowed with -kernel option"),
    (["-initrd", "x"], "-initrd only allowed with -kernel option"), ([], "No machine specified, and there is no default"),
    (["-M", "memory-backend=x"], "Memory backend 'x' not found"),
    (
      ["-object", "memory-backend-ram,id=x,size=64M", "-M", "memory-backend=x", "-m", "128"],
      "Machine memory size does not match the size of the memory backend"
    ),
    (["-m", "128,slots=2"], "slots specified but no max-size"),
    (
      ["-m", "128,maxmem=64"],
      "invalid value of maxmem: maximum memory size (0x40) must be at least the initial memory size (0x8000000)"
    ),
    (
      ["-object", "rme-guest,id=r", "-drive", "if=pflash,file=x"], "Cannot launch Realm VM when pflash is specified"
    ),
    (["-object", "rme-guest,id=r", "-cpu", "max"], "unable to find CPU model 'max'"),
    (
      ["-object", "rme-guest,id=r,personalization-value=AQ=="],
      "-object rme-guest,id=r,personalization-value=AQ==: expecting a Realm Personalization Value of size 64, got 1"
    ),
  ])
  func whatQEMUDiesOf(_ row: (arguments: [String], message: String)) throws {
    #expect(try QEMUCommandLine(row.arguments).problems.map(\.message).contains(row.message))
  }

  @Test func aCommandLineAsLibvirtMakesIt() throws {
    let value = String(repeating: "ICAg", count: 21) + "IA=="
    let line = try QEMUCommandLine([
      "-name", "guest=r,debug-threads=on", "-S", "-object",
      #"{"qom-type":"secret","id":"masterKey0","format":"raw","file":"/run/key"}"#,
      "-machine",
      "virt,usb=off,gic-version=3,dump-guest-core=off,memory-backend=mach-virt.ram,confidential-guest-support=rme0", "-accel",
      "kvm",
      "-cpu", "host", "-m", "size=2097152k", "-object",
      #"{"qom-type":"memory-backend-ram","id":"mach-virt.ram","size":2147483648}"#,
      "-overcommit", "mem-lock=off", "-smp", "2,sockets=2,cores=1,threads=1", "-uuid", "c7a5fdbd-edaf-9455-926a-d65c16db1809",
      "-display",
      "none", "-no-user-config", "-nodefaults", "-chardev", "socket,id=charmonitor,fd=22,server=on,wait=off", "-mon",
      "chardev=charmonitor,id=monitor,mode=control", "-rtc", "base=utc", "-no-shutdown", "-boot", "strict=on", "-kernel", "Image",
      "-device",
      #"{"driver":"pcie-root-port","port":8,"chassis":1,"id":"pci.1","bus":"pcie.0"}"#, "-chardev", "pty,id=charserial0",
      "-serial",
      "chardev:charserial0", "-audiodev", #"{"id":"audio1","driver":"none"}"#, "-object",
      #"{"qom-type":"rme-guest","id":"rme0","measurement-algorithm":"sha256","personalization-value":"\#(value)","measurement-log":false}"#,
      "-sandbox", "on,obsolete=deny", "-msg", "timestamp=on",
    ])
    #expect(line.problems == [])
    #expect(line.name == "r" && line.startsPaused && line.staysAfterShutdown)
    #expect(line.memory.size == 2 << 30 && line.topology.cpus == 2 && line.topology.sockets == 2)
    #expect(line.realm?.hash == .sha256 && line.realm?.personalization == [UInt8](repeating: 0x20, count: 64))
    #expect(line.monitors == [.init(mode: .control, backend: "socket,id=charmonitor,fd=22,server=on,wait=off")])
    #expect(line.serial == "chardev:charserial0")
  }

  @Test(
    arguments: [
      ("1", 1 << 20), ("512", 512 << 20), ("size=512M", 512 << 20), ("512G", 512 << 30), ("1.5G", 1536 << 20), ("0x10", 16 << 20),
      ("64k", 64 << 10), ("1t", 1 << 40), ("0", 128 << 20), ("3000b", 8192),
    ] as [(String, UInt64)])
  func sizesOfMemory(_ row: (text: String, size: UInt64)) throws {
    #expect(try QEMUCommandLine(["-m", row.text]).memory.size == row.size)
  }

  @Test(arguments: [
    ("4", [4, 1, 1, 4, 1]), ("maxcpus=4", [4, 1, 1, 4, 1]), ("cores=4", [4, 1, 1, 4, 1]), ("8,cores=2", [8, 4, 1, 2, 1]),
    ("16,cores=2,sockets=2", [16, 2, 1, 2, 4]), ("threads=2,cores=2,sockets=2,clusters=2", [16, 2, 2, 2, 2]),
    ("12,clusters=2,threads=2", [12, 1, 2, 3, 2]), ("6,threads=3,sockets=2", [6, 2, 1, 1, 3]),
  ])
  func topologies(_ row: (text: String, numbers: [Int])) throws {
    let topology = try QEMUCommandLine(["-smp", row.text]).topology
    #expect([topology.cpus, topology.sockets, topology.clusters, topology.cores, topology.threads] == row.numbers)
  }

  @Test func optionsThatComeTwiceAreOne() throws {
    let line = try QEMUCommandLine(["-m", "2", "-m", "maxmem=1T", "-m", "slots=2", "-smp", "12", "-smp", "clusters=2,threads=2"])
    #expect(line.memory == .init(size: 2 << 20, slots: 2, maxSize: 1 << 40))
    #expect(line.topology.cores == 3)
  }
}
