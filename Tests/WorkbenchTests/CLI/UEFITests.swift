import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// EDK2 as Debian builds it for QEMU's virt machine (package qemu-efi-aarch64), to its shell, if WORKBENCH_UEFI is its firmware: 100 million
/// instructions up to there, and a tenth of a second, which is as many, for each time it looks at its keyboard.
struct UEFITests {
  static let image = ProcessInfo.processInfo.environment["WORKBENCH_UEFI"].flatMap {
    FileManager.default.fileExists(atPath: $0) ? $0 : nil
  }

  private static let keys = [
    ("any other key to continue.", "\r"), ("Shell> ", "ver\r"), ("Shell> ", "map\r"), ("Shell> ", "reset -s\r"),
  ]

  @Test(.enabled(if: image != nil, "WORKBENCH_UEFI is no firmware of EDK2 for QEMU's virt machine"))
  func edk2ComesToItsShellAndTakesCommands() throws {
    let words = "-M virt,gic-version=3 -cpu host -accel kvm -smp 1 -m 128M -nographic -bios firmware"
    var configuration = MachineConfiguration()
    configuration.vcpu = .code
    configuration.wantDRAM(512 << 20)
    let bytes = Array(try Data(contentsOf: URL(filePath: try #require(Self.image))))
    let process = try QEMUProcess(
      try QEMUCommandLine(words.split(separator: " ").map(String.init)), Session(configuration, keepsHistory: false),
      HostCapabilities(features: configuration.featureRegister0), GuestFiles { (_) throws(GuestFiles.Unreadable) in bytes })
    var grid = ConsoleGrid(scrollback: 0)
    var screen: [String] = []
    var said: [UInt8] = []
    process.vm.onConsole = { byte in
      said.append(byte)
      grid.feed([byte])
      // The last thing it does is to clear the screen.
      if byte == 10 { screen = grid.texts(width: 80, height: 24) }
    }
    var keys = Self.keys[...]
    for _ in 0..<400_000 where process.isRunning {
      _ = process.run(entries: 64)
      guard let (words, text) = keys.first, said.contains(words.utf8) else { continue }
      said = []
      process.vm.type(Array(text.utf8))
      keys.removeFirst()
    }
    #expect(process.exitCode == 0 && keys.isEmpty, "\(process.errors.map(\.text))")
    let lines = screen.map { String($0.reversed().drop { $0 == " " }.reversed()) }
    for line in [
      "UEFI Interactive Shell v2.2", "Mapping table", "map: No mapping found.", "Shell> ver", "Shell> map", "Shell> reset -s",
    ] {
      #expect(lines.contains(line), "\(lines)")
    }
  }
}
