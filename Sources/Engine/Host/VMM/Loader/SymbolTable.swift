import Basics

/// Names of places in a guest's program, from the symbol table of its ELF.
package struct SymbolTable: Sendable, Equatable {
  package struct Symbol: Sendable, Equatable {
    package let name: String
    package let address: UInt64
    /// Bytes; 0 if the table does not say.
    package let size: UInt64

    /// Nil if that is no name.
    package init?(name: String, address: UInt64, size: UInt64) {
      guard (1...SymbolTable.longestName).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else {
        return nil
      }
      (self.name, self.address, self.size) = (name, address, size)
    }
  }

  /// By address.
  package let symbols: [Symbol]
  package static let none = SymbolTable([])
  /// Most entries that are read, of all tables together, and most bytes of a name.
  static let limit = 200_000
  private static let longestName = 128

  package init(_ symbols: [Symbol]) {
    self.symbols = symbols.sorted { ($0.address, $0.name) < ($1.address, $1.name) }
  }

  /// The symbol an address belongs to: the last one at or before it, if its size does not end before.
  func symbol(at address: UInt64) -> Symbol? {
    let next = symbols.partitionPoint { $0.address > address }
    guard next > 0 else { return nil }
    let found = symbols[next - 1]
    return found.size == 0 || address - found.address < found.size ? found : nil
  }

  /// `main+0x1c`, or `main` where it begins.
  package func text(_ address: UInt64) -> String? {
    symbol(at: address).map { $0.address == address ? $0.name : "\($0.name)+\(hex(address - $0.address))" }
  }

  /// The address of a name.
  package func address(of name: String) -> UInt64? { symbols.first { $0.name == name }?.address }

  /// Functions, objects and labels of an ELF64 (its SHT_SYMTAB); nothing if there is no such table, or it is broken.
  init(elf file: [UInt8]) {
    func number(_ offset: UInt64, _ count: Int) -> UInt64? {
      guard offset < UInt64(file.count), UInt64(file.count) - offset >= UInt64(count) else { return nil }
      return (0..<count).reduce(0) { $0 | UInt64(file[Int(offset) + $1]) << UInt64(8 * $1) }
    }
    func section(_ index: UInt64) -> (type: UInt64, offset: UInt64, size: UInt64, link: UInt64)? {
      guard let table = number(40, 8), let size = number(58, 2), size >= 64, let count = number(60, 2), index < count else {
        return nil
      }
      let (at, overflow) = table.addingReportingOverflow(index * size)
      guard !overflow, let type = number(at &+ 4, 4), let offset = number(at &+ 24, 8), let length = number(at &+ 32, 8),
        let link = number(at &+ 40, 4)
      else { return nil }
      return (type, offset, length, link)
    }
    var symbols: [Symbol] = []
    var left = UInt64(Self.limit)
    // Sections can be as many as there are numbers for them, and all be one table.
    var seen: Set<UInt64> = []
    var index: UInt64 = 0
    while let table = section(index) {
      index += 1
      guard table.type == 2, let names = section(table.link), seen.insert(table.offset).inserted else { continue }
      var at = table.offset
      let count = min(min(table.size, UInt64(file.count)) / 24, left)
      left -= count
      for _ in 0..<count {
        guard let name = number(at, 4), let info = number(at &+ 4, 1), let place = number(at &+ 6, 2),
          let value = number(at &+ 8, 8),
          let size = number(at &+ 16, 8)
        else { break }
        at += 24
        // NOTYPE, OBJECT and FUNC of a section there is; `$x` and `$d` say what is code.
        guard info & 15 <= 2, place != 0, place < 0xFF00, name < names.size, names.offset <= UInt64(file.count),
          UInt64(file.count) - names.offset > name
        else { continue }
        let bytes = file[Int(names.offset + name)...].prefix(Self.longestName).prefix { $0 != 0 }
        guard bytes.first != 0x24, let symbol = Symbol(name: String(decoding: bytes, as: UTF8.self), address: value, size: size)
        else { continue }
        symbols.append(symbol)
      }
    }
    self.init(symbols)
  }
}
