import Libvirt
import Testing

/// The CCA element in its three forms, and what goes wrong with it.
struct CCATests {
  static let value = "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIEknbSBhIHRlYXBvdA=="

  /// A Realm's domain, with what differs at its places.
  static func xml(
    type: String = "kvm", security: String, os: String = "<kernel>/srv/Image</kernel><cmdline>rodata=full</cmdline>",
    features: String = "<gic version='3'/>", cpu: String = "<cpu mode='host-passthrough'/>", more: String = ""
  ) -> String {
    """
    <domain type='\(type)' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
      <name>realm</name>
      <uuid>00000000-0000-4000-8000-000000000001</uuid>
      <memory unit='MiB'>2048</memory>
      <vcpu>2</vcpu>
      <os>
        <type arch='aarch64' machine='virt'>hvm</type>
        \(os)
      </os>
      \(security)
      <features>\(features)</features>
      \(cpu)
      <devices>
        <console type='pty'/>
      </devices>\(more)
    </domain>
    """
  }

  private func findings(_ xml: String) throws -> [DomainFinding] {
    try DomainReader.read(XMLReader.read(Array(xml.utf8))).findings
  }

  private func arguments(_ xml: String) throws -> [String] {
    try CommandLineBuilder.build(LibvirtFixtures.domain(xml), for: .start(id: 1), now: 0).arguments
  }

  // MARK: The three forms

  static let forms: [(CCAForm, String, String)] = [
    (
      .guide,
      "<launchSecurity type='cca'><measurement-algo>sha256</measurement-algo><personalization-value>\(value)</personalization-value><measurement-log state='off'/></launchSecurity>",
      #"{"qom-type":"rme-guest","id":"rme0","measurement-algorithm":"sha256","personalization-value":"\#(value)"}"#
    ),
    (
      .code,
      "<launchSecurity type='cca' measurement-log='yes' hisi-cca-enable='no'><measurement-algo>sha512</measurement-algo></launchSecurity>",
      #"{"qom-type":"rme-guest","id":"rme0","measurement-algorithm":"sha512","measurement-log":true,"hisi-cca-enable":false}"#
    ),
    (
      .kunpeng, "<launchSecurity type='cca' hisi-cca-enable='yes'/>",
      #"{"qom-type":"rme-guest","id":"rme0","hisi-cca-enable":true}"#
    ),
    (.plain, "<launchSecurity type='cca'/>", #"{"qom-type":"rme-guest","id":"rme0"}"#),
  ]

  @Test(arguments: forms.indices) func eachFormBecomesAnObject(_ n: Int) throws {
    let (form, security, object) = Self.forms[n]
    let root = try XMLReader.read(Array(Self.xml(security: security).utf8))
    #expect(CCAReader.form(of: try #require(root.child("launchSecurity"))) == form)
    let arguments = try arguments(Self.xml(security: security))
    #expect(arguments.contains(object))
    #expect(
      arguments.contains(
        "virt-7.2,usb=off,gic-version=3,dump-guest-core=off,memory-backend=mach-virt.ram,confidential-guest-support=rme0"))
  }

  /// The object stands behind the devices, before the sandbox (openEuler, qemuBuildCommandLine).
  @Test func theObjectStandsLate() throws {
    let xml = Self.xml(
      security: "<launchSecurity type='cca'/>",
      more: "\n  <qemu:commandline>\n    <qemu:arg value='-nographic'/>\n  </qemu:commandline>")
    let arguments = try arguments(xml)
    #expect(arguments.suffix(7).first == "-object")
    #expect(
      Array(arguments.suffix(5)) == [
        "-nographic", "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", "-msg",
        "timestamp=on",
      ])
    #expect(arguments.first { $0.hasPrefix("kvm") } == "kvm")
    #expect(arguments.contains("host"))
  }

  @Test func virtioDevicesOfARealmShareThroughTheIOMMU() throws {
    let disk =
      "<disk type='file'><source file='/srv/a.img'/><target dev='vda'/></disk><rng model='virtio'><backend model='builtin'/></rng>"
    let xml = Self.xml(security: "<launchSecurity type='cca'/>").replacing("<console", with: disk + "<console")
    let devices = try arguments(xml).filter { $0.contains("virtio-") && $0.contains("driver") }
    #expect(devices.count == 2)
    #expect(devices.allSatisfy { $0.contains(#""iommu_platform":true"#) })
  }

  // MARK: Mistakes

  struct Mistake: Sendable {
    let xml: String
    let place: String
    let layer: StackLayer
    let words: String
    let consequence: String
  }

  static let mistakes: [Mistake] = [
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'><measurement-log state='off'/></launchSecurity>"), place: "10:30",
      layer: .libvirt,
      words: "measurement-log as a child", consequence: "passed over and QEMU keeps no log"),
    Mistake(
      xml: xml(
        security: "<launchSecurity type='cca'/>", os: "<kernel>/srv/Image</kernel>\n    <cmdline>rodata=full</cmdline>-->"),
      place: "9:35", layer: .libvirt, words: "a stray \"-->\" in <os>", consequence: "as in the published guide"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'/>", os: "<kernel>/srv/Image</kernel><cmdline>rodata=full --></cmdline>"),
      place: "8:32", layer: .libvirt, words: "\"-->\" in the kernel's command line",
      consequence: "goes to the kernel as it stands"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'/>", os: "<loader readonly='yes' type='pflash'>/srv/fw</loader>"),
      place: "8:5",
      layer: .qemu, words: "firmware in flash", consequence: "Cannot launch Realm VM when pflash is specified"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'><measurement-algo>sha-256</measurement-algo></launchSecurity>"),
      place: "10:30",
      layer: .qemu, words: "write sha256", consequence: "openEuler's libvirt accepts this; QEMU dies at start"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'><measurement-algo>md5</measurement-algo></launchSecurity>"), place: "10:30",
      layer: .qemu,
      words: "not sha256 or sha512", consequence: "QEMU dies at start"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'>\n<personalization-value>AAAA</personalization-value></launchSecurity>"),
      place: "11:1",
      layer: .qemu, words: "has 3 bytes; it is 64 bytes in Base64, 88 characters", consequence: "QEMU dies at start"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'><personalization-value>\(value)\n</personalization-value></launchSecurity>"),
      place: "10:30", layer: .qemu, words: "has blanks or line ends", consequence: "QEMU dies at start"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'><personalization-value>0x1234</personalization-value></launchSecurity>"),
      place: "10:30",
      layer: .qemu, words: "is no Base64", consequence: "QEMU dies at start"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'><sve-vector-length>128</sve-vector-length></launchSecurity>"),
      place: "10:30",
      layer: .libvirt, words: "<sve-vector-length> in <launchSecurity>", consequence: "passes over others"),
    Mistake(
      xml: xml(type: "qemu", security: "<launchSecurity type='cca'/>", cpu: "<cpu mode='maximum'/>"), place: "1:15", layer: .qemu,
      words: "a Realm with domain type 'qemu'", consequence: "RmeGuest needs KVM"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'/>", features: "<gic version='2'/>"), place: "11:13", layer: .kvm,
      words: "GIC version 2",
      consequence: "write <gic version='3'/>"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'/>", features: "<gic version='3' its='on'/>"), place: "11:30",
      layer: .libvirt,
      words: "its='on' of <gic>", consequence: "libvirt reads the version alone"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'/>", cpu: "<cpu mode='maximum'/>"), place: "12:3", layer: .qemu,
      words: "a CPU that is not the host's", consequence: "write <cpu mode='host-passthrough'/>"),
    Mistake(
      xml: xml(security: "<launchSecurity type='cca'/>", os: "<kernel>/srv/Image</kernel><cmdline>console=ttyAMA0</cmdline>"),
      place: "8:32",
      layer: .kvm, words: "no rodata=full", consequence: "may not boot as a Realm"),
    Mistake(
      xml: xml(
        security: "<launchSecurity type='cca' hisi-cca-enable='yes'/>",
        more:
          "\n  <qemu:commandline>\n    <qemu:arg value='-object'/>\n    <qemu:arg value='tmm-guest,id=tmm0'/>\n  </qemu:commandline>"
      ),
      place: "18:5", layer: .qemu, words: "a tmm-guest object, as the Kunpeng guide has it", consequence: "virtCCA's"),
    Mistake(
      xml: xml(
        security: "<launchSecurity type='cca'/>",
        more:
          "\n  <qemu:commandline>\n    <qemu:arg value='-object'/>\n    <qemu:arg value='rme-guest,id=rme1'/>\n  </qemu:commandline>"
      ),
      place: "18:5", layer: .qemu, words: "a second rme-guest object", consequence: "a single instance of RmeGuest is supported"),
    Mistake(
      xml: xml(security: "").replacing("<console", with: "<launchSecurity type='cca'/><console"), place: "14:5", layer: .libvirt,
      words: "<launchSecurity> in <devices>", consequence: "here it makes an ordinary VM"),
  ]

  @Test(arguments: mistakes.indices) func eachMistakeHasItsPlaceAndItsConsequence(_ n: Int) throws {
    let mistake = Self.mistakes[n]
    let findings = try findings(mistake.xml)
    let found = try #require(findings.first { $0.what.contains(mistake.words) }, "\(findings.map(\.text))")
    #expect(found.place.text == mistake.place)
    #expect(found.layer == mistake.layer)
    #expect(found.consequence.contains(mistake.consequence), "\(found.consequence)")
  }

  /// A domain without a mistake has nothing to be said of.
  @Test func aRealmThatIsRightHasNoFindings() throws {
    let security =
      "<launchSecurity type='cca' measurement-log='yes'><measurement-algo>sha256</measurement-algo><personalization-value>\(Self.value)</personalization-value></launchSecurity>"
    #expect(try findings(Self.xml(security: security)) == [])
  }

  @Test func whatLibvirtParsesItRefuses() throws {
    let wrong = Self.xml(security: "<launchSecurity type='cca' measurement-log='on'/>")
    let error = #expect(throws: LibvirtError.self) { try LibvirtFixtures.domain(wrong) }
    #expect(error?.message == "XML error: Invalid value for attribute 'measurement-log' in element 'launchSecurity': 'on'.")
    #expect(error?.place?.text == "10:47")
  }

  /// What libvirt shows of a Realm it takes again.
  @Test func theXMLOfARealmIsReadAgain() throws {
    let security =
      "<launchSecurity type='cca' measurement-log='yes'><measurement-algo>sha256</measurement-algo><personalization-value>\(Self.value)</personalization-value></launchSecurity>"
    let domain = try LibvirtFixtures.domain(Self.xml(security: security))
    let text = DomainXML.text(domain)
    #expect(
      text.contains("  <launchSecurity type='cca' measurement-log='yes'>\n    <measurement-algo>sha256</measurement-algo>\n"))
    #expect(DomainXML.text(try LibvirtFixtures.domain(text)) == text)
  }
}
