import Basics

/// -object, -device, -drive, and what a guest talks over.
extension QEMUCommandLine {
  private static let objects: Set<String> = [
    "memory-backend-ram", "memory-backend-memfd", "memory-backend-file", "rng-random", "rng-builtin", "secret", "iothread",
    "throttle-group", "filter-dump", "can-bus", "tls-creds-x509", "tls-creds-psk", "authz-simple", "thread-context",
  ]

  mutating func take(object option: Option) throws(VMMRefusal) {
    let list = try option.list(.first("qom-type"))
    guard let kind = list["qom-type"], !kind.isEmpty else { throw option.refusal("Parameter 'qom-type' is missing") }
    guard kind == "rme-guest" || kind == "tmm-guest" || Self.objects.contains(kind) else {
      throw option.refusal("Parameter 'qom-type' does not accept value '\(shown(kind))'")
    }
    guard let id = list["id"] else { throw option.refusal("Parameter 'id' is missing") }
    guard id.wholeMatch(of: /[A-Za-z][A-Za-z0-9._-]*/) != nil else {
      throw option.refusal(
        "Parameter 'id' expects an identifier",
        advice: "identifiers consist of letters, digits, '-', '.', '_', starting with a letter")
    }
    let pairs = list.pairs.filter { !["qom-type", "id"].contains($0.key) }
    if kind == "tmm-guest" {
      throw option.refusal("not modelled", advice: "it makes a guest of virtCCA, which is another technology than CCA")
    }
    if kind == "rme-guest" {
      try take(realm: id, pairs, option)
    } else if kind.hasPrefix("memory-backend-") {
      guard list["size"] != nil else { throw option.refusal("Parameter 'size' is missing") }
      guard size(of: pairs) != nil else { throw option.refusal("Parameter 'size' expects a size value") }
    }
    guard !objects.contains(where: { $0.id == id }) else { throw option.refusal("Duplicate ID '\(id)' for object") }
    objects.append(Object(kind: kind, id: id, pairs: pairs))
  }

  private mutating func take(realm id: String, _ pairs: [OptionText.Pair], _ option: Option) throws(VMMRefusal) {
    guard realm == nil else { throw VMMRefusal(.qemu, "a single instance of RmeGuest is supported", argument: option.index) }
    do throws(RmeGuest.Invalid) {
      let guest = try RmeGuest(id: id, pairs)
      if let problem = guest.problem { problems.append(option.refusal(problem)) }
      realm = guest
    } catch {
      throw option.refusal(error.message, advice: error.advice)
    }
  }

  /// Bytes of a memory backend: in the one form a number has a letter, in the other it is a number.
  func size(of pairs: [OptionText.Pair]) -> UInt64? {
    switch pairs.last(where: { $0.key == "size" })?.value {
    case .integer(let size): UInt64(exactly: size)
    case .unsigned(let size): size
    case .string(let text): ByteCount.value(text, unit: 1)
    default: nil
    }
  }

  mutating func take(device option: Option) throws(VMMRefusal) {
    let list = try option.list(.anywhere("driver"))
    guard let kind = list["driver"] else { throw option.refusal("Parameter 'driver' is missing") }
    guard QEMUOption.isDeviceModelled(kind) else {
      throw option.refusal(
        "not modelled", advice: "devices on the PCIe bus and virtio-mmio transports are; others could change the device tree")
    }
    devices.append(list)
  }

  mutating func take(drive option: Option) throws(VMMRefusal) {
    let list = try option.list(.anywhere(nil))
    guard list["if"] == "pflash" else { return withoutMeaning.append("-drive") }
    let unit = try list["unit"].map { (text) throws(VMMRefusal) in
      guard let unit = Int(text) else { throw option.refusal("Parameter 'unit' expects a number") }
      return unit
    }
    if let format = list["format"], format != "raw" {
      throw option.refusal("not modelled", advice: "flash is given as a raw image")
    }
    guard let file = list["file"] else { throw option.refusal("Device needs media, but drive is empty") }
    let isReadOnly = (list["readonly"] ?? list["read-only"]).map { ["on", "yes", "true"].contains($0) } ?? false
    flash.append(FlashDrive(file: file, unit: unit, isReadOnly: isReadOnly))
  }

  mutating func take(uuid option: Option) throws(VMMRefusal) {
    let groups = option.value.split(separator: "-", omittingEmptySubsequences: false)
    guard groups.map(\.count) == [8, 4, 4, 4, 12], groups.allSatisfy({ $0.allSatisfy(\.isHexDigit) }) else {
      throw VMMRefusal(.qemu, "failed to parse UUID string: wrong format", argument: option.index)
    }
    uuid = option.value
  }

  // MARK: Consoles and monitors

  /// Where a character device may lead.
  private static let backendKinds: Set<String> = [
    "stdio", "pty", "null", "socket", "file", "pipe", "ringbuf", "vc", "mux", "udp", "none", "tty", "serial",
  ]

  mutating func take(talk option: Option) throws(VMMRefusal) {
    switch option.name {
    case "chardev":
      let list = try option.list(.anywhere("backend"))
      let kind = list["backend"] ?? ""
      guard Self.backendKinds.contains(kind) else { throw option.refusal("'\(shown(kind))' is not a valid char driver name") }
      guard let id = list["id"] else { throw option.refusal("chardev: no id specified") }
      guard backends[id] == nil else { throw option.refusal("Duplicate ID '\(shown(id))' for chardev") }
      backends[id] = option.value
    case "serial":
      if let id = Self.named(option.value), backends[id] == nil {
        throw option.refusal("chardev \"\(shown(id))\" not found")
      }
      guard Self.isBackend(option.value) else { throw option.refusal("'\(shown(option.value))' is not a valid char driver") }
      if serial == nil { serial = option.value }
    case "qmp": try add(.control, option)
    case "monitor": if option.value != "none" { try add(.readline, option) }
    default: try take(monitor: option)
    }
  }

  private mutating func add(_ mode: Monitor.Mode, _ option: Option) throws(VMMRefusal) {
    if let id = Self.named(option.value), backends[id] == nil { throw option.refusal("chardev \"\(shown(id))\" not found") }
    guard Self.isBackend(option.value) else { throw option.refusal("'\(shown(option.value))' is not a valid char driver") }
    monitors.append(Monitor(mode: mode, backend: Self.named(option.value).flatMap { backends[$0] } ?? option.value))
  }

  private mutating func take(monitor option: Option) throws(VMMRefusal) {
    let list = try option.list(.anywhere("chardev"))
    guard let id = list["chardev"] else { throw option.refusal("chardev is not set") }
    guard let backend = backends[id] else { throw option.refusal("chardev \"\(shown(id))\" not found") }
    guard let mode = Monitor.Mode(rawValue: list["mode"] ?? "readline") else {
      throw option.refusal("Parameter 'mode' does not accept value '\(shown(list["mode"] ?? ""))'")
    }
    monitors.append(Monitor(mode: mode, backend: backend))
  }

  /// The id in `chardev:ID`.
  static func named(_ text: String) -> String? { text.hasPrefix("chardev:") ? String(text.dropFirst(8)) : nil }

  private static func isBackend(_ text: String) -> Bool {
    let kind = String(text.prefix { $0 != ":" && $0 != "," })
    return ["chardev", "unix", "tcp", "telnet", "mon", "fdset"].contains(kind) || backendKinds.contains(kind)
  }
}
