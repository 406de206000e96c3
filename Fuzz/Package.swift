// swift-tools-version: 6.2
import PackageDescription

// Apart from the project's package, because all of it is built with the fuzzer's instrumentation: see the script `run`.
let package = Package(
  name: "fuzz",
  dependencies: [.package(name: "workbench", path: "..")],
  targets: [
    .executableTarget(
      name: "TokenFuzzer", dependencies: [.product(name: "Engine", package: "workbench")],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
  ])
