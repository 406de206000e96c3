import Crypto

/// What happens from reset to the Normal world, stage by stage: what each loads and measures, what it maps, whom it hands over to with
/// what, and what it prints.
///
/// It is made when somebody asks, by booting a machine of the same kind and looking at what that left; a boot itself makes no text.
package struct BootRecord: Sendable {
  /// An image that a stage finds, or loads for the ones after it.
  package struct Load: Sendable {
    package let image: FirmwareImage
    package let address: UInt64
    package let size: UInt64
    /// SHA-256 of it.
    package let digest: [UInt8]
  }

  /// What a stage measures.
  package struct Measured: Sendable, Equatable {
    /// Where it is kept for verifiers.
    package enum Place: Sendable, Equatable {
      /// A register of a TPM, with an entry of the event log.
      case pcr(Int)
      /// A slot of the RSE.
      case slot(Int)
    }

    /// As the event log, or the RSE, has it.
    package let event: String
    package let place: Place
    package let digest: [UInt8]
  }

  /// Memory that a stage maps, with the address space it is mapped as.
  package struct Mapping: Sendable, Equatable {
    package let name: String
    package let range: Range<UInt64>
    package let pas: PAS
  }

  /// Whom a stage goes to, and with what.
  package struct Handover: Sendable, Equatable {
    package let to: BootStage
    package let world: World
    package let level: UInt8
    package let entry: UInt64
    package let spsr: UInt64
    /// Registers, with what is in them.
    package let arguments: [Argument]

    package struct Argument: Sendable, Equatable {
      package let register: String
      package let value: UInt64
      package let meaning: String
    }
  }

  /// A piece of software on the way.
  package struct Stage: Sendable {
    package let stage: BootStage
    /// The first is its own where no other has loaded it.
    package internal(set) var loads: [Load] = []
    package internal(set) var measurements: [Measured] = []
    package internal(set) var mappings: [Mapping] = []
    package internal(set) var handovers: [Handover] = []
    package internal(set) var console: [String] = []
  }

  package let configuration: MachineConfiguration
  /// Those that are entered.
  package private(set) var stages: [Stage] = []
  /// What the RMM answered to its boot; nil: it was not entered.
  package let rmm: RMMBootError?
  /// What is wrong with the GPT.
  package let misconfiguration: GPTMisconfiguration?
  /// Why the Normal world is never entered, in words; nil if it is.
  package private(set) var stopped: String?
  /// The plan of the GPT.
  package let plan: GPTPlan

  init(_ configuration: MachineConfiguration) {
    self.configuration = configuration
    let machine = Machine(configuration)
    let map = machine.map
    plan = GPTPlan(map, configuration)
    misconfiguration = plan.problem
    let answer = machine.events.first { $0.kind == .service && $0.a == UInt64(ServiceFID.bootComplete) }
    rmm = answer.flatMap { RMMBootError(rawValue: Int64(bitPattern: $0.b)) }
    var writer = BootWriter(configuration, map, plan, misconfiguration, rmm, machine)
    stages = writer.write()
    stopped = writer.stopped
  }

  /// What a stage left; nil if it is not entered.
  package subscript(stage: BootStage) -> Stage? { stages.first { $0.stage == stage } }

  /// All that is printed, in order: the RMM's lines stand where BL31 waits for it.
  package var console: [String] {
    stages.flatMap { stage -> [String] in
      let end = stage.console.firstIndex { $0.hasSuffix("RMM init start.") }
      guard stage.stage == .bl31, let rmm = self[.rmm], let end else { return stage.stage == .rmm ? [] : stage.console }
      return Array(stage.console[...end]) + rmm.console + stage.console[(end + 1)...]
    }
  }

  /// All that is measured, in order.
  package var measurements: [Measured] { stages.flatMap(\.measurements) }

  /// The PCRs that are extended, with their values.
  package var pcrs: [(number: Int, value: [UInt8])] {
    var values: [Int: [UInt8]] = [:]
    for measurement in measurements {
      guard case .pcr(let number) = measurement.place else { continue }
      let old = values[number] ?? [UInt8](repeating: 0, count: 32)
      values[number] = Array(SHA256.hash(data: old + measurement.digest))
    }
    return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

extension Machine {
  /// How this machine came from reset to where it began.
  package var bootRecord: BootRecord { BootRecord(configuration) }
}
