internal import CFFmpeg

/// What went wrong with a stream, a picture or a media file.
///
/// The message names the stream without its password, what failed, why, and what to do about it.
public struct MediaError: Error, Hashable, CustomStringConvertible {
    /// The kind of failure, for decisions; the message is for people.
    public enum Code: String, Hashable, Sendable, Codable {
        /// The file or stream could not be opened: missing, refused, or not a media format.
        case openFailed
        /// Nothing came within the time-out.
        case timedOut
        /// `interrupt()` was called.
        case interrupted
        /// Its address, or one that it leads to, is not one that may be read.
        case refused
        /// It was opened, and holds no video.
        case noVideo
        /// This FFmpeg has no decoder, encoder or filter for the coding.
        case unsupportedCodec
        /// The bytes are damaged: no picture came out of them.
        case brokenData
        /// Pictures come, but for too long none on which decoding could begin.
        case noKeyframe
        /// A keyframe came without the parameter sets that it must be decoded with.
        case missingParameterSets
        /// The stream ended before what was asked for was there.
        case endOfStream
        /// The connection broke, or the disk could not be read.
        case readFailed
        /// A file could not be written: path, permission, or a full disk.
        case writeFailed
        /// A picture could not be encoded or converted.
        case encodeFailed
        /// FFmpeg could not get memory.
        case outOfMemory
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence for the operator: what, where, why, what to do; no password.
    public let message: String

    /// Makes an error; `message` must not hold a password (see `redacted(url:)`).
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// True when the same call may succeed later without anyone changing anything: the reconnect policy reads this.
    public var isRetriable: Bool {
        switch code {
        case .openFailed, .timedOut, .endOfStream, .readFailed, .outOfMemory, .brokenData, .noKeyframe,
            .missingParameterSets:
            true
        case .interrupted, .refused, .noVideo, .unsupportedCodec, .writeFailed, .encodeFailed:
            false
        }
    }

    /// The message.
    public var description: String { message }
}

extension MediaError {
    /// What FFmpeg says about its error code `status`.
    static func reason(_ status: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard av_strerror(status, &buffer, buffer.count) == 0 else { return "FFmpeg error \(status)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// An error of `code`, unless `status` says that memory ran out.
    static func failed(_ code: Code, _ what: String, status: Int32, advice: String? = nil) -> MediaError {
        let kind = status == gw_error_no_memory ? Code.outOfMemory : code
        return MediaError(kind, "\(what): \(reason(status))" + (advice.map { "; " + $0 } ?? ""))
    }
}
