import Foundation
import Hummingbird
import Logging
import NIOCore
import Store

/// What travels with a request through middleware and handlers.
struct WebContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Where the connection comes from.
    let remoteAddress: SocketAddress?
    /// Names the connection at the door.
    let connection: ObjectIdentifier
    /// Address of the browser: the connection's, or what a trusted proxy says.
    var peer: String
    /// True when the peer is this machine and no proxy stands between.
    var isLocal: Bool
    /// Language of the answer.
    var language: Language
    /// Who asks; nil for nobody.
    var visitor: AccountService.Visitor?
    /// Identifies the request in log and error page.
    let requestID: String

    init(source: ApplicationRequestContextSource) {
        self.coreContext = .init(source: source)
        self.remoteAddress = source.channel.remoteAddress
        self.connection = ObjectIdentifier(source.channel)
        self.peer = source.channel.remoteAddress?.ipAddress ?? "local"
        self.isLocal = false
        self.language = .chinese
        self.visitor = nil
        self.requestID = String(UUID().uuidString.prefix(13)).lowercased()
    }

    /// Bodies of JSON requests: far above what any form sends.
    var maxUploadSize: Int { 64 * 1024 }

    /// The visitor; handlers of routes that need one may rely on it.
    func requireVisitor() throws -> AccountService.Visitor {
        guard let visitor else { throw WebError(.unauthenticated) }
        return visitor
    }

    /// What the visitor may see.
    func access() throws -> Access {
        try requireVisitor().account.access
    }

    /// A whole number of the path, for example `{id}`.
    ///
    /// - Throws: `WebError` with `notFound`: a path that cannot be, is not there.
    func number(_ name: String) throws -> Int {
        // No key of the database is larger: some columns are of 32 bits, and no site has two billion of anything.
        guard let text = parameters.get(name), let number = Int32(text), number > 0 else { throw WebError(.notFound) }
        return Int(number)
    }

    /// A text of the path, percent-decoded.
    func text(_ name: String, atMost limit: Int = 128) throws -> String {
        guard let text = parameters.get(name)?.removingPercentEncoding, !text.isEmpty, text.count <= limit,
            !text.utf8.contains(0)
        else {
            throw WebError(.notFound)
        }
        return text
    }
}
