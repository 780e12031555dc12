/// The two URIs that a client controls a stream with, found in what the server wrote about itself.
///
/// Cameras write them wrongly in many ways: with their address behind the NAT, with another host, without a scheme,
/// with the account in it, without the slash at the end. What counts is the path; requests name the host that we are
/// connected to. When the camera refuses that, the next candidate is tried.
public struct ControlURLs: Hashable, Sendable {
    /// What `SETUP` names.
    public var track: String
    /// What `PLAY`, signs of life and `TEARDOWN` name.
    public var aggregate: String

    /// Candidates that are tried at most.
    public static let maximumCandidates = 4

    /// Makes a pair.
    public init(track: String, aggregate: String) {
        self.track = track
        self.aggregate = aggregate
    }

    /// The pairs to try, the most likely one first; none when all are longer than an address may be.
    ///
    /// - Parameters:
    ///   - url: The address that was described.
    ///   - track: `a=control` of the track; nil and `*` mean the stream itself.
    ///   - session: `a=control` of the description; counts when it is absolute.
    ///   - headers: Those of the answer to `DESCRIBE`: `Content-Base`, else `Content-Location`.
    /// - Returns: At most `maximumCandidates` different pairs.
    public static func candidates(
        url: RTSPURL,
        track: String?,
        session: String?,
        headers: RTSPHeaders
    ) -> [ControlURLs] {
        let written = [
            session.flatMap { isAbsolute($0) ? $0 : nil }, headers["Content-Base"], headers["Content-Location"],
        ]
        let base = written.lazy.compactMap { $0 }.compactMap { WrittenURL($0, host: url.host) }.first
        let ours = base.map { url.root + $0.target } ?? url.requestURI
        let theirs = base?.whole ?? ours
        let control = track.flatMap { $0 == "*" || $0.isEmpty ? nil : $0 }
        var found: [ControlURLs] = []
        if let control, isAbsolute(control) {
            guard let own = WrittenURL(control, host: url.host) else { return [] }
            found.append(ControlURLs(track: url.root + own.target, aggregate: ours))
            found.append(ControlURLs(track: own.whole ?? control, aggregate: theirs))
        } else {
            found.append(ControlURLs(track: join(ours, control, url), aggregate: ours))
            if let control, let query = ours.firstIndex(of: "?") {
                let before = join(String(ours[..<query]), control, url) + ours[query...]
                found.append(ControlURLs(track: before, aggregate: ours))
            }
            found.append(ControlURLs(track: join(theirs, control, url), aggregate: theirs))
            found.append(ControlURLs(track: join(url.requestURI, control, url), aggregate: url.requestURI))
        }
        var unique: [ControlURLs] = []
        for pair in found.map(\.withoutBlanks)
        where pair.isShort && !unique.contains(where: { $0.track == pair.track }) {
            unique.append(pair)
        }
        return Array(unique.prefix(maximumCandidates))
    }

    private static func isAbsolute(_ text: String) -> Bool {
        let start = text.prefix(8).lowercased()
        return start.hasPrefix("rtsp://") || start == "rtsps://"
    }

    /// Puts a relative control behind the base, behind its query too: that is what players do and cameras expect.
    private static func join(_ base: String, _ control: String?, _ url: RTSPURL) -> String {
        guard let control else { return base }
        if control.hasPrefix("/") { return url.root + control }
        return base.hasSuffix("/") || control.hasPrefix("?") ? base + control : base + "/" + control
    }

    /// A blank would cut the request line.
    private var withoutBlanks: ControlURLs {
        ControlURLs(track: Self.escaped(track), aggregate: Self.escaped(aggregate))
    }

    private static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 <= 0x20 }) else { return text }
        return text.split(omittingEmptySubsequences: false) { $0.isWhitespace }.joined(separator: "%20")
    }

    private var isShort: Bool {
        track.utf8.count <= RTSPURL.longest && aggregate.utf8.count <= RTSPURL.longest
    }
}

/// An address as a server writes it, read with all the leniency that cameras need.
private struct WrittenURL {
    /// Path and query; may be empty.
    var target: Substring
    /// The whole without user and password; nil when no host stood in it.
    var whole: String?

    init?(_ text: String, host: String) {
        var rest = text.unquoted[...]
        var scheme: Substring?
        // rtsp://rtsp://camera/stream/ has been seen.
        while let next = ["rtsp://", "rtsps://"].first(where: { rest.prefix($0.count).lowercased() == $0 }) {
            scheme = rest.prefix(next.count)
            rest = rest.dropFirst(next.count)
        }
        if scheme == nil, rest.hasPrefix("/") {
            target = rest
            return
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        var server = rest[..<end]
        target = rest[end...]
        if let at = server.lastIndex(of: "@") { server = server[server.index(after: at)...] }
        if let scheme {
            whole = String(scheme + server + target)
        } else if server.lowercased() != host.lowercased(), !server.contains(":") || target.hasPrefix("//") {
            // Neither a host and a port nor our host: a relative path, or another scheme.
            return nil
        }
    }
}
