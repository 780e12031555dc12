internal import Flow

/// A picture file looked at without decoding: what it is, how large it will be, and the parts that a decoder needs.
///
/// The walk is bounded by the file's own bytes. What a picture does not need is left out before a decoder sees it:
/// colour profiles and texts (which unpack to any size), animations, previews, and whatever is hidden behind the end.
struct PhotoFile {
    /// The file anew, with nothing but the picture.
    var picture: [UInt8]
    var coding: Coding
    /// Pixels as the header says, before orientation; at least 1.
    var width: Int
    var height: Int
    /// Bytes of a decoded pixel, rounded up.
    var pixelBytes: Int
    /// The TIFF block with time, place and orientation; empty without one.
    var exif: ArraySlice<UInt8> = []

    enum Coding {
        case jpeg
        case png
        case webp
    }

    /// Scans of a progressive JPEG: a hundred bytes each can cost as much work as the whole picture.
    static let mostScans = 64

    /// Looks at a whole file.
    init(_ bytes: [UInt8]) throws(PhotoError) {
        guard !bytes.isEmpty else { throw .empty }
        if bytes.starts(with: [0xff, 0xd8, 0xff]) {
            self = try PhotoJPEGWalk(bytes).file()
        } else if bytes.starts(with: Self.pngSignature) {
            self = try Self.png(bytes)
        } else if bytes.starts(with: Array("RIFF".utf8)), bytes.dropFirst(8).starts(with: Array("WEBP".utf8)) {
            self = try Self.webp(bytes)
        } else {
            throw .notAnImage(PhotoError.Kind(of: bytes))
        }
    }

    init(_ coding: Coding, picture: [UInt8], width: Int, height: Int, pixelBytes: Int) throws(PhotoError) {
        guard width > 0, height > 0 else { throw .damaged }
        self.coding = coding
        self.picture = picture
        self.width = width
        self.height = height
        self.pixelBytes = pixelBytes
    }

    private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

    private static func png(_ bytes: [UInt8]) throws(PhotoError) -> PhotoFile {
        var file: PhotoFile?
        var picture = pngSignature
        var exif: ArraySlice<UInt8> = []
        var at = pngSignature.count
        while true {
            guard at + 12 <= bytes.count else { throw .truncated }
            let length = bytes.bigEndian(at, 4)
            let name = String(decoding: bytes[at + 4..<at + 8], as: UTF8.self)
            guard length <= bytes.count - at - 12 else { throw .truncated }
            let body = at + 8..<at + 8 + length
            if file == nil {
                guard name == "IHDR", length == 13 else { throw .damaged }
                let depth = Int(bytes[body.lowerBound + 8])
                let channels = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][bytes[body.lowerBound + 9]]
                guard let channels, [1, 2, 4, 8, 16].contains(depth) else { throw .damaged }
                file = try PhotoFile(
                    .png,
                    picture: [],
                    width: bytes.bigEndian(body.lowerBound, 4),
                    height: bytes.bigEndian(body.lowerBound + 4, 4),
                    pixelBytes: channels * max(1, depth / 8)
                )
            }
            if ["IHDR", "PLTE", "IDAT", "IEND"].contains(name) { picture += bytes[at..<body.upperBound + 4] }
            if name == "eXIf" { exif = bytes[body] }
            at = body.upperBound + 4
            guard name == "IEND" else { continue }
            guard var file else { throw .damaged }
            file.picture = picture
            file.exif = exif
            return file
        }
    }

    private static func webp(_ bytes: [UInt8]) throws(PhotoError) -> PhotoFile {
        guard bytes.count >= 12, bytes.littleEndian(4, 4) <= bytes.count - 8 else { throw .truncated }
        let end = 8 + bytes.littleEndian(4, 4)
        var file: PhotoFile?
        var exif: ArraySlice<UInt8> = []
        var at = 12
        while at + 8 <= end {
            let name = String(decoding: bytes[at..<at + 4], as: UTF8.self)
            let length = bytes.littleEndian(at + 4, 4)
            guard length <= end - at - 8 else { throw .truncated }
            let body = at + 8..<at + 8 + length
            switch name {
            case "ANIM", "ANMF": throw .notAnImage(.video)
            case "EXIF": exif = bytes[body]
            case "VP8 ", "VP8L":
                if file == nil { file = try webpPicture(name, bytes, body) }
            default: break
            }
            at = body.upperBound + length % 2
        }
        guard var file else { throw .truncated }
        file.exif = exif
        return file
    }

    /// The simple form of the file around a still picture, without its transparency.
    private static func webpPicture(
        _ name: String,
        _ bytes: [UInt8],
        _ body: Range<Int>
    ) throws(PhotoError)
        -> PhotoFile
    {
        let start = body.lowerBound
        guard body.count >= 10 else { throw .damaged }
        let size: (width: Int, height: Int)
        if name == "VP8 " {
            guard bytes[start + 3..<start + 6].elementsEqual([0x9d, 0x01, 0x2a]) else { throw .damaged }
            size = (bytes.littleEndian(start + 6, 2) & 0x3fff, bytes.littleEndian(start + 8, 2) & 0x3fff)
        } else {
            guard bytes[start] == 0x2f else { throw .damaged }
            let word = bytes.littleEndian(start + 1, 4)
            size = (word & 0x3fff + 1, word >> 14 & 0x3fff + 1)
        }
        let padding: [UInt8] = body.count % 2 == 0 ? [] : [0]
        let length = 4 + 8 + body.count + padding.count
        let head = Array("RIFF".utf8) + length.littleEndianBytes + Array("WEBP".utf8)
        let picture = head + Array(name.utf8) + body.count.littleEndianBytes + bytes[body] + padding
        return try PhotoFile(.webp, picture: picture, width: size.width, height: size.height, pixelBytes: 4)
    }
}

extension PhotoError.Kind {
    /// What bytes that are none of the three taken forms look like.
    fileprivate init(of bytes: [UInt8]) {
        let marks: [(at: Int, text: String, kind: PhotoError.Kind)] = [
            (0, "GIF8", .gif), (0, "BM", .bmp), (0, "II*\0", .tiff), (0, "MM\0*", .tiff), (0, "%PDF", .pdf),
            (0, "PK\u{3}\u{4}", .zip), (0, "FLV", .video), (0, "\u{1a}E", .video), (8, "AVI ", .video),
            (8, "avi", .avif), (8, "hei", .heic), (8, "hev", .heic), (8, "mif1", .heic), (8, "msf1", .heic),
            (4, "ftyp", .video), (4, "moov", .video),
        ]
        let found = marks.first { mark in
            // A brand means something behind `ftyp` only; AVI is a RIFF file.
            let isBrand = mark.at == 8 && mark.kind != .video
            guard !isBrand || bytes.dropFirst(4).starts(with: "ftyp".utf8) else { return false }
            return bytes.dropFirst(mark.at).starts(with: mark.text.utf8)
        }
        if let found {
            self = found.kind
        } else {
            let head = bytes.prefix(512)
            let isText = head.allSatisfy { $0 >= 0x20 || [9, 10, 13, 27].contains($0) }
            // A character may be cut at the end of what is looked at.
            let isUTF8 = (0...3).contains { String(validating: head.dropLast($0), as: UTF8.self) != nil }
            self = isText && isUTF8 ? .text : .unknown
        }
    }
}

extension Int {
    /// The low 32 bits, lowest byte first.
    fileprivate var littleEndianBytes: [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: self >> $0) }
    }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// The number in `count` bytes at `index`, which the caller has checked; highest byte first.
    func bigEndian(_ index: Int, _ count: Int) -> Int {
        (index..<index + count).reduce(0) { $0 << 8 | Int(self[$1]) }
    }

    /// The number in `count` bytes at `index`, which the caller has checked; lowest byte first.
    func littleEndian(_ index: Int, _ count: Int) -> Int {
        (index..<index + count).reversed().reduce(0) { $0 << 8 | Int(self[$1]) }
    }
}
