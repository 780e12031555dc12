internal import CFFmpeg

/// What must happen once in a process before FFmpeg is used.
enum FFmpegLibrary {
    /// Silences FFmpeg's own log, which writes to standard error past ours; errors come back as `MediaError`.
    static let prepared: Bool = {
        av_log_set_level(AV_LOG_QUIET)
        return avformat_network_init() == 0
    }()
}
