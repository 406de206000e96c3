import Libvirt
import Testing

struct RefusalTests {
  /// What a real libvirt says of XML it does not take, in the same words.
  @Test func refusalsAreLibvirts() throws {
    let sections = LibvirtFixtures.sections("refusals.txt")
    #expect(sections.count >= 150)
    for section in sections where !Self.others.contains(section.name) {
      let real = section.answers["define"] ?? ""
      #expect(Self.define(section.xml) == real, "\(section.name)")
      #expect(Self.export(section.xml) == section.answers["argv"], "\(section.name)")
    }
  }

  /// What this model takes, or refuses in words of its own: Realms; its host, which is no PC; devices that are not modelled; and a second
  /// <os>, which libvirt asks for what the first has not.
  private static let others: Set = ["launch-cca", "cpu-hostmodel", "cpu-passthrough", "graphics", "hostdev", "two-os"]

  private static func define(_ xml: String) -> String {
    do {
      let domain = try LibvirtFixtures.domain(xml, EmulatorCapabilities(hasKVM: false))
      return "Domain '\(domain.name)' defined from FILE"
    } catch {
      return "error: Failed to define domain from FILE\nerror: \(message(error))"
    }
  }

  private static func export(_ xml: String) -> String {
    do {
      _ = try CommandLineBuilder.build(LibvirtFixtures.domain(xml, EmulatorCapabilities(hasKVM: false)), for: .export, now: 0)
      return "a command line"
    } catch {
      return "error: \(message(error))"
    }
  }

  private static func message(_ error: any Error) -> String {
    switch error {
    case let error as LibvirtError: error.message
    case XMLFailure.fault(let fault): fault.message
    default: "\(error)"
    }
  }
}
