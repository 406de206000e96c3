import Basics

/// What a domain's XML may say that no one here reads: libvirt knows some of it, and passes over the rest.
enum Unmodelled {
  /// Children that libvirt 9 reads, by their parent; they do something in life.
  static let known: [String: Set<String>] = [
    "domain": [
      "blkiotune", "bootloader", "cputune", "cpus", "genid", "idmap", "iothreadids", "keywrap", "maxMemory", "memtune",
      "numatune",
      "perf", "pm", "resource", "sysinfo", "vcpus", "lxc:namespace", "qemu:capabilities", "qemu:deprecation", "qemu:override",
    ],
    "devices": [
      "crypto", "graphics", "hostdev", "hub", "lease", "memory", "nvram", "panic", "parallel", "redirdev", "redirfilter",
      "shmem", "smartcard", "sound", "tpm", "video", "vsock",
    ],
    "features": [
      "capabilities", "hap", "hpt", "htm", "hyperv", "ibs", "ioapic", "msrs", "nested-hv", "ps2", "pvspinlock", "smm", "tcg",
      "vmport", "xen", "apic", "pae", "viridian", "privnet",
    ],
    "cpu": ["cache", "maxphysaddr", "numa", "vendor"],
    "os": ["acpi", "bios", "bootmenu", "firmware", "init", "smbios"],
    "disk": [
      "auth", "backenddomain", "backingStore", "encryption", "geometry", "iotune", "mirror", "reservations", "transient",
      "vendor",
    ],
    "interface": [
      "backend", "bandwidth", "coalesce", "filterref", "guest", "ip", "port", "route", "script", "target", "tune", "virtualport",
      "vlan",
    ],
    "memoryBacking": [],
    "filesystem": ["binary", "space_hard_limit", "space_soft_limit"],
  ]

  static func tell(_ child: XMLElement, in parent: XMLElement, _ list: FindingList) {
    if parent.name == "launchSecurity" { return }
    if child.name == "launchSecurity" {
      list.add(
        .ignored, child.place, .libvirt, "<launchSecurity> in <\(shown(parent.name))>",
        "libvirt reads it in <domain> alone; here it makes an ordinary VM, without a word")
      return
    }
    guard known[parent.name]?.contains(child.name) ?? false else {
      list.add(
        .ignored, child.place, .libvirt, "<\(shown(child.name))> in <\(shown(parent.name))>",
        "libvirt reads nothing of that name here and passes over it")
      return
    }
    list.add(
      .notModelled, child.place, .model, "<\(child.name)> in <\(parent.name)>",
      "libvirt reads it; it is not modelled here, and left out")
  }

  static func tell(attribute: XMLAttribute, of element: XMLElement, _ list: FindingList) {
    if element.name == "gic", attribute.name == "its" {
      list.add(
        .ignored, attribute.place, .libvirt, "its='\(shown(attribute.value))' of <gic>",
        "libvirt reads the version alone; QEMU makes an ITS with GICv3 anyhow")
      return
    }
    list.add(
      .ignored, attribute.place, .libvirt, "attribute \(shown(attribute.name)) of <\(shown(element.name))>",
      "not read here; libvirt passes over an attribute it does not know")
  }

  /// Words between the children of an element.
  static func tell(words: String, at place: XMLPlace, in element: XMLElement, _ list: FindingList) {
    var place = place
    var rest = Substring(words)
    while let first = rest.unicodeScalars.first, first.properties.isWhitespace {
      place = first == "\n" ? XMLPlace(line: place.line + 1, column: 1) : XMLPlace(line: place.line, column: place.column + 1)
      rest.unicodeScalars.removeFirst()
    }
    guard !rest.isEmpty else { return }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    if rest == "-->" {
      list.add(
        .ignored, place, .libvirt, "a stray \"-->\" in <\(shown(element.name))>",
        "the end of a comment that has no beginning, as in the published guide; it is text to XML, and libvirt passes over it")
    } else {
      list.add(
        .ignored, place, .libvirt, "the words \"\(shown(rest))\" in <\(shown(element.name))>",
        "libvirt reads no text here and passes over it")
    }
  }
}
