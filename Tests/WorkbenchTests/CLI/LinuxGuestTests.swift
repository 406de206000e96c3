import Foundation
import Testing

/// A shell of Linux in a Realm, and in a VM of the Normal world: what `Scripts/linux-guest FOLDER` has made, if WORKBENCH_LINUX is that
/// folder.
struct LinuxGuestTests {
  static let folder = ProcessInfo.processInfo.environment["WORKBENCH_LINUX"].flatMap {
    FileManager.default.fileExists(atPath: $0 + "/SHA256SUMS") ? $0 : nil
  }

  private static let prompt = #"until text:"~ \x23 " within 8G"# + "\nexpect event\n"

  private static func typing(_ words: String, _ answer: String) -> String {
    "type \"\(words)\\n\"\nuntil text:\"\(answer)\" within 8G\nexpect event\n" + prompt
  }

  private static func script(isRealm: Bool) -> String {
    let boot = "debug \(isRealm ? "" : "--normal ")--mem 256M --append \"console=ttyAMA0 quiet\" --initrd initrd.gz"
    let network =
      "ip link set eth0 up; udhcpc -i eth0 -n -q -s /bin/true; ip addr add 10.0.2.15/24 dev eth0; wget -q -O - http://10.0.2.2/"
    let disk = """
      echo kept | dd of=/dev/vda bs=512 seek=1 conv=sync 2> /dev/null; echo 3 > /proc/sys/vm/drop_caches; \
      dd if=/dev/vda bs=512 skip=1 count=1 2> /dev/null | head -1
      """
    let report = "R=/sys/kernel/config/tsm/report/r; mkdir $R; printf '%064d' 42 > $R/inblob; wc -c $R/outblob"
    return boot + " --disk disk.img,rw --net --rng Image 1\n" + prompt.replacing("8G", with: "20G")
      + typing("head -c 35 /dev/vda; echo", "first sector of a disk.")
      + typing(disk, #"kept\r\n"#) + typing(network, "A page of the model's network.")
      + "kernel says Booting Linux on physical CPU\nexpect yes\n"
      + (isRealm ? typing(report, #"/outblob\r\n"#) + "token verify\nexpect accepted\n" : "")
      + "type \"poweroff -f\\n\"\ncontinue\nexpect powered_off\n"
  }

  @Test(
    .enabled(if: folder != nil, "WORKBENCH_LINUX is no folder that Scripts/linux-guest has made a guest in"),
    arguments: [true, false])
  func somebodySitsAtAShell(_ isRealm: Bool) throws {
    let work = try TemporaryFolder()
    for name in ["Image", "initrd.gz", "disk.img"] {
      try FileManager.default.copyItem(atPath: "\(try #require(Self.folder))/\(name)", toPath: "\(work.path)/\(name)")
    }
    let script = try work.write("shell.session", Self.script(isRealm: isRealm))
    let result = try Headless.run(["run", script, "--instructions", "100G", "--steps", "2000000", "--memory", "2G"])
    #expect(result.code == 0, "\(result.error)")
  }
}
