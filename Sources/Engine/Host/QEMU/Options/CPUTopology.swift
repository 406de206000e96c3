/// -smp: how many CPUs there are, and how they lie.
package struct CPUTopology: Equatable, Sendable {
  package private(set) var cpus = 1
  package private(set) var maxCPUs = 1
  package private(set) var sockets = 1
  package private(set) var clusters = 1
  package private(set) var cores = 1
  package private(set) var threads = 1
  /// Whether -smp names clusters.
  package private(set) var namesClusters = false

  /// As many as the virt machine has room for.
  static let most = 512

  package struct Invalid: Error, Equatable {
    package let message: String
  }

  package init() {}

  /// What was not given follows from the rest: cores, then sockets, then threads (machine_parse_smp_config, since 6.2).
  ///
  /// - Parameter given: numbers by name.
  package init(_ given: [String: Int], machine: String) throws(Invalid) {
    for (name, value) in given where value < 1 || value > 1 << 20 {
      throw Invalid(
        message: value < 1
          ? "Invalid CPU topology: CPU topology parameters must be greater than zero" : "Parameter 'smp.\(name)' expects uint32_t"
      )
    }
    for name in ["dies", "books", "drawers", "modules"] where given[name] ?? 1 != 1 {
      throw Invalid(message: "\(name) not supported by this machine's CPU topology")
    }
    namesClusters = given["clusters"] != nil
    clusters = given["clusters"] ?? 1
    complete(given)
    let product = [sockets, clusters, cores, threads].reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
    guard product == maxCPUs else {
      throw Invalid(
        message: "Invalid CPU topology: product of the hierarchy must match maxcpus: \(words) != maxcpus (\(maxCPUs))")
    }
    guard maxCPUs >= cpus else {
      throw Invalid(
        message: "Invalid CPU topology: maxcpus must be equal to or greater than smp: "
          + "\(words) == maxcpus (\(maxCPUs)) < smp_cpus (\(cpus))")
    }
    guard maxCPUs <= Self.most else {
      throw Invalid(message: "Invalid SMP CPUs \(maxCPUs). The max CPUs supported by machine '\(machine)' is \(Self.most)")
    }
  }

  private mutating func complete(_ given: [String: Int]) {
    let most = given["maxcpus"] ?? given["cpus"]
    sockets = given["sockets"] ?? 1
    threads = given["threads"] ?? 1
    cores = given["cores"] ?? 1
    if let most {
      if given["cores"] == nil {
        cores = most / (sockets * clusters * threads)
      } else if given["sockets"] == nil {
        sockets = most / (clusters * cores * threads)
      }
      // Threads come last, if the others were given.
      if given["threads"] == nil, given["cores"] != nil, given["sockets"] != nil { threads = most / (sockets * clusters * cores) }
    }
    maxCPUs = most ?? sockets * clusters * cores * threads
    cpus = given["cpus"] ?? maxCPUs
  }

  private var words: String { "sockets (\(sockets)) * clusters (\(clusters)) * cores (\(cores)) * threads (\(threads))" }
}
