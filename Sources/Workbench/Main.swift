import Engine
import Foundation

@main struct W {
  static func main() {
    var preset = MachineConfiguration()
    if CommandLine.arguments.contains("tf-rmm") { preset = MachineConfiguration.preset("tf-rmm")! }
    let s = Session(preset, keepsHistory: false)
    let r = ScriptRunner(s)
    r.onReport = { for l in $0.result.rawLines { print(l) } }
    var n = 0
    while let l = readLine() { n += 1; do { try r.run(line: l, number: n, file: "-") } catch { print(error.description(in: "-")); exit(65) } }
  }
}
