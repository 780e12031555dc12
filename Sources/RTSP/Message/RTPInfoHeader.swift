/// One entry of an `RTP-Info` header (RFC 2326, 12.33): where a track starts after `PLAY`.
public struct RTPInfoHeader: Hashable, Sendable {
    /// The URL of the track as the server wrote it; may be empty.
    public var url: String
    /// Sequence number of the first packet; nil when it is not told.
    public var sequence: UInt16?
    /// RTP time of that packet; nil when it is not told.
    public var timestamp: UInt32?

    /// Makes an entry.
    public init(url: String, sequence: UInt16? = nil, timestamp: UInt32? = nil) {
        self.url = url
        self.sequence = sequence
        self.timestamp = timestamp
    }

    /// The entries of a header value; numbers that are none are left out.
    public static func entries(_ value: String) -> [RTPInfoHeader] {
        var texts: [String] = []
        for part in value.splitOutsideQuotes(",") {
            if texts.isEmpty || part.prefix(3).lowercased() == "url" {
                texts.append(part)
            } else {
                // A comma inside a URL is no end of an entry.
                texts[texts.count - 1] += "," + part
            }
        }
        return texts.map(entry)
    }

    private static func entry(_ text: String) -> RTPInfoHeader {
        var entry = RTPInfoHeader(url: "")
        for field in text.splitOutsideQuotes(";") {
            let (name, value) = field.nameAndValue
            switch name {
            case "url": entry.url = value
            case "seq": entry.sequence = UInt16(value)
            case "rtptime": entry.timestamp = UInt32(value)
            case "ssrc": break
            default: if !entry.url.isEmpty { entry.url += ";" + field }
            }
        }
        return entry
    }
}
