import Engine
import Testing

/// The declarations against the specification's own table.
struct SpecificationTests {
  struct Row {
    var name = ""
    var fid: UInt32 = 0
    var conditions: [(id: String, status: String)] = []
    var orders: [(before: [String], after: [String])] = []
  }

  static func table() throws -> [Row] {
    var rows: [Row] = []
    for line in try Project.text("Tests/EngineTests/Fixtures/specification.txt").split(separator: "\n") where !line.hasPrefix("#")
    {
      let fields = line.split(separator: "\t").map(String.init)
      switch fields[0] {
      case "command": rows.append(Row(name: fields[1], fid: UInt32(fields[2].dropFirst(2), radix: 16) ?? 0))
      case "condition": rows[rows.count - 1].conditions.append((fields[1], fields[2]))
      case "order":
        rows[rows.count - 1].orders.append(
          (fields[1].split(separator: ",").map(String.init), fields[2].split(separator: ",").map(String.init)))
      default: Issue.record("unknown line \(line)")
      }
    }
    return rows
  }

  @Test func everyCommandIsDeclaredWithItsFunctionID() throws {
    let declared = Dictionary(uniqueKeysWithValues: Commands.all.map { ($0.name, $0.fid) })
    let specified = Dictionary(uniqueKeysWithValues: try Self.table().map { ($0.name, $0.fid) })
    #expect(declared == specified)
    #expect(declared.count == 41)
  }

  @Test func conditionNamesAndAnswersEqualTheSpecification() throws {
    let machine = Machine(MachineConfiguration())
    var count = 0
    for row in try Self.table() {
      let entry = try #require(Commands.named(row.name))
      let declared = entry.list(machine).map { "\($0.id) \($0.status)" }
      #expect(declared.sorted() == row.conditions.map { "\($0.id) \($0.status)" }.sorted(), "\(row.name)")
      count += declared.count
    }
    #expect(count == 215)
  }

  @Test func partialOrdersEqualTheSpecification() throws {
    for row in try Self.table() {
      let entry = try #require(Commands.named(row.name))
      func text(_ before: [String], _ after: [String]) -> String { "\(before.sorted()) < \(after.sorted())" }
      let declared = entry.order.map { text($0.before.map(\.description), $0.after.map(\.description)) }
      #expect(Set(declared) == Set(row.orders.map { text($0.before, $0.after) }), "\(row.name)")
    }
  }

  /// In both personalities; conditions that only TF-RMM has are not in the specification's order.
  @Test(arguments: Policy.personalities.map(\.name))
  func conditionListsAreLinearExtensionsOfThePartialOrder(_ personality: String) throws {
    var configuration = MachineConfiguration()
    configuration.policy = try #require(Policy(named: personality))
    let machine = Machine(configuration)
    for row in try Self.table() {
      let entry = try #require(Commands.named(row.name))
      let ids = entry.list(machine).map(\.id)
      for rule in row.orders {
        for before in rule.before {
          for after in rule.after {
            // D3 and D24 are departures from the order and from the list; they are named switches.
            if personality == "tf-rmm-0.6", row.name == "RMI_REC_ENTER", before == "run_pas" { continue }
            guard let first = ids.firstIndex(of: before), let second = ids.firstIndex(of: after) else {
              #expect(personality != "spec-1.0", "\(row.name): \(before) or \(after) is missing")
              continue
            }
            #expect(first < second, "\(row.name): \(before) must come before \(after)")
          }
        }
      }
    }
  }
}
