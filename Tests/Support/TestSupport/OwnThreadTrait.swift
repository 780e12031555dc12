public import Testing

/// Runs each test of a suite on threads that only such tests use.
///
/// Swift's own pool has one thread per core. A test that calculates for a minute, or waits for a process, without a
/// pause keeps one of them, and the tests beside it, which wait for a database or a camera, then miss their deadlines
/// though nothing is wrong.
public struct OwnThreadTrait: TestTrait, SuiteTrait, TestScoping {
    /// Also the tests of suites within the suite.
    public var isRecursive: Bool { true }

    /// Runs one test, or one case of it.
    public func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(TestThreads.shared) {
            try await function()
        }
    }
}

extension Trait where Self == OwnThreadTrait {
    /// The test calculates or blocks for seconds: it runs on one of the threads for such tests.
    ///
    /// There are as many as cores: a test that blocks there may not wait for a task that needs one of them, too.
    public static var ownThread: Self { Self() }
}
