import Basics

/// Reading the arguments, and saying of each that cannot be what QEMU says.
extension QEMUCommandLine {
  /// - Parameter arguments: behind the program's name.
  package init(_ arguments: [String]) throws(VMMRefusal) {
    self.init()
    var reader = Reader(arguments: arguments)
    while let option = try reader.next() {
      switch option.role {
      case .ignored: withoutMeaning.append("-" + option.name)
      case .flag:
        take(flag: option.name)
        withoutMeaning.append("-" + option.name)
      case .read:
        try take(option)
        if QEMUOption.isQuiet(option.name) { withoutMeaning.append("-" + option.name) }
      case .notModelled:
        throw VMMRefusal(
          .qemu, "-\(option.name): not modelled", argument: option.index,
          advice: "QEMU has it, and it would change what the guest begins with or reach out of this machine")
      }
    }
    topology = try resolve(reader.smp, machineName)
    judge()
  }

  /// One option with its argument.
  struct Option {
    let name: String
    let role: QEMUOption.Role
    let value: String
    let index: Int

    /// As QEMU says where an error is.
    var place: String { "-\(name) \(shown(value, limit: 400))" }

    func refusal(_ message: String, advice: String? = nil) -> VMMRefusal {
      VMMRefusal(.qemu, "\(place): \(message)", argument: index, advice: advice)
    }

    func list(_ bare: OptionText.Bare) throws(VMMRefusal) -> OptionText {
      do throws(OptionText.Malformed) {
        return try OptionText(value, bare)
      } catch {
        throw refusal(error.message)
      }
    }
  }

  /// Goes through the arguments.
  private struct Reader {
    let arguments: [String]
    var at = 0
    /// -smp, which is understood as a whole at the end.
    var smp: [(pair: OptionText.Pair, index: Int)] = []

    mutating func next() throws(VMMRefusal) -> Option? {
      guard at < arguments.count else { return nil }
      let (word, index) = (arguments[at], at)
      at += 1
      guard word.hasPrefix("-"), word.count > 1 else {
        throw VMMRefusal(
          .qemu, "\(shown(word)): not modelled", argument: index, advice: "QEMU takes a word without a dash for a disk's image")
      }
      // Two dashes are as good as one.
      let name = String(word.dropFirst(word.hasPrefix("--") ? 2 : 1))
      guard let role = QEMUOption.role(name) else {
        let near = closest(to: name.lowercased(), among: QEMUOption.all.sorted()).map { "did you mean -\($0)?" }
        throw VMMRefusal(.qemu, "\(shown(word)): invalid option", argument: index, advice: near)
      }
      guard role == .read || role == .ignored(takesArgument: true) else {
        return Option(name: name, role: role, value: "", index: index)
      }
      guard at < arguments.count else { throw VMMRefusal(.qemu, "-\(name): requires an argument", argument: index) }
      at += 1
      let option = Option(name: name, role: role, value: arguments[at - 1], index: index)
      if name == "smp" {
        smp += try option.list(.first("cpus")).pairs.map { ($0, index) }
        return try next()
      }
      return option
    }
  }

  private mutating func take(flag name: String) {
    switch name {
    case "enable-kvm": accelerators.append("kvm")
    case "nographic": noGraphic = true
    case "S": startsPaused = true
    case "no-shutdown": staysAfterShutdown = true
    default: endsAtReset = true
    }
  }

  private mutating func take(_ option: Option) throws(VMMRefusal) {
    switch option.name {
    case "machine", "M": try take(machine: option)
    case "cpu": try take(cpu: option)
    case "m": try take(memory: option)
    case "object": try take(object: option)
    case "accel": accelerators.append(try option.list(.first("accel"))["accel"] ?? "")
    case "kernel": kernel = option.value
    case "initrd": initrd = option.value
    case "append": append = option.value
    case "dtb": dtb = option.value
    case "bios": firmware = option.value
    case "pflash": flash.append(FlashDrive(file: option.value, unit: nil, isReadOnly: false))
    case "drive": try take(drive: option)
    case "device": try take(device: option)
    case "name": name = try option.list(.anywhere("guest"))["guest"]
    case "uuid": try take(uuid: option)
    default: try take(talk: option)
    }
  }

  // MARK: -smp

  private func resolve(
    _ given: [(pair: OptionText.Pair, index: Int)], _ machine: String
  ) throws(VMMRefusal) -> CPUTopology {
    guard let last = given.last?.index else { return CPUTopology() }
    let names = ["cpus", "maxcpus", "sockets", "clusters", "cores", "threads", "dies", "books", "drawers", "modules"]
    var numbers: [String: Int] = [:]
    for (pair, index) in given {
      guard names.contains(pair.key) else {
        throw VMMRefusal(.qemu, "Parameter 'smp.\(shown(pair.key))' is unexpected", argument: index)
      }
      guard let number = Int(pair.value.optionText) else {
        throw VMMRefusal(.qemu, "Parameter 'smp.\(pair.key)' expects integer", argument: index)
      }
      numbers[pair.key] = number
    }
    do throws(CPUTopology.Invalid) {
      return try CPUTopology(numbers, machine: machine)
    } catch {
      throw VMMRefusal(.qemu, error.message, argument: last)
    }
  }
}
