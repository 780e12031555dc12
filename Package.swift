// swift-tools-version: 6.2
// One package: every target of docs/ARCHITECTURE.md, bottom layer first. Import arrows point strictly down;
// Tests/TidyTests holds the same table and fails when a file breaks it.

import PackageDescription

/// The settings of every Swift target: Swift 6, warnings are errors.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Beside those, for targets that calculate each pixel in Swift.
///
/// Without optimisation their tests take twenty times as long. Assertions stay, and tests still see what is internal.
let fastInDebug: [SwiftSetting] = [
    .unsafeFlags(["-O", "-assert-config", "Debug"], .when(configuration: .debug))
]

let nio = "swift-nio"
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let nioCore = Target.Dependency.product(name: "NIOCore", package: nio)
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: nio)
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: nio)
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: nio)
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A Swift target in `Sources/<name>` under the strict settings.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A Swift target whose folder `resources` is copied beside the program.
func module(_ name: String, _ dependencies: [Target.Dependency], resources: String) -> Target {
    .target(name: name, dependencies: dependencies, resources: [.copy(resources)], swiftSettings: strict)
}

/// The tests of one target in `Tests/<name>Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
    name: "gridwatch",
    products: [.executable(name: "gridwatch", targets: ["gridwatch"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Layer 0: C. System libraries with shims for what Swift cannot import, and the pixel kernels.
        .systemLibrary(
            name: "CFFmpeg",
            pkgConfig: "libavformat libavcodec libswscale libavutil",
            providers: [.apt(["libavformat-dev", "libavcodec-dev", "libswscale-dev", "libavutil-dev"])]
        ),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "CCrash", cSettings: [.unsafeFlags(["-O2", "-Wall", "-Wextra", "-Werror"])]),
        .target(name: "CVision", cSettings: [.unsafeFlags(["-O3", "-Wall", "-Wextra", "-Werror"])]),

        // Layer 1: values that cross stage borders, and what carries them.
        module("Flow", ["CCrash"]),

        // Layer 2: the wrappers over foreign code and protocols.
        module("Logs", ["Flow", logging]),
        module("Media", ["CFFmpeg", "CVision", "Flow"]),
        module("RTSP", ["Flow", crypto, nioCore]),
        module("Postgres", ["CPostgres"]),

        module("Gate", ["Flow"]),

        // Layer 3: the domain, pure: no clock, no I/O.
        module("CityGrid"),
        module("Detection", ["CVision", "Flow"]),
        module("Cases"),

        // Layer 4: stages and tools with I/O.
        module("Settings", ["Detection", "Flow", "Postgres", yams]),
        module("Ingest", ["Flow", "Media", "RTSP", logging, nioCore, nioPosix, nioSSL]),
        module("Spool", ["Flow", grdb]),
        module("Store", ["Cases", "CityGrid", "Flow", "Postgres", logging], resources: "Schema"),
        module("SeedData", ["CityGrid", "Flow"]),

        module("Analysis", ["Detection", "Flow", "Gate", "Media"]),

        // Layer 5: what runs one machine's cameras, and what stands beside it.
        module(
            "Live",
            [
                "Analysis", "Cases", "Detection", "Flow", "Gate", "Ingest", "Logs", "Media", "Postgres", "RTSP",
                "Settings", "Spool", "Store", crypto, lifecycle, logging, nioCore,
            ]
        ),
        module("Planning", ["Detection", "Flow", "Media", "RTSP", nioCore]),

        // Layer 6: what stands around it.
        module("Replay", ["Analysis", "Detection", "Flow", "Gate", "Media"]),
        module("Simulator", ["CEpoll", "Flow", "Media", "RTSP", crypto, logging, nioCore]),
        module(
            "Web",
            [
                "Cases", "CityGrid", "Detection", "Flow", "Gate", "Logs", "Media", "Postgres", "Replay", "Store",
                crypto,
                cryptoExtras, httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, mustache, nioCore, nioHTTP1,
            ],
            resources: "Assets"
        ),

        .target(
            name: "Benchmarks",
            dependencies: ["Analysis", "Detection", "Flow", "Gate", "Media", "Replay"],
            swiftSettings: strict + fastInDebug
        ),

        // Layer 8: the processes of a machine, and what starts and watches them.
        module(
            "Daemon",
            [
                "Flow", "Live", "Logs", "Postgres", "Replay", "Settings", "Store", "Web", lifecycle, logging,
            ]
        ),

        // Layer 9: the command line, one file per subcommand.
        .executableTarget(
            name: "gridwatch",
            dependencies: [
                "Analysis", "Benchmarks", "CityGrid", "Daemon", "Detection", "Flow", "Gate", "Ingest", "Live", "Logs",
                "Media",
                "Planning", "Postgres", "RTSP", "Replay", "SeedData", "Settings", "Simulator", "Spool", "Store", "Web",
                argumentParser, lifecycle, logging, unixSignals,
            ],
            swiftSettings: strict
        ),

        .target(
            name: "TestSupport",
            dependencies: ["Flow", "Settings"],
            path: "Tests/Support/TestSupport",
            swiftSettings: strict
        ),
        tests("Flow", ["Flow", "breadcrumbs-crash-child", "TestSupport"]),
        .executableTarget(
            name: "breadcrumbs-crash-child",
            dependencies: ["Flow"],
            path: "Tests/Support/BreadcrumbsCrashChild",
            swiftSettings: strict
        ),
        tests("Logs", ["Logs", "Flow", logging]),
        tests("Media", ["Media", "Flow", "CVision", "TestSupport"]),
        tests("RTSP", ["RTSP", "Flow", "Media", nioCore, "TestSupport"]),
        tests("Postgres", ["Postgres"]),
        tests("CityGrid", ["CityGrid"]),
        tests("Detection", ["Detection", "Flow", "CVision", "TestSupport"]),
        tests("Cases", ["Cases"]),
        tests("Settings", ["Settings", "Detection", "Flow"]),
        tests(
            "Ingest",
            ["Ingest", "Flow", "Media", "RTSP", "Simulator", logging, nioCore, nioPosix, nioSSL, "TestSupport"]
        ),
        tests("Spool", ["Spool", "Flow", "spool-crash-child", "TestSupport", grdb]),
        .executableTarget(
            name: "spool-crash-child",
            dependencies: ["Spool", "Flow"],
            path: "Tests/Support/SpoolCrashChild",
            swiftSettings: strict
        ),
        tests("Store", ["Store", "Cases", "CityGrid", "Flow", "Postgres", "SeedData"]),
        tests("SeedData", ["SeedData", "CityGrid", "TestSupport"]),
        tests("Gate", ["Gate", "Flow", "TestSupport"]),
        tests(
            "Analysis",
            ["Analysis", "Detection", "Flow", "Gate", "Media", "TestSupport"]
        ),
        tests(
            "Live",
            [
                "Live", "Analysis", "Detection", "Flow", "Gate", "Ingest", "Media", "Postgres", "Settings", "Simulator",
                "Spool", "Store", lifecycle, logging, "TestSupport",
            ]
        ),
        tests(
            "Daemon",
            [
                "Daemon", "Flow", "Live", "Postgres", "Settings", "Store", "Web", lifecycle, logging, "TestSupport",
            ]
        ),
        tests(
            "Replay",
            ["Replay", "Analysis", "Detection", "Flow", "Gate", "Live", "Media", "Settings", "TestSupport"]
        ),
        tests("Benchmarks", ["Benchmarks", "Detection", "Flow", "Replay", "TestSupport"]),
        tests("Planning", ["Planning"]),
        tests("Simulator", ["Simulator", "Flow", "Media", "RTSP", logging, nioCore, "TestSupport"]),
        tests(
            "Web",
            [
                "Web", "Analysis", "Cases", "Daemon", "Detection", "Flow", "Gate", "Ingest", "Live", "Media",
                "Postgres",
                "Replay", "Settings", "Store", hummingbird, httpTypes, lifecycle, logging, yams, "TestSupport",
            ]
        ),
        tests("Command", ["gridwatch", "Detection", "Flow", "Postgres", "Spool", "Store", "TestSupport"]),
        tests("Tidy", ["TestSupport"]),
    ]
)
