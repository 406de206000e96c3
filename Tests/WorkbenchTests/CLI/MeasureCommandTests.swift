import Foundation
import Testing

/// `workbench measure` from the outside: what a description may say, and what is said of one that is wrong.
struct MeasureCommandTests {
  @Test(arguments: [
    ("realm num_bps=256", "num_bps is 1 to 63"), ("realm s2sz=300", "s2sz is 32 to 52"),
    ("realm sve_vl=4096", "sve_vl is 0 to 255"),
    ("realm\ndata 0 fill=256", "fill is 0 to 255"), ("", "the file is empty"), ("realm\ndata 0 file=empty", "empty is empty"),
  ])
  func wrongDescriptionsAreToldWhatIsRight(_ text: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("empty", "")
    let result = try Headless.run(["measure", try folder.write("wrong", text)])
    #expect(result.code == 65)
    #expect(result.output == "")
    #expect(result.error.contains(words), "\(result.error)")
  }

  @Test func anExtensionOfNothingAndAnEntryOfLevelMinusOne() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("right", "realm flags=1 s2sz=52\nripas 0 0x1000000000000 level=-1\nextend 1\nextend 2 01\n")
    let result = try Headless.run(["measure", file])
    #expect(result.code == 0)
    #expect(result.output.contains("2    RMI_RTT_INIT_RIPAS base=0x0 top=0x1000000000000\n"))
    #expect(result.output.contains("1    RSI_MEASUREMENT_EXTEND size=0 value=\n"))
    // Without the padding of the specification, it is the hash of the old value alone.
    let other = try Headless.run(["measure", file, "--rmm", "tf-rmm-0.6", "--values", "--index", "1"])
    #expect(other.output == "REM0 66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925\n")
  }

  @Test func stepsAreJSONToo() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("right", "realm\nextend 1\ndata 0\n")
    let result = try Headless.run(["measure", file, "--json"])
    let steps = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]])
    #expect(steps.map { $0["command"] as? String } == ["RMI_REALM_CREATE", "RSI_MEASUREMENT_EXTEND", "RMI_DATA_CREATE"])
    let none = try Headless.run(["measure", file, "--json", "--index", "4"])
    #expect(try JSONSerialization.jsonObject(with: Data(none.output.utf8)) as? [Int] == [])
  }

  // MARK: A VMM's command line

  @Test(arguments: [
    [
      "qemu", "-M", "virt,confidential-guest-support=r", "-accel", "kvm", "-object",
      "rme-guest,id=r,measurement-algorithm=sha256",
    ],
    ["lkvm", "run", "--realm", "-c", "1", "-m", "64M"],
  ])
  func aCommandLineIsMeasuredInSteps(_ words: [String]) throws {
    let folder = try TemporaryFolder()
    let host = try folder.write("host.conf", "ipa_bits = 48\nnum_bps = 6 # and so on\nnum_wps = 4\n")
    let all = try Headless.run(["measure", "--capabilities", host] + words)
    #expect(all.code == 0, "\(all.error)")
    #expect(all.output.contains("1    RMI_REALM_CREATE s2sz="))
    #expect(all.output.contains(" num_bps=5 num_wps=3 "))
    let alone = try Headless.run(["measure", "--rim", "--capabilities", host] + words)
    let rim = alone.output.dropLast().prefix(64)
    #expect(alone.output == rim + String(repeating: "0", count: 64) + "\n")
    #expect(all.output.hasSuffix("RIM \(rim)\n"))
    // Another host, another RIM.
    let other = try Headless.run(["measure", "--rim"] + words)
    #expect(other.code == 0 && other.output != alone.output)
  }

  @Test(
    arguments: [
      (["qemu", "-foo"], 65, "qemu-system-aarch64: -foo: invalid option"),
      (["qemu", "-M", "virt", "-kernel", "none"], 65, "could not load kernel 'none' (none: "),
      (
        ["qemu", "-nographic", "-append", "x"], 0,
        "the VMM would end at once: qemu-system-aarch64: -append only allowed with -kernel option"
      ),
      (["qemu", "-nographic"], 0, "without a meaning for the RIM: -nographic"),
      (["lkvm", "run", "--foo"], 65, "unknown option `foo'"),
      (["lkvm", "-c", "1"], 65, "expected qemu ARGUMENT… or lkvm run ARGUMENT…"),
      (["--capabilities", "none", "qemu"], 66, "none"),
      (["--dtb", "x", "file"], 64, "--capabilities and --dtb are for qemu, lkvm and FILE.xml"),
      (["one", "two"], 64, "expected one file"),
    ] as [([String], Int32, String)])
  func whatIsWrongWithItIsTold(_ row: (words: [String], code: Int32, text: String)) throws {
    let result = try Headless.run(["measure"] + row.words)
    #expect(result.code == row.code)
    #expect(result.error.contains(row.text), "\(result.error)")
  }
}
