import Engine
import Views

/// Booting a guest in the open workbench, and letting it go on.
extension App {
  /// REC entries a command makes at most before the screen is drawn again.
  static let entriesAtOnce = 20_000

  /// `boot IMAGE [VCPUS]`: a fresh machine of the same kind whose vCPUs execute code, a Realm built from the image, and its run.
  func boot(_ words: [String]) {
    guard words.count == 2 || words.count == 3, let vcpus = words.count == 3 ? Int(words[2]) : 2 else {
      state.message = .init("expected boot IMAGE [VCPUS], such as boot Sessions/guests/tour.elf", isError: true)
      return
    }
    var configuration = session.configuration
    configuration.vcpu = .code
    var options = RealmVM.Options()
    options.vcpus = vcpus
    let image: BootImage
    let relyingParty: () -> RelyingParty?
    do throws(TokenFile.Failure) {
      image = try GuestImages.load(words[1])
      relyingParty = try GuestImages.relyingParty(trusting: nil, options, configuration)
    } catch {
      state.message = .init(error.message, isError: true)
      return
    }
    startRecording()
    recorder?.willPerform(at: session.position)
    session.perform(.reset(configuration, name: nil))
    let vm = RealmVM(session, options)
    ConfidentialModel(vm, session, relyingParty)
    do throws(RealmVM.Failure) {
      try vm.build(image)
    } catch {
      recorder?.record(session, now: CPUClock.wall)
      state.message = .init("\(words[1]): \(error.message)", isError: true)
      return
    }
    guest = (vm, session.steps.count)
    goOn(entries: App.entriesAtOnce)
    state.screen = .guest
  }

  /// `continue [N]`: the guest that was booted goes on for N REC entries.
  func continueGuest(_ words: [String]) {
    guard words.count <= 2, let entries = words.count == 2 ? Int(words[1]) : App.entriesAtOnce, entries > 0 else {
      state.message = .init("expected continue [ENTRIES]", isError: true)
      return
    }
    guard let guest, guest.steps == session.steps.count, session.position == guest.steps else {
      state.message = .init(
        guest == nil
          ? "no guest was booted here; boot IMAGE boots one"
          : "its Host only knows the end of the boot: go there first (end), and boot again if something was done instead",
        isError: true)
      return
    }
    startRecording()
    recorder?.willPerform(at: session.position)
    goOn(entries: min(entries, App.entriesAtOnce))
  }

  private func goOn(entries: Int) {
    guard let vm = guest?.vm else { return }
    let ending = vm.run(entries: entries)
    recorder?.record(session, now: CPUClock.wall)
    guest = ending == nil ? (vm, session.steps.count) : nil
    state.traceStep = nil
    afterChange()
    switch ending {
    case .poweredOff: state.message = .init("the guest turned itself off; < and > go through its exits")
    case .reset: state.message = .init("the guest asked for a reset")
    case .stopped(let word):
      state.message = .init("the model does not have the instruction \(hex(UInt64(word)))", isError: true)
    case .failed(let why): state.message = .init(why, isError: true)
    case nil: state.message = .init("the guest is still running; :continue lets it go on")
    }
  }
}
