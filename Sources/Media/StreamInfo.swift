/// What the container says about a video stream, for people: lists, `probe`, logs.
public struct StreamInfo: Hashable, Sendable, Codable {
    /// FFmpeg's name of the container or protocol, for example `mov,mp4,m4a,3gp,3g2,mj2` or `rtsp`.
    public var container: String
    /// FFmpeg's name of the coding, for example `h264`.
    public var codec: String
    /// Coded width in pixels, not rotated; 0 when unknown.
    public var width: Int
    /// Coded height in pixels, not rotated; 0 when unknown.
    public var height: Int
    /// Average frames per second as announced; nil when unknown.
    public var framesPerSecond: Double?
    /// Length in seconds; nil for a live stream or when unknown.
    public var duration: Double?

    /// True when the source is one picture and its end: an address that gives another picture each time it is asked.
    public var isSnapshot: Bool { MediaForms.isSinglePicture(container) }
}
