import Engine
import Testing
import Views

@testable import Workbench

/// A person's settings: what a file says, what the command line says instead, and what is wrong with a file.
struct ConfigurationTests {
  @Test func aFileSaysWhatHoldsAndTheCommandLineComesFirst() throws {
    var settings = try Configuration(
      """
      # mine
      theme = "light"
      mouse = false
      machine = "pe=4"
      rmm = "tf-rmm-0.6"

      [keys]
      undo = ["u", "backspace"]
      step = "F7"
      """, path: "config.toml")
    #expect(settings.text(.theme) == "light")
    #expect(!settings.flag(.mouse))
    #expect(settings.flag(.record), "the default")
    #expect(try settings.machine().peCount == 4)
    #expect(try settings.machine().policy.name == "tf-rmm-0.6")
    #expect(settings.bindings[.undo] == "u")
    #expect(settings.bindings[.step] == "F7")
    #expect(Setting.theme.problem(with: .text("dark")) == nil)
    settings.override(.theme, .text("mono"))
    let lines = settings.lines()
    #expect(lines.contains("theme = \"mono\"  # command line"))
    #expect(lines.contains("mouse = false  # config.toml:3"))
    #expect(lines.contains("record = true  # default"))
    #expect(lines.contains("step = [\"F7\"]  # config.toml:9"))
  }

  /// What is printed is a file itself, and says the same.
  @Test func whatIsPrintedCanBeReadAgain() throws {
    let file = "theme = \"contrast\"\n[keys]\nundo = \"F9\"\nmacro-it = \"F8\"\n[macros]\nit = \"print \\\"x\\\"\"\n"
    let printed = try Configuration(file, path: "a").lines()
    let again = try Configuration(printed.joined(separator: "\n"), path: "b")
    #expect(again.macros.map(\.macro) == [Macro("it", ["print \"x\""])])
    #expect(again.bindings.action("F8", in: [.anywhere])?.id == "macro-it")
    #expect(again.text(.theme) == "contrast")
    #expect(again.bindings[.undo] == "F9")
    for action in UserAction.all where action.id != "undo" {
      #expect(again.bindings.keys(of: action) == action.defaultKeys, "\(action.id)")
    }
  }

  static let mistakes: [(file: String, message: String)] = [
    ("theme = \"pink\"", "f:1: theme is one of auto, default, light, contrast, colour-blind, mono, not \"pink\""),
    ("\n\nmouse = 1", "f:3: mouse is true or false"),
    ("mouse = \"yes\"", "f:1: mouse is true or false, not \"yes\""),
    ("tehme = \"light\"", "f:1: there is no setting \"tehme\"; did you mean theme?"),
    ("machine = \"moon\"", "f:1: unknown machine \"moon\"; expected default or tf-rmm, or key=value"),
    ("machine = \"pe=99\"", "f:1: "),
    ("[keys]\nundoo = \"u\"", "f:2: there is no action \"undoo\"; did you mean undo?"),
    ("[keys]\nundo = 7", "f:2: undo is a key such as \"u\", or a list of keys"),
    ("[keys]\nundo = \"ctrl-z\"", "f:2: there is no key \"ctrl-z\"; a key is one character, or one of up, "),
    ("[keys]\n\nundo = \"q\"", "f:3: \"q\" is to be the key of undo and is that of quit; give one of them another key"),
    ("[keys]\nundo = \"F7\"\nredo = \"F7\"", "f:3: \"F7\" is to be the key of redo and is that of undo"),
    ("theme = \"light", "f:1: "),
    ("keys = 3", "f:1: [keys] is a table"),
    ("macros = 3", "f:1: [macros] is a table: a name, and the statements it stands for"),
    ("[macros]\nit = 3", "f:2: it is a statement such as \"RMI_VERSION 0x10000\", or a list of statements"),
    ("[macros]\nit = []", "f:2: it has 1 to 100 statements"),
    ("[macros]\nit = [\(String(repeating: "\"quit\", ", count: 101))]", "f:2: it has 1 to 100 statements"),
    ("[macros]\n\"a b\" = \"quit\"", "f:2: \"a b\" is no name of a macro; it has up to 22 letters, digits and hyphens"),
    ("[macros]\nit = \" macro it\"", "f:2: it has a macro in it: \" macro it\"; a macro has other statements"),
    ("[macros]\nit = \"a\\nb\"", "f:2: it is a statement such as"),
    ("[keys]\nmacro-it = \"F5\"", "f:2: there is no action \"macro-it\""),
    ("[macros]\nit = \"quit\"\n[keys]\nmacro-it = \"u\"", "f:4: \"u\" is to be the key of macro-it and is that of undo"),
  ]

  @Test(arguments: mistakes)
  func aMistakeIsSaidWithItsLineAndWhatWouldBeRight(_ mistake: (file: String, message: String)) {
    #expect {
      try Configuration(mistake.file, path: "f")
    } throws: { error in
      let message = (error as? Configuration.Failure)?.message ?? "another error: \(error)"
      guard message.hasPrefix(mistake.message) else {
        Issue.record("\(message)")
        return false
      }
      return true
    }
  }

  @Test func theKeysNobodyChangedDoNotClash() { #expect(KeyBindings.clash([:]) == nil) }

  @Test func theCommandReadsTheFileOfTheEnvironment() throws {
    let folder = try TemporaryFolder()
    _ = try folder.write("workbench/config.toml", "theme = \"mono\"\n")
    let good = try Headless.run(["config", "--no-mouse"], environment: ["XDG_CONFIG_HOME": folder.path])
    #expect(good.code == 0)
    #expect(good.output.contains("theme = \"mono\"  # \(folder.path)/workbench/config.toml:1\n"))
    #expect(good.output.contains("mouse = false  # command line\n"))
    _ = try folder.write("workbench/config.toml", "theme = 3\n")
    let bad = try Headless.run(["config"], environment: ["XDG_CONFIG_HOME": folder.path])
    #expect(bad.code == 65)
    #expect(bad.error.contains("config.toml:1: theme is one of auto,"), "\(bad.error)")
    let wrong = try Headless.run(["config", "--theme", "pink"])
    #expect(wrong.code == 64)
    #expect(wrong.error.contains("--theme is one of auto,"), "\(wrong.error)")
  }
}
