import Flow
import RTSP

/// RTP packets of one camera, to a depacketiser that keeps everything and to one that keeps keyframes only.
func fuzzDepacketiser(_ codec: StreamFormat.Codec, _ input: inout Input) {
    var limits = RTPDepacketiser.Limits()
    let options = input.byte()
    if options & 1 == 1 {
        limits.unitBytes = 600
        limits.units = 5
        limits.headBytes = 100
        limits.parameterSets = 3
        limits.parameterSetBytes = 40
        limits.repetition = 2
    }
    if options & 4 == 4 { limits.plainIntraSeconds = 0 }
    let names: [StreamFormat.Codec: String] = [.h264: "H264", .h265: "H265"]
    var track = MediaDescription(
        kind: "video",
        payloadType: 96,
        encoding: names[codec] ?? "JPEG",
        clockRate: 90_000
    )
    if options & 8 == 8 { track.pictureSize = PictureSize(width: 2560, height: 1440) }
    var sets: ParameterSets?
    if options & 2 == 2 {
        let units = (0..<3).map { _ in input.bytes(Int(input.byte() & 0x1f)) }
        sets = ParameterSets(codec: codec, video: [units[0]], sequence: [units[1]], picture: [units[2]])
    }
    guard var everything = Receiver(track, sets, limits, .everything),
        var keyframes = Receiver(track, sets, limits, .keyframes)
    else { preconditionFailure("a coding that is spoken was refused") }
    var sender = Sender()
    while let packet = sender.next(&input) {
        packet.withExactCopy { bytes in
            everything.take(bytes, sender.sentTimestamps)
            keyframes.take(bytes, sender.sentTimestamps)
        }
        precondition(everything.units.count == keyframes.units.count, "the mode changes where pictures end")
        for (one, other) in zip(everything.units, keyframes.units) { checkSame(one, other) }
    }
    everything.end()
    keyframes.end()
}

/// Makes packets: mostly valid headers around the fuzzer's payloads.
private struct Sender {
    private var sequence: UInt16 = 65_530
    private var timestamp: UInt32 = 0xffff_ff00
    private var ssrc: UInt32 = 1
    private var packets = 0
    /// Timestamps of the last packets: pictures have no others.
    private(set) var sentTimestamps: [UInt32] = []

    mutating func next(_ input: inout Input) -> [UInt8]? {
        guard !input.isEmpty, packets < 400 else { return nil }
        packets += 1
        let control = input.byte()
        var length = Int(input.byte())
        // Seldom long, so that many packets fit into an input.
        if control & 0x80 != 0 { length = length << 3 }
        if control & 0x70 == 0x70 {
            let packet = input.bytes(length)
            if packet.count >= 12 { note(packet[4..<8].reduce(0) { $0 << 8 | UInt32($1) }) }
            return packet
        }
        if control & 0x02 != 0 { timestamp &+= 3600 }
        if control & 0x0c == 0x0c { sequence &+= UInt16(input.byte()) }
        if control & 0x0c == 0x08 { sequence &-= UInt16(input.byte() & 3) }
        if control & 0x70 == 0x60 { ssrc &+= 1 }
        if control & 0x70 == 0x50 { timestamp = input.integer() }
        let first: UInt8 = control & 0x70 == 0x40 ? 0x80 | input.byte() & 0x3f : 0x80
        var packet: [UInt8] = [first, (control & 1 == 1 ? 0x80 : 0) | 96]
        packet += [UInt8(sequence >> 8), UInt8(sequence & 0xff)]
        for word in [timestamp, ssrc] {
            packet += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        sequence &+= 1
        note(timestamp)
        return packet + input.bytes(length)
    }

    private mutating func note(_ timestamp: UInt32) {
        if sentTimestamps.last != timestamp { sentTimestamps.append(timestamp) }
    }
}

/// A depacketiser, and what must hold after every packet.
private struct Receiver {
    private var depacketiser: RTPDepacketiser
    private let codec: StreamFormat.Codec
    private let limits: RTPDepacketiser.Limits
    private let keeping: RTPDepacketiser.Keeping
    private var sent: [UInt32] = []
    /// The pictures that ended with the last packet.
    private(set) var units: [CodedUnit] = []

    init?(
        _ track: MediaDescription,
        _ sets: ParameterSets?,
        _ limits: RTPDepacketiser.Limits,
        _ keeping: RTPDepacketiser.Keeping
    ) {
        guard let depacketiser = try? RTPDepacketiser(track: track, parameterSets: sets, limits: limits) else {
            return nil
        }
        self.depacketiser = depacketiser
        self.depacketiser.keeping = keeping
        self.codec = track.codec
        self.limits = limits
        self.keeping = keeping
    }

    mutating func take(_ packet: UnsafeRawBufferPointer, _ sent: [UInt32]) {
        let before = depacketiser.counters
        self.sent = sent
        units.removeAll(keepingCapacity: true)
        depacketiser.take(packet) { units.append($0) }
        for unit in units { check(unit) }
        let counters = depacketiser.counters
        precondition(counters.packets == before.packets + 1)
        precondition(units.count <= 2 && counters.units == before.units + units.count)
        precondition(counters.keyframes == before.keyframes + units.count { $0.isKeyframe })
        precondition(counters.damaged == before.damaged + units.count { $0.isDamaged })
        // Room grows by doubling at most, and one keyframe reserves what the last one took and an eighth.
        let bound = 3 * (limits.unitBytes + setBound) + 2 * limits.headBytes + 8192
        precondition(depacketiser.heldBytes <= bound, "more is held than the limits say")
    }

    mutating func end() {
        units = []
        depacketiser.finish { units.append($0) }
        for unit in units { check(unit) }
        depacketiser.finish { _ in preconditionFailure("a picture came after the end") }
        let sets = depacketiser.parameterSets
        let all = sets.video + sets.sequence + sets.picture
        precondition(all.count <= limits.parameterSets)
        precondition(all.allSatisfy { $0.count <= limits.parameterSetBytes })
    }

    private var setBound: Int { limits.parameterSets * (limits.parameterSetBytes + 4) }

    private func check(_ unit: CodedUnit) {
        precondition((unit.bytes == nil) == (unit.omission != nil), "bytes, or a reason why there are none")
        precondition(unit.size >= 0)
        precondition(sent.contains(UInt32(truncatingIfNeeded: unit.ticks)), "a time that was never sent")
        if keeping == .keyframes, !unit.isKeyframe { precondition(unit.bytes == nil) }
        if unit.omission == .notWanted { precondition(keeping == .keyframes && !unit.isKeyframe) }
        guard let bytes = unit.bytes else { return }
        precondition(bytes.count <= limits.unitBytes + setBound + limits.headBytes + 1024)
        if codec == .mjpeg {
            precondition(bytes.starts(with: [0xff, 0xd8]) && bytes.suffix(2) == [0xff, 0xd9], "no whole picture")
            return
        }
        precondition(bytes.starts(with: [0, 0, 0, 1]))
        precondition(unit.size > 0)
        guard unit.isKeyframe else { return }
        precondition((try? ParameterSets(accessUnit: bytes, codec: codec)) != nil, "a keyframe without its sets")
    }
}

private func checkSame(_ one: CodedUnit, _ other: CodedUnit) {
    precondition(one.ticks == other.ticks && one.size == other.size && one.sequence == other.sequence)
    precondition(one.isKeyframe == other.isKeyframe && one.isDamaged == other.isDamaged)
    precondition(one.picture == other.picture && one.isReference == other.isReference)
    precondition(one.goesBack == other.goesBack && one.isNewSource == other.isNewSource)
    precondition(one.isRecoveryPoint == other.isRecoveryPoint)
    if one.isKeyframe { precondition(one.bytes == other.bytes && one.omission == other.omission) }
}
