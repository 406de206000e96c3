// swift-tools-version: 6.2
import PackageDescription

/// Settings every Swift target shares.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

/// Who sees the Engine depends on its parts by name, too: a build then makes it anew when the layout of a part's types changes.
let parts: [Target.Dependency] = ["Attestation", "Basics", "Host", "Lessons", "Libvirt", "Machine", "Session"]
let engine = parts + ["Engine"]

/// Functions begin with a cache line: the loop that runs guests is up to a fifth slower where the linker puts it anywhere else.
let aligned = SwiftSetting.unsafeFlags(["-Xllvm", "-align-all-functions=6"], .when(configuration: .release))

/// A part of the Engine: a folder of its own, which sees the parts below it and no other.
func part(_ name: String, _ dependencies: [Target.Dependency], _ settings: [SwiftSetting] = []) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/Engine/\(name)", swiftSettings: strict + settings)
}

let package = Package(
  name: "workbench",
  products: [
    .executable(name: "workbench", targets: ["Workbench"]),
    .library(name: "Engine", targets: ["Engine"]),
    .library(name: "Views", targets: ["Views"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ],
  targets: [
    .systemLibrary(name: "CNcurses"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .target(name: "CTerm", dependencies: ["CNcurses"]),
    .target(name: "Libc", swiftSettings: strict),
    part("Basics", []),
    part("Attestation", ["Basics", crypto]),
    .target(name: "CMachine", path: "Sources/Engine/CMachine"),
    part("Machine", ["Attestation", "Basics", "CMachine", "Libc", crypto], [aligned]),
    part("Host", ["Attestation", "Basics", "Machine", crypto]),
    part("Libvirt", ["Basics", "CLibXML2"]),
    part("Session", ["Attestation", "Basics", "Host", "Libvirt", "Machine"]),
    part("Lessons", ["Basics", "Machine", "Session"]),
    .target(
      name: "Engine", dependencies: parts, path: "Sources/Engine",
      exclude: ["Attestation", "Basics", "CMachine", "Host", "Lessons", "Libvirt", "Machine", "Session"], swiftSettings: strict),
    .target(name: "Views", dependencies: engine, swiftSettings: strict),
    .executableTarget(
      name: "Workbench",
      dependencies: engine + [
        "CNcurses", "CTerm", "CZlib", "Libc", "Views", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"), .product(name: "TOMLKit", package: "TOMLKit"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EngineTests", dependencies: engine + [crypto], exclude: ["Fixtures", "Libvirt/Fixtures"], swiftSettings: strict),
    // As another package would see it: what is `package` it cannot name.
    .testTarget(name: "EmbeddingTests", dependencies: engine + ["Views"], packageAccess: false, swiftSettings: strict),
    .testTarget(name: "ViewsTests", dependencies: engine + ["Views"], exclude: ["Screens"], swiftSettings: strict),
    .target(name: "CPseudoTerminal", path: "Tests/CPseudoTerminal"),
    .testTarget(
      name: "WorkbenchTests", dependencies: engine + ["CPseudoTerminal", "Libc", "Workbench"],
      swiftSettings: strict),
  ]
)
