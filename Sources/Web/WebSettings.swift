public import Flow
import Foundation

/// How the web server listens and how long people stay logged in.
public struct WebSettings: Sendable {
    /// How long a session lives.
    public struct SessionLife: Sendable, Hashable {
        /// Seconds without a request of the person after which it ends; pages that update themselves do not count.
        public var idleSeconds: Int
        /// Seconds after the login at which it ends whatever happens.
        public var absoluteSeconds: Int

        /// Makes a life.
        public init(idleSeconds: Int, absoluteSeconds: Int) {
            self.idleSeconds = idleSeconds
            self.absoluteSeconds = absoluteSeconds
        }
    }

    /// Address to listen on; loopback unless a proxy or the network shall reach it.
    public var host: String
    /// Port to listen on; 0 takes a free one.
    public var port: Int
    /// Address that browsers use, for example `https://gridwatch.example.cn`; nil when they use host and port.
    ///
    /// With `https` the session cookie is `Secure` and carries the `__Host-` prefix.
    public var publicURL: String?
    /// Peers whose `X-Forwarded-For` is believed.
    public var trustedProxies: [AddressRange]
    /// Folder of Leaflet, as Debian's `libjs-leaflet` and `libjs-leaflet.markercluster` install it.
    public var leafletDirectory: String
    /// Folder of templates, strings, scripts; nil takes the one that was built with the program.
    public var assetsDirectory: String?
    /// Administrators.
    public var adminSession: SessionLife
    /// Operators and viewers.
    public var officeSession: SessionLife
    /// Grid workers: a phone, a shift, a bad network.
    public var workerSession: SessionLife
    /// True: anybody may read `/metrics`; false: loopback only, never through a proxy.
    public var metricsArePublic: Bool
    /// Most live streams of one account; more are refused.
    public var maximumStreamsPerAccount: Int
    /// Tasks that cameras give by themselves in one grid and day at most; 0 for no limit.
    public var tasksPerGrid = 0
    /// Seconds for which numbers over all cameras are kept for the next page that asks.
    var reportLife = 5.0
    /// How many connections there may be, and how long each may take.
    var connections = ConnectionLimits()

    /// Makes settings; every one has a default that is safe on a single machine.
    public init(
        host: String = "127.0.0.1",
        port: Int = 8080,
        publicURL: String? = nil,
        trustedProxies: [AddressRange] = [],
        leafletDirectory: String = "/usr/share/javascript/leaflet",
        assetsDirectory: String? = nil,
        adminSession: SessionLife = SessionLife(idleSeconds: 1800, absoluteSeconds: 8 * 3600),
        officeSession: SessionLife = SessionLife(idleSeconds: 2 * 3600, absoluteSeconds: 12 * 3600),
        workerSession: SessionLife = SessionLife(idleSeconds: 12 * 3600, absoluteSeconds: 14 * 86_400),
        metricsArePublic: Bool = false,
        maximumStreamsPerAccount: Int = 16
    ) {
        self.host = host
        self.port = port
        self.publicURL = publicURL
        self.trustedProxies = trustedProxies
        self.leafletDirectory = leafletDirectory
        self.assetsDirectory = assetsDirectory
        self.adminSession = adminSession
        self.officeSession = officeSession
        self.workerSession = workerSession
        self.metricsArePublic = metricsArePublic
        self.maximumStreamsPerAccount = maximumStreamsPerAccount
    }

    /// True when browsers reach the server over TLS only.
    var isSecure: Bool { publicURL?.lowercased().hasPrefix("https://") ?? false }

    /// Address of who asks: the connection's, or behind proxies that are trusted the last one that they did not add.
    ///
    /// Each proxy adds at the end whom it heard; whatever stands before the first that is not ours may be a lie.
    func visitor(connected peer: String, forwarded: String?) -> String {
        var visitor = AddressRange.canonical(peer) ?? peer
        var left = (forwarded ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        while trustedProxies.contains(where: { $0.contains(visitor) }), let next = left.popLast() {
            guard let address = AddressRange.canonical(Self.withoutPort(next)) else { break }
            visitor = address
        }
        return visitor
    }

    /// Some proxies write `192.0.2.1:4711` or `[2001:db8::1]:4711`.
    private static func withoutPort(_ text: String) -> String {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            return String(text[text.index(after: text.startIndex)..<end])
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? String(parts[0]) : text
    }

    /// The authority of `publicURL`, for example `gridwatch.example.cn`.
    var publicAuthority: String? {
        guard let publicURL, let start = publicURL.range(of: "://")?.upperBound else { return nil }
        return publicURL[start...].split(separator: "/").first.map { $0.lowercased() }
    }
}
