import Flow

/// The parameter sets that one camera has sent, by kind and id, and which of them need which.
///
/// A decoder that is shared by cameras still holds the sets of the one before. A keyframe whose sets are not all here
/// would decode silently into a wrong picture, so the way from slice to PPS to SPS (to VPS) is checked.
struct StoredParameterSets: Sendable {
    /// What became of a set.
    enum Verdict {
        case known, stored, malformed, tooMany
    }

    private enum Kind: UInt8 {
        // In the order in which a decoder wants them.
        case video, sequence, sequenceExtension, picture
    }

    private struct Entry {
        var kind: Kind
        var id: UInt32
        /// Id of the set that this one builds on.
        var base: UInt32
        /// What an H.265 picture parameter set says of the slices that ask for it; the address is its sequence's affair.
        var layout = SliceLayout()
        /// Bits of a slice's address; of an H.265 sequence parameter set, nil when that could not be read.
        var addressBits: Int?
        /// When it came last, in sets taken.
        var age = 0
        /// True while only the session description has told it.
        var isTold = false
        /// Where it is in `annexB`, without its start code.
        var range: Range<Int>

        mutating func move(by offset: Int) {
            range = range.lowerBound + offset..<range.upperBound + offset
        }
    }

    /// What stands in the header of an H.265 slice before its type.
    struct SliceLayout {
        /// Whether a slice may be one that has no header of its own.
        var mayDepend = false
        /// Bits of the address of a slice that is not the first; nil when they are not known.
        var addressBits: Int?
        /// Bits without a meaning yet.
        var extraBits = 0
    }

    private let codec: StreamFormat.Codec
    private let mostSets: Int
    private let mostBytes: Int
    private var entries: [Entry] = []
    private var taken = 0

    /// All sets with start codes, in the order in which a decoder wants them.
    private(set) var annexB: [UInt8] = []

    init(codec: StreamFormat.Codec, mostSets: Int, mostBytes: Int) {
        self.codec = codec
        self.mostSets = mostSets
        self.mostBytes = mostBytes
    }

    /// The sets as a value for other stages.
    var value: ParameterSets {
        func all(_ kind: Kind) -> [[UInt8]] { entries.filter { $0.kind == kind }.map { Array(annexB[$0.range]) } }
        return ParameterSets(
            codec: codec,
            video: all(.video),
            sequence: all(.sequence),
            picture: all(.picture)
        )
    }

    /// Keeps a set; one with the same id is replaced.
    ///
    /// Cameras that count their ids on with every picture would fill any room: when there is none, the oldest set of the
    /// same kind goes. What the stream itself sends of a kind takes the place of all that was only told of it: some
    /// descriptions are those of another stream, or nonsense, and a decoder would stumble over that.
    ///
    /// Zero bytes at the end are no part of a unit (ITU-T H.264, B.1), and they would make a known set look changed.
    ///
    /// - Parameters:
    ///   - unit: The set.
    ///   - isTold: True for one of the session description.
    /// - Returns: What became of it.
    mutating func take(_ unit: UnsafeRawBufferPointer, isTold: Bool = false) -> Verdict {
        var end = unit.count
        while end > 0, unit[end - 1] == 0 { end -= 1 }
        let set = UnsafeRawBufferPointer(rebasing: unit[..<end])
        guard set.count <= mostBytes, var entry = read(set) else { return .malformed }
        taken &+= 1
        entry.age = taken
        entry.isTold = isTold
        if !isTold {
            for index in entries.indices.reversed()
            where entries[index].kind == entry.kind && entries[index].isTold && entries[index].id != entry.id {
                remove(index)
            }
        }
        if let index = entries.firstIndex(where: { $0.kind == entry.kind && $0.id == entry.id }) {
            let isKnown = annexB.withUnsafeBytes { $0[entries[index].range].elementsEqual(set) }
            entries[index].age = taken
            entries[index].isTold = entries[index].isTold && isTold
            if isKnown { return .known }
            remove(index)
        }
        if entries.count >= mostSets {
            let same = entries.indices.filter { entries[$0].kind == entry.kind }
            guard let oldest = same.min(by: { entries[$0].age < entries[$1].age }) else { return .tooMany }
            remove(oldest)
        }
        let index = entries.firstIndex { $0.kind.rawValue > entry.kind.rawValue } ?? entries.count
        let start = index < entries.count ? entries[index].range.lowerBound - 4 : annexB.count
        annexB.insert(contentsOf: [0, 0, 0, 1] + set, at: start)
        entry.range = start + 4..<start + 4 + set.count
        for later in index..<entries.count { entries[later].move(by: set.count + 4) }
        entries.insert(entry, at: index)
        return .stored
    }

    private mutating func remove(_ index: Int) {
        let range = entries[index].range
        annexB.removeSubrange(range.lowerBound - 4..<range.upperBound)
        entries.remove(at: index)
        for later in index..<entries.count { entries[later].move(by: -range.count - 4) }
    }

    /// True when a slice that asks for this picture parameter set finds all that it builds on.
    func cover(picture id: UInt32) -> Bool {
        guard let picture = first(.picture, id), let sequence = first(.sequence, picture.base) else { return false }
        return codec == .h264 || first(.video, sequence.base) != nil
    }

    /// What stands before the type in an H.265 slice which asks for this picture parameter set; nil when it is unknown.
    func sliceLayout(picture id: UInt32) -> SliceLayout? {
        guard let picture = first(.picture, id) else { return nil }
        var layout = picture.layout
        layout.addressBits = first(.sequence, picture.base)?.addressBits
        return layout
    }

    private func first(_ kind: Kind, _ id: UInt32) -> Entry? {
        entries.first { $0.kind == kind && $0.id == id }
    }

    private func read(_ unit: UnsafeRawBufferPointer) -> Entry? {
        codec == .h264 ? readH264(unit) : readH265(unit)
    }

    /// ITU-T H.264, 7.3.2.1 and 7.3.2.2.
    private func readH264(_ unit: UnsafeRawBufferPointer) -> Entry? {
        guard unit.count > 1 else { return nil }
        var reader = NALBitReader(unit, from: 1)
        switch unit[0] & 0x1f {
        case 7:
            reader.skip(24)
            return entry(.sequence, reader.expGolomb(), base: 0, highest: 31)
        case 13:
            return entry(.sequenceExtension, reader.expGolomb(), base: 0, highest: 31)
        case 8:
            return entry(.picture, reader.expGolomb(), base: reader.expGolomb(), highest: 255)
        default:
            return nil
        }
    }

    /// ITU-T H.265, 7.3.2.1, 7.3.2.2 and 7.3.2.3.
    private func readH265(_ unit: UnsafeRawBufferPointer) -> Entry? {
        guard unit.count > 2 else { return nil }
        var reader = NALBitReader(unit, from: 2)
        switch unit[0] >> 1 & 0x3f {
        case 32:
            return entry(.video, reader.bits(4), base: 0, highest: 15)
        case 33:
            let video = reader.bits(4)
            let subLayers = Self.skipProfileTierLevel(&reader)
            var entry = entry(.sequence, reader.expGolomb(), base: video, highest: 15)
            entry?.addressBits = Self.addressBits(&reader, subLayers: subLayers)
            return entry
        case 34:
            var entry = entry(.picture, reader.expGolomb(), base: reader.expGolomb(), highest: 63)
            entry?.layout.mayDepend = reader.bits(1) == 1
            reader.skip(1)
            entry?.layout.extraBits = Int(reader.bits(3))
            return entry
        default:
            return nil
        }
    }

    /// Bits of a slice's address: as many as number the coding tree blocks of a picture (ITU-T H.265, 7.3.2.2.1 and
    /// 7.4.7.1); from behind the id of the set.
    private static func addressBits(_ reader: inout NALBitReader, subLayers: Int) -> Int? {
        if reader.expGolomb() == 3 { reader.skip(1) }
        guard let width = reader.expGolomb(), let height = reader.expGolomb() else { return nil }
        // The window, the bit depths, the order counts, the buffers of each sub-layer.
        if reader.bits(1) == 1 { pass(4, &reader) }
        pass(3, &reader)
        pass(reader.bits(1) == 1 ? 3 * (subLayers + 1) : 3, &reader)
        guard let smallest = reader.expGolomb(), let more = reader.expGolomb(), !reader.isExhausted,
            smallest <= 3, more <= 3, smallest + more <= 3, 1...65_535 ~= width, 1...65_535 ~= height
        else { return nil }
        let side = UInt32(8) << (smallest + more)
        let blocks = ((width + side - 1) / side) * ((height + side - 1) / side)
        return 32 - (blocks - 1).leadingZeroBitCount
    }

    private static func pass(_ count: Int, _ reader: inout NALBitReader) {
        for _ in 0..<count { _ = reader.expGolomb() }
    }

    /// Passes from `sps_max_sub_layers_minus1`, which it returns, to `sps_seq_parameter_set_id` (ITU-T H.265, 7.3.3).
    private static func skipProfileTierLevel(_ reader: inout NALBitReader) -> Int {
        let subLayers = Int(reader.bits(3))
        reader.skip(1 + 88 + 8)
        guard subLayers > 0 else { return subLayers }
        var present = 0
        for layer in 0..<8 {
            let (profile, level) = (reader.bits(1), reader.bits(1))
            if layer < subLayers { present += Int(profile) * 88 + Int(level) * 8 }
        }
        reader.skip(present)
        return subLayers
    }

    private func entry(_ kind: Kind, _ id: UInt32?, base: UInt32?, highest: UInt32) -> Entry? {
        guard let id, let base, id <= highest else { return nil }
        return Entry(kind: kind, id: id, base: base, range: 0..<0)
    }
}
