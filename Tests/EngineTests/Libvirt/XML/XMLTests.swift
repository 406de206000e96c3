import Libvirt
import Testing

struct XMLTests {
  private func read(_ text: String, _ limits: XMLLimits = XMLLimits()) throws -> XMLElement {
    try XMLReader.read(Array(text.utf8), limits)
  }

  @Test func everythingHasItsPlace() throws {
    let root = try read("<?xml version='1.0'?>\n<!-- <x> --><a>\n  <b é='1'\n     y = \"2\"/>t<![CDATA[<c>]]>\n  <d/>\n</a>")
    #expect(root.place.text == "2:13")
    let b = try #require(root.child("b"))
    #expect(b.place.text == "3:3")
    #expect(b["é"]?.place.text == "3:6" && b["é"]?.valuePlace.text == "3:9")
    #expect(b["y"]?.place.text == "4:6" && b["y"]?.valuePlace.text == "4:11")
    #expect(root.child("d")?.place.text == "5:3")
    #expect(root.text.contains("t<c>"))
  }

  @Test func referencesAreResolved() throws {
    let root = try read("<a b='&lt;&#65;&#x42;'>&amp;&quot;</a>")
    #expect(root["b"]?.value == "<AB")
    #expect(root.text == "&\"")
    #expect(root.serialized == "<a b=\"&lt;AB\">&amp;\"</a>")
  }

  /// Nothing is fetched, and nothing grows: there are no declarations.
  @Test(arguments: [
    "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "<!DOCTYPE a [<!ENTITY x SYSTEM 'http://h/'>]><a>&x;</a>",
    "<!DOCTYPE a [<!ENTITY x 'y'><!ENTITY z '&x;&x;'>]><a>&z;</a>",
  ]) func aDocumentTypeIsRefused(_ text: String) {
    #expect(
      throws: XMLFailure.refused("a document type declaration is not read: domain XML needs none", XMLPlace(line: 1, column: 1))
    ) {
      try read(text)
    }
  }

  @Test func sizesAreLimited() {
    var limits = XMLLimits()
    (limits.bytes, limits.depth, limits.elements, limits.attributes) = (100, 3, 5, 2)
    #expect(throws: XMLFailure.refused("the XML has 101 bytes; 100 are read at most", nil)) {
      try read(String(repeating: " ", count: 101), limits)
    }
    #expect(throws: XMLFailure.refused("more than 3 elements stand in one another", XMLPlace(line: 1, column: 10))) {
      try read("<a><a><a><a/></a></a></a>", limits)
    }
    #expect(throws: XMLFailure.refused("the XML has 6 elements; 5 are read at most", XMLPlace(line: 1, column: 20))) {
      try read("<a><b/><b/><b/><b/><b/></a>", limits)
    }
    #expect(throws: XMLFailure.refused("the element has more than 2 attributes", XMLPlace(line: 1, column: 1))) {
      try read("<a x='' y='' z=''/>", limits)
    }
  }

  /// A file of a stranger's that is as bad as it may be takes no time, and no number in it stops the program.
  @Test func whatIsLargeIsReadOrRefusedAtOnce() throws {
    let long = "<a>" + String(repeating: "<b c='é'/>", count: 9_000) + "</a>"
    #expect(try read(long).children.last?.place.column == 4 + 8_999 * 10)
    let many = "<a " + (0..<3_000).map { "a\($0)=''" }.joined(separator: " ") + "/>"
    #expect(throws: XMLFailure.self) { try read(many) }
    let plain = LibvirtFixtures.sections("domains.txt")[0].xml
    let spoilt = [
      ("<vcpu>2</vcpu>", "<vcpu>2</vcpu><iothreads>2000000000</iothreads>"),
      (
        "<cpu mode='maximum'></cpu>",
        "<cpu mode='maximum'><topology sockets='4294967295' cores='4294967295' threads='4294967295'/></cpu>"
      ),
      ("<serial", "<controller type='pci' index='4000000000' model='pcie-root-port'/><serial"),
      ("<serial", "<disk type='file'><source file='/x'/><target dev='sdzzzzzz' bus='scsi'/></disk><serial"),
      ("<serial", String(repeating: "<rng model='virtio'><backend model='builtin'/></rng>", count: 300) + "<serial"),
      ("<vcpu>2</vcpu>", "<vcpu>99999999999999999999</vcpu>"),
    ]
    for (old, new) in spoilt {
      #expect(throws: LibvirtError.self, "\(new.prefix(60))") { try LibvirtFixtures.domain(plain.replacing(old, with: new)) }
    }
    var late = try LibvirtFixtures.domain(plain)
    (late.clock.offset, late.clock.adjustment) = (.variable, "9223372036854775807")
    #expect(try CommandLineBuilder.build(late, for: .export, now: 1).arguments.contains { $0.hasPrefix("base=8307-") })
  }

  @Test func whatIsNoUTF8IsSaid() {
    let bytes = Array("<domain type='qemu'>\n  <name>a".utf8) + [0xFF, 0xFE] + Array("b</name>\n</domain>\n".utf8)
    let failure = #expect(throws: XMLFailure.self) { try XMLReader.read(bytes) }
    guard case .fault(let fault)? = failure else {
      Issue.record("no fault")
      return
    }
    #expect(fault.words == "Input is not proper UTF-8, indicate encoding !\nBytes: 0xFF 0xFE 0x62 0x3C")
    #expect(fault.line == 2 && fault.pointer == "---------^")
  }

  /// Whatever a text has in it, it is read or refused, and the scanner and the library agree on which.
  @Test func spoiltTextsAreReadOrRefused() throws {
    let good = Array(LibvirtFixtures.sections("domains.txt")[1].xml.utf8)
    var numbers = SystemlessNumbers(seed: 7)
    let marks = Array("<>/&;'\"=!-[]? \nax#x0".utf8)
    var refused = 0
    for _ in 0..<400 {
      var bytes = good
      for _ in 0...numbers.below(3) {
        let place = numbers.below(bytes.count)
        switch numbers.below(3) {
        case 0: bytes.remove(at: place)
        case 1: bytes.insert(marks[numbers.below(marks.count)], at: place)
        default: bytes[place] = marks[numbers.below(marks.count)]
        }
      }
      do {
        _ = try DomainReader.read(XMLReader.read(bytes))
      } catch let failure as XMLFailure {
        guard case .fault(let fault) = failure else { continue }
        #expect(
          !fault.words.isEmpty && !fault.words.contains("of libxml2"), "\(fault.words): \(String(decoding: bytes, as: UTF8.self))"
        )
        refused += 1
      } catch is LibvirtError {
        refused += 1
      }
    }
    #expect(refused > 100)
  }
}

/// Numbers that follow from a seed.
struct SystemlessNumbers {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func below(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % limit
  }
}
