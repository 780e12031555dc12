public import Flow
internal import Foundation

/// Decodes single keyframes of any number of cameras with one decoder per coding.
///
/// A decoder costs megabytes, so a worker thread has one `KeyframeDecoder` for all of its cameras. What makes that
/// safe: every unit of H.264 and H.265 must bring its own parameter sets, and whatever is damaged is refused, so no
/// camera ever shows through in the picture of another. Pictures are the same as from a decoder of the camera's own.
public final class KeyframeDecoder: @unchecked Sendable {
    // Safety: `lock` is held while `pool` and its decoders are used.
    private let lock = NSLock()
    private var pool: [StreamFormat.Codec: CodecContext] = [:]

    /// Makes an empty pool; decoders are opened when the first unit of their coding comes.
    public init() {}

    /// Decodes `unit` and lends its picture to `body`, once, on this thread.
    ///
    /// The deblocking filter is left out: it costs a fifth of the time and nothing is seen of it in the small plane.
    ///
    /// - Throws: `missingParameterSets` when the unit does not bring its own, `brokenData` when it is damaged or no
    ///   keyframe, `unsupportedCodec`, `outOfMemory`, and what `body` throws.
    public func decode<R>(
        _ unit: AccessUnit,
        _ body: (borrowing Picture) throws(MediaError) -> R
    ) throws(MediaError) -> R {
        guard unit.isKeyframe else { throw MediaError(.brokenData, "this access unit is not a keyframe") }
        let codec = unit.format.codec
        if unit.format.hasParameterSets, !ParameterSets(of: unit.bytes, codec: codec).isSelfContained {
            throw MediaError(.missingParameterSets, "this keyframe does not bring its parameter sets")
        }
        lock.lock()
        defer { lock.unlock() }
        let decoder = try decoder(for: unit.format)
        decoder.flush()
        if decoder.send(unit) >= 0, decoder.sendEnd() >= 0,
            case .picture(let result) = try decoder.receive(refusesDamage: true, body)
        {
            return result
        }
        // Not even a flush makes FFmpeg 5.1 forget a damaged H.264 picture: the next one, complete and of another
        // camera, would come out slightly wrong. A new decoder costs 30 microseconds.
        pool[codec] = nil
        throw MediaError(.brokenData, "this keyframe is damaged")
    }

    /// A pooled decoder for codings that need nothing but the unit, else a fresh one.
    private func decoder(for format: StreamFormat) throws(MediaError) -> CodecContext {
        guard format.hasParameterSets || format.codec == .mjpeg && format.extradata.isEmpty else {
            return try CodecContext(format: format, use: .keyframes)
        }
        if let pooled = pool[format.codec] { return pooled }
        let made = try CodecContext(format: format, use: .keyframes)
        pool[format.codec] = made
        return made
    }
}
