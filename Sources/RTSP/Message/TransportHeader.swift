/// One alternative of a `Transport` header (RFC 2326, 12.39), as far as unicast RTP needs it.
public struct TransportHeader: Hashable, Sendable {
    /// How the packets travel.
    public enum Lower: String, Hashable, Sendable {
        /// Interleaved in the RTSP connection.
        case tcp = "TCP"
        /// In datagrams.
        case udp = "UDP"
    }

    /// The RTP and the RTCP channel of interleaved packets.
    public struct Channels: Hashable, Sendable {
        /// Where RTP goes.
        public var rtp: UInt8
        /// Where RTCP goes.
        public var rtcp: UInt8

        /// Makes a pair.
        public init(rtp: UInt8, rtcp: UInt8) {
            self.rtp = rtp
            self.rtcp = rtcp
        }
    }

    /// How the packets travel.
    public var lower: Lower
    /// False for multicast, which is also what the standard takes an alternative for that does not say.
    public var isUnicast: Bool
    /// The channels; nil when the header leaves them to the other side, and for UDP.
    public var interleaved: Channels?
    /// The synchronisation source of the packets, when the server tells it.
    public var ssrc: UInt32?
    /// `play` or `record`, in lower case.
    public var mode: String

    /// Makes an alternative.
    public init(
        lower: Lower,
        isUnicast: Bool = true,
        interleaved: Channels? = nil,
        ssrc: UInt32? = nil,
        mode: String = "play"
    ) {
        self.lower = lower
        self.isUnicast = isUnicast
        self.interleaved = interleaved
        self.ssrc = ssrc
        self.mode = mode
    }

    /// The alternatives of a header value in the sender's order of preference.
    ///
    /// Alternatives that are not RTP/AVP and those with impossible channels are left out.
    public static func alternatives(_ value: String) -> [TransportHeader] {
        value.splitOutsideQuotes(",").compactMap(alternative)
    }

    private static func alternative(_ text: String) -> TransportHeader? {
        let parts = text.splitOutsideQuotes(";")
        guard let profile = parts.first?.uppercased() else { return nil }
        var header = TransportHeader(lower: .udp, isUnicast: false)
        switch profile {
        case "RTP/AVP/TCP": header.lower = .tcp
        case "RTP/AVP", "RTP/AVP/UDP": header.lower = .udp
        default: return nil
        }
        // Interleaving has one receiver by nature; some clients leave the word out.
        header.isUnicast = header.lower == .tcp
        for (name, value) in parts.dropFirst().map(\.nameAndValue) {
            switch name {
            case "unicast": header.isUnicast = true
            case "multicast": header.isUnicast = false
            case "ssrc":
                header.ssrc = UInt32(value.lowercased().hasPrefix("0x") ? value.dropFirst(2) : value[...], radix: 16)
            case "mode": header.mode = value.lowercased()
            case "interleaved":
                guard let channels = channels(value) else { return nil }
                header.interleaved = channels
            default: break
            }
        }
        return header
    }

    private static func channels(_ value: String) -> Channels? {
        let numbers = value.split(separator: "-", omittingEmptySubsequences: false).map { UInt8($0) }
        guard let first = numbers.first, let rtp = first, rtp < 255, numbers.count <= 2 else { return nil }
        guard numbers.count == 2 else { return Channels(rtp: rtp, rtcp: rtp + 1) }
        guard let rtcp = numbers[1], rtcp != rtp else { return nil }
        return Channels(rtp: rtp, rtcp: rtcp)
    }

    /// The alternative as it stands in a header.
    public var headerValue: String {
        var text = lower == .tcp ? "RTP/AVP/TCP" : "RTP/AVP"
        text += isUnicast ? ";unicast" : ";multicast"
        if let interleaved { text += ";interleaved=\(interleaved.rtp)-\(interleaved.rtcp)" }
        if let ssrc {
            let digits = String(ssrc, radix: 16, uppercase: true)
            text += ";ssrc=" + String(repeating: "0", count: 8 - digits.count) + digits
        }
        return text + ";mode=\"\(mode.uppercased())\""
    }
}
