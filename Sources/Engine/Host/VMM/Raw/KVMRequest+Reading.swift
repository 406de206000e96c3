import Basics
import Machine

extension KVMRequest {
  /// Words that are no request.
  package struct Malformed: Error, Equatable, Sendable {
    package let message: String

    package init(message: String) { self.message = message }
  }

  /// A name of a request, and what may follow.
  package struct Form: Sendable {
    package let name: String
    package let arguments: String
    /// Words that stand by themselves; names of those with `=`; and words that are there or not.
    fileprivate var most = 0
    fileprivate var options: [String] = []
    fileprivate var switches: [String] = []
    package let help: String
    package let example: String
    fileprivate let read: @Sendable (Words) throws(Malformed) -> KVMRequest

    /// Name and arguments.
    package var text: String { arguments.isEmpty ? name : "\(name) \(arguments)" }
  }

  /// Reads a name and its arguments. The name may be in lower case, and have KVM's prefix.
  package init(_ words: [String]) throws(Malformed) {
    guard let first = words.first else { throw Malformed(message: "expected a call of KVM's: \(Self.names)") }
    var name = first.uppercased()
    for prefix in ["KVM_ARM_", "KVM_"] where name.hasPrefix(prefix) { name.removeFirst(prefix.count) }
    guard let form = Self.forms.first(where: { $0.name == name }) else {
      let near = closest(to: name.lowercased(), among: Self.forms.map(\.name)).map { "; did you mean \($0)?" } ?? ""
      throw Malformed(message: "\(shown(first)) is no call of KVM's\(near.isEmpty ? ": \(Self.names)" : near)")
    }
    let words = try Words(form, Array(words.dropFirst()))
    let command = KVMRealmCapability.Command.allCases.first { $0.word == name }
    if words.has("unreadable"), let command { self = .unreadable(command) } else { self = try form.read(words) }
  }

  private static var names: String { forms.map(\.name).joined(separator: ", ") }

  /// All there are, in the order in which a Realm needs them.
  package static let forms: [Form] = [
    Form(
      name: "CREATE_VM", arguments: "realm|ordinary [ipa=BITS]", most: 1, options: ["ipa"],
      help: "makes a VM of a kind, with an IPA space of so many bits",
      example: "CREATE_VM realm ipa=41"
    ) { (words) throws(Malformed) in
      let bits = try words.option("ipa") ?? 41
      switch try words.word(0, "realm or ordinary") {
      case "realm": return .createVM(.realm, ipaBits: bits)
      case "ordinary": return .createVM(.ordinary, ipaBits: words.has("ipa") ? bits : 39)
      default: throw words.wrong(0, "realm or ordinary")
      }
    },
    Form(
      name: "SET_USER_MEMORY_REGION", arguments: "IPA SIZE [absent]",
      most: 2, switches: ["absent"], help: "gives the guest memory; absent: user space has no pages behind it",
      example: "SET_USER_MEMORY_REGION 0x80000000 0x400000"
    ) { (words) throws(Malformed) in
      .setMemoryRegion(base: try words.number(0, "an IPA"), size: try words.number(1, "a size"), isAbsent: words.has("absent"))
    },
    Form(
      name: "WRITE", arguments: "IPA HEX", most: 2, help: "no call: user space writes into the memory it gives the guest",
      example: "WRITE 0x80000000 030000d4"
    ) { (words) throws(Malformed) in
      let text = try words.word(1, "bytes in hexadecimal")
      guard let bytes = [UInt8](hex: text) else { throw words.wrong(1, "bytes in hexadecimal, two digits each") }
      return .write(try words.number(0, "an IPA"), bytes)
    },
    Form(
      name: "CREATE_VCPU", arguments: "[pc=PC] [x0=X0] [no-psci] [pmu]",
      options: ["pc", "x0"], switches: ["no-psci", "pmu"],
      help: "makes a vCPU, and says what it starts with and which features it has", example: "CREATE_VCPU pc=0x80000000"
    ) { (words) throws(Malformed) in
      var features = words.has("no-psci") ? [] : KVMVirtualMachine.VCPUFeatures.psci02
      if words.has("pmu") { features.insert(.pmuV3) }
      return .createVCPU(pc: try words.option("pc") ?? 0, x0: try words.option("x0") ?? 0, features)
    },
    Form(
      name: "CONFIG_REALM", arguments: "hash=sha256|sha512|N | rpv=HEX | item=N | unreadable",
      options: ["hash", "rpv", "item"], switches: ["unreadable"],
      help: "says how the Realm will be measured, or its personalization value", example: "CONFIG_REALM hash=sha512"
    ) { (words) throws(Malformed) in try configure(words) },
    Form(name: "CREATE_REALM", arguments: "", help: "has the RMM make the Realm", example: "CREATE_REALM") {
      (words) throws(Malformed) in .createRealm
    },
    Form(
      name: "INIT_RIPAS", arguments: "IPA SIZE | unreadable", most: 2, switches: ["unreadable"],
      help: "says what of the Realm's space is RAM", example: "INIT_RIPAS 0x80000000 0x400000"
    ) {
      (words) throws(Malformed) in .initRIPAS(base: try words.number(0, "an IPA"), size: try words.number(1, "a size"))
    },
    Form(
      name: "POPULATE", arguments: "IPA SIZE [flags=N] | unreadable", most: 2, options: ["flags"], switches: ["unreadable"],
      help: "gives the Realm pages with content; flag 1 has them measured",
      example: "POPULATE 0x80000000 0x1000 flags=1"
    ) { (words) throws(Malformed) in
      let flags = try words.option("flags") ?? 1
      guard let flags = UInt32(exactly: flags) else { throw Malformed(message: "flags has 32 bits; found \(hex(flags))") }
      return .populate(base: try words.number(0, "an IPA"), size: try words.number(1, "a size"), flags: flags)
    },
    Form(
      name: "VCPU_FINALIZE", arguments: "VCPU [feature=N]", most: 1, options: ["feature"],
      help: "has the RMM make the REC of a vCPU",
      example: "VCPU_FINALIZE 0"
    ) { (words) throws(Malformed) in
      let feature = try words.option("feature") ?? UInt64(KVMRealmCapability.recFeature)
      return .finalize(try words.small(0, "the number of a vCPU"), feature: UInt32(clamping: feature))
    },
    Form(name: "ACTIVATE", arguments: "", help: "ends the making of the Realm: its RIM is final", example: "ACTIVATE") {
      (words) throws(Malformed) in .activate
    },
    Form(name: "RUN", arguments: "VCPU", most: 1, help: "enters a vCPU once", example: "RUN 0") {
      (words) throws(Malformed) in .run(try words.small(0, "the number of a vCPU"))
    },
    Form(
      name: "ENABLE_CAP", arguments: "COMMAND [cap=N]", most: 1, options: ["cap"],
      help: "a sub-command by its number, without a structure",
      example: "ENABLE_CAP 5 cap=300"
    ) { (words) throws(Malformed) in
      let capability = try words.option("cap") ?? UInt64(KVMRealmCapability.number)
      return .enableCap(command: try words.number(0, "a number"), capability: UInt32(clamping: capability))
    },
    Form(name: "CLOSE", arguments: "", help: "closes the VM: KVM gives back what it was made of", example: "CLOSE") {
      (words) throws(Malformed) in .close
    },
  ]

  private static func configure(_ words: Words) throws(Malformed) -> KVMRequest {
    if let item = try words.option("item") { return .configureItem(UInt32(clamping: item)) }
    if let text = words.text("rpv") {
      guard let bytes = [UInt8](hex: text) else { throw Malformed(message: "rpv is bytes in hexadecimal; found \(shown(text))") }
      return .configurePersonalization(bytes)
    }
    switch words.text("hash")?.lowercased() {
    case "sha256": return .configureHash(0)
    case "sha512": return .configureHash(1)
    case nil: throw Malformed(message: "CONFIG_REALM: expected hash=, rpv= or item=")
    case _?: return .configureHash(UInt32(clamping: try words.option("hash") ?? 0))
    }
  }
}

extension KVMRequest {
  /// The words behind a name: those that stand by themselves, and those with `=`.
  struct Words: Sendable {
    private let form: String
    private let plain: [String]
    private var named: [String: String] = [:]
    private let flags: Set<String>

    fileprivate init(_ form: Form, _ words: [String]) throws(Malformed) {
      self.form = form.text
      var (plain, flags): ([String], Set<String>) = ([], [])
      for word in words {
        if let equals = word.firstIndex(of: "=") {
          let name = String(word[..<equals])
          guard form.options.contains(name), named[name] == nil else {
            throw Malformed(message: "\(shown(word)): expected \(form.text)")
          }
          named[name] = String(word[word.index(after: equals)...])
        } else if form.switches.contains(word) {
          flags.insert(word)
        } else {
          plain.append(word)
        }
      }
      (self.plain, self.flags) = (plain, flags)
      guard plain.count <= form.most else { throw Malformed(message: "\(shown(plain[form.most])): expected \(form.text)") }
    }

    func has(_ name: String) -> Bool { flags.contains(name) || named[name] != nil }
    func text(_ name: String) -> String? { named[name] }

    func word(_ index: Int, _ what: String) throws(Malformed) -> String {
      guard plain.indices.contains(index) else { throw Malformed(message: "expected \(what): \(form)") }
      return plain[index]
    }

    func wrong(_ index: Int, _ what: String) -> Malformed { Malformed(message: "expected \(what), found \(shown(plain[index]))") }

    func number(_ index: Int, _ what: String) throws(Malformed) -> UInt64 {
      let word = try word(index, what)
      guard let value = Self.value(word) else { throw wrong(index, what) }
      return value
    }

    func small(_ index: Int, _ what: String) throws(Malformed) -> Int { Int(clamping: try number(index, what)) }

    func option(_ name: String) throws(Malformed) -> UInt64? {
      guard let text = named[name] else { return nil }
      guard let value = Self.value(text) else { throw Malformed(message: "\(name): expected a number, found \(shown(text))") }
      return value
    }

    private static func value(_ text: String) -> UInt64? {
      text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }
  }
}
