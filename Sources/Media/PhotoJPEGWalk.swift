/// Goes through the segments of a JPEG up to the end of its first picture.
struct PhotoJPEGWalk {
    private let bytes: [UInt8]
    private var at = 2
    private var picture: [UInt8] = [0xff, 0xd8]
    private var size: (width: Int, height: Int)?
    private var pixelBytes = 3
    private var exif: ArraySlice<UInt8> = []
    private var scans = 0

    private static let exifMark = Array("Exif\0\0".utf8)
    private static let adobeMark = Array("Adobe".utf8)

    /// `bytes` start with the picture's first marker.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Walks to the end.
    ///
    /// - Throws: `truncated` without an end, `damaged` for what no camera writes.
    consuming func file() throws(PhotoError) -> PhotoFile {
        var walk = self
        while try walk.segment() {}
        guard let size = walk.size, walk.scans > 0 else { throw .damaged }
        var file = try PhotoFile(
            .jpeg,
            picture: walk.picture + [0xff, 0xd9],
            width: size.width,
            height: size.height,
            pixelBytes: walk.pixelBytes
        )
        file.exif = walk.exif
        return file
    }

    /// One marker and what belongs to it; false at the end of the picture.
    private mutating func segment() throws(PhotoError) -> Bool {
        guard at + 2 <= bytes.count else { throw .truncated }
        guard bytes[at] == 0xff else { throw .damaged }
        let marker = bytes[at + 1]
        switch marker {
        case 0xff:
            at += 1
            return true
        case 0xd9: return false
        case 0x00, 0x01, 0xd0...0xd8: throw .damaged
        default: break
        }
        guard at + 4 <= bytes.count else { throw .truncated }
        let length = bytes.bigEndian(at + 2, 2)
        guard length >= 2 else { throw .damaged }
        guard length <= bytes.count - at - 2 else { throw .truncated }
        let whole = at..<at + 2 + length
        let body = bytes[at + 4..<whole.upperBound]
        at = whole.upperBound
        switch marker {
        case 0xc0...0xc2:
            guard size == nil, body.count >= 6 else { throw .damaged }
            size = (bytes.bigEndian(body.startIndex + 3, 2), bytes.bigEndian(body.startIndex + 1, 2))
            let samples = Self.samplesInFour(body)
            // A progressive picture keeps its coefficients beside the samples, two bytes each.
            pixelBytes = (samples * (marker == 0xc2 ? 3 : 1) + 3) / 4
            picture += bytes[whole]
        case 0xc4, 0xdb, 0xdd:
            picture += bytes[whole]
        case 0xda:
            guard size != nil else { throw .damaged }
            scans += 1
            guard scans <= PhotoFile.mostScans else { throw .damaged }
            picture += bytes[whole]
            try scan()
        case 0xc3, 0xc5...0xcf: throw .damaged  // lossless and arithmetic coding: no phone writes them
        case 0xe1 where body.starts(with: Self.exifMark) && exif.isEmpty:
            exif = body.dropFirst(Self.exifMark.count)
        case 0xee where body.starts(with: Self.adobeMark):
            picture += bytes[whole]  // says how colours are coded
        default: break
        }
        return true
    }

    /// Samples of all channels in four pixels, from the header of a frame: 6 for the usual 4:2:0.
    private static func samplesInFour(_ header: ArraySlice<UInt8>) -> Int {
        let channels = Int(header[header.startIndex + 5])
        let factors = (0..<channels).compactMap { channel in
            let at = header.startIndex + 7 + channel * 3
            return at < header.endIndex ? (Int(header[at] >> 4), Int(header[at] & 15)) : nil
        }
        let most = (factors.map(\.0).max() ?? 1) * (factors.map(\.1).max() ?? 1)
        let samples = factors.reduce(0) { $0 + $1.0 * $1.1 }
        return max(4, most > 0 ? (4 * samples + most - 1) / most : 0)
    }

    /// The coded data behind a scan's header, up to the next marker.
    private mutating func scan() throws(PhotoError) {
        let start = at
        while true {
            guard let found = bytes[at...].firstIndex(of: 0xff), found + 1 < bytes.count else { throw .truncated }
            let next = bytes[found + 1]
            if next == 0 || (0xd0...0xd7).contains(next) {
                at = found + 2
            } else if next == 0xff {
                at = found + 1
            } else {
                at = found
                picture += bytes[start..<found]
                return
            }
        }
    }
}
