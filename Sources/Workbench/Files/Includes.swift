import Engine
import SystemPackage

/// Finds files that a file names: relative to it, never outside its folder.
enum Includes {
  /// Where the file is.
  ///
  /// - Parameter verb: what the file is for, in messages.
  static func path(of name: String, from file: String, to verb: String = "include") throws(ScriptError) -> String {
    guard file != "-" else { throw ScriptError(message: "standard input has no folder to find \"\(shown(name))\" in") }
    let outside = ScriptError(
      message: "\"\(shown(name))\" leads outside the script's folder; name a file beside it")
    guard !name.hasPrefix("/"), !name.split(separator: "/", omittingEmptySubsequences: false).contains("..") else {
      throw outside
    }
    let folder = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? "."
    let path = folder + "/" + name
    let isInside: Bool
    do throws(Errno) {
      isInside = try FilePath(path).real().starts(with: try FilePath(folder).real())
    } catch {
      throw ScriptError(message: "cannot \(verb) \"\(shown(name))\": \(error)")
    }
    guard isInside else { throw outside }
    return path
  }

  /// Lets a script name files: scripts it includes, and images of guests it boots.
  static func serve(_ runner: ScriptRunner) {
    runner.load = { name, file throws(ScriptError) in try load(name, from: file) }
    runner.guestControl.load = { name, file throws(ScriptError) in try GuestImages.load(name, from: file) }
    runner.guestControl.loadFile = { name, file throws(ScriptError) in
      try GuestImages.file(try path(of: name, from: file, to: "read"))
    }
    runner.stackControl.place = { hostPlace(of: $0) }
  }

  /// The host of a recording that is opened: it may open what is in the recording's folder.
  static func stackControl(ofRecording path: String, _ session: Session) -> StackControl {
    let control = StackControl(session)
    control.place = { hostPlace(of: $0) }
    control.recording = path
    return control
  }

  /// What the host of a script may open: what is in the script's folder.
  private static func hostPlace(of file: String) -> StackControl.Place {
    let files = HostFiles()
    guard file != "-", let here = try? FilePath(".").real().string else {
      return StackControl.Place(folder: "/", xml: FilePolicy(files), images: FilePolicy(files))
    }
    let folder = FilePolicy.normal(file.lastIndex(of: "/").map { String(file[..<$0]) } ?? ".", in: here)
    let inside = FilePolicy(folders: [folder], files)
    return StackControl.Place(folder: folder, xml: inside, images: inside)
  }

  /// The lines of an included script.
  static func load(_ name: String, from file: String) throws(ScriptError) -> (name: String, lines: [String]) {
    let path = try path(of: name, from: file)
    do throws(SessionLoader.Failure) {
      return (path, try SessionLoader.read(path, isPlain: true).lines)
    } catch {
      throw ScriptError(message: "cannot include \(error.message)")
    }
  }
}
