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
        var track: WrittenTrack?
        var isSkipping = false
        var hasKey = false
        for line in lines {
            guard let (kind, value) = Self.split(line, at: "=") else { continue }
            switch kind {
            case "s": if media.isEmpty, track == nil { name = value == "-" ? "" : value }
            case "m":
                if let track { media.append(track.description) }
                track = try WrittenTrack(value, hasKey: hasKey)
                isSkipping = track == nil
            case "a":
                guard !isSkipping, let (attribute, text) = Self.split(value, at: ":") else { continue }
                if track != nil {
                    track?.read(attribute, text)
                } else if attribute == "control" {
                    control = text
                } else if attribute == "key-mgmt" {
                    hasKey = true
                }
            default: break
            }
        }
        if let track { media.append(track.description) }
    }

    private static func lines(_ text: String) -> [String] {
        // Some write the end of their own text, too.
        let bare = text.unicodeScalars.drop { $0.value == 0xfeff }.filter { $0.value != 0 }
        return String(String.UnicodeScalarView(bare)).split(whereSeparator: \.isNewline).map { String($0).trimmed }
            .filter { !$0.isEmpty }
    }

    static func split(_ text: String, at separator: Character) -> (String, String)? {
        guard let position = text.firstIndex(of: separator) else { return nil }
        return (text[..<position].trimmed, text[text.index(after: position)...].trimmed)
    }
}
