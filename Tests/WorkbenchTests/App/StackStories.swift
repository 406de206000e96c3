import Engine
import Foundation
import Testing
import Views

@testable import Workbench

/// A host in the open workbench: what virsh, QEMU, KVM and the RMM do with a domain, and where it is seen.
@MainActor
struct StackStories {
  nonisolated private static let hosts = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "../../../Sessions/hosts"
  )
  .standardizedFileURL.path

  nonisolated static let sizes = [(80, 24), (120, 36), (200, 60)]

  /// A machine that is large enough, so that its map is quick.
  private func story(_ size: (width: Int, height: Int) = (120, 36), records: Bool = false) throws -> Story {
    let story = try Story(size: size, records: records)
    story.types("machine vcpu=code dram=256M pe=2")
    let files = FilePolicy(folders: [Self.hosts], HostFiles())
    story.app.runner.stackControl.place = { _ in StackControl.Place(folder: Self.hosts, xml: files, images: files) }
    return story
  }

  @Test func aPersonWithoutAHostIsToldHowToStartOne() throws {
    let story = try Story()
    story.keys("H")
    story.sees("No host is on this machine.")
    story.sees(":virsh create FILE.xml")
    story.types("wait")
    story.sees("no host was started on this machine")
  }

  @Test func aDomainIsSeenFromItsXMLToItsRECsAndGoesOnFromWhereOneGoesBack() throws {
    let story = try story(records: true)
    story.types("virsh create shop.xml")
    story.sees("Domain 'shop' created from")
    story.sees("▾ shop  (Realm)")
    story.sees("running (booted), id 1")
    story.sees("VM of a Realm, ACTIVE")
    story.sees("vCPU 0: on; REC at")
    // The way of the last call, from above.
    story.sees("└ virsh create")
    story.sees("└ ioctl(KVM_")
    // Its panes.
    story.keys(.right)
    story.sees("Domain 'shop' created from")
    story.keys(.right)
    story.sees("-name guest=shop")
    story.keys(.right)
    story.sees(#"→ {"execute":"cont""#)
    story.keys(.right)
    story.sees("char device redirected to /dev/pts/1")
    story.types("wait 20ms")
    story.sees("Hello from a Realm.")
    story.types("virsh destroy shop")
    story.sees("Domain 'shop' destroyed")
    story.sees("No domain is there.")
    // Back to where it ran.
    story.types("goto \(try #require(story.session.stackLog.orders.dropFirst().first?.end))")
    story.sees("▾ shop  (Realm)")
    story.types("virsh domstate shop")
    story.sees("running")
    try story.quitsAndReplays()
  }

  /// `workbench shop.xml` at a terminal: it is defined, and what to do next stands on the line.
  @Test func aDomainsXMLIsDefinedAndStartedByOneKey() throws {
    let story = try story(records: true)
    story.app.define(domain: Self.hosts + "/shop.xml")
    story.app.draw()
    story.sees("▾ shop  (Realm)")
    story.sees("shut off")
    story.sees("no process; :virsh start shop starts one")
    story.sees("shop is defined. Enter starts it; Esc looks around first. workbench measure")
    #expect(story.bottomLine == ": virsh start shop")
    story.keys(.enter)
    story.sees("running (booted), id 1")
    try story.quitsAndReplays()
  }

  @Test func anXMLThatIsNoDomainIsRefusedInLibvirtsWords() throws {
    let story = try story()
    let folder = try TemporaryFolder()
    let path = try folder.write("it's one.xml", "<domain type='moon'/>")
    let files = FilePolicy(folders: ["/"], HostFiles())
    story.app.runner.stackControl.place = { _ in StackControl.Place(folder: Self.hosts, xml: files, images: files) }
    story.app.define(domain: path)
    story.app.draw()
    story.sees("error: Failed to define domain from")
    story.sees("moon")
    #expect(story.state.command == nil)
  }

  /// Of much that was said the last is shown, so that a frame costs the same.
  @Test func ofMuchThatWasSaidTheLastIsShown() throws {
    let story = try story((120, 36))
    for _ in 0..<130 { story.types("virsh help list") }
    story.keys("g")
    story.sees("earlier: they are shown at the steps they made")
  }

  @Test func whatIsWrongIsSaidByItsLayer() throws {
    let story = try story()
    story.types("virsh create mistake-algorithm.xml")
    story.sees("refused by QEMU")
    story.sees("algorithm.xml")
    story.types("virsh frobnicate")
    story.sees("unknown command: 'frobnicate'")
    story.types("wait soon")
    story.sees("expected a time such as 500us, 10ms or 2s")
    #expect(story.bottomLine == ": wait soon")
  }

  @Test func aHostRunsByItselfUntilAKeyIsPressed() throws {
    let story = try story()
    story.types("virsh create ordinary.xml")
    story.types("wait")
    while story.app.isGuestRunning { story.app.turn() }
    story.app.draw()
    story.doesNotSee("guests run")
    #expect(
      story.session.stackPicture?.guests.first.map { String(decoding: $0.console, as: UTF8.self) }?.contains("Hello") == true)
  }

  @Test func theWorldsShowWhatTheHostRuns() throws {
    let story = try story((200, 60))
    story.types("virsh create shop.xml")
    story.types("virsh create ordinary.xml")
    story.keys(.escape, "1")
    story.sees("QEMU 4242: shop")
    story.sees("VM ordinary")
    story.sees("KVM")
    story.sees("realm 1 ACTIVE")
  }

  @Test(arguments: sizes) func screens(_ size: (Int, Int)) throws {
    let story = try story(size)
    story.types("virsh create shop.xml")
    story.types("wait 20ms")
    story.types("virsh list")
    story.keys(.escape, "H")
    try ScreenStories.compare(story, "stack")
    story.keys(.right, .right, .right)
    try ScreenStories.compare(story, "stack-qmp")
  }
}
