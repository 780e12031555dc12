/// The address of a camera's stream, taken apart once: where to connect, what to ask for, and with which account.
///
/// The account never leaves this type in text: descriptions show neither user nor password, and mask what looks like a
/// secret in path and query.
public struct RTSPURL: Hashable, Sendable {
    /// Bytes of the longest address that is taken.
    public static let longest = 2048

    /// The address without user and password, otherwise byte for byte as given: the URI of requests.
    public let requestURI: String
    /// Name or address of the host; IPv6 without brackets.
    public let host: String
    /// TCP port; 554 when the address does not say, 322 for `rtsps`.
    public let port: UInt16
    /// True for `rtsps`: RTSP over TLS.
    public let isSecure: Bool
    /// User name, percent-decoded; nil when the address has none.
    public let user: String?
    /// Password, percent-decoded; nil when the address has none.
    public let password: String?

    /// Reads an address.
    ///
    /// - Throws: `tooLarge`, `unsupported` for other schemes, `malformed`; the message never repeats the text, because
    ///   a mistake in an address often moves the password to another place.
    public init(_ text: String) throws(RTSPError) {
        guard text.utf8.count <= Self.longest else {
            throw RTSPError(.tooLarge, "an RTSP address has at most \(Self.longest) bytes, this \(text.utf8.count)")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw RTSPError(.malformed, "an RTSP address holds a blank or a control character: write it as %20")
        }
        guard let colon = text.firstRange(of: "://") else {
            throw RTSPError(.malformed, "an RTSP address starts with rtsp:// or rtsps://")
        }
        switch text[..<colon.lowerBound].lowercased() {
        case "rtsp": isSecure = false
        case "rtsps": isSecure = true
        default: throw RTSPError(.unsupported, "only rtsp:// and rtsps:// are read")
        }
        // Some servers look for `rtsp://` as it stands, whatever a sheet says.
        let scheme = isSecure ? "rtsps://" : "rtsp://"
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<end]
        let at = authority.lastIndex(of: "@")
        let server = at.map { authority[authority.index(after: $0)...] } ?? authority
        (host, port) = try Self.hostAndPort(server, defaultPort: isSecure ? 322 : 554)
        guard let at else {
            (requestURI, user, password) = (scheme + rest, nil, nil)
            return
        }
        requestURI = scheme + server + rest[end...]
        let account = authority[..<at]
        let separator = account.firstIndex(of: ":")
        user = try Self.decode(account[..<(separator ?? account.endIndex)])
        password = try separator.map { position throws(RTSPError) in
            try Self.decode(account[account.index(after: position)...])
        }
    }

    private init(_ other: RTSPURL, user: String?, password: String?) {
        self.requestURI = other.requestURI
        self.host = other.host
        self.port = other.port
        self.isSecure = other.isSecure
        self.user = user
        self.password = password
    }

    private static func hostAndPort(
        _ text: Substring,
        defaultPort: UInt16
    ) throws(RTSPError) -> (host: String, port: UInt16) {
        var host = text
        var port = Substring()
        if text.first == "[" {
            guard let close = text.firstIndex(of: "]") else {
                throw RTSPError(.malformed, "an RTSP address has [ without ] around its IPv6 address")
            }
            host = text[text.index(after: text.startIndex)..<close]
            let behind = text[text.index(after: close)...]
            guard behind.isEmpty || behind.first == ":" else {
                throw RTSPError(.malformed, "an RTSP address has something else than a port behind its ]")
            }
            port = behind.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
            guard !port.contains(":") else {
                throw RTSPError(.malformed, "an IPv6 address in an RTSP address stands in brackets: rtsp://[::1]/")
            }
        }
        guard !host.isEmpty else { throw RTSPError(.malformed, "an RTSP address names no host") }
        if port.isEmpty { return (String(host), defaultPort) }
        guard port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(port), number > 0 else {
            throw RTSPError(
                .malformed,
                "the port of an RTSP address is 1 to 65535; write / ? # @ : % in a password as %2F %3F %23 %40 %3A %25"
            )
        }
        return (String(host), number)
    }

    private static func decode(_ text: Substring) throws(RTSPError) -> String {
        guard let decoded = RTSPPath.decode(text) else {
            throw RTSPError(
                .malformed,
                "user or password of an RTSP address has a % without the two digits of a character: write % as %25"
            )
        }
        return decoded
    }

    /// `rtsp://host:8554`: the request URI up to its path.
    var root: String {
        guard let scheme = requestURI.firstRange(of: "://") else { return requestURI }
        let rest = requestURI[scheme.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        return String(requestURI[..<end])
    }

    /// The address that a server sends its client to with `location`; the account goes along to the same host and port
    /// only, because behind another port another program may listen.
    ///
    /// - Throws: What `init` throws; `unsupported` when it leads from TLS to plain text.
    public func redirected(to location: String) throws(RTSPError) -> RTSPURL {
        let target = try RTSPURL(location.hasPrefix("/") ? root + location : location)
        guard target.isSecure || !isSecure else {
            throw RTSPError(.unsupported, "the camera wants to continue in plain text what began with TLS")
        }
        let isSamePlace = target.host.lowercased() == host.lowercased() && target.port == port
        return RTSPURL(target, user: isSamePlace ? user : nil, password: isSamePlace ? password : nil)
    }
}

extension RTSPURL: CustomStringConvertible, CustomDebugStringConvertible {
    /// Names behind which cameras and media servers take secrets in path or query.
    private static let secretNames = ["password", "passwd", "pass", "pwd", "token", "secret", "sign", "auth", "key"]

    /// The address for people: without account, and with `…` where a secret may stand.
    public var description: String {
        var text = ""
        var rest = requestURI[...]
        while let equals = rest.firstIndex(of: "=") {
            let name = rest[..<equals].lowercased()
            text += rest[...equals]
            rest = rest[rest.index(after: equals)...]
            guard Self.secretNames.contains(where: name.hasSuffix) else { continue }
            text += "…"
            rest = rest.firstIndex(of: "&").map { rest[$0...] } ?? ""
        }
        return text + rest
    }

    /// The same as `description`.
    public var debugDescription: String { description }
}

extension RTSPURL: CustomReflectable {
    /// Shows what `description` shows, so that no dump of a session holds a password.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}
