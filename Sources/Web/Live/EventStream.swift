import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Store

/// The live stream of a browser, `GET /api/v1/events`.
struct EventStream: Sendable {
    let feed: ChangeFeed
    let desk: AccountService
    let cookies: SessionCookie
    let door: ConnectionDoor?

    /// Opens the stream; it ends with the session, the connection, or the server.
    func response(to request: Request, _ context: WebContext) async throws -> Response {
        let visitor = try context.requireVisitor()
        guard let token = cookies.token(of: request) else { throw WebError(.unauthenticated) }
        let subscription = try await feed.subscribe(visitor.account)
        // Who goes from page to page must not hold a stream of each until its next line fails.
        door?.whenGone(context.connection) { [weak subscription] in subscription?.end() }
        let body = ResponseBody { writer in
            try await writer.write(ByteBuffer(string: "retry: 3000\n\n"))
            for await message in subscription.messages {
                // A beat is also the time to see whether the session still lives.
                if case .beat = message, await isOver(token) { break }
                try await writer.write(ByteBuffer(string: Self.text(message)))
            }
            try await writer.finish(nil)
        }
        let headers: HTTPFields = [
            .contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no",
        ]
        return Response(status: .ok, headers: headers, body: body)
    }

    /// True when the session has ended; a database that is away ends nobody's.
    private func isOver(_ token: SessionToken) async -> Bool {
        do { return try await desk.visitor(token, counts: false) == nil } catch { return false }
    }

    /// One event: `change` with kinds and keys, `reload`, or `beat`.
    static func text(_ message: ChangeFeed.Message) -> String {
        switch message {
        case .reload: "event: reload\ndata: {}\n\n"
        case .beat(let isLive): "event: beat\ndata: {\"live\":\(isLive)}\n\n"
        case .changes(let keys):
            // Keys are digits or camera ids, which hold nothing that JSON must escape.
            "event: change\ndata: ["
                + keys.map { "{\"kind\":\"\($0.kind.rawValue)\",\"id\":\"\($0.id)\"}" }.joined(separator: ",") + "]\n\n"
        }
    }
}
