/// virsh: lines in, text out, as the real one prints it.
package final class VirshShell {
  /// A piece of what it prints.
  package enum Output: Sendable, Equatable {
    /// On standard output.
    case out(String)
    /// On error output: `error: …`.
    case error(String)
    /// On error output, and nothing the real one says: what the XML says that comes to something else, with file, line and column.
    case finding(String)
    /// Who refused, where and why, beside the text of an error.
    case explanation(String)
  }

  /// Where virsh is run.
  package enum Mode: Sendable { case commands, interactive }

  package let daemon: LibvirtDaemon
  package let mode: Mode
  /// What XML files may be read: those somebody names on a command line of ours.
  package let xmlFiles: FilePolicy
  package let slices: TimeSlices
  /// Whether only what was asked for is printed (`-q`): no heads of tables, no news of what was done, no blank lines.
  package var isQuiet = false
  /// Whether there is a terminal, which a console needs.
  package var terminal: (any VirshTerminal)?
  private let emit: (Output) -> Void
  private(set) var folder: String
  package private(set) var hasQuit = false
  /// The last error, with the layer that refused.
  package private(set) var lastError: LibvirtError?
  private let parser = VirshParser(commands: VirshShell.commands)

  package init(
    _ daemon: LibvirtDaemon, mode: Mode, folder: String, xmlFiles: FilePolicy, slices: TimeSlices = TimeSlices(),
    emit: @escaping (Output) -> Void
  ) {
    (self.daemon, self.mode, self.folder, self.xmlFiles, self.slices, self.emit) = (daemon, mode, folder, xmlFiles, slices, emit)
  }

  package static let banner = """
    Welcome to virsh, the virtualization interactive terminal.

    Type:  'help' for help with commands
           'quit' to quit


    """
  package static let prompt = "virsh # "
  /// What ends a console: ^].
  package static let escape: UInt8 = 0x1D

  /// Does what a line says.
  ///
  /// - Returns: whether its last command succeeded; nothing is done of a line that cannot be read.
  package func run(_ line: String) -> Bool {
    if mode == .commands, line.isEmpty { return false }
    do throws(VirshSyntaxError) { return run(try parser.parse(line)) } catch { return fail(error) }
  }

  /// Does one command that comes in words, as on a command line: nothing in them is special.
  package func run(words: [String]) -> Bool {
    if words.count == 1 { return run(words[0]) }
    do throws(VirshSyntaxError) { return run([try parser.parse(words)]) } catch { return fail(error) }
  }

  /// Reads lines until `quit` or their end.
  ///
  /// - Parameter isEchoed: whether they come from a file, so that nobody has seen them.
  /// - Returns: whether virsh ends well: its shell always does.
  package func interact(isEchoed: Bool, _ next: () -> String?) -> Bool {
    note(Self.banner)
    while !hasQuit {
      put(Self.prompt)
      guard let line = next() else { break }
      if isEchoed { put(line + "\n") }
      _ = run(line)
    }
    put("\n")
    return true
  }

  private func fail(_ error: VirshSyntaxError) -> Bool {
    put(error: error.text)
    return false
  }

  private func run(_ invocations: [VirshCommand.Invocation]) -> Bool {
    var isDone = true
    for invocation in invocations {
      lastError = nil
      daemon.refresh()
      slice = slices.command
      isDone = invocation.command.run(self, invocation)
      if hasQuit { break }
      note("\n")
      daemon.pass(microseconds: slice)
    }
    return isDone
  }

  /// What passes of the machine's time after the command that is done.
  var slice = 0

  // MARK: Printing

  func put(_ text: String) { emit(.out(text)) }

  /// What a quiet virsh does not print.
  func note(_ text: String) { if !isQuiet { put(text) } }
  func put(error text: String) { emit(.error("error: \(text)\n")) }

  /// The two lines of a command that libvirt refused.
  func fail(_ what: String?, _ error: LibvirtError, file: String? = nil) -> Bool {
    if let what { put(error: what) }
    put(error: error.message)
    lastError = error
    let place = error.place.map { "\(file.map { "\($0):" } ?? "")\($0.text): " } ?? ""
    let why = error.explanation.isEmpty ? "" : ": \(error.explanation)"
    emit(.explanation("\(place)refused by \(error.layer.rawValue)\(why)\n"))
    return false
  }

  func tell(_ findings: [DomainFinding], file: String) {
    for finding in findings {
      emit(.finding("\(file):\(finding.text) (\(finding.layer.rawValue))\n"))
    }
  }

  func quit() -> Bool {
    hasQuit = true
    return true
  }

  // MARK: Domains and files

  /// The domain a command names, or virsh's complaint.
  ///
  /// - Parameter keys: what it may be named by.
  func domain(_ invocation: VirshCommand.Invocation, by keys: Set<DomainKey> = Set(DomainKey.allCases)) -> ManagedDomain? {
    let word = invocation["domain"] ?? ""
    if let found = daemon.domain(word, by: keys) { return found }
    put(error: "failed to get domain '\(word)'")
    return nil
  }

  /// A file of XML, or virsh's complaint.
  func read(_ path: String) -> (bytes: [UInt8], folder: String)? {
    switch xmlFiles.read(path, in: folder) {
    case .bytes(let bytes):
      let whole = FilePolicy.normal(path, in: folder)
      return (bytes, String(whole[..<(whole.lastIndex(of: "/") ?? whole.startIndex)]))
    case .missing: put(error: "Failed to open file '\(path)': No such file or directory")
    case .unreadable(let why): put(error: "Failed to open file '\(path)': \(why)")
    }
    return nil
  }

  func change(to path: String) -> Bool {
    guard mode == .interactive else {
      put(error: "cd: command valid only in interactive mode")
      return false
    }
    let whole = FilePolicy.normal(path, in: folder)
    guard xmlFiles.source.isFolder(whole) else {
      put(error: "cd: \(path): No such file or directory")
      return false
    }
    folder = whole
    return true
  }
}

/// The terminal of who runs virsh: what a console is shown on.
package protocol VirshTerminal: AnyObject {
  /// From here on what is typed goes to a guest, until `end`.
  func begin()
  func end()
  func show(_ bytes: [UInt8])
  /// What was typed since it was asked last.
  ///
  /// - Parameter waits: whether it waits a moment if there is nothing: the guest has nothing to do either.
  func typed(waits: Bool) -> [UInt8]
}
