import Libvirt
import Testing

struct CommandLineTests {
  /// The same arguments as a real libvirt's, for every domain it was asked about.
  @Test func argumentsAreLibvirts() throws {
    let sections = LibvirtFixtures.sections("domains.txt")
    #expect(sections.count >= 170)
    for section in sections {
      let domain = try LibvirtFixtures.domain(section.xml)
      let line = try CommandLineBuilder.build(domain, for: .export, now: 0)
      let ours = line.arguments.map(Self.normal).joined(separator: "\n")
      #expect(ours == section.answers["argv"], "\(section.name)")
    }
  }

  /// What differs from machine to machine: the machine's version, and descriptors.
  private static func normal(_ argument: String) -> String {
    if argument.hasPrefix("virt-7.2,") { return "virt," + argument.dropFirst(9) }
    guard argument.hasPrefix(#"{"type":"tap","#) else { return argument }
    return argument.replacing(/"fd":"\d+"/, with: #""fd":"N""#)
  }

  @Test func aCommandLineIsQuotedForAShell() throws {
    let section = try #require(LibvirtFixtures.sections("domains.txt").first { $0.name == "qemu-args-quote" })
    let text = try CommandLineBuilder.build(LibvirtFixtures.domain(section.xml), for: .export, now: 0).shellText
    #expect(text.contains(#" -fw_cfg 'name=opt/x,string=it'\''s "a b"' "#))
    #expect(text.hasPrefix("LC_ALL=C PATH="))
    #expect(text.contains(" EMPTY='' ") || text.contains(" EMPTY= "))
  }

  @Test func aClockMayBeginElsewhere() throws {
    let section = try #require(LibvirtFixtures.sections("domains.txt").first { $0.name == "plain" })
    var domain = try LibvirtFixtures.domain(section.xml)
    domain.clock.offset = .variable
    domain.clock.adjustment = "3600"
    let line = try CommandLineBuilder.build(domain, for: .export, now: 1_795_881_664)
    #expect(line.arguments.contains("base=2026-11-28T17:01:04"))
  }
}
