import Foundation
import Testing

struct QEMUCommandTests {
  /// What dumpdtb writes is the tree that the guest would get: told to `measure`, it makes the RIM that is predicted without it.
  @Test func theDeviceTreeIsWrittenToANewFile() throws {
    let folder = try TemporaryFolder()
    let tree = "\(folder.path)/tree.dtb"
    func realm(_ properties: String = "") -> [String] {
      ["qemu", "-M", "virt,confidential-guest-support=r" + properties, "-object", "rme-guest,id=r", "-accel", "kvm", "-m", "64M"]
    }
    let written = try Headless.run(realm(",dumpdtb=\(tree)"))
    #expect(written.code == 0)
    #expect(written.error.contains("qemu-system-aarch64: info: dtb dumped to \(tree). Exiting."))
    #expect(try Data(contentsOf: URL(filePath: tree)).starts(with: [0xD0, 0x0D, 0xFE, 0xED]))
    let rim = try Headless.run(["measure", "--rim"] + realm())
    #expect(try Headless.run(["measure", "--rim", "--dtb", tree] + realm()).output == rim.output && rim.code == 0)

    let again = try Headless.run(realm(",dumpdtb=\(tree)"))
    #expect(again.code == 64)
    #expect(again.error.contains("exists already"))
    let script = try folder.write("dump.session", "qemu -M virt,dumpdtb=\(tree) -accel kvm -m 64M\nexpect error\n")
    let session = try Headless.run(["run", script])
    #expect(session.output.contains("Failed dumping dtb to \(tree)"), "\(session.output)\(session.error)")
  }
}
