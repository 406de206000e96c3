import Foundation
import Testing

/// The program's subcommands and exit codes.
struct CommandLineTests {
  /// Arguments as one string, and the exit code.
  static let calls: [(String, Int32)] = [
    ("run", 64), ("run --json --raw x", 64), ("run /nonexistent/file", 66), ("run /", 66), ("bogus --x", 64),
    ("run --machine moon -", 64), ("run --rmm linux -", 64), ("show moon /dev/null", 64),
    ("show overview --size 0x0 /dev/null", 64), ("show overview --at 7 /dev/null", 64),
    ("show overview /nonexistent/file", 66), ("explain RMI_BOGUS", 64), ("explain RMI_DATA_CREATE x9q", 64),
    ("replay --verify /nonexistent/file", 66), ("commands RMI_BOGUS", 64), ("coverage /nonexistent/file", 66),
    ("--help", 0), ("run --help", 0), ("--version", 0), ("commands", 0), ("keys", 0),
    ("--generate-completion-script bash", 0), ("boot tour --mem 4K", 64), ("boot tour --vcpus 99", 64),
    ("boot /nonexistent", 66), ("boot tour --record /nonexistent/x", 74), ("disassemble /nonexistent", 66),
    ("virsh foo", 1), ("virsh list", 0), ("qemu -nonsense", 1), ("lkvm stop", 64), ("measure Sessions/hosts/openeuler.xml", 0),
    ("measure", 64), ("measure /nonexistent", 66), ("state x", 64), ("structures --at 1", 1), ("fuzz --calls 0", 64),
    ("fuzz --hosts --hostile", 64), ("switches", 0), ("switches RMI_DATA_CREATE.*", 0),
    ("switches RMI_DATA_CREATE.dta_state", 64),
    ("explore --world tiny --depth 4", 0), ("explore --world tiny --depth 4 --json", 0), ("explore --depth 0", 64),
    ("explore --world tiny --depth 3 --without RMI_GRANULE_UNDELEGATE.gran_state", 1), ("explore --without x.y", 64),
    ("explore --workers 0", 64), ("explore --rule x", 64), ("explore --world tiny --depth 2 --rule half --resume x", 64),
    ("explore --memory x", 64), ("explore --world /nonexistent", 66), ("explore --condition x", 64),
    ("explore --world README.md", 65), ("explore --world tiny --depth 2 --resume README.md", 65),
    ("explore --world tiny --depth 3 --each-condition", 0), ("explore table", 64),
    ("explore table /dev/null", 66), ("explore table /nonexistent", 66),
    ("fuzz --switches --calls 500", 0), ("fuzz --switches --hosts", 64), ("fuzz --recordings --calls 20", 0),
    ("diff /dev/null", 64), ("diff /dev/null /dev/null", 0), ("diff /nonexistent /dev/null", 66),
    ("diff /dev/null@main@7 /dev/null", 64), ("session notes /dev/null", 0), ("session x", 64), ("session cut /dev/null", 64),
    ("session join /dev/null -o /tmp", 64), ("session trim /dev/null", 64), ("session rename /dev/null -o /tmp", 64),
    ("session rename /dev/null a=b -o /tmp", 64), ("session rename /dev/null --shift 7 -o /tmp", 64),
    ("session lint /dev/null", 1), ("session pack /dev/null", 64), ("session unpack /dev/null", 64),
    ("session lint /nonexistent", 66),
    ("learn", 0), ("learn /nonexistent.lesson", 66),
    ("lesson", 0), ("lesson x", 64), ("lesson list", 0),
    ("lesson check /nonexistent.lesson", 66), ("lesson check /dev/null", 66),
    ("lesson preview 01", 0), ("lesson preview 01 --width 10", 64), ("lesson grade 01", 64), ("lesson grade 01 /nonexistent", 66),
    ("lesson grade 01 --json --csv x", 64), ("lesson export 01", 64), ("lesson export 01 --text", 0),
    ("lesson new /nonexistent/x", 74),
    ("export /dev/null", 64), ("export --svg /dev/null", 0), ("export --html --steps 1..0 /dev/null", 64),
    ("export --text --at 7 /dev/null", 64), ("export --svg --theme pink /dev/null", 64),
    ("token verify", 64), ("token verify /dev/null", 1), ("token verify /nonexistent", 66),
    ("token endorse /dev/null", 1), ("explain RMI_VERSION zz", 64), ("show trace --step x /dev/null", 64),
    ("show overview --theme pink /dev/null", 64), ("--theme pink", 64), ("--color pink", 64), ("config --theme pink", 64),
  ]

  @Test(arguments: calls)
  func exitCodes(_ call: (arguments: String, code: Int32)) throws {
    let code = call.code
    let result = try Headless.run(call.arguments.split(separator: " ").map(String.init))
    #expect(result.code == code, "\(call.arguments): \(result.error)")
    if code >= 64 { #expect(result.error.hasPrefix("workbench: "), "\(result.error)") }
  }

  /// A subcommand that is almost one is no file that is missing.
  @Test(arguments: [
    ("replya", "replay"), ("bot tour", "boot"), ("shw overview x", "show"), ("rnu x", "run"), ("token-verify x", nil),
  ])
  func aMisspeltSubcommandIsNamed(_ line: String, _ meant: String?) throws {
    let result = try Headless.run(line.split(separator: " ").map(String.init))
    #expect(result.code == (meant == nil ? result.code : 64))
    #expect(result.code != 0)
    if let meant { #expect(result.error.contains("did you mean workbench \(meant)?"), "\(result.error)") }
  }

  /// A word that is none of those it may be is answered with the one that was meant.
  @Test(arguments: [
    ("token verfy x", 64, "token has no subcommand \"verfy\"; did you mean workbench token verify?"),
    ("session jion x", 64, "did you mean workbench session join?"), ("lesson chek", 64, "did you mean workbench lesson check?"),
    ("state wirte", 64, "state has no subcommand \"wirte\"; "),
    ("explore serach", 64, "did you mean workbench explore search?"),
    ("explain RMI_GRANULE_DELEGTE", 64, "unknown command \"RMI_GRANULE_DELEGTE\"; did you mean RMI_GRANULE_DELEGATE?"),
    ("commands rmi_versoin", 64, "did you mean RMI_VERSION?"), ("structures RmiRealmParam", 64, "did you mean RmiRealmParams?"),
    ("show worlsd /dev/null", 64, "unknown panel \"worlsd\"; did you mean worlds?"),
    ("export --svg --panel trcae /dev/null", 64, "did you mean trace?"),
    ("boot tuor", 66, "tuor: No such file or directory; did you mean tour? The project's guests are tour, "),
    ("learn four-wrlds", 66, "there is no lesson and no file \"four-wrlds\"; did you mean four-worlds?"),
    ("learn 99", 66, "there is no lesson and no file \"99\"; the course has 01-four-worlds to 27-what-comes-next"),
  ])
  func aMisspeltWordIsAnsweredWithTheOneThatWasMeant(_ line: String, _ code: Int32, _ words: String) throws {
    let result = try Headless.run(line.split(separator: " ").map(String.init))
    #expect(result.code == code)
    #expect(result.error.contains(words), "\(result.error)")
    #expect(result.error.hasPrefix("workbench: "))
  }

  /// What a shell offers: panels, commands, guests, lessons, attacks and themes by name, and files.
  @Test(arguments: [
    ("show wor", "worlds"), ("show --tab ch", "checks"), ("explain RMI_GRANULE_D", "RMI_GRANULE_DELEGATE"),
    ("structures RmiRealmP", "RmiRealmParams"), ("boot tou", "tour"), ("boot READ", "README.md"), ("learn 01", "01-four-worlds"),
    ("attacks A1", "A1"), ("open --theme lig", "light"), ("export --panel tra", "trace"), ("switches gpc.nor", "gpc.normal"),
    ("run READ", "README.md"), ("toke", "token"), ("token ver", "verify"),
    // Where no subcommand is named, open is meant.
    ("READ", "README.md"), ("--theme lig", "light"), ("--no-rec", "--no-record"), ("--theme light READ", "README.md"),
  ])
  func aShellCompletes(_ typed: String, _ offered: String) throws {
    // As bash does it when somebody presses Tab.
    let words = (["workbench"] + typed.split(separator: " ").map(String.init)).map { "'\($0)'" }
    let asked = try Shell.run(
      """
      compopt() { :; }
      source <(workbench --generate-completion-script bash)
      COMP_WORDS=(\(words.joined(separator: " "))); COMP_CWORD=\(words.count - 1)
      COMP_LINE='workbench \(typed)'; COMP_POINT=${#COMP_LINE}
      _workbench_or_open workbench "${COMP_WORDS[$COMP_CWORD]}" "${COMP_WORDS[$COMP_CWORD - 1]}"
      printf '%s\\n' "${COMPREPLY[@]}"
      """)
    #expect(asked.output.split(separator: "\n").contains(Substring(offered)), "\(asked)")
  }

  /// The scripts of the other shells offer the same; what is put into those of the argument parser has found its place.
  @Test(arguments: [
    ("zsh", ["\n__workbench_named() {\n", "\n_workbench() {\n", "words=(\"${words[1]}\" open "]),
    (
      "fish",
      ["(__workbench_meant (__workbench_tokens -pc))", "options \"workbench\" theme' -l 'theme'", "\"workbench\" -eq 1' -F"]
    ),
  ])
  func completionsKnowWhatIsMeantWithoutASubcommand(_ shell: String, _ parts: [String]) throws {
    let script = try Headless.run(["--generate-completion-script", shell]).output
    for part in parts { #expect(script.contains(part), "\(part)") }
    #expect(try Headless.run(["--generate-completion-script=\(shell)"]).output == script)
  }

  /// A call that is explained is what was typed; that it is odd is said.
  @Test func anArgumentTooManyIsWarnedOf() throws {
    let result = try Headless.run(["explain", "RMI_GRANULE_DELEGATE", "0x80001000", "5"])
    #expect(result.code == 0)
    #expect(result.error.contains("warning: RMI_GRANULE_DELEGATE has addr; nobody reads 5 in X2"), "\(result.error)")
    #expect(try Headless.run(["explain", "RMI_GRANULE_DELEGATE", "0x80001000"]).error.isEmpty)
  }

  /// The XML of a domain is started, as virsh does it; without somebody who types there is no shell behind it.
  @Test func aDomainsXMLIsStarted() throws {
    let path = PseudoTerminal.root.appending(path: "Sessions/hosts/openeuler.xml").path
    let result = try Headless.run([path])
    #expect(result.code == 0, "\(result.error)")
    #expect(result.output.contains("Domain 'openeuler' created from \(path)"), "\(result.output)")
    #expect(result.output.contains("openeuler") && result.output.contains("running"), "\(result.output)")
    let folder = try TemporaryFolder()
    let other = try Headless.run([try folder.write("other.xml", "<?xml version='1.0'?>\n<!-- one -->\n<domain type='moon'/>")])
    #expect(other.code == 1)
    #expect(other.error.contains("error: "), "\(other.error)")
  }

  /// Where a recording cannot go is said before the guest runs.
  @Test func aRecordingThatCannotBeWrittenEndsABootBeforeItBegins() throws {
    let result = try Headless.run(["boot", "tour", "--record", "/nonexistent/folder/file"])
    #expect(result.code == 74)
    #expect(result.output.isEmpty, "the guest has not run")
    #expect(result.error.contains("cannot create /nonexistent/folder/file: No such file or directory"), "\(result.error)")
  }

  #if os(Linux)
    /// The loader prints what it would load, and nothing runs.
    @Test func aStartLoadsNoLibraryThatNothingUses() throws {
      let loaded = try Headless.run([], environment: ["LD_TRACE_LOADED_OBJECTS": "1"]).output
      #expect(loaded.contains("libncursesw"))
      #expect(!loaded.contains("libFoundation.so") && !loaded.contains("lib_FoundationICU"))
    }
  #endif

  @Test func theManualPageHasEverySubcommand() throws {
    let page = try Headless.run(["manual"]).output
    #expect(page.hasPrefix(".Dd "))
    for name in ["boot", "run", "replay", "show", "token verify"] { #expect(page.contains("\n.Ss \(name)\n"), "\(name)") }
    for line in page.split(separator: "\n") where line.hasPrefix(".") {
      #expect(line.dropFirst().first?.isLetter == true, "a request: \(line)")
    }
  }

  static let scripts: [(String, Int32, String)] = [
    ("smc RMI_VERSION\nfoo\nsmc RMI_VERSION\n", 65, "-:2:1: unknown statement"),
    ("smc RMI_VERSION 0x10000\nexpect RMI_ERROR_INPUT\n", 1, "-:2: expected RMI_ERROR_INPUT, got RMI_SUCCESS"),
    ("smc RMI_VERSION 0x10000\nexpect RMI_SUCCESS\n", 0, ""),
    ("\u{0}\u{1}\u{2}", 65, "-:1:1: found a control character"),
    ("include x\n", 65, "standard input has no folder"),
  ]

  @Test(arguments: scripts)
  func scriptsFromStandardInput(_ run: (script: String, code: Int32, message: String)) throws {
    let (script, code, message) = run
    let result = try Headless.run(["run", "-"], input: script)
    #expect(result.code == code)
    #expect(message.isEmpty ? result.error.isEmpty : result.error.contains(message), "\(result.error)")
  }

  @Test func aLineOfAHundredMegabytesIsRefusedAtOnce() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/huge"
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 100 << 20)
    let result = try Headless.run(["run", path])
    #expect(result.code == 65)
    #expect(result.error.contains("longer than 65536 bytes"))
  }

  @Test func bytesThatAreNotTextAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/binary"
    try Data([0x73, 0x6D, 0x63, 0xFF, 0xFE, 0x0A]).write(to: URL(filePath: path))
    let result = try Headless.run(["run", path])
    #expect(result.code == 65)
    #expect(result.error.contains(":1:4: found a byte that is not UTF-8"))
    // Columns are those of characters.
    try (Data("print é\u{FFFD}é".utf8) + [0xC3, 0x28]).write(to: URL(filePath: path))
    #expect(try Headless.run(["run", path]).error.contains(":1:10: found a byte that is not UTF-8"))
  }

  @Test func theWorstNewsWins() throws {
    let folder = try TemporaryFolder()
    let good = try folder.write("good", "smc RMI_VERSION 0x10000\n")
    let failing = try folder.write("failing", "smc RMI_VERSION 0x10000\nexpect 5\n")
    let malformed = try folder.write("malformed", "bogus\n")
    #expect(try Headless.run(["run", good]).code == 0)
    #expect(try Headless.run(["run", good, failing]).code == 1)
    #expect(try Headless.run(["run", failing, malformed, good]).code == 65)
    #expect(try Headless.run(["run", malformed, "/nonexistent/file", failing]).code == 66)
  }

  @Test func includesStayInTheirFolder() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path + "/sub", withIntermediateDirectories: true)
    _ = try folder.write("sub/inner", "smc RMI_VERSION 0x10000\nexpect RMI_SUCCESS\n")
    let good = try folder.write("good", "include sub/inner\n")
    let outside = try folder.write("sub/outside", "include ../good\n")
    let absolute = try folder.write("absolute", "include /etc/passwd\n")
    let loop = try folder.write("loop", "include loop\n")
    symlink("/etc", folder.path + "/link")
    let link = try folder.write("byLink", "include link/hostname\n")
    #expect(try Headless.run(["run", good]).code == 0)
    for path in [outside, absolute, link, loop] { #expect(try Headless.run(["run", path]).code == 65, "\(path)") }
  }

  /// A script of a stranger ends, and says where; what is no file is not waited for.
  @Test func aStrangersScriptEnds() throws {
    let folder = try TemporaryFolder()
    for n in 1...15 { _ = try folder.write("\(n)", "include \(n + 1)\ninclude \(n + 1)\n") }
    _ = try folder.write("16", "pe 0\n")
    let bomb = try Headless.run(["run", "--raw", folder.path + "/1"])
    #expect(bomb.code == 65)
    #expect(bomb.error.contains("the run included 1000 files, as many as it may"))
    let boot = try Headless.run(["run", "--raw", "--instructions", "1K", "-"], input: "boot tour\n")
    #expect(boot.code == 65)
    #expect(boot.error.contains("-:1:1: the run executed 1024 instructions of guests"))
    let steps = try Headless.run(["run", "--steps", "2", "-"], input: "pe 0\npe 0\npe 0\n")
    #expect(steps.code == 65 && steps.error.contains("-:3:1: the run did 2 steps"))
    #expect(try Headless.run(["run", "--steps", "0", "-"]).code == 64)
    mkfifo(folder.path + "/pipe", 0o600)
    let pipe = try Headless.run(["run", try folder.write("pipes", "include pipe\n")])
    #expect(pipe.code == 65 && pipe.error.contains("is a FIFO; expected a file"))
  }

  @Test func theThreeFormsOfOutput() throws {
    let script = "smc RMI_VERSION 0x10000\nns.read64 0x80000000\nns.read64 0x10\n"
    #expect(try Headless.run(["run", "--raw", "-"], input: script).output == "-> 0x0 0x10000 0x10000 0x0 0x0\n-> 0x0\n-> gpf\n")
    let words = try Headless.run(["run", "-"], input: script).output
    #expect(words.contains("=> RMI_SUCCESS lower=0x10000 higher=0x10000"))
    let json = try Headless.run(["run", "--json", "-"], input: script).output.split(separator: "\n")
    #expect(json.count == 3)
    let first = try #require(try JSONSerialization.jsonObject(with: Data(json[0].utf8)) as? [String: Any])
    #expect(first["x1"] as? String == "0x10000")
    #expect(first["status"] as? String == "RMI_SUCCESS")
    #expect(first["world"] as? String == "Normal")
    #expect((first["events"] as? [String])?.isEmpty == false)
  }

  @Test func aTornRecordingIsReplayedUpToItsLastWholeLine() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "torn",
      "#workbench 1\nmachine dram=64M pe=2 rmm=spec-1.0\n@0.1 smc RMI_VERSION 0x10000\n=> RMI_SUCCESS x1=0x10000 x2=0x10000\n@0.2 smc RMI_GRA"
    )
    let result = try Headless.run(["replay", "--verify", path])
    #expect(result.code == 0)
    #expect(result.error.contains("the last line is torn"))
    #expect(result.output.hasPrefix("1 step, 1 answer"))
  }

  @Test func explainWorksBeforeACall() throws {
    let folder = try TemporaryFolder()
    let after = try folder.write("after", "smc RMI_GRANULE_DELEGATE 0x80001000\n")
    let result = try Headless.run(["explain", "RMI_GRANULE_DELEGATE", "addr=0x80001000", "--after", after])
    #expect(result.code == 0)
    #expect(result.output.contains("✓ gran_bound"))
    #expect(result.output.contains("✗ gran_state"))
    #expect(result.output.contains("· gran_gpt"))
    #expect(result.output.contains("→ RMI_ERROR_INPUT, decided by gran_state"))
  }

  @Test func structuresSaysWhatLiesAtAnAddress() throws {
    let folder = try TemporaryFolder()
    let after = try folder.write("after", "ns.write64 0x83f00808 0x80101000\nsmc RMI_REALM_CREATE 0x80100000 0x83f00000\n")
    let found = try Headless.run(["structures", "--at", "0x83f00808", "--after", after])
    #expect(found.code == 0)
    #expect(
      found.output == "0x83f00808: rtt_base of RmiRealmParams, at 0x808, 8 bytes: first of the starting level tables\n")
    #expect(try Headless.run(["structures", "--at", "0x83f01808", "--after", after]).code == 1)
    let page = try Headless.run(["structures", "rmirecexit"])
    #expect(page.output.hasPrefix("## RmiRecExit\n"))
    #expect(page.output.contains("| 0x308 | 16 × 8 | gicv3_lrs[16] |"))
    #expect(try Headless.run(["structures", "nothing"]).code == 64)
  }

  @Test func coverageEndsWithItsSum() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("two", "smc RMI_GRANULE_DELEGATE 1\nsmc RMI_GRANULE_DELEGATE 0x1000\n")
    let result = try Headless.run(["coverage", path])
    #expect(result.output.contains(/\n2 of \d{3} failure conditions exercised\n$/), "\(result.output)")
  }

  @Test(arguments: [
    ("commands", "Commands.md"), ("keys", "Keys.md"), ("structures", "Structures.md"),
    ("statements", "Statements.md"), ("token checks", "TokenChecks.md"),
    ("lesson list --markdown", "Course.md"),
    ("attacks --markdown", "Attacks.md"),
    (
      "explore table Documentation/Necessity.jsonl "
        + ["blocks", "buffers", "high", "owner", "pes", "psci", "ranges", "realms"].map { "Documentation/Necessity-\($0).jsonl" }
        .joined(
          separator: " "),
      "Necessity.md"
    ),
  ])
  func generatedDocumentsAreUpToDate(_ command: String, _ file: String) throws {
    let text = try String(contentsOf: PseudoTerminal.root.appending(path: "Documentation/\(file)"), encoding: .utf8)
    #expect(try Headless.run(command.split(separator: " ").map(String.init)).output == text, "run make docs")
  }
}
