import ArgumentParser
import Engine

/// Before the first entry.
extension BootCommand {
  /// A guest that was built, without its image's bytes: they are in its memory now.
  struct Boot {
    let session: Session
    let vm: RealmVM
    let scene: ConfidentialModel
    let entry: UInt64
    let symbols: SymbolTable
    /// Whether the image is that of a large program, such as a kernel.
    let isLarge: Bool
  }

  /// A guest that goes on from a snapshot.
  private func kept() throws -> Boot {
    guard record == nil else {
      complain("--record: a recording begins with a machine that boots, not with a snapshot")
      throw Exit.usage
    }
    let session = try orComplain { () throws(TokenFile.Failure) in try SnapshotFile.session(image, keepsHistory: keepsHistory) }
    try prepare(session)
    // Whoever read the file has read the note, too.
    guard let known = try session.beginning?.hostNote(session.configuration) else { throw Exit.badData }
    let vm = RealmVM(session, known)
    vm.recall(known, console: session.console)
    let party = try orComplain { () throws(TokenFile.Failure) in
      try GuestImages.relyingParty(trusting: relyingParty, known.options, session.configuration)
    }
    return Boot(
      session: session, vm: vm, scene: ConfidentialModel(vm, session, party), entry: RealmVM.ramBase, symbols: .none,
      isLarge: true)
  }

  func built() throws -> Boot {
    if SnapshotFile.isSnapshot(image) { return try kept() }
    let options = try options()
    var configuration = try machine.configuration()
    configuration.vcpu = .code
    if !machine.namesDRAM { configuration.wantDRAM(options.hostMemory) }
    let program = try orComplain { () throws(TokenFile.Failure) in try GuestImages.load(image) }
    let party = try orComplain { () throws(TokenFile.Failure) in
      try GuestImages.relyingParty(trusting: relyingParty, options, configuration)
    }
    let session = Session(configuration, keepsHistory: keepsHistory)
    try prepare(session)
    let vm = RealmVM(session, options)
    let scene = ConfidentialModel(vm, session, party)
    do throws(RealmVM.Failure) {
      try vm.build(program)
    } catch {
      complain("\(image): \(error.message)")
      throw Exit.badData
    }
    session.keepSymbols(program.symbols, of: options.image)
    return Boot(
      session: session, vm: vm, scene: scene, entry: program.entry, symbols: program.symbols,
      isLarge: program.segments.reduce(0) { $0 + $1.bytes.count } >= 1 << 20)
  }

  /// How much of it is kept, and what its random numbers follow from.
  private func prepare(_ session: Session) throws {
    if gdb != nil || open { session.historyLimit = try historyLimit() }
    if let seed { session.seedEntropy(seed) }
  }

  func options() throws -> RealmVM.Options {
    var options = RealmVM.Options()
    // A recording tells the name of a file, and not in whose folders it is.
    options.image = fileName(image)
    options.trusts = relyingParty.map(fileName) ?? ""
    options.vcpus = vcpus
    options.hash = HashAlgorithm(iana: hash) ?? .sha256
    options.isRealm = !normal
    options.memory = try number(mem, of: "--mem")
    if let problem = options.problem {
      complain("--mem: \(problem)")
      throw Exit.usage
    }
    options.bootArguments = append
    if let initrd {
      options.initrd = try orComplain { () throws(TokenFile.Failure) in
        try TokenFile.bytes(initrd, limit: 256 << 20, isPlain: true)
      }
    }
    for name in disk { options.disks.append(try image(ofDisk: name)) }
    options.hasNetwork = net
    options.hasRNG = rng
    options.rngSeed = seed ?? .random(in: 1...UInt64.max)
    options.hasConsole = virtioConsole
    options.hasSockets = vsock
    if let share { options.share = try orComplain { () throws(TokenFile.Failure) in try FolderReader.folder(share) } }
    options.hasAccessPlatform = !noAccessPlatform
    options.treeHasSharedBit = sharedBit.value
    return options
  }

  func image(ofDisk name: String) throws -> DiskImage {
    let isWritable = name.hasSuffix(",rw")
    let path = isWritable ? String(name.dropLast(3)) : name
    let bytes = try orComplain { () throws(TokenFile.Failure) in
      try TokenFile.bytes(path, limit: DiskImage.most, isPlain: true)
    }
    return DiskImage(fileName(path), bytes, isWritable: isWritable)
  }

  /// Bytes of ``Session/historyLimit``.
  func historyLimit() throws -> Int {
    let bytes = try number(history ?? "256M", of: "--history")
    guard (1 << 20...1 << 36).contains(bytes) else {
      complain("--history: from 1M to 64G, not \(sizeText(bytes))")
      throw Exit.usage
    }
    return Int(bytes)
  }

  func number(_ text: String, of option: String) throws -> UInt64 {
    do throws(ScriptError) {
      return try StatementParser(line: 0, names: ScriptNames()).value(text)
    } catch {
      complain("\(option): \(error.message)")
      throw Exit.usage
    }
  }
}
