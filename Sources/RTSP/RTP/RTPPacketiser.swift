public import Flow

/// Cuts access units into RTP payloads: RFC 6184 for H.264 (single units and FU-A), RFC 7798 for H.265 (single units
/// and FU).
///
/// Units stay in order and unchanged; the marker bit ends each access unit. Aggregation packets are not made: over TCP
/// they save nothing.
public struct RTPPacketiser: Hashable, Sendable {
    private let codec: StreamFormat.Codec
    private let payloadType: UInt8
    private let maximumPayload: Int

    /// Makes a packetiser.
    ///
    /// - Parameters:
    ///   - codec: H.264 or H.265.
    ///   - payloadType: The number of the session description, 96…127.
    ///   - maximumPayload: Most bytes behind an RTP header, 64…60,000. The default fits an Ethernet frame.
    /// - Throws: `unsupported` for another coding.
    public init(codec: StreamFormat.Codec, payloadType: UInt8 = 96, maximumPayload: Int = 1400) throws(RTSPError) {
        guard codec == .h264 || codec == .h265 else {
            throw RTSPError(.unsupported, "\(codec.rawValue) cannot be sent over RTP here: only H.264 and H.265")
        }
        self.codec = codec
        self.payloadType = payloadType
        self.maximumPayload = min(max(maximumPayload, 64), 60_000)
    }

    /// The packets of one access unit in Annex B form; without packets when it holds no unit.
    public func packetise(_ accessUnit: [UInt8]) -> InterleavedUnit {
        let headerLength = codec == .h264 ? 1 : 2
        let units = AnnexB.units(accessUnit).filter { $0.count > headerLength }
        let packets = units.count + accessUnit.count / (maximumPayload - headerLength - 1)
        var result = InterleavedUnit(capacity: accessUnit.count + packets * 20)
        for (index, range) in units.enumerated() {
            let isLast = index == units.count - 1
            if range.count <= maximumPayload {
                result.append(payloadType: payloadType, marker: isLast, prefix: [], payload: accessUnit[range])
            } else {
                appendFragments(of: accessUnit[range], isLast: isLast, to: &result)
            }
        }
        return result
    }

    private func appendFragments(of unit: ArraySlice<UInt8>, isLast: Bool, to result: inout InterleavedUnit) {
        let (header, type) = fragmentHeader(of: unit)
        let length = maximumPayload - header.count - 1
        // The unit's own header is not repeated: the receiver puts it together again from the fragment headers.
        var rest = unit.dropFirst(header.count)
        var start: UInt8 = 0x80
        while !rest.isEmpty {
            let chunk = rest.prefix(length)
            rest = rest.dropFirst(length)
            let end: UInt8 = rest.isEmpty ? 0x40 : 0
            result.append(
                payloadType: payloadType,
                marker: isLast && rest.isEmpty,
                prefix: header + [start | end | type],
                payload: chunk
            )
            start = 0
        }
    }

    /// The payload header of the fragments of a unit, and the unit's type for their fragment headers.
    private func fragmentHeader(of unit: ArraySlice<UInt8>) -> (header: [UInt8], type: UInt8) {
        let first = unit[unit.startIndex]
        if codec == .h264 {
            // RFC 6184, 5.8: F and NRI of the unit, type 28 (FU-A).
            return ([first & 0xe0 | 28], first & 0x1f)
        }
        // RFC 7798, 4.4.3: F and the layer and temporal ids of the unit, type 49 (FU).
        return ([first & 0x81 | 49 << 1, unit[unit.startIndex + 1]], first >> 1 & 0x3f)
    }
}
