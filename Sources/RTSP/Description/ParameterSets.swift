public import Flow
import FoundationEssentials

/// What a decoder must have before the first picture: the parameter sets of one H.264 or H.265 stream.
///
/// Each set is one unit without a start code.
public struct ParameterSets: Hashable, Sendable {
    /// H.264 or H.265.
    public var codec: StreamFormat.Codec
    /// Video parameter sets; H.265 only.
    public var video: [[UInt8]]
    /// Sequence parameter sets.
    public var sequence: [[UInt8]]
    /// Picture parameter sets.
    public var picture: [[UInt8]]

    /// Makes a value from its parts.
    public init(codec: StreamFormat.Codec, video: [[UInt8]] = [], sequence: [[UInt8]], picture: [[UInt8]]) {
        self.codec = codec
        self.video = video
        self.sequence = sequence
        self.picture = picture
    }

    /// Collects the sets that stand in an access unit, each once.
    ///
    /// - Throws: `unsupported` for codings without parameter sets, `missingParameterSets` when one kind is absent.
    public init(accessUnit bytes: [UInt8], codec: StreamFormat.Codec) throws(RTSPError) {
        guard codec == .h264 || codec == .h265 else {
            throw RTSPError(.unsupported, "parameter sets exist in H.264 and H.265 only, not in \(codec.rawValue)")
        }
        self.init(codec: codec, sequence: [], picture: [])
        for range in AnnexB.units(bytes) { add(Array(bytes[range])) }
        guard isComplete else {
            throw RTSPError(.missingParameterSets, "the first keyframe has no parameter sets in front of it")
        }
    }

    /// True when a decoder can start with these.
    public var isComplete: Bool {
        !sequence.isEmpty && !picture.isEmpty && (codec == .h264 || !video.isEmpty)
    }

    /// Keeps `unit` when it is a parameter set that is not known yet.
    private mutating func add(_ unit: [UInt8]) {
        switch (codec, NALUnitType.of(unit, codec: codec)) {
        case (.h265, 32): if !video.contains(unit) { video.append(unit) }
        case (.h264, 7), (.h265, 33): if !sequence.contains(unit) { sequence.append(unit) }
        case (.h264, 8), (.h265, 34): if !picture.contains(unit) { picture.append(unit) }
        default: break
        }
    }

    /// The sets with start codes, in the order in which a decoder wants them.
    public var annexB: [UInt8] {
        (video + sequence + picture).flatMap { [0, 0, 0, 1] + $0 }
    }

    /// `profile-level-id`: the three bytes behind the header of the first sequence parameter set (RFC 6184, 8.1).
    var profileLevelID: String? {
        guard codec == .h264, let set = sequence.first, set.count >= 4 else { return nil }
        return set[1...3].map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count < 2 ? "0" + digits : digits
        }.joined()
    }
}

extension ParameterSets {
    /// The `fmtp` parameters that carry the sets: RFC 6184, 8.1 and RFC 7798, 7.1.
    var formatParameters: [FormatParameter] {
        if codec == .h265 {
            return [
                FormatParameter(name: "sprop-vps", value: Self.base64(video)),
                FormatParameter(name: "sprop-sps", value: Self.base64(sequence)),
                FormatParameter(name: "sprop-pps", value: Self.base64(picture)),
            ]
        }
        var parameters = [FormatParameter(name: "packetization-mode", value: "1")]
        if let profileLevelID {
            parameters.append(FormatParameter(name: "profile-level-id", value: profileLevelID))
        }
        let sets = Self.base64(sequence + picture)
        parameters.append(FormatParameter(name: "sprop-parameter-sets", value: sets))
        return parameters
    }

    /// Reads the sets out of `fmtp` parameters; nil when they are absent or incomplete.
    ///
    /// Text that is not base64 is skipped; cameras leave its padding out, use the letters of addresses, quote it, and put
    /// start codes in front of sets.
    init?(codec: StreamFormat.Codec, formatParameters: [FormatParameter]) {
        self.init(codec: codec, sequence: [], picture: [])
        let names = codec == .h265 ? ["sprop-vps", "sprop-sps", "sprop-pps"] : ["sprop-parameter-sets"]
        for parameter in formatParameters where names.contains(parameter.name.lowercased()) {
            for text in parameter.value.split(separator: ",") {
                for unit in Self.units(base64: text.trimmed) { add(unit) }
            }
        }
        guard isComplete else { return nil }
    }

    private static func units(base64 text: String) -> [[UInt8]] {
        var bare = String(text.drop { $0 == "\"" }.prefix { $0 != "=" && $0 != "\"" })
        bare = bare.replacing("-", with: "+").replacing("_", with: "/")
        // A single letter behind the last whole group cannot mean anything.
        if bare.utf8.count % 4 == 1 { bare.removeLast() }
        let padding = String(repeating: "=", count: (4 - bare.utf8.count % 4) % 4)
        guard let bytes = Data(base64Encoded: bare + padding).map(Array.init) else { return [] }
        let ranges = AnnexB.units(bytes)
        return ranges.isEmpty ? [bytes] : ranges.map { Array(bytes[$0]) }
    }

    private static func base64(_ units: [[UInt8]]) -> String {
        units.map { Data($0).base64EncodedString() }.joined(separator: ",")
    }
}
