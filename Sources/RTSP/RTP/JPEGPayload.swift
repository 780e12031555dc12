/// The headers in front of a fragment of a JPEG picture in RTP (RFC 2435, 3.1).
struct JPEGPayload {
    /// Where the fragment's data belongs within the scan.
    let offset: Int
    /// Luminance samples beside and above each other for one of chrominance; nil for a kind that is not spoken.
    let sampling: UInt8?
    /// 1…99 is a quality of the standard's tables, 128…255 a name for tables that are sent.
    let quality: UInt8
    /// Width in pixels; 0 when it is more than the 2,040 that the header can say.
    let width: Int
    /// Height in pixels; as `width`.
    let height: Int
    /// MCUs between restart markers; 0 without.
    let restartInterval: UInt16
    /// Bit n is set when table n has 16-bit numbers.
    let precision: UInt8
    /// Quantisation tables; of the first fragment only, and only when they are sent with this picture.
    let tables: Range<Int>
    /// The fragment's part of the scan.
    let data: Range<Int>

    /// Reads the headers; nil when they are cut off.
    init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count >= 8 else { return nil }
        offset = Int(payload.bigEndian(at: 0) & (0xff_ffff as UInt32))
        let type = payload[4]
        quality = payload[5]
        width = Int(payload[6]) * 8
        height = Int(payload[7]) * 8
        // Types of 64 and more are those below with restart markers.
        sampling =
            switch type {
            case 0, 64: 0x21
            case 1, 65: 0x22
            default: nil
            }
        var position = 8
        if (64...127).contains(type) {
            guard payload.count >= position + 4 else { return nil }
            restartInterval = payload.bigEndian(at: position)
            position += 4
        } else {
            restartInterval = 0
        }
        if offset == 0, quality >= 128 {
            guard payload.count >= position + 4 else { return nil }
            precision = payload[position + 1]
            let length = Int(payload.bigEndian(at: position + 2) as UInt16)
            position += 4
            guard payload.count >= position + length else { return nil }
            tables = position..<position + length
            position += length
        } else {
            precision = 0
            tables = position..<position
        }
        data = position..<payload.count
    }

    /// The size of the picture, which the header can say up to 2,040 pixels only.
    ///
    /// Beyond that it is 0, or some cameras let it wrap; then the header extension of ONVIF or the description tells.
    ///
    /// - Returns: Nil when nobody tells.
    func size(described: PictureSize?, in packet: UnsafeRawBufferPointer) -> PictureSize? {
        let told = JPEGExtension.size(in: packet) ?? described
        guard let told, told.width > 2040 || told.height > 2040 else {
            return width > 0 && height > 0 ? PictureSize(width: width, height: height) : told
        }
        let fits = [(width, told.width), (height, told.height)].allSatisfy { written, real in
            written == 0 || written == (real + 7) / 8 * 8 % 2048
        }
        return fits ? told : PictureSize(width: width, height: height)
    }

    /// Everything of a JFIF picture that stands before its scan.
    ///
    /// - Parameters:
    ///   - size: Of the picture.
    ///   - tables: One or two quantisation tables in zigzag order, of 64 numbers each.
    ///   - precision: Bit n is set when table n has 16-bit numbers.
    /// - Returns: Nil when `tables` is too short for its precision.
    func fileHeader(size: PictureSize, tables: [UInt8], precision: UInt8) -> [UInt8]? {
        guard let sampling else { return nil }
        var file = FileWriter()
        file.segment(0xe0, Array("JFIF".utf8) + [0, 1, 1, 0, 0, 1, 0, 1, 0, 0])
        var start = 0
        var count: UInt8 = 0
        while count < 2 {
            let isWide = precision >> count & 1 == 1
            let end = start + (isWide ? 128 : 64)
            guard end <= tables.count else { break }
            file.segment(0xdb, [(isWide ? 0x10 : 0) | count] + tables[start..<end])
            start = end
            count += 1
        }
        guard count > 0 else { return nil }
        // A single table is that of all components.
        let chrominance = count - 1
        if restartInterval > 0 { file.segment(0xdd, FileWriter.bytes(restartInterval)) }
        let lines = FileWriter.bytes(UInt16(clamping: size.height)) + FileWriter.bytes(UInt16(clamping: size.width))
        file.segment(0xc0, [8] + lines + [3, 1, sampling, 0, 2, 0x11, chrominance, 3, 0x11, chrominance])
        for table in JPEGTables.huffman { file.segment(0xc4, [table.selector] + table.lengths + table.values) }
        file.segment(0xda, [3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0])
        return file.bytes
    }

    /// Writes the segments of a JPEG file.
    private struct FileWriter {
        /// Start of image, then the segments.
        private(set) var bytes: [UInt8] = [0xff, 0xd8]

        mutating func segment(_ marker: UInt8, _ content: [UInt8]) {
            bytes += [0xff, marker] + Self.bytes(UInt16(content.count + 2)) + content
        }

        static func bytes(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }
    }
}
