// swift-tools-version: 6.2
import PackageDescription

/// Settings every Swift target shares.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "workbench",
  products: [
    .executable(name: "workbench", targets: ["Workbench"]),
    .library(name: "Engine", targets: ["Engine"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    .systemLibrary(name: "CNcurses"),
    .target(name: "CTerm", dependencies: ["CNcurses"]),
    .target(
      name: "Engine", dependencies: [.product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: strict),
    .target(name: "Views", dependencies: ["Engine"], swiftSettings: strict),
    .executableTarget(
      name: "Workbench",
      dependencies: [
        "CNcurses", "CTerm", "Engine", "Views",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EngineTests",
      dependencies: ["Engine", .product(name: "Crypto", package: "swift-crypto")],
      exclude: ["Fixtures"], swiftSettings: strict),
    .testTarget(name: "ViewsTests", dependencies: ["Engine", "Views"], exclude: ["Screens"], swiftSettings: strict),
    .target(name: "CPseudoTerminal", path: "Tests/CPseudoTerminal"),
    .testTarget(
      name: "WorkbenchTests", dependencies: ["CPseudoTerminal", "Workbench"],
      swiftSettings: strict),
  ]
)
