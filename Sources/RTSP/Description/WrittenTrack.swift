import Flow

/// An `m=` section as it is being read: a track may name several payload types, and say what they are further below.
struct WrittenTrack {
    private let kind: String
    private let types: [UInt8]
    private let saysEncrypted: Bool
    private var hasKey: Bool
    private var maps: [(type: UInt8, encoding: String, clockRate: Int?)] = []
    private var formats: [(type: UInt8, parameters: [FormatParameter])] = []
    private var control: String?
    private var pictureSize: PictureSize?

    /// Begins with `video 0 RTP/AVP 96`; nil when another kind has no payload type.
    ///
    /// - Parameters:
    ///   - value: What stands behind `m=`.
    ///   - hasKey: Whether the session has a key for all its tracks.
    /// - Throws: `malformed` for a video track without a payload type.
    init?(_ value: String, hasKey: Bool) throws(RTSPError) {
        let parts = value.split(separator: " ")
        saysEncrypted = parts.count > 2 && parts[2].uppercased().contains("SAVP")
        self.hasKey = hasKey
        types = parts.dropFirst(3).compactMap { UInt8($0) }.filter { $0 < 128 }
        guard let kind = parts.first, parts.count >= 4, UInt8(parts[3]) == types.first, !types.isEmpty else {
            if let kind = parts.first, kind != "video" { return nil }
            throw RTSPError(.malformed, "an SDP media line has no RTP payload type: m=\(value.prefix(80))")
        }
        self.kind = String(kind)
    }

    /// Takes an attribute.
    mutating func read(_ name: String, _ value: String) {
        switch name {
        case "control": control = value
        case "crypto", "key-mgmt": hasKey = true
        case "rtpmap": readMap(value)
        case "fmtp":
            guard let (type, parameters) = SessionDescription.split(value, at: " "), let type = UInt8(type) else {
                return
            }
            let list = parameters.splitOutsideQuotes(";").map { text in
                guard let (name, value) = SessionDescription.split(text, at: "=") else {
                    return FormatParameter(name: text, value: "")
                }
                return FormatParameter(name: name, value: value)
            }
            formats.append((type, list))
        case "framesize":
            // `26 2560-1440`; some leave the payload type out.
            pictureSize = value.split(separator: " ").last.flatMap { PictureSize($0, separators: "-xX") }
        case "x-dimensions":
            pictureSize = pictureSize ?? PictureSize(value, separators: ",")
        default: break
        }
    }

    /// `96 H264/90000`.
    private mutating func readMap(_ value: String) {
        guard let (type, coding) = SessionDescription.split(value, at: " "), let type = UInt8(type) else { return }
        let parts = coding.split(separator: "/")
        guard let encoding = parts.first else { return }
        // No clock of a camera ticks faster; what claims to would be multiplied into an overflow.
        let rate = parts.count > 1 ? Int(parts[1]).flatMap { 1...10_000_000 ~= $0 ? $0 : nil } : nil
        maps.append((type, String(encoding), rate))
    }

    /// The track, with the first of its payload types that can be decoded, else the first.
    ///
    /// A single map of a number that the section does not name is meant for the number that it names.
    var description: MediaDescription {
        let tracks = types.map { description(of: $0, written: $0) }
        let first = tracks[0]
        guard kind == "video" else { return first }
        if let usable = tracks.first(where: { $0.codec != .other }) { return usable }
        guard first.encoding.isEmpty, maps.count == 1 else { return first }
        return description(of: first.payloadType, written: maps[0].type)
    }

    private func description(of type: UInt8, written: UInt8) -> MediaDescription {
        let map = maps.last { $0.type == written }
        // Parameters of a number that the section does not name are meant for the one that it names, too.
        let stray = map != nil && types.count == 1 && formats.count == 1 ? formats.first : nil
        // 26 is the one static type of video that cameras send (RFC 3551, table 5): it needs no rtpmap line.
        var track = MediaDescription(
            kind: kind,
            payloadType: type,
            encoding: map?.encoding ?? (type == 26 ? "JPEG" : ""),
            clockRate: map?.clockRate ?? 90_000,
            formatParameters: (formats.last { $0.type == written } ?? stray)?.parameters ?? [],
            control: control
        )
        track.pictureSize = pictureSize
        // Some name the profile and send plain packets all the same: nobody could read others without a key.
        track.isEncrypted = saysEncrypted && hasKey
        return track
    }
}
