// swift-tools-version: 6.2
// Detection alone, for counting its instructions; `run` beside this file builds and runs it.
//
// A package of its own, because valgrind cannot run a program with Swift's concurrency in it.

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
    name: "count",
    targets: [
        .target(name: "CCrash", cSettings: [.unsafeFlags(["-O2"])]),
        .target(name: "CVision", cSettings: [.unsafeFlags(["-O3"])]),
        .target(name: "Flow", dependencies: ["CCrash"], swiftSettings: strict),
        .target(name: "Detection", dependencies: ["CVision", "Flow"], swiftSettings: strict),
        .executableTarget(name: "Count", dependencies: ["Detection", "Flow"], swiftSettings: strict),
    ]
)
