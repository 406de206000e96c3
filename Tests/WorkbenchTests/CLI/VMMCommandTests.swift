import Foundation
import Testing

/// QEMU's command line at the program itself.
struct VMMCommandTests {
  @Test func aDeviceTreeIsDumpedToANewFile() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/tree.dtb"
    let arguments = ["qemu", "-M", "virt,gic-version=3,dumpdtb=\(path)", "-smp", "2", "-nographic"]
    let first = try Headless.run(arguments)
    #expect(first.code == 0)
    #expect(first.error.contains("qemu-system-aarch64: info: dtb dumped to \(path). Exiting."))
    let tree = try Data(contentsOf: URL(filePath: path))
    #expect(Array(tree.prefix(4)) == [0xD0, 0x0D, 0xFE, 0xED])
    #expect(tree.range(of: Data("cpu@1".utf8)) != nil)
    // What is there is not written over.
    let second = try Headless.run(arguments)
    #expect(second.code == 1)
    #expect(second.error.contains("exists already"))
    #expect(try Data(contentsOf: URL(filePath: path)) == tree)
  }

  /// A stranger's session writes no file.
  @Test func aSessionDumpsNone() throws {
    let folder = try TemporaryFolder()
    let script = try folder.write("dump.session", "qemu -M virt,dumpdtb=tree.dtb -nographic\n")
    let done = try Headless.run(["run", script])
    #expect(done.output.contains("Failed dumping dtb to tree.dtb"))
    #expect(done.output.contains("a session writes no files"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["dump.session"])
  }
}
