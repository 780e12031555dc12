import Foundation
import Testing

/// `deploy/prerequisites` with package tools that only pretend.
@Suite struct PrerequisitesTests {
    private func run(
        refusals: Int,
        saying sentence: String,
        wait: Int = 60
    ) throws -> (outcome: CommandUnderTest.Outcome, calls: [String]) {
        let folder = NSTemporaryDirectory() + "gridwatch-packages-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let tools = [
            "apt-get": """
            echo "$*" >>\(folder)/calls
            [ "$(grep -c update \(folder)/calls)" -gt \(refusals) ] || { echo "\(sentence)" >&2; exit 100; }
            """,
            "dpkg-query": "exit 1", "dpkg": "exit 0", "id": "echo 0", "sleep": "exit 0",
        ]
        for (name, body) in tools {
            try "#!/bin/bash\n\(body)\n".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(name)")
        }
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        let outcome = try CommandUnderTest.run(
            program: CommandUnderTest.checkout + "/deploy/prerequisites",
            ["build"],
            environment: ["PATH": "\(folder):\(path)", "GRIDWATCH_PACKAGES_WAIT": "\(wait)"]
        )
        let calls = try String(contentsOfFile: folder + "/calls", encoding: .utf8)
        return (outcome, calls.split(separator: "\n").map(String.init))
    }

    private let locked =
        "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 4242 (unattended-upgr)"

    @Test("while another package manager holds the lock it says so and waits, however often it is refused")
    func waits() throws {
        let (outcome, calls) = try run(refusals: 7, saying: locked)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("held by process 4242 (unattended-upgr)"))
        #expect(calls.count { $0.contains("update") } == 8)
        #expect(calls.last?.contains("install") == true)
        #expect(calls.allSatisfy { $0.contains("DPkg::Lock::Timeout=") })
    }

    @Test("when the lock is held for longer than it waits, it says who holds it and what to do")
    func givesUp() throws {
        let (outcome, _) = try run(refusals: 1000, saying: locked, wait: 0)
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("/var/lib/apt/lists/lock"))
        #expect(outcome.errors.contains("GRIDWATCH_PACKAGES_WAIT"))
    }

    @Test("another failure is tried three times and shown")
    func fails() throws {
        let (outcome, calls) = try run(refusals: 1000, saying: "E: Unable to locate package libav")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("Unable to locate package libav"))
        #expect(calls.count { $0.contains("update") } == 3)
    }
}
