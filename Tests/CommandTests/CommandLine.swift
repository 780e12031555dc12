import Foundation
import TestSupport

/// The command that was built beside the tests, run as people run it.
enum CommandUnderTest {
    /// What a run gave.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
    }

    static let checkout: String = {
        let here = URL(fileURLWithPath: #filePath)
        return here.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path
    }()

    /// The folder of the build's products: the test bundle's own.
    static let products: String = {
        let bundle = Bundle.allBundles.map(\.bundlePath).first { $0.hasSuffix(".xctest") }
        return ((bundle ?? ProcessInfo.processInfo.arguments[0]) as NSString).deletingLastPathComponent
    }()

    /// Runs `gridwatch` in the checkout and waits for its end.
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Outcome {
        try run(program: products + "/gridwatch", arguments, environment: environment)
    }

    /// Runs a program in the checkout and waits for its end.
    static func run(
        program: String,
        _ arguments: [String],
        environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: checkout)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let folder = NSTemporaryDirectory() + "gridwatch-command-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var files: [FileHandle] = []
        for name in ["out", "err"] {
            _ = FileManager.default.createFile(atPath: folder + "/" + name, contents: nil)
            files.append(try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/" + name)))
        }
        process.standardOutput = files[0]
        process.standardError = files[1]
        try process.runGuarded()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus,
            output: try String(contentsOfFile: folder + "/out", encoding: .utf8),
            errors: try String(contentsOfFile: folder + "/err", encoding: .utf8)
        )
    }
}
