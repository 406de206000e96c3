import Engine
import Testing

@testable import Host

/// The frames of the interrupt controller are where user space has put them, and nothing of it is elsewhere.
struct VGICFramesTests {
  /// kvmtool's places with the shared bit of 33 bits, and others.
  private static let places = [
    GuestLayout.standard.gic,
    VGICFrames(distributor: 0x2_0800_0000, redistributors: 0x2_080A_0000),
  ]

  @Test(arguments: places)
  func registersAreInTheirFrames(_ frames: VGICFrames) throws {
    var gic = VirtualGIC(vcpus: 2, listRegisters: 4)
    func load(_ ipa: UInt64, size: UInt64 = 4) -> UInt64? { frames.place(of: ipa, vcpus: 2).map { gic.read($0, size: size) } }
    // GICD_PIDR2 and GICR_PIDR2 of the second vCPU say which architecture; GICR_TYPER, whose redistributor it is.
    #expect(load(frames.distributor + 0xFFE8) == 0x3B)
    #expect(load(frames.redistributors + 0x2_FFE8) == 0x3B)
    #expect(load(frames.redistributors + 0x8, size: 8) == 0)
    #expect(load(frames.redistributors + 0x2_0008, size: 8) == 1 << 32 | 1 << 8 | 1 << 4)
    // GICR_ISENABLER0 of each is its own.
    gic.write(try #require(frames.place(of: frames.redistributors + 0x3_0100, vcpus: 2)), size: 4, 1 << 27)
    #expect(load(frames.redistributors + 0x3_0100) == 1 << 27 && load(frames.redistributors + 0x1_0100) == 0)
  }

  @Test(arguments: places)
  func besideTheFramesIsNothing(_ frames: VGICFrames) {
    for address in [
      0, frames.distributor + 0x1_0000, frames.redistributors - 1, frames.redistributors + 0x4_0000, .max,
    ] where address != frames.distributor {
      #expect(frames.place(of: address, vcpus: 2) == nil, "\(hex(address))")
    }
    #expect(frames.place(of: frames.redistributors + 0x2_0000, vcpus: 1) == nil, "one vCPU has one redistributor")
  }
}
