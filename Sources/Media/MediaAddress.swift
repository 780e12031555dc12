internal import Flow

/// An address of a stream taken apart as far as its reader must know: who gets the account, and where it leads.
struct MediaAddress: Equatable {
    /// What FFmpeg puts in front of it for encrypted segments; mostly empty.
    let prefix: String
    /// In small letters; without what FFmpeg puts in front of it for encrypted segments.
    let scheme: String
    /// `user:password`, as written; empty without.
    let account: String
    /// As written, IPv6 in brackets; empty for what has no host.
    let host: String
    /// As written or what the scheme means; empty where neither says.
    let port: String
    /// Path and query.
    let rest: String

    private static let ports = ["rtsp": "554", "rtsps": "322", "http": "80", "https": "443", "rtmp": "1935"]

    /// Nil for what has no `scheme:` in front.
    init?(_ text: String) {
        let whole = text
        var text = text[...]
        for prefix in ["crypto+", "crypto:"] where text.lowercased().hasPrefix(prefix) {
            text = text.dropFirst(prefix.count)
        }
        prefix = String(whole[..<text.startIndex])
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex,
            text[..<colon].allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) })
        else { return nil }
        scheme = text[..<colon].lowercased()
        var behind = text[text.index(after: colon)...]
        guard behind.hasPrefix("//") else {
            (account, host, port, rest) = ("", "", "", String(behind))
            return
        }
        behind = behind.dropFirst(2)
        let end = behind.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? behind.endIndex
        var server = behind[..<end]
        rest = String(behind[end...])
        if let at = server.lastIndex(of: "@") {
            account = String(server[..<at])
            server = server[server.index(after: at)...]
        } else {
            account = ""
        }
        // A colon within brackets is part of an IPv6 address.
        let close = server.lastIndex(of: "]") ?? server.startIndex
        if let colon = server[close...].lastIndex(of: ":") {
            host = server[..<colon].lowercased()
            port = String(server[server.index(after: colon)...])
        } else {
            host = server.lowercased()
            port = Self.ports[scheme] ?? ""
        }
    }

    private init(_ other: MediaAddress, account: String, host: String, prefix: String) {
        (scheme, port, rest) = (other.scheme, other.port, other.rest)
        (self.account, self.host, self.prefix) = (account, host, prefix)
    }

    /// The same with another name or address of its host.
    func at(_ host: String) -> MediaAddress {
        MediaAddress(self, account: account, host: host, prefix: prefix)
    }

    /// Host and port, without the port where it goes without saying.
    var server: String { port.isEmpty || port == Self.ports[scheme] ? host : "\(host):\(port)" }

    /// Host and port, to compare.
    var hostAndPort: String { "\(host):\(port)" }

    /// The whole with the account, without `prefix`.
    var text: String {
        guard !host.isEmpty else { return "\(scheme):\(rest)" }
        return "\(scheme)://\(account.isEmpty ? "" : account + "@")\(server)\(rest)"
    }

    /// The application of an RTMP address, as FFmpeg reads it: the first part of the path, with more than one behind it
    /// the second, too.
    var application: String {
        let parts = rest.prefix { $0 != "?" && $0 != "#" }.split(separator: "/")
        let length = parts.count > 2 && !parts[1].contains(":") ? 2 : 1
        return parts.prefix(length).joined(separator: "/")
    }

    /// True when the account of one may be told to the other.
    func isSamePlace(as other: MediaAddress) -> Bool {
        host == other.host && port == other.port
    }

    /// Where a server that was asked for this address sends its reader with `location`.
    ///
    /// The account goes along to the same host and port only. Nil for what is not followed: another kind of address,
    /// or plain text after TLS.
    func redirected(to location: String) -> MediaAddress? {
        guard !location.isEmpty, location.utf8.count <= 4096, location.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
        else { return nil }
        let whole: String
        if location.hasPrefix("//") {
            whole = scheme + ":" + location
        } else if location.hasPrefix("/") {
            whole = "\(scheme)://\(host):\(port)\(location)"
        } else if MediaAddress(location) != nil {
            whole = location
        } else {
            let path = rest.prefix { $0 != "?" && $0 != "#" }
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
            whole = "\(scheme)://\(host):\(port)\(folder)\(location)"
        }
        guard let target = MediaAddress(whole), !target.host.isEmpty else { return nil }
        let secure = ["http": "https", "rtsp": "rtsps"][scheme]
        guard target.scheme == scheme || target.scheme == secure else { return nil }
        return MediaAddress(
            target,
            account: isSamePlace(as: target) ? account : "",
            host: target.host,
            prefix: prefix
        )
    }
}
