/// The picture that is being put together from packets: measured always, copied where it is wanted.
struct UnitAssembly: Sendable {
    enum Stage {
        /// No slice yet: what came so far stands before the picture.
        case head
        /// The bytes are kept.
        case kept
        /// The bytes are not kept, for the reason of `omission`.
        case measured
    }

    /// A NAL unit whose fragments are arriving.
    enum Fragment {
        case none
        /// Of a unit that has begun only its header has come, and in `scratch` too little of a slice to tell what it is.
        case begun(UInt8, UInt8)
        /// A slice that begins at this index of `bytes`, start code included.
        case kept(start: Int)
        /// Anything but a slice, in `scratch`.
        case scratch
        /// A slice that is only measured.
        case measured
        /// Filler and delimiters.
        case ignored
    }

    var stage = Stage.head
    var fragment = Fragment.none
    var omission: CodedUnit.Omission?
    var bytes: [UInt8] = []
    /// Fragments of a unit that is no slice, or not known yet.
    var scratch: [UInt8] = []
    var size = 0
    /// NAL units so far.
    var count = 0
    /// Slices that `bytes` holds.
    var slices = 0
    /// Slices that begin a picture: one, or two where a picture is sent as two fields.
    var beginnings = 0
    var sequence: UInt16 = 0
    var picture = CodedUnit.Picture.unknown
    var isKeyframe = false
    var isRecoveryPoint = false
    /// True for a keyframe of another kind than those that decoding is meant to start with.
    var isPlainIntra = false
    var isReference = false
    var isDamaged = false
    /// True when parameter sets came with the unit.
    var hasParameterSets = false
    /// True once any packet of the unit has come.
    var isOpen = false

    /// True while a fragmented unit has not ended.
    var hasOpenFragment: Bool {
        if case .none = fragment { false } else { true }
    }

    /// True once there is a picture to hand out.
    var hasPicture: Bool { stage != .head }

    /// Forgets the unit.
    ///
    /// The room for what stands before pictures is kept, that of pictures left with them.
    mutating func reset() {
        let room = stage == .kept ? [] : bytes
        self = UnitAssembly()
        bytes = room
        bytes.removeAll(keepingCapacity: true)
    }

    /// Stops keeping the bytes.
    mutating func omit(_ reason: CodedUnit.Omission) {
        stage = .measured
        omission = reason
        if case .kept = fragment { fragment = .measured }
        // Beyond a few messages the room is worth more elsewhere.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 1024)
        slices = 0
    }

    /// Makes the bytes of a picture: the parameter sets, then what stood before the first slice.
    ///
    /// - Parameters:
    ///   - parameterSets: Sets with start codes.
    ///   - room: Bytes of the last such picture; one that is not much larger needs no second allocation.
    mutating func beginBytes(with parameterSets: [UInt8], room: Int) {
        var whole: [UInt8] = []
        whole.reserveCapacity(max(parameterSets.count + bytes.count, room + room / 8))
        whole.append(contentsOf: parameterSets)
        whole.append(contentsOf: bytes)
        bytes = whole
    }

    @inline(__always)
    mutating func appendStartCode() {
        bytes.append(0)
        bytes.append(0)
        bytes.append(0)
        bytes.append(1)
    }

    /// Takes an unfinished slice out again: its packets were lost.
    mutating func abandonFragment() {
        switch fragment {
        case .none, .ignored, .measured: break
        case .kept(let start):
            bytes.removeSubrange(start...)
            slices -= 1
        case .begun, .scratch: scratch = []
        }
        fragment = .none
    }
}
