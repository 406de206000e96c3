// swift-tools-version: 6.2
import PackageDescription

// Apart from the project's package, so that who builds the workbench fetches no benchmark library.
let package = Package(
  name: "benchmarks",
  dependencies: [
    .package(name: "workbench", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/google/swift-benchmark", from: "0.1.2"),
  ],
  targets: [
    .executableTarget(
      name: "Bench",
      dependencies: [
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Benchmark", package: "swift-benchmark"),
        .product(name: "Engine", package: "workbench"),
        .product(name: "Views", package: "workbench"),
      ],
      swiftSettings: [
        .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
      ])
  ])
