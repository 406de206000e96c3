import ArgumentParser
import Engine

struct SessionPackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack", abstract: "Packs a session as gzip does, for storage and sharing.",
    discussion: """
      What opens sessions opens packed ones, too. To be edited one is unpacked again: workbench session unpack. --with-images runs a script to \
      find what it includes and boots, and puts these files into it, each with its hash: they are found there before any other. --image adds \
      what nobody names yet, such as the disk of a guest that a recording goes on with.
      """)

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  @Flag(help: "Takes along the files that a script includes and boots.")
  var withImages = false

  @Option(
    name: .customLong("image"), help: ArgumentHelp("Takes along this file, by its name without folders.", valueName: "path"),
    completion: .file())
  var images: [String] = []

  func run() throws {
    let files = try PackedFiles(of: withImages ? file : nil, images)
    let packer: Packer
    do throws(Unpacker.Failure) { packer = try Packer() } catch {
      complain("\(file): \(error.reason)")
      throw ExitCode(70)
    }
    try Repacked(file, output, files).write { packer.pack($0, isLast: $1) }
  }
}

struct SessionUnpackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "unpack", abstract: "Writes a packed session as text.")

  @Argument(help: ArgumentHelp("Script or recording.", valueName: "file"), completion: .file())
  var file: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The new file.", valueName: "path"), completion: .file())
  var output: String

  func run() throws { try Repacked(file, output, PackedFiles()).write { bytes, _ in bytes } }
}

/// The lines of a file in a new one, written otherwise.
private struct Repacked {
  let file: String
  let output: String
  let files: PackedFiles
  /// Bytes that are written at once.
  private static let piece = 1 << 16

  init(_ file: String, _ output: String, _ files: PackedFiles) {
    self.file = file
    self.output = output
    self.files = files
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
    var (isRecording, hasFiles) = (false, false)
    func writeFiles() throws {
      hasFiles = true
      try files.forEachLine { line in
        waiting += line.utf8
        waiting.append(0x0A)
        if waiting.count >= Self.piece { try write(isLast: false) }
      }
    }
    var failure: SessionLoader.Failure?
    reading: while failure == nil {
      switch reader.nextBytes(&line) {
      case .end: break reading
      case .failed(let unreadable): failure = .unreadable(unreadable)
      case .bad(let error): failure = .malformed(error.description(in: file))
      case .text:
        if reader.number == 1 { isRecording = line.starts(with: "#workbench".utf8) }
        // Behind the first lines of a recording, which say what it is.
        if !hasFiles, reader.number > (isRecording ? 2 : 0) { try writeFiles() }
        waiting += line
        if reader.lastWasWhole { waiting.append(0x0A) }
        if waiting.count >= Self.piece { try write(isLast: false) }
      }
    }
    if let failure {
      complain(failure.message)
      throw ExitCode(failure.code)
    }
    if !hasFiles { try writeFiles() }
    try write(isLast: true)
    try orComplain { () throws(NewFile.Failure) in try new.finish() }
  }
}
