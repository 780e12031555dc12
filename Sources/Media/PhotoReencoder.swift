internal import CFFmpeg
internal import Flow

/// Makes a photo that a stranger sent into a plain JPEG of bounded size.
///
/// JPEG, PNG and WebP are taken. What comes out was written here, pixel by pixel: no metadata, no preview, nothing
/// hidden behind the picture, upright, and never larger than the limits say. Time and place of the capture come back
/// as values, so that the caller may keep them beside the picture.
///
/// Everything happens on the calling thread and takes up to about a second for the largest picture: call it on a
/// thread that may block, and bound how many run at once. Memory is about `maxDecodedBytes` and half as much again.
public enum PhotoReencoder {
    /// What is taken, and how it is written.
    public struct Limits: Hashable, Sendable {
        /// Largest width × height that is decoded, read from the header before any memory is taken.
        public var maxPixels = 64_000_000
        /// Largest decoded size in bytes: bounds pictures of many bytes a pixel below `maxPixels`.
        public var maxDecodedBytes = 256_000_000
        /// Longest side of the result in pixels; larger photos are scaled down, smaller ones stay.
        public var longSide = 2560
        /// Quality of the result, 1…100.
        public var quality = 90

        /// The defaults: every phone's ordinary photos.
        public init() {}
    }

    /// The clock of the camera when the photo was taken.
    public struct CaptureTime: Hashable, Sendable {
        /// 1970…2100.
        public var year: Int
        /// 1…12.
        public var month: Int
        /// 1…31, a day that the month has.
        public var day: Int
        /// 0…23.
        public var hour: Int
        /// 0…59.
        public var minute: Int
        /// 0…59.
        public var second: Int
        /// Seconds east of Greenwich, −50,400…50,400; nil where the camera did not say its zone.
        public var offset: Int?

        /// Seconds since 1970 in UTC; `zone` is taken where the camera did not say its own: seconds east of Greenwich.
        public func unixSeconds(assuming zone: Int) -> Int {
            // Days since 1970 with the year beginning in March, so that the leap day is its last.
            let shifted = month > 2 ? year : year - 1
            let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
            let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
            return days * 86_400 + hour * 3600 + minute * 60 + second - (offset ?? zone)
        }
    }

    /// Where the photo was taken, as the phone says (WGS-84).
    public struct Position: Hashable, Sendable {
        /// Degrees north, −90…90.
        public var latitude: Double
        /// Degrees east, −180…180.
        public var longitude: Double
    }

    /// The photo as it may be stored.
    public struct Photo: Hashable, Sendable {
        /// A JPEG file without metadata.
        public var jpeg: [UInt8]
        /// Its columns, at least 1.
        public var width: Int
        /// Its rows, at least 1.
        public var height: Int
        /// When it was taken; nil where the file does not say.
        public var captureTime: CaptureTime?
        /// Where it was taken; nil where the file does not say.
        public var position: Position?
    }

    /// Decodes `bytes` within the limits and writes the picture anew.
    ///
    /// - Throws: A `PhotoError` that names what is wrong with the file, `failed` when it is not the file's fault.
    public static func reencode(_ bytes: [UInt8], limits: Limits = Limits()) throws(PhotoError) -> Photo {
        let file = try PhotoFile(bytes)
        let pixels = file.width.multipliedReportingOverflow(by: file.height)
        let limit = min(limits.maxPixels, limits.maxDecodedBytes / file.pixelBytes)
        guard !pixels.overflow, pixels.partialValue <= limit, max(file.width, file.height) <= PlanarConverter.maxSide
        else { throw .tooManyPixels(width: file.width, height: file.height, limit: limit) }
        let tags = PhotoTags(file.exif)
        var photo = try picture(of: file, orientation: tags.orientation, limits)
        photo.captureTime = tags.captureTime
        photo.position = tags.position
        return photo
    }

    private static func picture(of file: PhotoFile, orientation: Int, _ limits: Limits) throws(PhotoError) -> Photo {
        let id: AVCodecID =
            switch file.coding {
            case .jpeg: AV_CODEC_ID_MJPEG
            case .png: AV_CODEC_ID_PNG
            case .webp: AV_CODEC_ID_WEBP
            }
        let format = StreamFormat(codec: .other, avCodecID: id.rawValue, width: 0, height: 0, extradata: [])
        let unit = AccessUnit(
            format: format,
            time: .zero,
            decodeTime: .zero,
            isKeyframe: true,
            bytes: file.picture
        )
        do throws(MediaError) {
            let decoder = try CodecContext(format: format, use: .photo)
            guard decoder.send(unit) >= 0, decoder.sendEnd() >= 0,
                case .picture(let photo) = try decoder.receive(
                    refusesDamage: true,
                    { (picture: borrowing Picture) throws(MediaError) in
                        try picture.upright(orientation, longSide: limits.longSide, quality: limits.quality)
                    }
                )
            else { throw MediaError(.brokenData, "no picture") }
            return photo
        } catch {
            throw error.code == .brokenData ? .damaged : .failed(error)
        }
    }
}
