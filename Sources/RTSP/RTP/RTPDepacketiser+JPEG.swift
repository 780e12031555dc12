/// Quantisation tables that later pictures refer to by the number that they came with.
struct NamedQuantisation: Sendable {
    /// The number, 128…254; 0 when there are no tables.
    var name: UInt8 = 0
    var precision: UInt8 = 0
    var tables: [UInt8] = []
}

extension RTPDepacketiser {
    /// RFC 2435: each packet says where its part of the scan belongs, and all but the scan itself is made here.
    mutating func takeJPEG(_ payload: UnsafeRawBufferPointer, in packet: UnsafeRawBufferPointer) {
        guard !payload.isEmpty else { return }
        guard let fragment = JPEGPayload(payload) else {
            counters.malformed &+= 1
            unit.isDamaged = true
            return
        }
        let data = UnsafeRawBufferPointer(rebasing: payload[fragment.data])
        if unit.stage == .head {
            unit.picture = .intra
            unit.isKeyframe = true
            beginJPEG(fragment, payload, data, packet)
        }
        if unit.stage == .kept {
            if fragment.offset != unit.size {
                unit.isDamaged = true
                unit.omit(.incomplete)
            } else if fits(data.count) {
                unit.bytes.append(contentsOf: data)
            }
        }
        unit.size &+= data.count
    }

    private mutating func beginJPEG(
        _ fragment: JPEGPayload,
        _ payload: UnsafeRawBufferPointer,
        _ data: UnsafeRawBufferPointer,
        _ packet: UnsafeRawBufferPointer
    ) {
        guard fragment.offset == 0 else {
            unit.isDamaged = true
            return unit.omit(.incomplete)
        }
        if data.count > 2, data[0] == 0xff, data[1] == 0xd8 {
            // Some cameras send the whole file instead of its scan.
            return beginJPEG(with: [])
        }
        guard fragment.sampling != nil else {
            counters.unsupported &+= 1
            return unit.omit(.unsupported)
        }
        guard let size = fragment.size(described: pictureSize, in: packet) else {
            counters.unsupported &+= 1
            return unit.omit(.unknownSize)
        }
        noteQuantisation(fragment, payload)
        let tables: [UInt8]
        switch fragment.quality {
        case 1...99: tables = JPEGTables.quantisation(quality: Int(fragment.quality))
        case 128...255: tables = fragment.quality == quantisation.name ? quantisation.tables : []
        default: tables = []
        }
        let precision = fragment.quality < 128 ? 0 : quantisation.precision
        guard let header = fragment.fileHeader(size: size, tables: tables, precision: precision) else {
            counters.refused &+= 1
            return unit.omit(.missingParameterSets)
        }
        beginJPEG(with: header)
    }

    private mutating func beginJPEG(with header: [UInt8]) {
        unit.stage = .kept
        unit.slices = 1
        unit.beginBytes(with: header, room: keyframeRoom)
    }

    /// Keeps the tables that came with a picture; those named 255 are good for that picture only.
    private mutating func noteQuantisation(_ fragment: JPEGPayload, _ payload: UnsafeRawBufferPointer) {
        guard fragment.quality >= 128 else { return }
        if fragment.tables.isEmpty {
            if fragment.quality == 255 { quantisation.name = 0 }
        } else if fragment.tables.count <= limits.parameterSetBytes {
            quantisation.name = fragment.quality
            quantisation.precision = fragment.precision
            let isKnown = quantisation.tables.elementsEqual(payload[fragment.tables])
            if !isKnown { quantisation.tables = Array(payload[fragment.tables]) }
        } else {
            counters.refusedParameterSets &+= 1
        }
    }

    /// Puts the end of image behind the scan, where the camera has not.
    mutating func endJPEG() {
        guard unit.stage == .kept, !unit.bytes.suffix(2).elementsEqual([0xff, 0xd9]) else { return }
        unit.bytes.append(contentsOf: [0xff, 0xd9])
    }
}
