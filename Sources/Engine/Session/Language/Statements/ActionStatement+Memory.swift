import Basics
import Machine

/// Accesses of each world to memory, and granules that EL3 moves.
extension ActionStatement {
  static let accessVerbs =
    [World.normal, .secure, .realm, .root].flatMap { world in
      accesses(prefix(world), help: "a read of that world, through the granule protection check") {
        MemoryAccess(world: world, address: $0, kind: $1)
      }
    }
    + accesses(
      "dma",
      help: "a read of the device's, which works for the Normal world, by way of its SMMU if there is one"
    ) { MemoryAccess(device: $0, kind: $1) }

  private static func accesses(
    _ initiator: String, help: String, _ make: @escaping @Sendable (UInt64, MemoryAccess.Kind) -> MemoryAccess
  ) -> [Verb] {
    func access(
      _ kind: String, _ form: String, _ count: Int, help: String, _ values: String, details: String = "",
      _ read: @escaping @Sendable (Arguments) throws(ScriptError) -> MemoryAccess.Kind
    ) -> Verb {
      let name = "\(initiator).\(kind)"
      return Verb(name, form, count...count, help: help, details: details, examples: ["\(name) 0x80001000 \(values)"]) {
        arguments throws(ScriptError) in
        let kind = try read(arguments)
        return ActionStatement(.access(make(try arguments.number(0), kind)))
      }
    }
    return [
      access("read64", "PA", 1, help: help, "") { _ in .read64 },
      access("write64", "PA VALUE", 2, help: "a write of 8 bytes", "0x12") { arguments throws(ScriptError) in
        .write64(try arguments.number(1))
      },
      access("write8", "PA VALUE", 2, help: "a write of a byte", "0x12") { arguments throws(ScriptError) in
        .write8(UInt8(truncatingIfNeeded: try arguments.number(1)))
      },
      access("write", "PA HEX", 2, help: "a write of bytes", "00ff17") { arguments throws(ScriptError) in
        guard let bytes = [UInt8](hex: arguments[1].text), !bytes.isEmpty else {
          throw arguments.error(arguments[1], "expected bytes in hexadecimal, without 0x")
        }
        return .bytes(bytes)
      },
      access(
        "fill", "PA LENGTH BYTE", 3, help: "writes a byte to LENGTH bytes", "0x1000 0x55",
        details: "at most \(sizeText(MemoryAccess.fillLimit))"
      ) { arguments throws(ScriptError) in
        .fill(try arguments.number(1), UInt8(truncatingIfNeeded: try arguments.number(2)))
      },
    ]
  }

  static let granuleVerbs = [
    Verb(
      "gpt.set", "PA nonsecure|secure|realm|root", 2...2, help: "EL3 moves a granule",
      details: "into and out of the Realm PAS it refuses: that is for the RMM; `any` is accepted too",
      examples: ["gpt.set 0x80001000 secure", "gpt.set 0x80001000 NS", "gpt.set 0 realm", "gpt.set 0 root", "gpt.set 0 any"]
    ) { arguments throws(ScriptError) in
      ActionStatement(.assignGranule(try arguments.number(0), try pas(arguments, 1)))
    }
  ]

  private static func prefix(_ world: World) -> String {
    switch world {
    case .normal: "ns"
    case .secure: "secure"
    case .realm: "realm"
    case .root: "root"
    }
  }

  static func accessText(_ access: MemoryAccess) -> String {
    let (world, address) = (access.isDevice ? "dma" : prefix(access.world), hex(access.address))
    return switch access.kind {
    case .read64: "\(world).read64 \(address)"
    case .write64(let value): "\(world).write64 \(address) \(hex(value))"
    case .write8(let value): "\(world).write8 \(address) \(hex(UInt64(value)))"
    case .bytes(let bytes): "\(world).write \(address) \(hexBytes(bytes))"
    case .fill(let length, let byte): "\(world).fill \(address) \(hex(length)) \(hex(UInt64(byte)))"
    }
  }

  // MARK: Physical address spaces

  private static func pas(_ arguments: Arguments, _ index: Int) throws(ScriptError) -> GPI {
    switch arguments[index].text.lowercased() {
    case "ns", "nonsecure", "non-secure": return .nonSecure
    case "secure": return .secure
    case "realm": return .realm
    case "root": return .root
    case "any": return .any
    default:
      throw arguments.error(
        arguments[index], "found \"\(shown(arguments[index].text))\"; expected nonsecure, secure, realm, root or any")
    }
  }

  static func name(_ gpi: GPI) -> String {
    switch gpi {
    case .nonSecure: "nonsecure"
    case .secure: "secure"
    case .realm: "realm"
    case .root: "root"
    case .any, .noAccess: "any"
    }
  }
}
