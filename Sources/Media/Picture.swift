internal import CFFmpeg
internal import CVision
public import Flow

/// A decoded picture, lent by a decoder for the time of one closure.
///
/// It lies in the decoder's memory and cannot be kept: take out of it what is needed. Reading never changes it.
public struct Picture: ~Copyable {
    /// 8-bit grey or YUV, luma in plane 0: see `PlanarConverter`.
    private let frame: UnsafeMutablePointer<AVFrame>

    /// The time of the access unit that it was coded in.
    public let time: MediaTime

    init(frame: UnsafeMutablePointer<AVFrame>, time: MediaTime) {
        self.frame = frame
        self.time = time
    }

    /// Width in pixels, at least 1.
    public var width: Int { Int(frame.pointee.width) }

    /// Height in pixels, at least 1.
    public var height: Int { Int(frame.pointee.height) }

    /// The small grey picture that detection works on, area-averaged, with the picture's aspect ratio.
    ///
    /// Exact integer arithmetic: the same picture gives the same plane everywhere. Limited range stays limited
    /// (black is 16), full range stays full.
    ///
    /// - Parameter pixels: About how many pixels it has; never more than the picture itself.
    /// - Returns: 160×90 for 16:9 pictures and the default.
    public func lumaPlane(pixels: Int = 14_400) -> LumaPlane {
        let size = Self.planeSize(width: width, height: height, pixels: pixels)
        let stride = Int(frame.pointee.linesize.0)
        let pixels = [UInt8](unsafeUninitializedCapacity: size.width * size.height) { buffer, count in
            let status = gw_downscale(
                frame.pointee.data.0,
                stride,
                width,
                height,
                buffer.baseAddress,
                size.width,
                size.height
            )
            precondition(status == 0, "the plane is never larger than the picture, and memory for one row is there")
            count = size.width * size.height
        }
        let (saturation, tint) = colours
        return LumaPlane(
            width: size.width,
            height: size.height,
            pixels: pixels,
            saturation: saturation,
            tint: tint
        )
    }

    /// Evidence: the picture as JPEG (full range, 4:2:0) with regions in yellow and boxes in red, a dark one brighter
    /// where the overlay says so.
    ///
    /// - Parameters:
    ///   - overlay: What to draw into the copy; the picture itself stays as it is.
    ///   - maxWidth: Wider pictures are scaled down to this many pixels, at least 16.
    ///   - quality: 1 (smallest) to 100 (best).
    /// - Returns: The bytes of the file, the same for the same picture and parameters.
    /// - Throws: `encodeFailed`, `unsupportedCodec`, `outOfMemory`.
    public func jpeg(
        overlay: Overlay = Overlay(),
        maxWidth: Int = 1280,
        quality: Int = 80
    ) throws(MediaError) -> [UInt8] {
        let width = min(self.width, max(16, maxWidth))
        let height = max(1, (self.height * width + self.width / 2) / self.width)
        let scaler = Scaler()
        let copy = try scaler.scale(
            frame,
            width: Int32(width),
            height: Int32(height),
            format: AV_PIX_FMT_YUVJ420P,
            fullRange: true
        )
        let brightening = overlay.brightensDark ? NightBrightening(copy) : nil
        brightening?.apply(to: copy)
        let painter = OverlayPainter(frame: copy)
        painter.paint(overlay)
        if let brightening { painter.sign(brightening.factor) }
        return try JPEGEncoder.encode(copy, quality: quality)
    }

    /// A photo for keeping: turned as `orientation` (Exif, 1…8) says, no side longer than `longSide`.
    func upright(_ orientation: Int, longSide: Int, quality: Int) throws(MediaError) -> PhotoReencoder.Photo {
        let longest = max(width, height)
        let wanted = min(longest, max(16, longSide))
        let scaler = Scaler()
        let scaled = try scaler.scale(
            frame,
            width: Int32(max(1, (width * wanted + longest / 2) / longest)),
            height: Int32(max(1, (height * wanted + longest / 2) / longest)),
            format: AV_PIX_FMT_YUVJ420P,
            fullRange: true
        )
        let turn = PictureTurn(orientation)
        let turned = turn.isIdentity ? nil : try turn.turned(scaled)
        let result = turned?.pointer ?? scaled
        return PhotoReencoder.Photo(
            jpeg: try JPEGEncoder.encode(result, quality: quality),
            width: Int(result.pointee.width),
            height: Int(result.pointee.height)
        )
    }

    /// About `pixels` pixels in the aspect ratio of `width` x `height`, each side at least 1 and never enlarged.
    static func planeSize(width: Int, height: Int, pixels: Int) -> (width: Int, height: Int) {
        let wanted = Double(max(1, pixels))
        let aspect = Double(width) / Double(height)
        let columns = Int((wanted * aspect).squareRoot().rounded())
        let rows = Int((wanted / aspect).squareRoot().rounded())
        return (min(width, max(1, columns)), min(height, max(1, rows)))
    }

    /// `LumaPlane.saturation` and `LumaPlane.tint`, over every eighth chroma sample of every eighth row.
    private var colours: (saturation: Double, tint: Double) {
        guard let format = av_pix_fmt_desc_get(AVPixelFormat(frame.pointee.format))?.pointee,
            format.nb_components >= 3,
            let u = plane(of: format.comp.1),
            let v = plane(of: format.comp.2)
        else { return (0, 0) }
        let columns = -((-width) >> Int(format.log2_chroma_w))
        let rows = -((-height) >> Int(format.log2_chroma_h))
        let step = Int(format.comp.1.step)
        let saturation = gw_saturation(u.data, u.stride, v.data, v.stride, step, columns, rows, 8)
        let tint = gw_tint(u.data, u.stride, v.data, v.stride, step, columns, rows, 8)
        return (min(127, Double(saturation) / 256), min(127, Double(tint) / 256))
    }

    /// First sample and stride of a colour component in plane 1 or 2.
    private func plane(of component: AVComponentDescriptor) -> (data: UnsafePointer<UInt8>, stride: Int)? {
        let data = component.plane == 1 ? frame.pointee.data.1 : frame.pointee.data.2
        let stride = component.plane == 1 ? frame.pointee.linesize.1 : frame.pointee.linesize.2
        guard let data, stride > 0 else { return nil }
        return (UnsafePointer(data) + Int(component.offset), Int(stride))
    }
}
