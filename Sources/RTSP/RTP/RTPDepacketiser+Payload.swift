import Flow

extension RTPDepacketiser {
    /// Bytes in front of a NAL unit's payload.
    var headerBytes: Int { codec == .h264 ? 1 : 2 }

    /// RFC 6184, 5.4.
    mutating func takeH264(_ payload: UnsafeRawBufferPointer) {
        guard let first = payload.first else { return }
        switch first & 0x1f {
        case 28:
            guard payload.count >= 2 else { return noteMalformed() }
            let flags = payload[1]
            let data = UnsafeRawBufferPointer(rebasing: payload[2...])
            takeFragment(first & 0xe0 | flags & 0x1f, 0, flags: flags, data)
        case 1...23:
            takeWhole(payload)
        case 24:
            takeAggregate(payload, from: 1)
        case 0:
            takeByteStream(payload)
        case 25...27, 29:
            takeNumbered(payload)
        default:
            noteUnsupported()
        }
    }

    /// RFC 7798, 4.4.
    mutating func takeH265(_ payload: UnsafeRawBufferPointer) {
        guard let first = payload.first else { return }
        guard payload.count >= 2 else { return noteMalformed() }
        switch first >> 1 & 0x3f {
        case 49:
            guard payload.count >= 3 else { return noteMalformed() }
            let flags = payload[2]
            let data = UnsafeRawBufferPointer(rebasing: payload[3...])
            takeFragment(first & 0x81 | (flags & 0x3f) << 1, payload[1], flags: flags, data)
        case 48:
            takeAggregate(payload, from: 2)
        case 0 where payload[0] == 0 && payload[1] == 0:
            takeByteStream(payload)
        case 0...47:
            takeWhole(payload)
        case 50:
            takeContentInformation(payload)
        default:
            noteUnsupported()
        }
    }

    mutating func noteMalformed() {
        counters.malformed &+= 1
        unit.isDamaged = true
    }

    /// Formats that are reserved, and units that really come in another order than that of decoding.
    mutating func noteUnsupported() {
        counters.unsupported &+= 1
        unit.isDamaged = true
    }

    /// STAP-A, AP and their like: units with two bytes of length each, and `between` more bytes before the unit.
    ///
    /// What stands behind the units and is too short for one more is padding that the camera has not announced.
    mutating func takeAggregate(_ payload: UnsafeRawBufferPointer, from start: Int, between: Int = 0) {
        var position = start
        while position + 2 + between + headerBytes <= payload.count {
            let length = Int(payload.bigEndian(at: position) as UInt16)
            position += 2 + between
            guard position + length <= payload.count else { return noteMalformed() }
            if length >= headerBytes {
                takeWhole(UnsafeRawBufferPointer(rebasing: payload[position..<position + length]))
            }
            position += length
        }
        if position == start, payload.count > start { noteMalformed() }
    }

    /// Some cameras put Annex B with its start codes into a packet instead of units.
    private mutating func takeByteStream(_ bytes: UnsafeRawBufferPointer, mayBeEmpty: Bool = false) {
        let units = AnnexB.units(bytes)
        guard mayBeEmpty || !units.isEmpty else { return noteMalformed() }
        for range in units where range.count >= headerBytes {
            takeWhole(UnsafeRawBufferPointer(rebasing: bytes[range]))
        }
    }

    func header(_ first: UInt8, _ second: UInt8) -> NALUnitHeader {
        codec == .h264 ? NALUnitHeader(h264: first) : NALUnitHeader(h265: first, second)
    }

    /// A NAL unit that stands whole in a packet; at least as long as its header, as the end of a sequence is.
    private mutating func takeWhole(_ unitBytes: UnsafeRawBufferPointer) {
        endFragment()
        countUnit()
        let header = header(unitBytes[0], unitBytes.count > 1 ? unitBytes[1] : 0)
        switch header.role {
        case .slice:
            guard unitBytes.count > headerBytes else { return noteMalformed() }
            unit.size &+= unitBytes.count
            beginSlice(header, UnsafeRawBufferPointer(rebasing: unitBytes[headerBytes...]))
            guard unit.stage == .kept, fits(unitBytes.count) else { return }
            unit.appendStartCode()
            unit.bytes.append(contentsOf: unitBytes)
            unit.slices += 1
        case .meaningless:
            break
        case .delimiter, .parameterSet, .supplemental, .other:
            takeNonSlice(unitBytes, header.role)
        }
    }

    mutating func takeFragment(
        _ first: UInt8,
        _ second: UInt8,
        flags: UInt8,
        _ data: UnsafeRawBufferPointer
    ) {
        // The header bits of fragments behind the first one are not looked at: some cameras set them differently.
        if flags & 0x80 != 0 {
            startFragment(first, second, data)
        } else {
            continueFragment(first, second, data)
        }
        // Start and end in one fragment are forbidden, and sent by cameras: it is a whole unit.
        if flags & 0x40 != 0 { endFragment() }
    }

    private mutating func continueFragment(_ first: UInt8, _ second: UInt8, _ data: UnsafeRawBufferPointer) {
        // Some cameras send a fragment without data, mostly the last one, for its end bit.
        guard !data.isEmpty else { return }
        switch unit.fragment {
        case .begun(let first, let second):
            unit.fragment = .none
            let held = unit.scratch
            unit.scratch = []
            guard !held.isEmpty else { return startFragment(first, second, data) }
            (held + data).withUnsafeBytes { startFragment(first, second, $0) }
        case .measured:
            unit.size &+= data.count
        case .kept:
            unit.size &+= data.count
            if fits(data.count) { unit.bytes.append(contentsOf: data) }
        case .scratch:
            if unit.scratch.count + data.count <= limits.headBytes {
                unit.scratch.append(contentsOf: data)
            } else {
                splitScratch(data)
            }
        case .ignored:
            break
        case .none:
            takeOrphan(header(first, second), data)
        }
    }

    /// A unit that is too large for what it says it is, as parameter sets: with start codes in it, it is several units,
    /// the last of them still open.
    private mutating func splitScratch(_ data: UnsafeRawBufferPointer) {
        let scratch = unit.scratch
        unit.scratch = []
        unit.fragment = .ignored
        let isSplit = scratch.withUnsafeBytes { bytes in
            guard let start = AnnexB.startCode(in: bytes, from: 0), let open = AnnexB.units(bytes).last,
                open.count > headerBytes
            else { return false }
            let before = AnnexB.withoutZeros(UnsafeRawBufferPointer(rebasing: bytes[..<start]))
            if before.count >= headerBytes { takeWhole(before) }
            takeByteStream(UnsafeRawBufferPointer(rebasing: bytes[start..<open.lowerBound]), mayBeEmpty: true)
            // Up to the very end: what looks like zeros behind a unit may be the middle of it.
            let body = bytes[(open.lowerBound + headerBytes)...]
            let second = codec == .h264 ? 0 : bytes[open.lowerBound + 1]
            startFragment(bytes[open.lowerBound], second, UnsafeRawBufferPointer(rebasing: body))
            return true
        }
        guard isSplit else {
            counters.oversize &+= 1
            return
        }
        if case .scratch = unit.fragment, unit.scratch.count + data.count > limits.headBytes {
            counters.oversize &+= 1
            unit.scratch = []
            unit.fragment = .ignored
        } else {
            continueFragment(0, 0, data)
        }
    }

    /// Begins a unit with its first fragment; `isAll`: nothing more of it comes.
    private mutating func startFragment(
        _ first: UInt8,
        _ second: UInt8,
        _ data: UnsafeRawBufferPointer,
        isAll: Bool = false
    ) {
        endFragment()
        let header = header(first, second)
        // Some cameras cut so that the first fragment has not even the beginning of the slice's header.
        if data.isEmpty
            || !isAll && data.count < SliceStart.longest && header.role == .slice
                && sliceStart(header, data).isCutOff
        {
            unit.fragment = .begun(first, second)
            unit.scratch = Array(data)
            return
        }
        countUnit()
        switch header.role {
        case .slice:
            unit.size &+= headerBytes + data.count
            beginSlice(header, data)
            unit.fragment = .measured
            guard unit.stage == .kept, fits(headerBytes + data.count) else { return }
            unit.fragment = .kept(start: unit.bytes.count)
            unit.appendStartCode()
            unit.bytes.append(first)
            if codec == .h265 { unit.bytes.append(second) }
            unit.bytes.append(contentsOf: data)
            unit.slices += 1
        case .meaningless:
            unit.fragment = .ignored
        case .delimiter, .parameterSet, .supplemental, .other:
            unit.fragment = .scratch
            unit.scratch = codec == .h264 ? [first] : [first, second]
            unit.scratch.append(contentsOf: data)
        }
    }

    /// A fragment whose start was lost, or sent before we came.
    private mutating func takeOrphan(_ header: NALUnitHeader, _ data: UnsafeRawBufferPointer) {
        unit.isDamaged = true
        guard header.role == .slice else { return }
        unit.size &+= data.count
        guard unit.stage == .head else { return }
        unit.isKeyframe = header.isRandomAccess
        unit.isReference = header.isReference
        unit.omit(.incomplete)
    }

    /// Ends the fragmented unit that is open.
    ///
    /// By its end bit, or because the next unit starts: as no packet is missing, nothing of it is.
    mutating func endFragment() {
        let fragment = unit.fragment
        unit.fragment = .none
        if case .begun(let first, let second) = fragment {
            let held = unit.scratch
            unit.scratch = []
            guard !held.isEmpty else { return noteMalformed() }
            held.withUnsafeBytes { startFragment(first, second, $0, isAll: true) }
            unit.fragment = .none
        }
        guard case .scratch = fragment else { return }
        let whole = unit.scratch
        unit.scratch = []
        whole.withUnsafeBytes { takeNonSlice($0, header($0[0], $0.count > 1 ? $0[1] : 0).role) }
    }

    private mutating func takeNonSlice(_ bytes: UnsafeRawBufferPointer, _ role: NALUnitHeader.Role) {
        if let start = AnnexB.startCode(in: bytes, from: 0) {
            // Several units with start codes between them, sent as if they were one: SPS, PPS and even the picture.
            let first = AnnexB.withoutZeros(UnsafeRawBufferPointer(rebasing: bytes[..<start]))
            if first.count >= headerBytes { takeNonSlice(first, role) }
            return takeByteStream(UnsafeRawBufferPointer(rebasing: bytes[start...]))
        }
        if role != .delimiter { unit.size &+= bytes.count }
        switch role {
        case .parameterSet:
            takeParameterSet(bytes)
            unit.hasParameterSets = true
        case .supplemental, .other:
            let body = UnsafeRawBufferPointer(rebasing: bytes[min(headerBytes, bytes.count)...])
            if role == .supplemental, unit.stage == .head, SupplementalInformation.holdsRecoveryPoint(body) {
                unit.isRecoveryPoint = true
            }
            append(bytes)
        case .slice, .delimiter, .meaningless:
            break
        }
    }

    /// Keeps a unit that is no slice, within the picture or before it.
    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        switch unit.stage {
        case .measured:
            return
        case .head:
            guard unit.bytes.count + 4 + bytes.count <= limits.headBytes else {
                counters.oversize &+= 1
                return
            }
        case .kept:
            guard fits(bytes.count) else { return }
        }
        unit.appendStartCode()
        unit.bytes.append(contentsOf: bytes)
    }

    mutating func takeParameterSet(_ set: UnsafeRawBufferPointer, isTold: Bool = false) {
        switch sets.take(set, isTold: isTold) {
        case .known, .stored: break
        case .malformed, .tooMany: counters.refusedParameterSets &+= 1
        }
    }

    private mutating func countUnit() {
        unit.count += 1
        guard unit.count > limits.units else { return }
        unit.count = 0
        counters.oversize &+= 1
        if unit.stage == .head { unit.bytes.removeAll() } else { unit.omit(.tooLarge) }
    }

    mutating func fits(_ count: Int) -> Bool {
        if unit.bytes.count + count + 4 <= limits.unitBytes { return true }
        counters.oversize &+= 1
        unit.omit(.tooLarge)
        return false
    }

    private mutating func beginSlice(_ header: NALUnitHeader, _ body: UnsafeRawBufferPointer) {
        // The first bit: of H.264 the number of the first macroblock is 0 then, of H.265 it says so itself.
        if let first = body.first, first & 0x80 != 0 { unit.beginnings += 1 }
        switch unit.stage {
        case .head: beginPicture(header, body)
        case .kept: if unit.isKeyframe { goOnWithKeyframe(sliceStart(header, body)) }
        case .measured: break
        }
    }

    private func sliceStart(_ header: NALUnitHeader, _ body: UnsafeRawBufferPointer) -> SliceStart {
        codec == .h264
            ? SliceStart(h264: body) : SliceStart(h265: body, isRandomAccess: header.isRandomAccess, sets: sets)
    }

    /// Refuses a keyframe whose slice asks for parameter sets that are not known.
    private mutating func covers(_ slice: SliceStart) -> Bool {
        if let id = slice.pictureSet, sets.cover(picture: id) { return true }
        counters.refused &+= 1
        unit.omit(.missingParameterSets)
        return false
    }

    /// A further slice of a keyframe: one that needs other pictures shows that it is none, unless its kind says so.
    ///
    /// A second field may need the first one.
    private mutating func goOnWithKeyframe(_ slice: SliceStart) {
        guard covers(slice), unit.isPlainIntra, unit.beginnings < 2, !slice.isDependent, slice.picture != .intra
        else { return }
        unit.isKeyframe = false
        unit.picture = slice.picture
        if keeping == .keyframes { unit.omit(.notWanted) }
    }

    private mutating func beginPicture(_ header: NALUnitHeader, _ body: UnsafeRawBufferPointer) {
        let slice = sliceStart(header, body)
        unit.picture = slice.picture
        unit.isReference = header.isReference
        if header.isRandomAccess { noteRandomAccess() }
        unit.isPlainIntra =
            !header.isRandomAccess && slice.picture == .intra && (unit.isRecoveryPoint || lacksKeyframes)
        unit.isKeyframe = header.isRandomAccess || unit.isPlainIntra
        if !slice.isFirst { noteContinuation() }
        guard unit.isKeyframe || keeping == .everything else { return unit.omit(.notWanted) }
        unit.stage = .kept
        if unit.isKeyframe {
            guard covers(slice) else { return }
            unit.beginBytes(with: sets.annexB, room: keyframeRoom)
        } else {
            unit.beginBytes(with: unit.hasParameterSets ? sets.annexB : [], room: otherRoom)
        }
    }
}
