import Flow

/// Puts the RTP packets of one camera's video track together to coded pictures.
///
/// H.264 (RFC 6184: single units, STAP-A, FU-A; the forms with decoding order numbers as long as these grow), H.265
/// (RFC 7798 without decoding order numbers: single units, AP, FU, PACI) and MJPEG (RFC 2435). A picture ends with the
/// marker bit or, where a camera forgets it, with the next timestamp, or else where the next one begins.
/// Packets must come in order, as they do over TCP: numbers that go back are a sender that counts anew, unless it
/// repeats itself. One value per camera, one thread at a time.
public struct RTPDepacketiser: Sendable {
    /// Which pictures keep their bytes; may be changed at any time and holds from the next picture.
    public var keeping = Keeping.everything
    /// What was met so far.
    public internal(set) var counters = Counters()
    /// The source of the packets; nil before the first one.
    public private(set) var source: UInt32?

    let limits: Limits
    let codec: StreamFormat.Codec
    private var payloadType: UInt8
    /// What the description says of the picture; for MJPEG, whose own headers end at 2,040 pixels.
    let pictureSize: PictureSize?
    var sets: StoredParameterSets
    var unit = UnitAssembly()
    /// The tables that MJPEG pictures refer to by their number; allocated for that coding only.
    var quantisation = NamedQuantisation()
    /// Bytes of the last keyframe and of the last other picture that were kept: room for the next one.
    var keyframeRoom = 0
    var otherRoom = 0

    private var nextSequence: UInt16 = 0
    private var cycles: UInt32 = 0
    private var ticks: Int64 = 0
    /// Time of the last picture that decoding is meant to start with, or of the beginning.
    private var randomAccessTicks: Int64 = 0
    private var lastTicks: Int64?
    private var isNewSource = true
    /// Where the last packet that was taken for a repetition would go on, and how many there were in a row.
    private var repeatedNext: UInt16 = 0
    private var repeatedRun = 0
    /// Length and last bytes of the last packet: what a repetition of it has, too.
    private var lastMark: (count: Int, tail: UInt64) = (0, 0)
    private let clockRate: Int64
    private var otherType: UInt8 = 0
    private var otherTypeRun = 0
    /// True for a camera that sets the marker bit on every packet of a picture.
    private var distrustsMarker = false
    /// True while the unit continues the timestamp of one that a marker has ended.
    private var followsMarker = false
    /// True once a packet had the marker bit.
    private var hasMarkers = false
    /// True for a camera that ends its pictures neither by the marker bit nor by the time.
    private var goesByBeginnings = false
    /// The last decoding order number, where packets have them.
    var lastOrder: UInt16?

    /// Makes a depacketiser.
    ///
    /// - Parameters:
    ///   - track: The track of the session description.
    ///   - parameterSets: The sets of the session description; those that come in band replace them, kind by kind.
    ///   - limits: How much the camera may take.
    /// - Throws: `unsupported` for a coding that is not H.264, H.265 or MJPEG.
    public init(
        track: MediaDescription,
        parameterSets: ParameterSets?,
        limits: Limits = Limits()
    ) throws(RTSPError) {
        let codec = track.codec
        guard codec != .other else {
            let name = track.encoding.isEmpty ? "without a name" : track.encoding
            throw RTSPError(.unsupported, "video coding \(name) is not spoken: only H264, H265 and JPEG")
        }
        self.codec = codec
        self.limits = limits
        self.payloadType = track.payloadType
        self.pictureSize = track.pictureSize
        self.clockRate = Int64(min(max(1, track.clockRate), 10_000_000))
        self.sets = StoredParameterSets(
            codec: codec,
            mostSets: limits.parameterSets,
            mostBytes: limits.parameterSetBytes
        )
        guard let parameterSets, parameterSets.codec == codec else { return }
        for set in parameterSets.video + parameterSets.sequence + parameterSets.picture {
            set.withUnsafeBytes { takeParameterSet($0, isTold: true) }
        }
    }

    /// The parameter sets known by now; without sets for MJPEG.
    public var parameterSets: ParameterSets { sets.value }

    /// Bytes that the camera takes beyond this value: the picture in work and the parameter sets.
    public var heldBytes: Int {
        unit.bytes.capacity + unit.scratch.capacity + sets.annexB.capacity + quantisation.tables.capacity
    }

    /// Takes one packet, and hands out the pictures that end with it: none, one or two.
    ///
    /// - Parameters:
    ///   - packet: What stands in one interleaved frame or datagram.
    ///   - emit: Gets the pictures in the order of their packets.
    public mutating func take(_ packet: UnsafeRawBufferPointer, _ emit: (CodedUnit) -> Void) {
        counters.packets &+= 1
        var range = 0..<0
        guard let header = RTPHeader(packet, payload: &range) else {
            if ControlPacket.isControl(packet) { counters.control &+= 1 } else { counters.malformed &+= 1 }
            return
        }
        guard header.payloadType == payloadType || adopts(header) else { return }
        if header.ssrc != source {
            // Some cameras change it from packet to packet, and count on.
            if goesOn(header) { source = header.ssrc } else { restart(header, emit) }
        }
        let mark = Self.mark(packet)
        let step = step(to: header, mark)
        if step == .repetition { return }
        if header.sequence == .max { cycles &+= 1 }
        nextSequence = header.sequence &+ 1
        lastMark = mark
        repeatedRun = 0
        let isLoss = step == .loss
        // Where the numbers do not tell, an unfinished unit of another picture does.
        if isLoss || step == .renumbering && unit.hasOpenFragment && !isSameTime(header) {
            unit.abandonFragment()
            unit.isDamaged = true
        }
        advance(to: header.timestamp, emit)
        let payload = UnsafeRawBufferPointer(rebasing: packet[range])
        if goesByBeginnings, unit.hasPicture, beginsPicture(payload) { finish(emit) }
        if isLoss { unit.isDamaged = true }
        if !unit.isOpen {
            unit.isOpen = true
            unit.sequence = header.sequence
        }
        switch codec {
        case .h264: takeH264(payload)
        case .h265: takeH265(payload)
        case .mjpeg: takeJPEG(payload, in: packet)
        case .other: break
        }
        if header.marker {
            hasMarkers = true
            goesByBeginnings = goesByBeginnings && distrustsMarker
        }
        if header.marker, unit.hasPicture, !distrustsMarker {
            finish(emit)
            followsMarker = true
        } else if unit.beginnings > limits.beginnings, !goesByBeginnings, !hasMarkers || distrustsMarker {
            goesByBeginnings = true
            unit.isDamaged = true
        }
    }

    /// Ends the picture in work, for a connection that is closed: its last packets may be missing.
    public mutating func finish(_ emit: (CodedUnit) -> Void) {
        endFragment()
        guard unit.hasPicture else { return unit.reset() }
        if unit.stage == .kept, unit.slices == 0 { unit.omit(.incomplete) }
        counters.units &+= 1
        if unit.isKeyframe { counters.keyframes &+= 1 }
        if unit.isDamaged { counters.damaged &+= 1 }
        if codec == .mjpeg { endJPEG() }
        let bytes = unit.stage == .kept ? unit.bytes : nil
        if let bytes {
            if unit.isKeyframe { keyframeRoom = bytes.count } else { otherRoom = bytes.count }
        }
        let coded = CodedUnit(
            ticks: ticks,
            sequence: unit.sequence,
            size: unit.size,
            bytes: bytes,
            omission: unit.omission,
            picture: unit.picture,
            isKeyframe: unit.isKeyframe,
            isRecoveryPoint: unit.isRecoveryPoint,
            isReference: unit.isReference,
            isDamaged: unit.isDamaged,
            goesBack: lastTicks.map { ticks < $0 } ?? false,
            isNewSource: isNewSource
        )
        lastTicks = ticks
        isNewSource = false
        unit.reset()
        emit(coded)
    }

    /// Moves the time on; a picture that is still open has ended then.
    ///
    /// What came before without a slice, as parameter sets with a time of their own, belongs to the next picture.
    @inline(__always)
    private mutating func advance(to timestamp: UInt32, _ emit: (CodedUnit) -> Void) {
        let step = timestamp &- UInt32(truncatingIfNeeded: ticks)
        guard step != 0 else { return }
        if unit.hasPicture { finish(emit) }
        followsMarker = false
        ticks &+= Int64(Int32(bitPattern: step))
    }

    /// A slice that continues a picture whose packets each have the marker bit: from now on only time ends pictures.
    mutating func noteContinuation() {
        unit.isDamaged = true
        if followsMarker { distrustsMarker = true }
    }

    mutating func noteRandomAccess() {
        randomAccessTicks = ticks
    }

    /// True when the camera has sent nothing for a while that decoding is meant to start with: other pictures that need
    /// no others must do then, as some cameras send nothing else.
    var lacksKeyframes: Bool {
        abs(ticks &- randomAccessTicks) >= limits.plainIntraSeconds * clockRate
    }

    /// Whether a packet of another payload type is to be taken.
    private mutating func adopts(_ header: RTPHeader) -> Bool {
        // The types 72 to 79 with marker are the packet types 200 to 207 of RTCP (RFC 5761, 4).
        if header.marker, (72...79).contains(header.payloadType) {
            counters.control &+= 1
            return false
        }
        otherTypeRun = header.payloadType == otherType ? otherTypeRun + 1 : 1
        otherType = header.payloadType
        guard source == nil, otherTypeRun > limits.otherTypeRun else {
            counters.otherTypes &+= 1
            return false
        }
        payloadType = header.payloadType
        return true
    }

    /// Whether a packet of another source goes on where the last one ended, in number and time.
    private func goesOn(_ header: RTPHeader) -> Bool {
        source != nil && header.sequence == nextSequence && isNearInTime(header)
    }

    private func isNearInTime(_ header: RTPHeader) -> Bool {
        abs(Int64(Int32(bitPattern: header.timestamp &- UInt32(truncatingIfNeeded: ticks))))
            <= limits.continuousSeconds * clockRate
    }

    private mutating func restart(_ header: RTPHeader, _ emit: (CodedUnit) -> Void) {
        if source != nil {
            counters.restarts &+= 1
            unit.isDamaged = true
            finish(emit)
        }
        unit.reset()
        source = header.ssrc
        nextSequence = header.sequence
        cycles = 0
        ticks = Int64(header.timestamp)
        randomAccessTicks = ticks
        lastTicks = nil
        isNewSource = true
        followsMarker = false
        lastOrder = nil
    }

    /// How a packet follows the last one.
    private enum Step {
        case next
        /// Packets are missing in between.
        case loss
        /// The sender has begun to count anew; nothing is missing.
        case renumbering
        /// Sent before.
        case repetition
    }

    /// Judges the number of a packet; over TCP none can be late.
    private mutating func step(to header: RTPHeader, _ mark: (count: Int, tail: UInt64)) -> Step {
        let gap = header.sequence &- nextSequence
        guard gap != 0 else { return .next }
        if gap < 0x8000 {
            if header.sequence < nextSequence { cycles &+= 1 }
            guard Int(gap) > limits.gap else {
                counters.lost &+= Int(gap)
                return .loss
            }
        } else if isRepetition(header, mark, distance: 0 &- gap) {
            counters.late &+= 1
            return .repetition
        }
        counters.restarts &+= 1
        return isNearInTime(header) ? .renumbering : .loss
    }

    /// Whether a packet with a smaller number was sent before: the last one once more, or a few of the same picture.
    private mutating func isRepetition(
        _ header: RTPHeader,
        _ mark: (count: Int, tail: UInt64),
        distance: UInt16
    ) -> Bool {
        if distance == 1 { return mark == lastMark && isSameTime(header) }
        let isLater = Int32(bitPattern: header.timestamp &- UInt32(truncatingIfNeeded: ticks)) > 0
        guard Int(distance) <= limits.repetition, !isLater else { return false }
        repeatedRun = header.sequence == repeatedNext ? repeatedRun + 1 : 1
        repeatedNext = header.sequence &+ 1
        return repeatedRun <= limits.repetition
    }

    private func isSameTime(_ header: RTPHeader) -> Bool {
        header.timestamp == UInt32(truncatingIfNeeded: ticks)
    }

    @inline(__always)
    private static func mark(_ packet: UnsafeRawBufferPointer) -> (count: Int, tail: UInt64) {
        (packet.count, packet.loadUnaligned(fromByteOffset: packet.count - 8, as: UInt64.self))
    }

    /// What a receiver report says about this source.
    ///
    /// - Parameter ssrc: The source of the reports: any number that is not the camera's.
    /// - Returns: Nil before the first packet.
    public func receiverReport(ssrc: UInt32) -> ReceiverReport? {
        guard let source else { return nil }
        let last = nextSequence &- 1
        // `nextSequence` has wrapped already where the last number was the largest one.
        let cycle = last == .max ? cycles &- 1 : cycles
        return ReceiverReport(
            ssrc: ssrc,
            source: source,
            lost: counters.lost,
            highestSequence: cycle << 16 | UInt32(last)
        )
    }
}
