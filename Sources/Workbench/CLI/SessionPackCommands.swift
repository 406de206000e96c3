import ArgumentParser
import Engine

struct SessionPackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack", abstract: "Packs a session as gzip does, for storage and sharing.",
    discussion: """
      What opens sessions opens packed ones, too. To be edited one is unpacked again: workbench session unpack.
      """)

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  func run() throws {
    let packer: Packer
    do throws(Unpacker.Failure) { packer = try Packer() } catch {
      complain("\(file): \(error.reason)")
      throw ExitCode(70)
    }
    try Repacked(file, output).write { packer.pack($0, isLast: $1) }
  }
}

struct SessionUnpackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "unpack", abstract: "Writes a packed session as text.")

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  func run() throws { try Repacked(file, output).write { bytes, _ in bytes } }
}

/// The lines of a file in a new one, written otherwise.
private struct Repacked {
  let file: String
  let output: String
  /// Bytes that are written at once.
  private static let piece = 1 << 16

  init(_ file: String, _ output: String) {
    self.file = file
    self.output = output
  }

  /// - Parameter form: how bytes are written, and whether they are the last.
  func write(_ form: ([UInt8], Bool) -> [UInt8]) throws {
    var reader: LineReader
    do throws(UnreadableFile) { reader = try LineReader(file) } catch {
      complain(error.message)
      throw ExitCode(SessionLoader.Failure.unreadable(error).code)
    }
    let new = try orComplain { () throws(NewFile.Failure) in try NewFile.Growing(output) }
    var (line, waiting): ([UInt8], [UInt8]) = ([], [])
    func write(isLast: Bool) throws {
      let bytes = form(waiting, isLast)
      waiting.removeAll(keepingCapacity: true)
      try orComplain { () throws(NewFile.Failure) in try new.append(bytes[...]) }
    }
    var failure: SessionLoader.Failure?
    reading: while failure == nil {
      switch reader.nextBytes(&line) {
      case .end: break reading
      case .failed(let unreadable): failure = .unreadable(unreadable)
      case .bad(let error): failure = .malformed(error.description(in: file))
      case .text:
        waiting += line
        if reader.lastWasWhole { waiting.append(0x0A) }
        if waiting.count >= Self.piece { try write(isLast: false) }
      }
    }
    if let failure {
      complain(failure.message)
      throw ExitCode(failure.code)
    }
    try write(isLast: true)
    try orComplain { () throws(NewFile.Failure) in try new.finish() }
  }
}
