import ArgumentParser
import Engine

struct DisassembleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disassemble", abstract: "Prints the A64 instructions of an image.",
    discussion: """
      IMAGE is an ELF, an arm64 Linux Image, or raw code; or the name of a guest in Sessions/guests. Everything that is loaded is \
      taken to be code; memory beyond what the file has of a segment, which is zero, is not printed.
      """)

  @Argument(help: ArgumentHelp("Image.", valueName: "image"), completion: .files { GuestImages.names })
  var image: String

  func run() throws {
    let program = try orComplain { () throws(TokenFile.Failure) in try GuestImages.load(image) }
    var out = Output()
    for segment in program.segments {
      for offset in stride(from: 0, to: segment.bytes.count - 3, by: 4) {
        let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(segment.bytes[offset + $1]) << UInt32(8 * $1) }
        let address = segment.address &+ UInt64(offset)
        let digits = String(word, radix: 16)
        out.line(
          "\(String(address, radix: 16)): \(String(repeating: "0", count: 8 - digits.count))\(digits)\t\(Disassembler.text(word, at: address))"
        )
      }
    }
    out.flush()
  }
}
