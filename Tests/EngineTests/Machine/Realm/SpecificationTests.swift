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
    #expect(!declared.isEmpty)
  }

  @Test func conditionNamesAndAnswersEqualTheSpecification() throws {
    let machine = Machine(MachineConfiguration())
    for row in try Self.table() {
      let entry = try #require(Commands.named(row.name))
      let declared = entry.list(machine).map { "\($0.id) \($0.status)" }
      #expect(declared.sorted() == row.conditions.map { "\($0.id) \($0.status)" }.sorted(), "\(row.name)")
    }
  }

  @Test func partialOrdersEqualTheSpecification() throws {
    for row in try Self.table() {
      let entry = try #require(Commands.named(row.name))
      func text(_ before: [String], _ after: [String]) -> String { "\(before.sorted()) < \(after.sorted())" }
      let declared = entry.order.map { text($0.before.map(\.description), $0.after.map(\.description)) }
      #expect(Set(declared) == Set(row.orders.map { text($0.before, $0.after) }), "\(row.name)")
    }
  }

  /// Where the lists of a policy are no linear extensions of the specification's order: which condition comes too late, or is missing.
  private static func departures(_ policy: Policy) throws -> Set<String> {
    var configuration = MachineConfiguration()
    configuration.policy = policy
    let machine = Machine(configuration)
    var found: Set<String> = []
    for row in try table() {
      let ids = try #require(Commands.named(row.name)).list(machine).map(\.id)
      for rule in row.orders {
        for id in rule.before + rule.after where !ids.contains(id) { found.insert("\(row.name) has no \(id)") }
        for before in rule.before {
          for after in rule.after {
            guard let first = ids.lastIndex(of: before), let second = ids.firstIndex(of: after) else { continue }
            if first >= second { found.insert("\(row.name): \(before) after \(after)") }
          }
        }
      }
    }
    return found
  }

  /// The divergences that depart from the order, each with all it does there. Nothing else may.
  private static let departing: [String: Set<String>] = [
    "D3": ["RMI_REC_ENTER: run_pas after rec_state"], "D24": ["RMI_RTT_SET_RIPAS has no top_gran_align"],
  ]

  @Test(arguments: Policy.personalities.map(\.name))
  func conditionListsAreLinearExtensionsOfThePartialOrder(_ personality: String) throws {
    let policy = try #require(Policy(named: personality))
    let named = Self.departing.filter { Divergence.named($0.key).map(policy.has) == true }
    #expect(try Self.departures(policy) == named.values.reduce(into: []) { $0.formUnion($1) })
  }

  /// Each of them alone does that, and no other divergence does anything of the kind.
  @Test(arguments: Divergence.allCases.map(\.name))
  func aDivergenceDepartsFromTheOrderByName(_ name: String) throws {
    #expect(try Self.departures(try #require(Policy(named: "spec-1.0+\(name)"))) == Self.departing[name] ?? [])
  }
}
