import Foundation
import Synchronization
import TestSupport

/// A program of the machine that a test runs to its end.
struct CommandLineTool: Sendable {
    /// What a run left behind.
    struct Result: Sendable {
        /// Exit status; the signal's number when one ended it.
        var status: Int32
        /// Everything that it wrote to standard output.
        var output: String
        /// Everything that it wrote to standard error.
        var errors: String
    }

    private let path: String

    /// Finds the program in the search path; nil when it is not installed.
    init?(_ name: String) {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
        let candidates = folders.map { "\($0)/\(name)" }
        guard let path = candidates.first(where: FileManager.default.isExecutableFile) else { return nil }
        self.path = path
    }

    /// Runs the program on a thread of its own and ends it when it takes longer than `seconds`.
    func run(_ arguments: [String], seconds: Double = 60) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Swift.Result { try runBlocking(arguments, seconds: seconds) })
            }
        }
    }

    private func runBlocking(_ arguments: [String], seconds: Double) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.runGuarded()
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + seconds)
        timer.setEventHandler { process.terminate() }
        timer.resume()
        defer { timer.cancel() }
        let errorText = Mutex("")
        let reader = DispatchGroup()
        reader.enter()
        Thread.detachNewThread {
            let data = errors.fileHandleForReading.readDataToEndOfFile()
            errorText.withLock { $0 = String(decoding: data, as: UTF8.self) }
            reader.leave()
        }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        reader.wait()
        process.waitUntilExit()
        return Result(status: process.terminationStatus, output: text, errors: errorText.withLock { $0 })
    }
}
