import Attestation
import Machine

extension HostCapabilities {
  /// The parameters of a Realm that gets all of them.
  ///
  /// - Parameters:
  ///   - width: of the IPA space the VMM wants; less, if there is no more.
  ///   - program: the VMM, which ends where one is not known.
  package func parameters(
    width: Int, _ hash: HashAlgorithm, for program: VMMRefusal.Program
  ) throws(VMMRefusal) -> MeasurementStep.RealmParameters {
    func unknown(_ name: String) -> VMMRefusal {
      VMMRefusal(program, "\(name) is not known", advice: "the capabilities say nothing of it")
    }
    guard let watchpoints else { throw unknown("num_wps") }
    guard let breakpoints else { throw unknown("num_bps") }
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
      guard let pmuCounters else { throw unknown("pmu_num_ctrs") }
      parameters[fields.flags] |= flags.pmu.mask
      parameters[fields.pmuNumCtrs] = UInt64(pmuCounters)
    }
    return parameters
  }
}
