extension SessionDescription {
    /// Reads the tracks out of a description; takes CRLF and LF, and skips lines that it does not know.
    ///
    /// Cameras leave out what the standard asks for before the tracks, the version too, and put a byte order mark in front.
    /// Of tracks that are no video, those without an RTP payload type are left out: what a camera says about its
    /// metadata must not hide its video.
    ///
    /// - Throws: `malformed` when the text has neither a version nor a track, or a video track has no payload type.
    public init(reading text: String) throws(RTSPError) {
        let lines = Self.lines(text)
        guard lines.first?.hasPrefix("v=") == true || lines.contains(where: { $0.hasPrefix("m=") }) else {
            let start = lines.first.map { "this begins with: \($0.prefix(40))" } ?? "this is empty"
            throw RTSPError(.malformed, "a session description has lines v= and m=, \(start)")
        }
        self.init(name: "", control: nil, media: [])
        var isSkipping = false
        for line in lines {
            guard let (kind, value) = Self.split(line, at: "=") else { continue }
            switch kind {
            case "s": if media.isEmpty { name = value == "-" ? "" : value }
            case "m":
                let track = try Self.track(value)
                isSkipping = track == nil
                if let track { media.append(track) }
            case "a": if !isSkipping { read(attribute: value) }
            default: break
            }
        }
    }

    private static func lines(_ text: String) -> [String] {
        let bare = text.unicodeScalars.drop { $0.value == 0xfeff }
        return String(bare).split(whereSeparator: \.isNewline).map { String($0).trimmed }.filter { !$0.isEmpty }
    }

    /// `video 0 RTP/AVP 96`; nil when another kind has no payload type.
    private static func track(_ value: String) throws(RTSPError) -> MediaDescription? {
        let parts = value.split(separator: " ")
        guard parts.count >= 4, let type = UInt8(parts[3]), type < 128 else {
            if let kind = parts.first, kind != "video" { return nil }
            throw RTSPError(.malformed, "an SDP media line has no RTP payload type: m=\(value.prefix(80))")
        }
        // 26 is the one static type of video that cameras send (RFC 3551, table 5): it needs no rtpmap line.
        let encoding = type == 26 ? "JPEG" : ""
        return MediaDescription(kind: String(parts[0]), payloadType: type, encoding: encoding, clockRate: 90_000)
    }

    private mutating func read(attribute: String) {
        guard let (name, value) = Self.split(attribute, at: ":") else { return }
        guard let last = media.indices.last else {
            if name == "control" { control = value }
            return
        }
        switch name {
        case "control": media[last].control = value
        case "rtpmap": Self.readMap(value, into: &media[last])
        case "fmtp":
            guard let (type, parameters) = Self.split(value, at: " "), type == String(media[last].payloadType) else {
                return
            }
            media[last].formatParameters = parameters.splitOutsideQuotes(";").map { text in
                guard let (name, value) = Self.split(text, at: "=") else {
                    return FormatParameter(name: text, value: "")
                }
                return FormatParameter(name: name, value: value)
            }
        case "framesize":
            // `26 2560-1440`; some leave the payload type out.
            media[last].pictureSize = value.split(separator: " ").last.flatMap { PictureSize($0, separators: "-xX") }
        case "x-dimensions":
            media[last].pictureSize = media[last].pictureSize ?? PictureSize(value, separators: ",")
        default: break
        }
    }

    /// `96 H264/90000`.
    private static func readMap(_ value: String, into track: inout MediaDescription) {
        guard let (type, coding) = split(value, at: " "), type == String(track.payloadType) else { return }
        let parts = coding.split(separator: "/")
        guard let encoding = parts.first else { return }
        track.encoding = String(encoding)
        // No clock of a camera ticks faster; what claims to would be multiplied into an overflow.
        if parts.count > 1, let rate = Int(parts[1]), 1...10_000_000 ~= rate { track.clockRate = rate }
    }

    private static func split(_ text: String, at separator: Character) -> (String, String)? {
        guard let position = text.firstIndex(of: separator) else { return nil }
        return (text[..<position].trimmed, text[text.index(after: position)...].trimmed)
    }
}
