internal import Flow

/// Which parameter sets a coded picture brings along, and which its slices ask for.
///
/// A pooled decoder still holds the sets of the camera before: a keyframe that does not bring all of its own would
/// decode silently into a wrong picture. So the ids are followed from slice to PPS to SPS (to VPS).
struct ParameterSets {
    private let codec: StreamFormat.Codec
    private var videoIDs: Set<UInt32> = []
    private var videoOfSequence: [UInt32: UInt32] = [:]
    private var sequenceOfPicture: [UInt32: UInt32] = [:]
    private var wanted: Set<UInt32> = []
    private var isReadable = true
    private var beginnings = 0

    /// True for an H.264 picture that does not say that decoding can begin there, and needs other pictures indeed.
    ///
    /// A second field may need the first one.
    private(set) var needsOthers = false

    /// The NAL units that are parameter sets, each behind a start code.
    private(set) var bytes: [UInt8] = []

    /// Reads an Annex B unit of H.264 or H.265.
    init(of unit: [UInt8], codec: StreamFormat.Codec) {
        self.codec = codec
        unit.withUnsafeBytes { buffer in
            AnnexB.forEachUnit(in: buffer) { nal in
                if codec == .h264 { readH264(nal) } else { readH265(nal) }
            }
        }
    }

    /// True when there is a slice and every slice finds its parameter sets in the same unit.
    var isSelfContained: Bool {
        guard isReadable, !wanted.isEmpty else { return false }
        return wanted.allSatisfy { picture in
            guard let sequence = sequenceOfPicture[picture], let video = videoOfSequence[sequence] else { return false }
            return codec == .h264 || videoIDs.contains(video)
        }
    }

    private mutating func keep(_ nal: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: [0, 0, 0, 1])
        bytes.append(contentsOf: nal)
    }

    /// ITU-T H.264 7.3.2.1, 7.3.2.2, 7.3.3.
    ///
    /// H.264 has no video parameter set; its place is taken by 0.
    private mutating func readH264(_ nal: UnsafeRawBufferPointer) {
        var reader = NALBitReader(nal, headerBytes: 1)
        switch nal[0] & 0x1f {
        case 7:
            reader.skip(24)
            note(sequence: reader.expGolomb(), video: 0)
            keep(nal)
        case 8:
            note(picture: reader.expGolomb(), sequence: reader.expGolomb())
            keep(nal)
        case 13:
            keep(nal)
        case 1, 2, 5:
            if reader.expGolomb() == 0 { beginnings += 1 }
            let kind = reader.expGolomb().map { $0 % 5 }
            // 2 and 4 are I and SI.
            if nal[0] & 0x1f != 5, beginnings < 2, kind != 2, kind != 4 { needsOthers = true }
            want(reader.expGolomb())
        default:
            break
        }
    }

    /// ITU-T H.265 7.3.2.1, 7.3.2.2, 7.3.2.3, 7.3.6.1; base layer only.
    private mutating func readH265(_ nal: UnsafeRawBufferPointer) {
        guard nal.count > 2, nal[0] & 1 == 0, nal[1] & 0xf8 == 0 else { return }
        let type = nal[0] >> 1
        var reader = NALBitReader(nal, headerBytes: 2)
        switch type {
        case 32:
            videoIDs.insert(reader.bits(4))
            keep(nal)
        case 33:
            let video = reader.bits(4)
            Self.skipProfileTierLevel(&reader)
            note(sequence: reader.expGolomb(), video: video)
            keep(nal)
        case 34:
            note(picture: reader.expGolomb(), sequence: reader.expGolomb())
            keep(nal)
        case 0...9, 16...21:
            // first_slice_segment_in_pic_flag; random access pictures also have no_output_of_prior_pics_flag.
            reader.skip(type >= 16 ? 2 : 1)
            want(reader.expGolomb())
        default:
            break
        }
    }

    /// Passes from `sps_max_sub_layers_minus1` to `sps_seq_parameter_set_id` (ITU-T H.265 7.3.3).
    private static func skipProfileTierLevel(_ reader: inout NALBitReader) {
        let subLayers = Int(reader.bits(3))
        reader.skip(1 + 88 + 8)
        guard subLayers > 0 else { return }
        let present = (0..<subLayers).map { _ in (profile: reader.bits(1), level: reader.bits(1)) }
        reader.skip(2 * (8 - subLayers))
        for layer in present { reader.skip(Int(layer.profile) * 88 + Int(layer.level) * 8) }
    }

    private mutating func note(sequence: UInt32?, video: UInt32) {
        guard let sequence else { return isReadable = false }
        videoOfSequence[sequence] = video
    }

    private mutating func note(picture: UInt32?, sequence: UInt32?) {
        guard let picture, let sequence else { return isReadable = false }
        sequenceOfPicture[picture] = sequence
    }

    private mutating func want(_ picture: UInt32?) {
        guard let picture else { return isReadable = false }
        wanted.insert(picture)
    }
}
