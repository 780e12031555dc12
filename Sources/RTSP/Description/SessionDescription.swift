/// A session description (SDP, RFC 8866) as RTSP uses it: the tracks of one stream.
public struct SessionDescription: Hashable, Sendable {
    /// What the stream is called; one line.
    public var name: String
    /// `a=control` of the session; `*` means the URL that was described.
    public var control: String?
    /// The tracks, in order.
    public var media: [MediaDescription]

    /// Makes a description.
    public init(name: String, control: String? = "*", media: [MediaDescription]) {
        self.name = name
        self.control = control
        self.media = media
    }

    /// The text of a live stream without end, with CRLF line ends.
    public var text: String {
        var lines = [
            "v=0",
            "o=- 0 0 IN IP4 0.0.0.0",
            "s=\(name.isEmpty ? "-" : name)",
            "c=IN IP4 0.0.0.0",
            "t=0 0",
            "a=range:\(RangeHeader.live.headerValue)",
        ]
        if let control { lines.append("a=control:\(control)") }
        for track in media { lines += Self.lines(track) }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    private static func lines(_ track: MediaDescription) -> [String] {
        var lines = [
            "m=\(track.kind) 0 RTP/AVP \(track.payloadType)",
            "a=rtpmap:\(track.payloadType) \(track.encoding)/\(track.clockRate)",
        ]
        if !track.formatParameters.isEmpty {
            let parameters = track.formatParameters.map { $0.value.isEmpty ? $0.name : "\($0.name)=\($0.value)" }
            lines.append("a=fmtp:\(track.payloadType) \(parameters.joined(separator: ";"))")
        }
        if let size = track.pictureSize {
            lines.append("a=framesize:\(track.payloadType) \(size.width)-\(size.height)")
        }
        if let control = track.control { lines.append("a=control:\(control)") }
        return lines
    }
}
