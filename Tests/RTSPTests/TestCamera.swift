import Flow
import RTSP

/// Makes RTP packets as a camera does, one call a packet, and takes what a depacketiser makes of them.
struct TestCamera {
    static let sps: [UInt8] = [0x67, 0x42, 0xc0, 0x1e, 0xd9, 0x03]
    static let otherSPS: [UInt8] = [0x67, 0x4d, 0xc0, 0x28, 0xd9, 0x07]
    static let pps: [UInt8] = [0x68, 0xce, 0x3c, 0x80]
    /// An IDR slice, slice type I, picture parameter set 0.
    static let idr: [UInt8] = [0x65, 0x88, 0x84, 0x11, 0x22, 0x33]
    /// A P slice that others need.
    static let p: [UInt8] = [0x41, 0x9a, 0x21, 0x44]
    static let h264 = ParameterSets(codec: .h264, sequence: [sps], picture: [pps])

    static let vps265: [UInt8] = [0x40, 0x01, 0x0c, 0x01, 0xff]
    static let sps265: [UInt8] = [0x42, 0x01, 0x01] + [UInt8](repeating: 0x60, count: 12) + [0xa0, 0x05]
    static let pps265: [UInt8] = [0x44, 0x01, 0xc1, 0x72]
    static let idr265: [UInt8] = [0x26, 0x01, 0xaf, 0x05, 0x06]
    /// A sub-layer non-reference picture (TRAIL_N).
    static let p265: [UInt8] = [0x00, 0x01, 0xd0, 0x07]
    static let h265 = ParameterSets(codec: .h265, video: [vps265], sequence: [sps265], picture: [pps265])

    var depacketiser: RTPDepacketiser
    var sequence: UInt16 = 100
    var timestamp: UInt32 = 1000
    var ssrc: UInt32 = 7
    var payloadType: UInt8 = 96
    private(set) var units: [CodedUnit] = []

    init(
        codec: StreamFormat.Codec = .h264,
        sets: ParameterSets? = TestCamera.h264,
        limits: RTPDepacketiser.Limits = .init()
    ) throws {
        let names: [StreamFormat.Codec: String] = [.h264: "H264", .h265: "H265", .mjpeg: "JPEG"]
        let track = MediaDescription(
            kind: "video",
            payloadType: 96,
            encoding: names[codec] ?? "VP8",
            clockRate: 90_000
        )
        depacketiser = try RTPDepacketiser(track: track, parameterSets: sets, limits: limits)
    }

    /// Bytes of units with the start codes that they leave with.
    static func annexB(_ units: [UInt8]...) -> [UInt8] {
        units.flatMap { [0, 0, 0, 1] + $0 }
    }

    /// Units as they stand in aggregation packets, each behind its length.
    static func aggregate(_ units: [[UInt8]]) -> [UInt8] {
        Array(units.map { [UInt8($0.count >> 8), UInt8($0.count & 0xff)] + $0 }.joined())
    }

    /// Sends one packet, marker and timestamp as they stand.
    mutating func send(_ payload: [UInt8], marker: Bool = false) {
        send(packet: header(marker: marker) + payload)
        sequence &+= 1
    }

    /// The twelve bytes in front of the next payload.
    func header(marker: Bool, first: UInt8 = 0x80) -> [UInt8] {
        var bytes: [UInt8] = [first, (marker ? 0x80 : 0) | payloadType]
        bytes += [UInt8(sequence >> 8), UInt8(sequence & 0xff)]
        for word in [timestamp, ssrc] {
            bytes += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
        }
        return bytes
    }

    /// Sends a packet made by hand.
    mutating func send(packet: [UInt8]) {
        // Of exactly its size, so that a read behind it is found by the address sanitizer.
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: packet.count, alignment: 1)
        defer { memory.deallocate() }
        memory.copyBytes(from: packet)
        depacketiser.take(UnsafeRawBufferPointer(memory)) { units.append($0) }
    }

    /// Sends a unit as H.264 fragments of at most `size` bytes.
    mutating func sendFragments(_ unit: [UInt8], size: Int, marker: Bool, skipping: Set<Int> = []) {
        var rest = unit.dropFirst()
        var index = 0
        while !rest.isEmpty {
            let chunk = rest.prefix(size)
            rest = rest.dropFirst(size)
            let flags: UInt8 = (index == 0 ? 0x80 : 0) | (rest.isEmpty ? 0x40 : 0)
            if skipping.contains(index) {
                sequence &+= 1
            } else {
                send([unit[0] & 0xe0 | 28, flags | unit[0] & 0x1f] + chunk, marker: marker && rest.isEmpty)
            }
            index += 1
        }
    }

    /// Sends a unit of its own as a picture, and moves the time on by one frame of 25 a second.
    mutating func sendPicture(_ unit: [UInt8]) {
        send(unit, marker: true)
        timestamp &+= 3600
    }

    /// What the depacketiser has handed out since the last call.
    mutating func taken() -> [CodedUnit] {
        defer { units = [] }
        return units
    }
}
