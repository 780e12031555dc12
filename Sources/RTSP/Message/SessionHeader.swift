/// The `Session` header (RFC 2326, 12.37): the session's name and how long it lives without a sign of life.
public struct SessionHeader: Hashable, Sendable {
    /// The opaque name that the server chose.
    public var id: String
    /// Seconds; nil when the header does not say, which means 60.
    public var timeout: Int?

    /// Makes a header.
    public init(id: String, timeout: Int? = nil) {
        self.id = id
        self.timeout = timeout
    }

    /// Reads a header value; nil when it names no session.
    public init?(_ value: String) {
        let parts = value.splitOutsideQuotes(";")
        guard let id = parts.first else { return nil }
        self.id = id
        for (name, value) in parts.dropFirst().map(\.nameAndValue) where name == "timeout" {
            // Cameras write `60s` and `60.0` too.
            let digits = value.prefix { ("0"..."9").contains($0) }
            if let seconds = Int(digits), seconds > 0 { self.timeout = seconds }
        }
    }

    /// The header as it stands on its line.
    public var headerValue: String {
        timeout.map { "\(id);timeout=\($0)" } ?? id
    }
}
