import Foundation

/// The root of the checkout that the tests were built from.
public let checkout: String = {
    let here = URL(fileURLWithPath: #filePath)
    return (0..<4).reduce(here) { place, _ in place.deletingLastPathComponent() }.path
}()

/// A folder of the test's own, gone with it.
public final class Folder: Sendable {
    /// Its path.
    public let path: String

    /// Makes an empty one.
    public init() throws {
        path = NSTemporaryDirectory() + "gridwatch-test-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// Waits for what other threads bring about; bounded, so that what is broken fails instead of hanging.
public func eventually(seconds: Double = 60, _ condition: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<Int(seconds * 10) {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(100))
    }
    return false
}
