import Foundation
import TestSupport
import Testing

/// Standard output and error as whoever starts the program leaves them.
@Suite(.ownThread) struct StandardStreamTests {
    private func shell(_ script: String) throws -> CommandUnderTest.Outcome {
        try CommandUnderTest.run(
            program: "/bin/sh",
            ["-c", script.replacing("gridwatch", with: "'\(CommandUnderTest.products)/gridwatch'")]
        )
    }

    @Test("closed descriptors are given to no file of ours, and a failure that nobody can read is still one")
    func closed() throws {
        #expect(try shell("gridwatch config example >&- 2>&- <&-").status == 0)
        #expect(try shell("gridwatch config check /nowhere >&- 2>&- <&-").status == 1)
    }
}
