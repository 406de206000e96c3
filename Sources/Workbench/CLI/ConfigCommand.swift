import ArgumentParser

struct ConfigCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "config", abstract: "Prints the settings that hold, and where each comes from.",
    discussion: """
      Settings stand in $XDG_CONFIG_HOME/workbench/config.toml (~/.config, if that is not set), in TOML. What is printed is such a file \
      itself: workbench config > FILE is a beginning. They hold for the workbench in the terminal; options of its command line \
      come before them, and run, replay and boot do not know them, so that a script does the same for everybody.
      """)

  @OptionGroup var options: OpenOptions

  func run() throws {
    let configuration = try orComplain { () throws(Configuration.Failure) in try options.configuration() }
    var out = Output()
    for line in configuration.lines() { out.line(line) }
    out.flush()
  }
}
