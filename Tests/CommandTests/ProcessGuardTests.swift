import Foundation
import TestSupport
import Testing

@Suite(.ownThread) struct ProcessGuardTests {
    private static func sleeper() throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["300"]
        try process.runGuarded()
        return process
    }

    @Test("what a test has started ends when the tests end, whoever ended them; what has ended before is left alone")
    func end() throws {
        let own = ProcessGuard()
        let (left, ended, other) = (try Self.sleeper(), try Self.sleeper(), try Self.sleeper())
        own.watch(left.processIdentifier)
        own.watch(ended.processIdentifier)
        ended.terminate()
        ended.waitUntilExit()
        // The kernel closes the pipe like this when the process of the tests is killed.
        own.end()
        left.waitUntilExit()
        #expect(left.terminationReason == .uncaughtSignal && left.terminationStatus == SIGKILL)
        var status: Int32 = 0
        #expect(waitpid(own.identifier, &status, 0) == own.identifier, "the guard ends too")
        #expect(other.isRunning)
        other.terminate()
        other.waitUntilExit()
    }
}
