import Basics

/// Reads the CCA element as openEuler's libvirt does, and checks what that one does not.
///
/// libvirt looks at nothing here after it has parsed (openEuler, qemu_validate.c has no line for it): what is wrong dies in QEMU at start.
package struct CCAReader {
  let list: FindingList

  func read(_ cursor: XMLCursor) throws(LibvirtError) -> LaunchSecurity {
    var security = LaunchSecurity(place: cursor.place)
    security.measurementLog = try cursor.isYes("measurement-log")
    security.hisiCCA = try cursor.isYes("hisi-cca-enable")
    if let algorithm = cursor.child("measurement-algo") {
      security.measurementAlgorithm = algorithm.text
      check(algorithm: algorithm)
    }
    if let value = cursor.child("personalization-value") {
      security.personalizationValue = value.text
      check(personalization: value)
    }
    for element in cursor.element.children { checkOther(element, cursor) }
    return security
  }

  /// Which of the three forms the element has.
  package static func form(of element: XMLElement) -> CCAForm {
    if element.child("measurement-log") != nil { return .guide }
    if element["measurement-log"] != nil { return .code }
    if element["hisi-cca-enable"] != nil { return element.children.isEmpty ? .kunpeng : .code }
    return .plain
  }

  // MARK: Rules

  static let accepted = "openEuler's libvirt accepts this; QEMU dies at start"

  private func check(algorithm: XMLCursor) {
    let text = algorithm.text
    guard text != "sha256", text != "sha512" else { return }
    let bare = text.trimmingBlanks.lowercased().filter { $0 != "-" && $0 != "_" }
    let near = bare == "sha256" || bare == "sha512" ? "; write \(bare), in lower case and without blanks" : ""
    list.add(
      .later, algorithm.place, .qemu, "measurement-algo is \"\(shown(text))\", not sha256 or sha512\(near)",
      "\(Self.accepted): Parameter 'measurement-algorithm' does not accept value '\(shown(text))'")
  }

  private func check(personalization value: XMLCursor) {
    let text = value.text
    let tell = { (what: String) in
      list.add(
        .later, value.place, .qemu, "personalization-value \(what); it is 64 bytes in Base64, 88 characters", Self.accepted)
    }
    if text.contains(where: \.isWhitespace) {
      return tell("has blanks or line ends in it")
    }
    guard let count = [UInt8](base64: text)?.count else {
      return tell("is no Base64")
    }
    if count != 64 { tell("has \(count) bytes") }
  }

  private func checkOther(_ element: XMLElement, _ cursor: XMLCursor) {
    switch element.name {
    case "measurement-algo", "personalization-value": return
    case "measurement-log":
      list.add(
        .ignored, element.place, .libvirt, "measurement-log as a child, as the usage guide has it",
        "openEuler's libvirt reads an attribute, measurement-log='yes', of <launchSecurity>; the child is passed over and QEMU keeps no log"
      )
    case "hisi-cca-enable":
      list.add(
        .ignored, element.place, .libvirt, "hisi-cca-enable as a child",
        "openEuler's libvirt reads an attribute, hisi-cca-enable='yes', of <launchSecurity>; the child is passed over")
    default:
      list.add(
        .ignored, element.place, .libvirt, "<\(shown(element.name))> in <launchSecurity>",
        "the CCA element has measurement-algo and personalization-value; libvirt passes over others (SVE, breakpoints and PMU come from the vCPU)"
      )
    }
  }
}

/// How the rest of a domain fits a Realm: rules that no libvirt checks.
struct RealmRules {
  let definition: DomainDefinition
  let root: XMLElement
  let list: FindingList

  func check() {
    guard definition.launchSecurity != nil else { return }
    if definition.type != .kvm {
      tell(
        root["type"]?.valuePlace ?? root.place, .qemu, "a Realm with domain type '\(definition.type.rawValue)'",
        "RmeGuest needs KVM")
    }
    checkFirmware()
    checkFeatures()
    checkDevices()
    checkCommandLine()
    checkKernelWords()
  }

  private func tell(_ place: XMLPlace, _ layer: StackLayer, _ what: String, _ why: String) {
    list.add(.later, place, layer, what, "\(CCAReader.accepted): \(why)")
  }

  private func checkFirmware() {
    if let loader = definition.os.loader, loader.kind == .pflash {
      tell(
        loader.place, .qemu, "firmware in flash (loader type='pflash')",
        "Cannot launch Realm VM when pflash is specified: flash is a device, and cannot be private, measured RAM; write type='rom', which becomes -bios"
      )
    }
    if definition.os.loader == nil, definition.os.kernel == nil {
      tell(
        root.child("os")?.place ?? root.place, .qemu, "a Realm without kernel and without firmware",
        "there is nothing to measure and to run; name a <kernel>, or a <loader type='rom'>")
    }
  }

  private func checkFeatures() {
    if let version = definition.features.gicVersion, version == "2" {
      let place = root.child("features")?.child("gic")?.place ?? root.child("features")?.place ?? root.place
      tell(place, .kvm, "GIC version 2", "a Realm's interrupt controller is KVM's GICv3; write <gic version='3'/>")
    }
    if definition.cpu?.mode != .hostPassthrough {
      tell(
        root.child("cpu")?.place ?? root.place, .qemu, "a CPU that is not the host's",
        "KVM runs no other in a Realm; write <cpu mode='host-passthrough'/>")
    }
  }

  private func checkDevices() {
    if definition.memoryBacking.hasHugepages {
      list.add(
        .later, root.child("memoryBacking")?.place ?? root.place, .kvm, "hugepages",
        "KVM puts a Realm's protected memory into granules of 4 KiB and folds tables where it can; the pages' size is of no use to it"
      )
    }
    for (disk, element) in zip(definition.devices.disks, root.child("devices")?.children("disk") ?? [])
    where disk.virtio.iommu == false {
      list.add(
        .later, element.place, .qemu, "a virtio disk with iommu='off'",
        "the guest hands out addresses of its protected memory, which the Host cannot read; leave it out, or write iommu='on'")
    }
  }

  /// The Kunpeng guide's extra object, and others that are given twice.
  private func checkCommandLine() {
    guard let lines = root.child("qemu:commandline") else { return }
    for element in lines.children("qemu:arg") {
      let value = element["value"]?.value ?? ""
      if value.hasPrefix("tmm-guest") {
        list.add(
          .later, element.place, .qemu, "a tmm-guest object, as the Kunpeng guide has it",
          "tmm-guest is virtCCA's, on Secure EL2; a QEMU without it dies at start: Parameter 'qom-type' does not accept value 'tmm-guest'"
        )
      }
      if value.hasPrefix("rme-guest") || value.contains("\"rme-guest\"") {
        tell(element.place, .qemu, "a second rme-guest object", "a single instance of RmeGuest is supported")
      }
    }
  }

  private func checkKernelWords() {
    guard let words = definition.os.cmdline else { return }
    let place = root.child("os")?.child("cmdline")?.place ?? root.place
    if words.contains("-->") {
      list.add(
        .later, place, .libvirt, "\"-->\" in the kernel's command line",
        "it is text to libvirt and goes to the kernel as it stands")
    }
    if !words.split(separator: " ").contains("rodata=full") {
      list.add(
        .later, place, .kvm, "no rodata=full on the kernel's command line",
        "openEuler's guest kernel starts RSI only where it can change its linear map page by page; without it the guest may not boot as a Realm"
      )
    }
  }
}
