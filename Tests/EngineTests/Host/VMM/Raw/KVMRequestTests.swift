import Engine
import Testing

@testable import Host

/// Calls of KVM's in words: what is read, and what is said of what cannot be.
struct KVMRequestTests {
  private func read(_ text: String) throws(KVMRequest.Malformed) -> KVMRequest {
    try KVMRequest(text.split(separator: " ").map(String.init))
  }

  private func complaint(_ text: String) -> String? {
    do throws(KVMRequest.Malformed) {
      _ = try read(text)
      return nil
    } catch {
      return error.message
    }
  }

  @Test func everyFormHasAnExampleThatComesBack() throws {
    for form in KVMRequest.forms {
      let request = try read(form.example)
      #expect(form.example.hasPrefix(form.name) && !form.help.isEmpty)
      #expect(try read(request.text) == request, "\(request.text)")
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let requests: [KVMRequest] = [
      .createVM(.ordinary, ipaBits: 36), .setMemoryRegion(base: 1, size: 2, isAbsent: true), .write(0x1000, [1, 0xAB]),
      .createVCPU(pc: 4, x0: 5, []), .createVCPU(pc: 0, x0: 0, [.psci02, .pmuV3]), .configureHash(7),
      .configurePersonalization([3, 4]), .configureItem(2), .populate(base: ~0, size: 0, flags: 9), .unreadable(.configure),
      .unreadable(.initRIPAS), .unreadable(.populate), .enableCap(command: 9, capability: 1), .finalize(3, feature: 4), .run(2),
      .close,
    ]
    for request in requests { #expect(try read(request.text) == request, "\(request.text)") }
  }

  @Test func namesMayBeAsInKVMsHeader() throws {
    #expect(try read("KVM_RUN 0") == .run(0))
    #expect(try read("kvm_arm_vcpu_finalize 1") == .finalize(1, feature: KVMRealmCapability.recFeature))
    #expect(try read("config_realm hash=SHA512") == .configureHash(1))
    #expect(try read("create_vm ordinary") == .createVM(.ordinary, ipaBits: 39))
  }

  @Test(arguments: [
    ("", "expected a call of KVM's: CREATE_VM, "), ("POPULTE 0 1", "POPULTE is no call of KVM's; did you mean POPULATE?"),
    ("QUX", "QUX is no call of KVM's: CREATE_VM, "), ("RUN", "expected the number of a vCPU: RUN VCPU"),
    ("RUN x", "expected the number of a vCPU, found x"), ("RUN 0 1", "1: expected RUN VCPU"),
    ("CREATE_VM both", "expected realm or ordinary, found both"),
    ("WRITE 0 abc", "expected bytes in hexadecimal, two digits each"),
    ("CREATE_VCPU pc=z", "pc: expected a number, found z"), ("CREATE_VCPU sp=1", "sp=1: expected CREATE_VCPU [pc=PC]"),
    ("CREATE_VCPU pc=1 pc=2", "pc=2: expected CREATE_VCPU"), ("CONFIG_REALM", "expected hash=, rpv= or item="),
    ("POPULATE 0 1 flags=0x100000000", "flags has 32 bits; found 0x100000000"),
  ])
  func whatIsWrongIsSaid(_ line: (text: String, message: String)) {
    #expect(complaint(line.text)?.contains(line.message) == true, "\(complaint(line.text) ?? "nothing")")
  }
}
