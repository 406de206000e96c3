import Engine
import Views

/// Changing what holds, in the open workbench.
extension App {
  /// What a setting is, and where that is said.
  func tell(_ setting: Setting) {
    let (value, origin) = settings.value(setting)
    state.message = .init(
      "\(setting.name) = \(value) (\(origin.text(settings.path.map { shown($0) } ?? "config.toml"))); it is \(setting.values)")
  }

  /// - Parameter saves: whether it is written into the person's file, too.
  func set(_ setting: Setting, _ value: Setting.Value, saves: Bool) {
    settings.override(setting, value, .here)
    let note = apply(setting, value)
    var text = "\(setting.name) = \(value)\(note.map { ", \($0)" } ?? "")"
    if saves {
      do throws(Configuration.Failure) {
        text += "; kept in \(shown(try settings.keep(setting, value)))"
      } catch {
        state.message = .init("\(text), but not kept: \(error.message)", isError: true)
        return
      }
    } else if settings.path != nil {
      text += "; with save it is kept"
    }
    state.message = .init(text)
  }

  /// - Returns: what is to be said of it.
  private func apply(_ setting: Setting, _ value: Setting.Value) -> String? {
    let isOn = value == .flag(true)
    switch setting.name {
    case Setting.theme.name:
      guard let theme = Theme.named(settings.text(.theme)) ?? suitable else {
        return "for the next start: the terminal is asked then"
      }
      use(theme)
    case Setting.large.name:
      state.isLarge = isOn
      applyTheme()
    case Setting.mouse.name: if terminal.mouse != isOn { terminal.toggleMouse() }
    case Setting.color.name, Setting.ascii.name:
      terminal.draw(ColourMode(rawValue: settings.text(.color)) ?? .auto, ascii: settings.flag(.ascii))
      state.bindings.spellsKeys = terminal.isASCII
    case Setting.animation.name: animates = isOn
    case Setting.record.name:
      records = isOn
      if isOn { startRecording() } else { return endRecording() }
    default: return "for the next start; :machine makes another machine now"
    }
    return nil
  }

  /// What was recorded stays.
  private func endRecording() -> String? {
    guard let recorder else { return nil }
    recorder.finish(session, now: CPUClock.wall)
    self.recorder = nil
    state.recording = .off
    state.trouble = nil
    return recorder.account
  }
}
