internal import Flow
internal import Media

/// Single pictures of clips.
enum ClipPicture {
    /// The last picture of a clip that is not later than a time, as JPEG; the first one for a time before it.
    ///
    /// Reads the file from its beginning, but decodes only the group of pictures that the time is in.
    ///
    /// - Throws: `MediaError` when the clip cannot be opened, or nothing of it can be decoded.
    static func jpeg(_ path: String, at seconds: Double, maxWidth: Int) throws(MediaError) -> [UInt8] {
        let demuxer = try Demuxer(url: path, options: Demuxer.Options())
        var group: [AccessUnit] = []
        while let unit = try demuxer.next() {
            if unit.isKeyframe {
                if !group.isEmpty, unit.time.seconds > seconds { break }
                group = []
            }
            // Shown later than it is sent by less than a second: what follows cannot be the picture.
            if unit.decodeTime.seconds > seconds + 1, !group.isEmpty { break }
            group.append(unit)
        }
        guard let first = group.first else {
            throw MediaError(.endOfStream, "\(path) holds no picture")
        }
        let decoder = try StreamDecoder(format: first.format)
        var jpeg: [UInt8]?
        func take(_ picture: borrowing Picture) {
            guard jpeg == nil || picture.time.seconds <= seconds else { return }
            jpeg = (try? picture.jpeg(maxWidth: maxWidth)) ?? jpeg
        }
        for unit in group where unit.time.seconds <= seconds || jpeg == nil { decoder.decode(unit, take) }
        decoder.drain(take)
        guard let jpeg else { throw MediaError(.brokenData, "no picture of \(path) can be decoded") }
        return jpeg
    }
}
