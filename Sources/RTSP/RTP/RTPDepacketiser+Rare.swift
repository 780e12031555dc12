import Flow

/// Forms of packets that few cameras send.
extension RTPDepacketiser {
    /// STAP-B, MTAP16, MTAP24 and FU-B (RFC 6184, 5.7 and 5.8): units with decoding order numbers.
    ///
    /// They are taken as they come, which is right as long as the numbers grow: a camera that only uses the form.
    mutating func takeNumbered(_ payload: UnsafeRawBufferPointer) {
        let type = payload[0] & 0x1f
        let start = type == 29 ? 2 : 1
        guard payload.count >= start + 2 else { return noteMalformed() }
        let number: UInt16 = payload.bigEndian(at: start)
        defer { lastOrder = number }
        if let lastOrder, Int16(bitPattern: number &- lastOrder) < 0 { return noteUnsupported() }
        switch type {
        case 25:
            takeAggregate(payload, from: 3)
        case 29:
            let flags = payload[1]
            let data = UnsafeRawBufferPointer(rebasing: payload[4...])
            takeFragment(payload[0] & 0xe0 | flags & 0x1f, 0, flags: flags, data)
        default:
            // Difference of the order number, and how much later than the packet the unit is.
            let between = type == 26 ? 3 : 4
            guard holdsOneTime(payload, between: between) else { return noteUnsupported() }
            takeAggregate(payload, from: 3, between: between)
        }
    }

    /// Whether all units of an MTAP have the time of their packet.
    private func holdsOneTime(_ payload: UnsafeRawBufferPointer, between: Int) -> Bool {
        var position = 3
        while position + 2 + between <= payload.count {
            guard payload[(position + 3)..<(position + 2 + between)].allSatisfy({ $0 == 0 }) else { return false }
            position += 2 + between + Int(payload.bigEndian(at: position) as UInt16)
        }
        return true
    }

    /// PACI (RFC 7798, 4.4.4): a packet of another form behind information about it, its header taken apart.
    mutating func takeContentInformation(_ payload: UnsafeRawBufferPointer) {
        guard payload.count > 4 else { return noteMalformed() }
        let fields: UInt16 = payload.bigEndian(at: 2)
        let type = UInt8(fields >> 9 & 0x3f)
        let start = 4 + Int(fields >> 4 & 0x1f)
        guard type != 50, start < payload.count else { return noteMalformed() }
        let first = UInt8(fields >> 15) << 7 | type << 1 | payload[0] & 1
        ([first, payload[1]] + payload[start...]).withUnsafeBytes { takeH265($0) }
    }

    /// Whether a packet holds the beginning of a picture, or what stands before one.
    ///
    /// Asked only of a camera that ends its pictures neither by the marker bit nor by the time.
    func beginsPicture(_ payload: UnsafeRawBufferPointer) -> Bool {
        func byte(_ index: Int) -> UInt8 { index < payload.count ? payload[index] : 0 }
        let unit: (first: UInt8, second: UInt8, body: UInt8)
        switch (codec, codec == .h264 ? byte(0) & 0x1f : byte(0) >> 1 & 0x3f) {
        case (.h264, 28):
            guard byte(1) & 0x80 != 0 else { return false }
            unit = (byte(0) & 0xe0 | byte(1) & 0x1f, 0, byte(2))
        case (.h264, 24): unit = (byte(3), 0, byte(4))
        case (.h264, _): unit = (byte(0), 0, byte(1))
        case (.h265, 49):
            guard byte(2) & 0x80 != 0 else { return false }
            unit = (byte(0) & 0x81 | (byte(2) & 0x3f) << 1, byte(1), byte(3))
        case (.h265, 48): unit = (byte(4), byte(5), byte(6))
        case (.h265, _): unit = (byte(0), byte(1), byte(2))
        default: return false
        }
        switch header(unit.first, unit.second).role {
        case .slice: return unit.body & 0x80 != 0
        case .parameterSet, .supplemental, .delimiter: return true
        case .meaningless, .other: return false
        }
    }
}
