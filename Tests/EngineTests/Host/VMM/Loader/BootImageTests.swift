import Engine
import Foundation
import Testing

/// Whatever the headers of an image say: told, bounded, and nothing traps.
struct BootImageTests {
  struct Segment {
    var address: UInt64
    var bytes: [UInt8] = [0, 0, 0, 0x14]
    var size: UInt64
  }

  /// An ELF64 for AArch64.
  static func elf(entry: UInt64 = RealmVM.ramBase, _ segments: [Segment]) -> [UInt8] {
    func number(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }
    var file: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    file += number(2, 2) + number(183, 2) + number(1, 4) + number(entry, 8) + number(64, 8) + number(0, 8)
    file += number(0, 4) + number(64, 2) + number(56, 2) + number(UInt64(segments.count), 2) + number(64, 2) + number(0, 4)
    var offset = UInt64(64 + 56 * segments.count)
    for segment in segments {
      let length = UInt64(segment.bytes.count)
      file += number(1, 4) + number(5, 4) + number(offset, 8) + number(segment.address, 8) + number(segment.address, 8)
      file += number(length, 8) + number(segment.size, 8) + number(4096, 8)
      offset += length
    }
    return file + segments.flatMap(\.bytes)
  }

  /// What is wrong with an image, for a guest with so much memory.
  private func complaint(_ file: [UInt8], memory: UInt64 = 16 << 20) -> String? {
    do {
      let image = try BootImage(file, base: RealmVM.ramBase)
      var options = RealmVM.Options()
      options.memory = memory
      try RealmVM(Session(MachineConfiguration(), keepsHistory: false), options).build(image)
      return nil
    } catch let error as BootImage.Malformed {
      return error.message
    } catch {
      return (error as? RealmVM.Failure)?.message ?? "\(error)"
    }
  }

  @Test func segmentsTogetherAreNoMoreThanRAM() {
    let gibibyte: UInt64 = 1 << 30
    let all = Self.elf((0..<64).map { _ in Segment(address: RealmVM.ramBase, size: gibibyte) })
    #expect(complaint(all, memory: gibibyte)?.contains("have 68719476736 bytes, more than the guest's 1073741824 of RAM") == true)
    let apart = Self.elf((0..<64).map { Segment(address: RealmVM.ramBase + $0 * gibibyte, size: gibibyte) })
    #expect(complaint(apart)?.contains("the image wants 0x80000000 to 0xc0000000; RAM is 0x80000000 to 0x81000000") == true)
    #expect(complaint(Self.elf([Segment(address: 0, size: 1 << 40)]))?.contains("a guest has 0x200000000 at most") == true)
  }

  /// All of the file, 64 times.
  @Test func segmentsThatAreTheSameBytesAgainAndAgain() {
    var file = Self.elf((0..<64).map { Segment(address: RealmVM.ramBase + $0 * 4096, bytes: [], size: 4096) })
    for n in 0..<64 { file.replaceSubrange(64 + 56 * n + 8..<64 + 56 * n + 16, with: [0, 0, 0, 0, 0, 0, 0, 0]) }
    for n in 0..<64 { file.replaceSubrange(64 + 56 * n + 32..<64 + 56 * n + 34, with: [0x00, 0x0E]) }
    #expect(complaint(file)?.contains("they overlap") == true)
  }

  @Test(arguments: [0xFFFF_FFFF_FFFF_FFF8, 0, 0x8000_0004, 0x8100_0000] as [UInt64])
  func anEntryInNoSegmentIsRefused(_ entry: UInt64) {
    let file = Self.elf(entry: entry, [Segment(address: RealmVM.ramBase, size: 4)])
    #expect(complaint(file)?.contains("begins at \(hex(entry)), which is in none of its segments") == true)
  }

  @Test func theTopOfTheAddressSpaceIsOne() throws {
    let top = try BootImage(Self.elf([Segment(address: .max - 7, size: 8)]), base: RealmVM.ramBase)
    #expect(top.segments.map(\.address) == [.max - 7])
    #expect(complaint(Self.elf([Segment(address: .max - 7, size: 9)]))?.contains("ends beyond the address space") == true)
    #expect(complaint(Self.elf([Segment(address: .max - 7, size: 8)]))?.contains("the image wants") == true)
  }

  /// What a segment has beyond its file is zero in the guest, also where it lies over what an earlier one has.
  @Test func pagesHaveWhatTheSegmentsHave() throws {
    let file = Self.elf([
      Segment(address: RealmVM.ramBase, bytes: [UInt8](repeating: 0x11, count: 5000), size: 5000),
      Segment(address: RealmVM.ramBase + 4000, bytes: [0x22, 0x22], size: 200),
      Segment(address: RealmVM.ramBase + 0x3000, bytes: [], size: 1),
    ])
    var options = RealmVM.Options()
    options.isRealm = false
    let session = Session(MachineConfiguration(), keepsHistory: false)
    let vm = RealmVM(session, options)
    try vm.build(try BootImage(file, base: RealmVM.ramBase))
    func bytes(_ address: UInt64, _ count: Int) throws -> [UInt8] {
      let place = try #require(vm.hostAddress(of: address))
      return try #require(session.read(place, count))
    }
    let first = try bytes(RealmVM.ramBase, 4096)
    #expect(first == [UInt8](repeating: 0x11, count: 4000) + [0x22, 0x22] + [UInt8](repeating: 0, count: 94))
    let second = try bytes(RealmVM.ramBase + 4096, 4096)
    #expect(
      second == [UInt8](repeating: 0, count: 104) + [UInt8](repeating: 0x11, count: 800) + [UInt8](repeating: 0, count: 3192))
    #expect(try bytes(RealmVM.ramBase + 0x3000, 4096) == [UInt8](repeating: 0, count: 4096))
    #expect(vm.hostAddress(of: RealmVM.ramBase + 0x2000) == nil)
  }

  /// 2000 sections that are one table of symbols: it is read once, and all tables have no more entries than there may be.
  @Test func aTableOfSymbolsIsReadOnce() throws {
    var file = [UInt8](try Data(contentsOf: Project.root.appending(path: "Sessions/guests/tour.elf")))
    let count = try BootImage(file, base: RealmVM.ramBase).symbols.symbols.count
    #expect(count > 10)
    func number(_ offset: Int, _ size: Int) -> Int { (0..<size).reduce(0) { $0 | Int(file[offset + $1]) << (8 * $1) } }
    let (sections, known) = (number(40, 8), number(60, 2))
    let table = try #require((0..<known).first { number(sections + 64 * $0 + 4, 4) == 2 })
    let headers = Array(file[sections..<sections + 64 * known])
    let again = Array(headers[64 * table..<64 * table + 64])
    let place = file.count
    file += headers + (0..<2000).flatMap { _ in again }
    file.replaceSubrange(40..<48, with: (0..<8).map { UInt8(truncatingIfNeeded: place >> (8 * $0)) })
    file.replaceSubrange(60..<62, with: (0..<2).map { UInt8(truncatingIfNeeded: (known + 2000) >> (8 * $0)) })
    #expect(try BootImage(file, base: RealmVM.ramBase).symbols.symbols.count == count)
  }
}
