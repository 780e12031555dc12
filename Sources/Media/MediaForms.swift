/// What FFmpeg may open at all: enough for cameras and their recordings, and nothing that reads other files or runs on
/// its own account (`concat`, `subfile`, playlists of other programs, image sequences with patterns).
enum MediaForms {
    /// Protocols that an address may begin with, and those that FFmpeg needs behind it.
    static let protocols: [String: String] = [
        "rtsp": "rtsp,rtp,udp,tcp",
        "rtsps": "rtsp,rtsps,rtp,udp,tcp,tls",
        "http": "http,https,tcp,tls,crypto,data",
        "https": "http,https,tcp,tls,crypto,data",
        "rtmp": "rtmp,tcp",
        "rtmps": "rtmps,rtmp,tcp,tls",
        "srt": "srt",
        "rtp": "rtp,udp",
        "udp": "udp",
        "tcp": "tcp",
        "file": "file",
    ]

    /// Containers and elementary streams, by FFmpeg's names.
    static let formats = [
        "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "flv", "live_flv", "mpegts", "mpeg", "mpegvideo", "asf",
        "mxf", "ogg", "dhav", "ivf", "wav", "mp3", "aac", "ac3", "eac3", "webvtt", "h264", "hevc", "m4v", "mjpeg",
        "mpjpeg", "jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe", "yuv4mpegpipe", "gif", "rtsp", "rtp", "hls",
    ].joined(separator: ",")

    /// Formats that are one picture and its end: what a snapshot address answers with.
    static func isSinglePicture(_ format: String) -> Bool {
        format.hasSuffix("_pipe") && format != "yuv4mpegpipe"
    }
}
