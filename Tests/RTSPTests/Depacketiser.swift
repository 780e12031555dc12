import Flow
import NIOCore
import RTSP
import Testing

/// Puts the units of RTP packets together again, strictly: the oracle of the packetiser tests.
struct Depacketiser {
    let codec: StreamFormat.Codec
    private(set) var units: [[UInt8]] = []
    private(set) var fragments = 0
    private var open: [UInt8]?

    init(codec: StreamFormat.Codec) {
        self.codec = codec
    }

    mutating func take(_ payload: [UInt8]) throws {
        let type = try #require(NALUnitType.of(payload, codec: codec))
        guard type == (codec == .h264 ? 28 : 49) else {
            try #require(open == nil, "a fragmented unit was not finished")
            units.append(payload)
            return
        }
        fragments += 1
        let headerLength = codec == .h264 ? 1 : 2
        let fragment = payload[headerLength]
        let data = payload[(headerLength + 1)...]
        try #require(!data.isEmpty)
        try #require(fragment & 0xc0 != 0xc0, "start and end in one fragment are forbidden")
        if fragment & 0x80 != 0 {
            try #require(open == nil)
            open =
                codec == .h264
                ? [payload[0] & 0xe0 | fragment & 0x1f] : [payload[0] & 0x81 | (fragment & 0x3f) << 1, payload[1]]
        }
        var unit = try #require(open)
        unit += data
        open = fragment & 0x40 == 0 ? unit : nil
        if fragment & 0x40 != 0 { units.append(unit) }
    }
}
