// swift-tools-version: 6.2
// The parsers that read what cameras and phones send, and the files of spools, built for libFuzzer; `run` beside this
// file builds and runs it.
//
// A package of its own, because the instrumentation is for every file of the targets. Authentication needs a library
// of cryptography that takes minutes to build, and the sessions need authentication: those are left out.

import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    // Optimised, but with the checks of a debug build: reading behind a buffer's end must stop the run.
    .unsafeFlags(["-sanitize=fuzzer,address", "-parse-as-library", "-assert-config", "Debug"]),
]
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")

let package = Package(
    name: "fuzz",
    dependencies: [.package(url: "https://github.com/apple/swift-nio", from: "2.101.2")],
    targets: [
        .target(name: "CCrash", cSettings: [.unsafeFlags(["-O2"])]),
        .systemLibrary(name: "CFFmpeg", pkgConfig: "libavformat libavcodec libswscale libavutil"),
        .target(name: "CVision", cSettings: [.unsafeFlags(["-O3"])]),
        .target(name: "Flow", dependencies: ["CCrash"], swiftSettings: strict),
        .target(name: "Media", dependencies: ["CFFmpeg", "CVision", "Flow"], swiftSettings: strict),
        .target(
            name: "RTSP",
            dependencies: ["Flow", nioCore],
            exclude: ["Authentication", "Client", "Server"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "Fuzz",
            dependencies: ["Flow", "Media", "RTSP", nioCore],
            swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
        ),
    ]
)
