import Libvirt
import Testing

struct DomainXMLTests {
  /// What a real libvirt shows of each domain after it has read it: defaults, controllers and addresses included.
  @Test func theXMLShownIsLibvirts() throws {
    // What is not kept, because it is not modelled.
    let others: Set = ["perf-misc", "video-none", "locked", "disk-iotune", "feature-pae"]
    for section in LibvirtFixtures.sections("domains.txt") where !others.contains(section.name) {
      #expect(DomainXML.text(try LibvirtFixtures.domain(section.xml)) == (section.answers["xml"] ?? "") + "\n", "\(section.name)")
    }
  }
}
