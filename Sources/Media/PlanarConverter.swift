internal import CFFmpeg

/// Gives every decoded picture the one form that `Picture` reads: 8 bits, planar or half-planar, luma in plane 0.
///
/// Nearly all cameras deliver that already; 10-bit, packed and RGB pictures go through libswscale.
final class PlanarConverter {
    private let scaler = Scaler()

    /// Largest side of a picture in pixels, the bound of the downscaling kernel.
    static let maxSide: Int32 = 32_768

    /// The picture itself, or a converted one that is valid until the next call; nil when it cannot be converted.
    func planar(_ frame: UnsafeMutablePointer<AVFrame>) -> UnsafeMutablePointer<AVFrame>? {
        let width = frame.pointee.width
        let height = frame.pointee.height
        guard (1...Self.maxSide).contains(width), (1...Self.maxSide).contains(height) else { return nil }
        guard let format = av_pix_fmt_desc_get(AVPixelFormat(frame.pointee.format)) else { return nil }
        if Self.isPlanar(format.pointee), frame.pointee.linesize.0 >= width { return frame }
        let target = format.pointee.nb_components < 3 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_YUV420P
        let isRGB = format.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
        let fullRange = !isRGB && frame.pointee.color_range == AVCOL_RANGE_JPEG
        return try? scaler.scale(frame, width: width, height: height, format: target, fullRange: fullRange)
    }

    /// True for 8-bit grey and YUV whose luma lies in plane 0, byte by byte.
    private static func isPlanar(_ format: AVPixFmtDescriptor) -> Bool {
        let other = AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL
        let luma = format.comp.0
        guard format.flags & UInt64(other) == 0, luma.depth == 8, luma.plane == 0, luma.step == 1 else { return false }
        return format.nb_components == 1 || format.comp.1.plane != 0
    }
}

/// A libswscale context that is kept as long as the pictures look the same.
final class Scaler {
    private struct Shape: Hashable {
        var width: Int32
        var height: Int32
        var format: Int32
        var fullRange: Bool
    }

    private var context: OpaquePointer?
    private var shapes: [Shape] = []
    private var output: FrameBox?

    deinit {
        sws_freeContext(context)
    }

    /// Scales and converts; the result belongs to the scaler and is valid until the next call.
    func scale(
        _ frame: UnsafeMutablePointer<AVFrame>,
        width: Int32,
        height: Int32,
        format: AVPixelFormat,
        fullRange: Bool
    ) throws(MediaError) -> UnsafeMutablePointer<AVFrame> {
        let source = frame.pointee
        let from = Shape(
            width: source.width,
            height: source.height,
            format: source.format,
            fullRange: source.color_range == AVCOL_RANGE_JPEG
        )
        let to = Shape(width: width, height: height, format: format.rawValue, fullRange: fullRange)
        if shapes != [from, to] { try prepare(from, to) }
        guard let context, let output = output?.pointer else {
            throw MediaError(.encodeFailed, "a picture of \(from.width)x\(from.height) cannot be converted")
        }
        let status = sws_scale_frame(context, output, frame)
        guard status >= 0 else { throw .failed(.encodeFailed, "a picture cannot be converted", status: status) }
        output.pointee.color_range = fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
        return output
    }

    private func prepare(_ from: Shape, _ to: Shape) throws(MediaError) {
        shapes = []
        sws_freeContext(context)
        context = nil
        output = try FrameBox(width: to.width, height: to.height, format: AVPixelFormat(to.format))
        guard let made = sws_alloc_context() else { throw MediaError(.outOfMemory, "no memory to scale a picture") }
        context = made
        let settings: [(String, Int64)] = [
            ("srcw", Int64(from.width)), ("srch", Int64(from.height)), ("src_format", Int64(from.format)),
            ("src_range", from.fullRange ? 1 : 0),
            ("dstw", Int64(to.width)), ("dsth", Int64(to.height)), ("dst_format", Int64(to.format)),
            ("dst_range", to.fullRange ? 1 : 0),
            // The same bytes on every processor.
            ("sws_flags", Int64(SWS_BILINEAR | SWS_ACCURATE_RND | SWS_BITEXACT)),
        ]
        for (name, value) in settings { av_opt_set_int(UnsafeMutableRawPointer(made), name, value, 0) }
        let status = sws_init_context(made, nil, nil)
        guard status >= 0 else {
            throw .failed(.encodeFailed, "a picture of \(from.width)x\(from.height) cannot be scaled", status: status)
        }
        shapes = [from, to]
    }
}
