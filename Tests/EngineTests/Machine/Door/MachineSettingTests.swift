import Engine
import Testing

struct MachineSettingTests {
  /// Documentation/Sessions.md has each row as it is declared.
  @Test(arguments: MachineSetting.all.map(\.key))
  func aRowIsInTheDocument(_ key: String) throws {
    let setting = try #require(MachineSetting.named(key))
    let usual = setting.text(MachineConfiguration())
    let row = "| `\(key)=` | \(setting.meaning) | \(usual) |"
    #expect(try Project.text("Documentation/Sessions.md").split(separator: "\n").contains { $0 == row }, "\(row)")
  }

  /// What is written is read as the same machine.
  @Test(arguments: [
    "", "map=qemu", "map=fvp pe=4", "dram=1G dram_base=0x100000000 pa_width=40", "rec_aux_count=3 feature_register_0=0x1",
    "rmm=spec-1.0+D6", "attestation=off vcpu=code platform=sample instance=7 lifecycle=0x5000", "patch=RMM+AP_BL31 token=legacy",
    "firmware=rmm-error:-2 gpf=el3", "host=tf-rmm", "secure=tee protect=off smmu=absent",
  ])
  func whatIsWrittenIsReadAgain(_ properties: String) throws {
    func read(_ text: String) throws -> MachineConfiguration {
      var configuration = MachineConfiguration()
      for word in text.split(separator: " ") {
        let sides = word.split(separator: "=", maxSplits: 1)
        try configuration.set(String(sides[0]), String(sides[1]))
      }
      return configuration
    }
    let made = try read(properties)
    for word in properties.split(separator: " ") { #expect(made.propertyText.contains(word.split(separator: "=")[0] + "=")) }
    #expect(try read(made.propertyText) == made)
  }

  @Test func aWordThatCannotBeIsAnsweredWithThoseThatCan() throws {
    var configuration = MachineConfiguration()
    let error = #expect(throws: ScriptError.self) { try configuration.set("map", "juno") }
    #expect(error?.message == "map is model, fvp or qemu, not \"juno\"")
  }
}
