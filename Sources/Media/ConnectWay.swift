internal import CFFmpeg
internal import Flow

/// One way to connect to an address: what FFmpeg is given, so that it goes where we have looked and nowhere else.
///
/// FFmpeg would ask the resolver once more for a name, and a stranger's name may mean another machine by then. It is given
/// an address instead, and what a server must know of the name goes along where the protocol has a place for it. A server
/// that is chosen by its name within TLS needs the name there: with its certificate checked nobody else can answer to it.
struct ConnectWay {
    /// What FFmpeg opens.
    let text: String
    /// What else it must know.
    var options: [String: String] = [:]
    /// Whether a certificate stands for the name, so that the next way is worth a try where there is none.
    var isByName = false

    /// The ways to an address.
    ///
    /// - Parameters:
    ///   - url: As FFmpeg was asked for it.
    ///   - address: The same, taken apart.
    ///   - lookup: What its host means.
    ///   - name: The name for which `address` stands with an address in its place; nil when it has its own host.
    /// - Returns: In the order in which they are tried; none for a name that nobody knows.
    static func all(to url: String, _ address: MediaAddress, _ lookup: HostLookup, name: String?) -> [ConnectWay] {
        guard !address.host.isEmpty else { return [ConnectWay(text: url)] }
        guard !lookup.isLiteral else {
            return [ConnectWay(text: url, options: name.map { options(for: $0, address) } ?? [:])]
        }
        var ways = lookup.addresses.map { literal in
            let host = literal.contains(":") ? "[\(literal)]" : literal
            return ConnectWay(
                text: address.prefix + address.at(host).text,
                options: options(for: address.host, address)
            )
        }
        if address.scheme == "https", !ways.isEmpty {
            ways.insert(ConnectWay(text: url, options: ["tls_verify": "1"], isByName: true), at: 0)
        }
        return ways
    }

    private static func options(for name: String, _ address: MediaAddress) -> [String: String] {
        switch address.scheme {
        case "http", "https": ["headers": "Host: \(address.at(name).server)\r\n"]
        // The name chooses the application there, as in `Host`.
        case "rtmp", "rtmps": ["rtmp_tcurl": "\(address.scheme)://\(address.at(name).server)/\(address.application)"]
        default: [:]
        }
    }

    /// Whether FFmpeg's status says that nobody could be connected to, so that another way is worth a try.
    static func isUnreachable(_ status: Int32) -> Bool {
        [ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, EAFNOSUPPORT, ETIMEDOUT].contains {
            status == gw_error_from_errno($0)
        }
    }
}
