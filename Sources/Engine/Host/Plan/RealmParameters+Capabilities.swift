import Attestation
import Machine

extension HostCapabilities {
  /// What is missing to make a Realm's parameters of them.
  package struct Unknown: Error, Equatable {
    package let name: String
  }

  /// The parameters of a Realm that gets all of them.
  ///
  /// - Parameter width: of the IPA space the VMM wants; less, if there is no more.
  package func parameters(width: Int, _ hash: HashAlgorithm) throws(Unknown) -> MeasurementStep.RealmParameters {
    guard let watchpoints else { throw Unknown(name: "num_wps") }
    guard let breakpoints else { throw Unknown(name: "num_bps") }
    let (fields, flags) = (RmiRealmParams.table, RmiRealmFlags.table)
    var parameters = MeasurementStep.RealmParameters { _ in 0 }
    parameters[fields.s2sz] = UInt64(min(ipaBits ?? width, width))
    parameters[fields.numBPs] = UInt64(breakpoints - 1)
    parameters[fields.numWPs] = UInt64(watchpoints - 1)
    parameters[fields.hashAlgo] = UInt64(hash.rawValue)
    if let sveLength, sveLength > 0 {
      parameters[fields.flags] |= flags.sve.mask
      parameters[fields.sveVL] = UInt64(sveLength / 128 - 1)
    }
    if lpa2 == true { parameters[fields.flags] |= flags.lpa2.mask }
    if pmu == true {
      guard let pmuCounters else { throw Unknown(name: "pmu_num_ctrs") }
      parameters[fields.flags] |= flags.pmu.mask
      parameters[fields.pmuNumCtrs] = UInt64(pmuCounters)
    }
    return parameters
  }
}
