import Foundation
import Testing

/// U-Boot as Debian builds it for QEMU's virt machine (package u-boot-qemu): software that was made for a real QEMU.
struct UBootTests {
  static let image =
    ProcessInfo.processInfo.environment["WORKBENCH_UBOOT"] ?? "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
  static let isThere = FileManager.default.fileExists(atPath: image)

  @Test(.enabled(if: isThere, "neither WORKBENCH_UBOOT nor the package u-boot-qemu: no U-Boot for QEMU's virt machine"))
  func uBootComesToItsPromptAndTakesCommands() throws {
    let options = ["-M", "virt,gic-version=3", "-cpu", "host", "-accel", "kvm", "-smp", "1", "-m", "256M", "-nographic"]
    let result = try Headless.run(["qemu"] + options + ["-bios", Self.image], input: "\rversion\rpoweroff\r")
    #expect(result.code == 0, "\(result.error)")
    #expect(result.output.contains("DRAM:  256 MiB"))
    #expect(result.output.contains("In:    pl011@9000000"))
    #expect(result.output.contains(/=> version\s+U-Boot 20\d\d/))
    #expect(result.output.contains("=> poweroff"))
  }
}
