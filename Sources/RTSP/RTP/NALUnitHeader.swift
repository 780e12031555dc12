/// What the first bytes of a NAL unit tell a receiver.
struct NALUnitHeader {
    enum Role {
        /// Part of a picture.
        case slice
        /// VPS, SPS, SPS extension or PPS.
        case parameterSet
        /// Supplemental enhancement information before the picture.
        case supplemental
        /// Says only that a unit begins.
        case delimiter
        /// Filler of a constant bit rate, and types that only packets have.
        case meaningless
        /// Anything that may stay where it is; decoders know or skip it.
        case other
    }

    let role: Role
    /// True for slices that decoding can start with.
    let isRandomAccess: Bool
    /// True when other pictures may need this one.
    let isReference: Bool

    /// ITU-T H.264, table 7-1.
    init(h264 first: UInt8) {
        let type = first & 0x1f
        isRandomAccess = type == 5
        isReference = first & 0x60 != 0
        role =
            switch type {
            case 1, 2, 5: .slice
            case 6: .supplemental
            case 7, 8, 13: .parameterSet
            case 9: .delimiter
            case 12, 0, 24...31: .meaningless
            default: .other
            }
    }

    /// ITU-T H.265, table 7-1; units of other layers than the base are `other`.
    init(h265 first: UInt8, _ second: UInt8) {
        let type = first >> 1 & 0x3f
        let isBase = first & 1 == 0 && second & 0xf8 == 0
        isRandomAccess = (16...21).contains(type)
        // Below 16 the even types are not used by pictures of their own sub-layer.
        isReference = type >= 16 || type & 1 == 1
        role =
            switch type {
            case 0...9, 16...21: isBase ? .slice : .other
            case 32...34: isBase ? .parameterSet : .other
            case 35: .delimiter
            case 38, 48...63: .meaningless
            case 39: .supplemental
            default: .other
            }
    }
}

/// What the header of a slice tells without its parameter sets.
struct SliceStart {
    /// How the slice is coded.
    let picture: CodedUnit.Picture
    /// True for the first slice of a picture.
    let isFirst: Bool
    /// Id of the picture parameter set; nil when the header is cut off.
    let pictureSet: UInt32?
    /// True for a part of an H.265 slice without a header of its own: it is coded as the part before it.
    let isDependent: Bool
    /// True when there were not enough bytes to tell all this.
    let isCutOff: Bool

    /// Bytes that are always enough.
    static let longest = 16

    /// Reads an H.264 slice from behind its NAL unit header: ITU-T H.264, 7.3.3.
    init(h264 body: UnsafeRawBufferPointer) {
        var reader = NALBitReader(body, from: 0)
        isFirst = reader.expGolomb() == 0
        let type = reader.expGolomb()
        pictureSet = reader.expGolomb()
        picture =
            switch type {
            case 0, 3, 5, 8: .predicted
            case 1, 6: .bipredicted
            case 2, 4, 7, 9: .intra
            default: .unknown
            }
        isDependent = false
        isCutOff = reader.isExhausted
    }

    /// Reads an H.265 slice from behind its NAL unit header: ITU-T H.265, 7.3.6.1.
    ///
    /// The slice type stands behind bits whose number only the parameter sets tell: `sets` are asked where it matters.
    init(h265 body: UnsafeRawBufferPointer, isRandomAccess: Bool, sets: StoredParameterSets) {
        var reader = NALBitReader(body, from: 0)
        let isFirst = reader.bits(1) == 1
        if isRandomAccess { reader.skip(1) }
        let pictureSet = reader.expGolomb()
        var isDependent = false
        var picture = isRandomAccess ? CodedUnit.Picture.intra : .unknown
        if !isRandomAccess, let layout = pictureSet.flatMap(sets.sliceLayout) {
            var mayBeRead = true
            if !isFirst {
                isDependent = layout.mayDepend && reader.bits(1) == 1
                reader.skip(layout.addressBits ?? 0)
                mayBeRead = !isDependent && layout.addressBits != nil
            }
            reader.skip(mayBeRead ? layout.extraBits : 0)
            if mayBeRead, reader.expGolomb() == 2 { picture = .intra }
        }
        self.isFirst = isFirst
        self.pictureSet = pictureSet
        self.isDependent = isDependent
        self.picture = picture
        isCutOff = reader.isExhausted
    }
}

/// Supplemental enhancement information.
enum SupplementalInformation {
    /// Whether the SEI unit, read from behind its NAL unit header, holds a recovery point message.
    ///
    /// The type is 6 in H.264 (D.1.8) and in H.265 (D.2.8).
    static func holdsRecoveryPoint(_ body: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        // Type and size are each a sum of bytes that ends with one below 255.
        func number() -> Int? {
            var sum = 0
            while position < body.count {
                let byte = body[position]
                position += 1
                sum += Int(byte)
                if byte != 0xff { return sum }
            }
            return nil
        }
        while let type = number(), let size = number() {
            if type == 6 { return true }
            position += size
        }
        return false
    }
}
