internal import CFFmpeg
internal import Flow

/// Owns one `AVPacket`.
final class PacketBox {
    let pointer: UnsafeMutablePointer<AVPacket>

    init() throws(MediaError) {
        guard let made = av_packet_alloc() else { throw MediaError(.outOfMemory, "no memory for a packet") }
        pointer = made
    }

    deinit {
        var freed: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&freed)
    }

    /// A copy of the packet's bytes.
    var bytes: [UInt8] {
        guard let data = pointer.pointee.data, pointer.pointee.size > 0 else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(pointer.pointee.size)))
    }

    /// Gives the packet's bytes back.
    func clear() {
        av_packet_unref(pointer)
    }

    /// Lends `unit` to `body` as this packet, times in microseconds.
    ///
    /// FFmpeg must copy what it keeps, which it does for a packet without a buffer of its own.
    func lend<R>(_ unit: AccessUnit, to body: (UnsafeMutablePointer<AVPacket>) -> R) -> R {
        unit.bytes.withUnsafeBufferPointer { bytes in
            pointer.pointee.data = UnsafeMutablePointer(mutating: bytes.baseAddress)
            pointer.pointee.size = Int32(clamping: bytes.count)
            pointer.pointee.pts = unit.time.microseconds
            pointer.pointee.dts = unit.decodeTime.microseconds
            pointer.pointee.flags = unit.isKeyframe ? AV_PKT_FLAG_KEY : 0
            defer {
                pointer.pointee.data = nil
                pointer.pointee.size = 0
            }
            return body(pointer)
        }
    }
}

/// Owns one `AVFrame`.
final class FrameBox {
    let pointer: UnsafeMutablePointer<AVFrame>

    init() throws(MediaError) {
        guard let made = av_frame_alloc() else { throw MediaError(.outOfMemory, "no memory for a picture") }
        pointer = made
    }

    /// Makes a picture with memory of its own.
    convenience init(width: Int32, height: Int32, format: AVPixelFormat) throws(MediaError) {
        try self.init()
        pointer.pointee.width = width
        pointer.pointee.height = height
        pointer.pointee.format = format.rawValue
        let status = av_frame_get_buffer(pointer, 0)
        guard status >= 0 else {
            throw .failed(.encodeFailed, "no memory for a picture of \(width)x\(height)", status: status)
        }
    }

    deinit {
        var freed: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&freed)
    }
}
