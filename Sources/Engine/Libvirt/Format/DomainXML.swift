/// The XML that libvirt shows of a domain (virDomainDefFormat).
package struct DomainXML {
  /// What a domain that runs shows beside its definition.
  package struct Live: Sendable {
    /// Nil where it is shown as it would be started, and has no other definition than that it runs by.
    package var id: Int?
    /// The terminals of its character devices, by alias.
    package var terminals: [String: String]

    package init(id: Int?, terminals: [String: String]) { (self.id, self.terminals) = (id, terminals) }
  }

  let domain: DomainDefinition
  let live: Live?

  package static func text(_ domain: DomainDefinition, live: Live? = nil) -> String {
    var writer = XMLWriter()
    DomainXML(domain: domain, live: live).write(&writer)
    return writer.text
  }

  private func write(_ xml: inout XMLWriter) {
    let space =
      domain.qemuArguments.isEmpty && domain.qemuEnvironment.isEmpty ? nil : "http://libvirt.org/schemas/domain/qemu/1.0"
    xml.element("domain", ["type": domain.type.rawValue, "id": live?.id.map { "\($0)" }, "xmlns:qemu": space]) { xml in
      xml.element("name", text: domain.name)
      xml.element("uuid", text: domain.uuid ?? "")
      if let title = domain.title { xml.element("title", text: title) }
      if let summary = domain.summary { xml.element("description", text: summary) }
      if !domain.metadata.isEmpty {
        xml.element("metadata") { xml in for source in domain.metadata { xml.raw(source) } }
      }
      writeSize(&xml)
      if live != nil { xml.element("resource") { xml in xml.element("partition", text: "/machine") } }
      writeSystem(&xml)
      writeFeatures(&xml)
      writeCPU(&xml)
      writeClock(&xml)
      xml.element("on_poweroff", text: domain.onPoweroff.rawValue)
      xml.element("on_reboot", text: domain.onReboot.rawValue)
      xml.element("on_crash", text: domain.onCrash.rawValue)
      xml.element("devices") { xml in writeDevices(&xml) }
      writeLabels(&xml)
      writeCommandLine(&xml)
      writeSecurity(&xml)
    }
  }

  // MARK: Size and system

  private func writeSize(_ xml: inout XMLWriter) {
    xml.element("memory", ["unit": "KiB"], text: "\(domain.memory)")
    xml.element("currentMemory", ["unit": "KiB"], text: "\(domain.currentMemory)")
    if !domain.memoryBacking.isPlain { xml.element("memoryBacking") { xml in writeBacking(&xml) } }
    let now = domain.currentVCPUs == domain.vcpus ? nil : "\(domain.currentVCPUs)"
    xml.element("vcpu", ["placement": "static", "current": now], text: "\(domain.vcpus)")
    if domain.iothreads > 0 { xml.element("iothreads", text: "\(domain.iothreads)") }
  }

  private func writeBacking(_ xml: inout XMLWriter) {
    let backing = domain.memoryBacking
    if backing.hasHugepages { xml.element("hugepages") }
    if !backing.isMerged { xml.element("nosharepages") }
    if backing.isLocked { xml.element("locked") }
    if let source = backing.source { xml.element("source", ["type": source]) }
    if let access = backing.access { xml.element("access", ["mode": access]) }
    if let mode = backing.allocation { xml.element("allocation", ["mode": mode, "threads": backing.threads.map { "\($0)" }]) }
    if backing.isDiscarded { xml.element("discard") }
  }

  private func writeSystem(_ xml: inout XMLWriter) {
    let os = domain.os
    xml.element("os") { xml in
      xml.element("type", ["arch": os.architecture, "machine": domain.machine], text: "hvm")
      if let loader = os.loader {
        xml.element(
          "loader", ["readonly": yesNo(loader.isReadonly), "secure": yesNo(loader.isSecure), "type": loader.kind?.rawValue],
          text: loader.path)
      }
      if let nvram = os.nvram { xml.element("nvram", ["template": os.nvramTemplate], text: nvram) }
      if let kernel = os.kernel { xml.element("kernel", text: kernel) }
      if let initrd = os.initrd { xml.element("initrd", text: initrd) }
      if let cmdline = os.cmdline { xml.element("cmdline", text: cmdline) }
      if let dtb = os.dtb { xml.element("dtb", text: dtb) }
      for device in os.boot { xml.element("boot", ["dev": device]) }
      if os.menu != nil || os.menuTimeout != nil {
        xml.element("bootmenu", ["enable": yesNo(os.menu), "timeout": os.menuTimeout.map { "\($0)" }])
      }
    }
  }

  private func writeFeatures(_ xml: inout XMLWriter) {
    let features = domain.features
    xml.element("features") { xml in
      if features.hasACPI { xml.element("acpi") }
      if let hidden = features.isKVMHidden {
        xml.element("kvm") { xml in xml.element("hidden", ["state": onOff(hidden)]) }
      }
      if let pmu = features.pmu { xml.element("pmu", ["state": onOff(pmu)]) }
      if let version = features.gicVersion { xml.element("gic", ["version": version]) }
      if let info = features.vmcoreinfo { xml.element("vmcoreinfo", ["state": onOff(info)]) }
    }
  }

  private func writeCPU(_ xml: inout XMLWriter) {
    guard let cpu = domain.cpu else { return }
    xml.element(
      "cpu", ["mode": cpu.mode.rawValue, "match": cpu.match, "check": cpu.check, "migratable": onOff(cpu.migratable)]
    ) { xml in
      if let model = cpu.model { xml.element("model", ["fallback": cpu.fallback], text: model) }
      if let topology = cpu.topology {
        xml.element(
          "topology",
          [
            "sockets": "\(topology.sockets)", "dies": "\(topology.dies)", "cores": "\(topology.cores)",
            "threads": "\(topology.threads)",
          ])
      }
      for feature in cpu.features { xml.element("feature", ["policy": feature.policy, "name": feature.name]) }
    }
  }

  private func writeClock(_ xml: inout XMLWriter) {
    let clock = domain.clock
    let basis = clock.offset == .variable ? clock.basis ?? "utc" : clock.basis
    xml.element(
      "clock",
      [
        "offset": clock.offset.rawValue, "adjustment": clock.adjustment, "basis": basis, "timezone": clock.timezone,
        "start": clock.start,
      ]
    ) { xml in
      for timer in clock.timers {
        xml.element(
          "timer",
          ["name": timer.name, "present": yesNo(timer.isPresent), "tickpolicy": timer.tickpolicy, "track": timer.track])
      }
    }
  }

  // MARK: Behind the devices

  private func writeLabels(_ xml: inout XMLWriter) {
    for label in domain.labels where label.type == "none" {
      xml.element("seclabel", ["type": "none", "model": label.model ?? "none"])
    }
    guard live != nil, domain.labels.isEmpty else { return }
    xml.element("seclabel", ["type": "dynamic", "model": "dac", "relabel": "yes"]) { xml in
      xml.element("label", text: "+0:+0")
      xml.element("imagelabel", text: "+0:+0")
    }
  }

  private func writeCommandLine(_ xml: inout XMLWriter) {
    guard !domain.qemuArguments.isEmpty || !domain.qemuEnvironment.isEmpty else { return }
    xml.element("qemu:commandline") { xml in
      for argument in domain.qemuArguments { xml.element("qemu:arg", ["value": argument]) }
      for variable in domain.qemuEnvironment { xml.element("qemu:env", ["name": variable.name, "value": variable.value]) }
    }
  }

  /// As openEuler's libvirt formats it: words as children, switches as attributes.
  private func writeSecurity(_ xml: inout XMLWriter) {
    guard let security = domain.launchSecurity else { return }
    xml.element(
      "launchSecurity",
      ["type": "cca", "measurement-log": yesNo(security.measurementLog), "hisi-cca-enable": yesNo(security.hisiCCA)]
    ) { xml in
      if let algorithm = security.measurementAlgorithm { xml.element("measurement-algo", text: algorithm) }
      if let value = security.personalizationValue { xml.element("personalization-value", text: value) }
    }
  }
}
