import Attestation
import Testing

@testable import Host

struct KvmtoolCommandLineTests {
  @Test func allFormsOfAnOption() throws {
    for words in [["-c", "2", "-m", "512"], ["-c2", "-m512M"], ["--cpus", "2", "--mem=512M"], ["--cpus=2", "-m", "524288K"]] {
      let line = try KvmtoolCommandLine(words)
      #expect(line.cpus == 2 && line.memory == 512 << 20)
    }
    let line = try KvmtoolCommandLine([
      "--realm", "--irqchip=gicv3", "--measurement-algo", "sha512", "-k", "Image", "-i", "disk", "-p", "quiet", "--network",
      "mode=none",
      "--restricted_mem", "-d", "root.ext4", "--realm-pv", "teapot", "--sve-max-vl=256", "--pmu-counters", "3",
    ])
    #expect(line.isRealm && line.hash == .sha512 && !line.hasITS && line.kernel == "Image" && line.initrd == "disk")
    #expect(line.devices == 1 && line.sveLength == 256 && line.pmuCounters == 3 && line.withoutMeaning == ["--restricted_mem"])
    #expect(line.problems == [])
  }

  @Test(arguments: [
    (["--foo"], "unknown option `foo'"), (["-z"], "unknown switch `z'"), (["-c"], "option `cpus' requires a value"),
    (["-c", "x"], "option `cpus' expects a numerical value"), (["-m", "3M"], "RAM size must be aligned on 2MB"),
    (["-m", "1G@0x1000"], "-m 1G@0x1000: not modelled"), (["--realm=1"], "option `realm' takes no value"),
    (["--measurement-algo", "md5"], "unknown realm measurement algorithm"),
    (["--sve-vl", "100"], "SVE VL is not aligned to 128bit"),
    (["--irqchip", "gicv2"], "irqchip type gicv2 is not for Realms"), (["-F", "x"], "--flash: not modelled"),
    (["--realm-pv", String(repeating: "x", count: 65)], "Invalid size for Realm Personalization Value"),
    (["disk.img"], "Cannot handle parameter: disk.img"),
  ])
  func whatCannotBe(_ row: (arguments: [String], message: String)) {
    #expect { try KvmtoolCommandLine(row.arguments) } throws: { ($0 as? VMMRefusal)?.message == row.message }
  }

  @Test func whatKvmtoolDiesOf() throws {
    let line = try KvmtoolCommandLine(["-k", "a", "-f", "b", "--disable-sve", "--sve-vl", "128"])
    #expect(
      line.problems.map(\.message) == [
        "no Realm without --realm", "Only one of --kernel or --firmware can be specified",
        "SVE VL requested when SVE is disabled",
      ])
  }
}
