import ArgumentParser
import Engine
import SystemPackage

/// Runs virsh on a hypervisor: words of a command line, or a shell that reads standard input.
struct VirshRunner {
  let driver: any HypervisorDriver
  let capabilities: EmulatorCapabilities
  /// Files and folders beside the XML's own that domains may open.
  let allowed: [String]
  /// Whether it is said who refused, beside what the real one says.
  let explains: Bool

  /// Options of virsh itself, which stand before its command.
  private struct Own {
    var isQuiet = false
    var wantsVersion = false

    /// Takes them from the words. Which libvirt it is to be is no question here: there is one.
    init(_ words: inout ArraySlice<String>) {
      while let word = words.first {
        switch word {
        case "-q", "--quiet": isQuiet = true
        case "-v", "--version": wantsVersion = true
        case "-c", "--connect": words.removeFirst()
        default:
          guard word.hasPrefix("--connect=") else { return }
        }
        words = words.dropFirst()
      }
    }
  }

  /// - Returns: the real one's exit code.
  func run(_ given: [String]) -> ExitCode {
    var rest = given[...]
    let own = Own(&rest)
    let words = Array(rest)
    if own.wantsVersion {
      print(EmulatorCapabilities.libvirtVersion + "\n", .standardOutput)
      return .success
    }
    let shell = shell(words.isEmpty ? .interactive : .commands)
    shell.isQuiet = own.isQuiet
    let isDone = words.isEmpty ? interact(shell) : shell.run(words: words)
    return isDone ? .success : Exit.difference
  }

  /// Starts the domain of an XML file, says which there are, and goes on as a shell where somebody can type.
  func open(_ path: String) -> ExitCode {
    let isShell = isTerminal(.standardInput)
    let shell = shell(isShell ? .interactive : .commands)
    guard shell.run(words: ["create", path]), shell.run(words: ["list"]) else { return Exit.difference }
    return !isShell || interact(shell) ? .success : Exit.difference
  }

  private func shell(_ mode: VirshShell.Mode) -> VirshShell {
    let folder = (try? FilePath(".").real().string) ?? "/"
    let files = HostFiles()
    let paths = allowed.map { FilePolicy.normal($0, in: folder) }
    let policy = FilePolicy(folders: paths.filter(files.isFolder), named: Set(paths.filter { !files.isFolder($0) }), files)
    let daemon = LibvirtDaemon(driver, capabilities, files: policy)
    // Who types a line may name any file of XML in it.
    let shell = VirshShell(daemon, mode: mode, folder: folder, xmlFiles: FilePolicy(folders: ["/"], files), emit: show)
    shell.terminal = VirshTTY()
    return shell
  }

  private func interact(_ shell: VirshShell) -> Bool {
    shell.interact(isEchoed: !isTerminal(.standardInput)) { readLine() }
  }

  private func show(_ output: VirshShell.Output) {
    switch output {
    case .out(let text): print(text, .standardOutput)
    case .error(let text), .finding(let text): print(text, .standardError)
    case .explanation(let text): if explains { print(text, .standardError) }
    }
  }

  private func print(_ text: String, _ descriptor: FileDescriptor) {
    var out = Output(descriptor)
    out.append(Self.safe(text))
    out.flush()
  }

  /// Bytes of a text of which nothing acts on the terminal; lines and tabs stay.
  private static func safe(_ text: String) -> [UInt8] {
    text.unicodeScalars.flatMap { scalar in
      scalar == "\n" || scalar == "\t" || scalar == "\r"
        ? Array(String(scalar).utf8) : Array(shown(String(scalar), limit: .max).utf8)
    }
  }
}
