import Foundation
import Glibc
import Synchronization
import TestSupport

/// A headless Chromium with one page, driven over its debugging pipe.
///
/// The pipe needs no port and no WebSocket: messages are JSON, each ended by a zero byte.
final class Chromium: Sendable {
    struct Failure: Error {
        let text: String
    }

    /// Where the browser is; nil on a machine without one.
    static let path: String? = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    private struct State {
        var number = 0
        var buffer: [UInt8] = []
        var session: String?
        var problems: [String] = []
        var questions: [String] = []
    }

    private let process: Process
    private let input: Int32
    private let output: Int32
    private let state = Mutex(State())

    /// Runs `body` with a browser that holds the session of `visitor`.
    static func with(_ visitor: Browser, _ body: (Chromium) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gridwatch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let browser = try Chromium(folder: folder.path)
        defer { browser.stop() }
        try await browser.open(visitor)
        try await body(browser)
    }

    private init(folder: String) throws {
        let (requests, answers) = (Pipe(), Pipe())
        process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        // The browser reads from descriptor 3 and writes to 4.
        let command = "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null"
        process.arguments = [
            "-c", command, Self.path ?? "", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--remote-debugging-pipe", "--user-data-dir=\(folder)", "about:blank",
        ]
        process.standardInput = requests
        process.standardOutput = answers
        input = dup(requests.fileHandleForWriting.fileDescriptor)
        output = dup(answers.fileHandleForReading.fileDescriptor)
        try process.runGuarded()
    }

    private func stop() {
        close(input)
        close(output)
        process.terminate()
        process.waitUntilExit()
    }

    private func open(_ visitor: Browser) async throws {
        let page = try await call("Target.createTarget", ["url": "about:blank"])
        let attached = try await call(
            "Target.attachToTarget",
            ["targetId": page["targetId"] ?? "", "flatten": "true"]
        )
        state.withLock { $0.session = attached["sessionId"] }
        for domain in ["Page", "Runtime", "Log", "Network"] { _ = try await call("\(domain).enable") }
        try await hold(visitor)
    }

    /// Gives the page the session of a visitor, as a login does.
    func hold(_ visitor: Browser) async throws {
        let parts = (visitor.cookie ?? "").split(separator: "=", maxSplits: 1).map(String.init)
        _ = try await call(
            "Network.setCookie",
            ["name": parts[0], "value": parts[1], "url": "http://127.0.0.1:\(visitor.client.port)"]
        )
    }

    /// Gives the page the size of a screen.
    func resize(width: Int, height: Int, isPhone: Bool = false) async throws {
        _ = try await call(
            "Emulation.setDeviceMetricsOverride",
            ["width": "\(width)", "height": "\(height)", "deviceScaleFactor": "1", "mobile": "\(isPhone)"]
        )
    }

    /// Opens a page that has nothing live and waits until it is loaded.
    func open(_ url: String) async throws {
        _ = try await call("Page.navigate", ["url": url])
        try await wait(for: "location.href === '\(url)' && document.readyState === 'complete'")
    }

    /// Opens a page and waits until it is live.
    func visit(_ url: String) async throws {
        _ = try await call("Page.navigate", ["url": url])
        try await wait(for: "document.getElementById('live')?.classList.contains('on')")
    }

    /// Waits until an expression is true in the page.
    func wait(for expression: String, seconds: Int = 30) async throws {
        for _ in 0..<(seconds * 10) {
            if try await evaluate("String(!!(\(expression)))") == "true" { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Failure(text: "never true: \(expression)")
    }

    /// The text that an expression gives in the page.
    func evaluate(_ expression: String) async throws -> String {
        let answer = try await call("Runtime.evaluate", ["expression": expression])
        return answer["value"] ?? ""
    }

    /// What the console and the security policy complained of.
    var problems: [String] { state.withLock { $0.problems } }

    /// What the page asked; the answer was yes.
    var questions: [String] { state.withLock { $0.questions } }

    /// Sends a command; the texts of its result and of the value in it.
    private func call(_ method: String, _ parameters: [String: String] = [:]) async throws -> [String: String] {
        try await HTTPClient.blocking { [self] in
            try state.withLock { state in
                state.number += 1
                let own = state.number
                try send(method, parameters, state)
                while true {
                    let message = try read(&state.buffer)
                    Self.note(message, &state.problems)
                    if message["method"] as? String == "Page.javascriptDialogOpening" {
                        let asked = message["params"] as? [String: Any] ?? [:]
                        state.questions.append(asked["message"] as? String ?? "")
                        state.number += 1
                        try send("Page.handleJavaScriptDialog", ["accept": "true"], state)
                    }
                    guard message["id"] as? Int == own else { continue }
                    let result = message["result"] as? [String: Any] ?? [:]
                    let inner = result["result"] as? [String: Any] ?? [:]
                    return result.merging(inner) { $1 }.compactMapValues { $0 as? String }
                }
            }
        }
    }

    private func send(_ method: String, _ parameters: [String: String], _ state: State) throws {
        let typed = parameters.mapValues { text -> Any in
            switch text {
            case "true": true
            case "false": false
            default: Int(text) ?? text as Any
            }
        }
        var message: [String: Any] = ["id": state.number, "method": method, "params": typed]
        if let session = state.session, !method.hasPrefix("Target.") { message["sessionId"] = session }
        let bytes = Array(try JSONSerialization.data(withJSONObject: message)) + [0]
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { write(input, $0.baseAddress?.advanced(by: sent), bytes.count - sent) }
            guard count > 0 else { throw Failure(text: "the browser is gone") }
            sent += count
        }
    }

    private func read(_ buffer: inout [UInt8]) throws -> [String: Any] {
        while true {
            if let end = buffer.firstIndex(of: 0) {
                let message = try JSONSerialization.jsonObject(with: Data(buffer[..<end]))
                buffer.removeSubrange(...end)
                return message as? [String: Any] ?? [:]
            }
            var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, 60_000) == 1 else { throw Failure(text: "the browser does not answer") }
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = Glibc.read(output, &chunk, chunk.count)
            guard count > 0 else { throw Failure(text: "the browser is gone") }
            buffer += chunk[..<count]
        }
    }

    private static func note(_ message: [String: Any], _ problems: inout [String]) {
        let parameters = message["params"] as? [String: Any] ?? [:]
        switch message["method"] as? String {
        case "Runtime.exceptionThrown": problems.append("\(parameters["exceptionDetails"] ?? "exception")")
        case "Log.entryAdded":
            let entry = parameters["entry"] as? [String: Any] ?? [:]
            if entry["level"] as? String == "error" { problems.append("\(entry["text"] ?? "") \(entry["url"] ?? "")") }
        default: break
        }
    }
}
