/// `virsh domcapabilities`: what domains of this host can have. It tells of what is modelled, in libvirt's form, with openEuler's `<cca>`.
enum DomainCapabilities {
  static func text(
    _ host: EmulatorCapabilities, type: String?, emulator: String?, architecture: String?, machine: String?
  ) throws(LibvirtError) -> String {
    let type = type ?? (host.hasKVM ? "kvm" : "qemu")
    if let architecture, !EmulatorCapabilities.architectures.contains(architecture) {
      throw LibvirtError(.argument, "unknown architecture: \(architecture)")
    }
    if let architecture, emulator == nil, architecture != "aarch64" {
      throw LibvirtError(.unsupported, "unable to find any emulator to serve '\(architecture)' architecture")
    }
    let emulator = emulator ?? EmulatorCapabilities.emulator
    guard emulator == EmulatorCapabilities.emulator else {
      throw LibvirtError(.plain, "Cannot check QEMU binary \(emulator): No such file or directory")
    }
    guard ["kvm", "qemu"].contains(type) else { throw LibvirtError(.argument, "unknown virttype: \(type)") }
    guard type != "kvm" || host.hasKVM else {
      throw LibvirtError(.argument, "KVM is not supported by '\(emulator)' on this host")
    }
    if let architecture, architecture != "aarch64" {
      throw LibvirtError(
        .argument, "architecture from emulator 'aarch64' doesn't match given architecture '\(architecture)'")
    }
    if let machine, machine != "virt", !EmulatorCapabilities.isVirtVersion(machine) {
      throw LibvirtError(.argument, "the machine '\(machine)' is not supported by emulator '\(emulator)'")
    }
    var xml = XMLWriter()
    xml.element("domainCapabilities") { xml in
      xml.element("path", text: emulator)
      xml.element("domain", text: type)
      xml.element("machine", text: machine.flatMap { $0 == "virt" ? nil : $0 } ?? EmulatorCapabilities.machine)
      xml.element("arch", text: "aarch64")
      xml.element("vcpu", ["max": "\(EmulatorCapabilities.mostVCPUs)"])
      xml.element("iothreads", ["supported": "yes"])
      writeSystem(&xml)
      writeCPU(type, &xml)
      xml.element("memoryBacking", ["supported": "yes"]) { xml in list("sourceType", ["file", "anonymous", "memfd"], &xml) }
      xml.element("devices") { xml in writeDevices(&xml) }
      xml.element("features") { xml in writeFeatures(host, type, &xml) }
    }
    return xml.text
  }

  private static func list(_ name: String, _ values: [String], _ xml: inout XMLWriter) {
    xml.element("enum", ["name": name]) { xml in for value in values { xml.element("value", text: value) } }
  }

  private static func writeSystem(_ xml: inout XMLWriter) {
    xml.element("os", ["supported": "yes"]) { xml in
      xml.element("enum", ["name": "firmware"])
      xml.element("loader", ["supported": "yes"]) { xml in
        list("type", ["rom", "pflash"], &xml)
        list("readonly", ["yes", "no"], &xml)
        list("secure", ["no"], &xml)
      }
    }
  }

  private static func writeCPU(_ type: String, _ xml: inout XMLWriter) {
    xml.element("cpu") { xml in
      xml.element("mode", ["name": "host-passthrough", "supported": type == "kvm" ? "yes" : "no"])
      xml.element("mode", ["name": "maximum", "supported": "yes"])
      xml.element("mode", ["name": "host-model", "supported": "no"])
      xml.element("mode", ["name": "custom", "supported": "yes"]) { xml in
        for model in EmulatorCapabilities.cpuModels {
          xml.element("model", ["usable": "unknown", "vendor": "unknown"], text: model)
        }
      }
    }
  }

  private static func writeDevices(_ xml: inout XMLWriter) {
    let models = ["virtio", "virtio-transitional", "virtio-non-transitional"]
    xml.element("disk", ["supported": "yes"]) { xml in
      list("diskDevice", ["disk", "cdrom"], &xml)
      list("bus", ["scsi", "virtio", "usb", "sata"], &xml)
      list("model", models, &xml)
    }
    xml.element("rng", ["supported": "yes"]) { xml in
      list("model", models, &xml)
      list("backendModel", ["random", "builtin"], &xml)
    }
    xml.element("filesystem", ["supported": "yes"]) { xml in list("driverType", ["path", "handle"], &xml) }
    xml.element("channel", ["supported": "yes"]) { xml in list("type", ["pty", "unix"], &xml) }
  }

  private static func writeFeatures(_ host: EmulatorCapabilities, _ type: String, _ xml: inout XMLWriter) {
    xml.element("gic", ["supported": "yes"]) { xml in list("version", type == "kvm" ? ["3"] : ["2", "3"], &xml) }
    xml.element("vmcoreinfo", ["supported": "yes"])
    xml.element("genid", ["supported": "no"])
    xml.element("sev", ["supported": "no"])
    xml.element("sgx", ["supported": "no"])
    guard host.hasRealms, type == "kvm" else { return xml.element("cca", ["supported": "no"]) }
    xml.element("cca", ["supported": "yes", "measurement-log": "yes"]) { xml in
      list("measurement-algo", ["sha256", "sha512"], &xml)
    }
  }
}
