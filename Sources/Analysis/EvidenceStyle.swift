/// How evidence pictures are made.
public struct EvidenceStyle: Sendable, Hashable {
    /// Widest picture in pixels; a larger one is scaled down.
    public var maxWidth = 1280
    /// JPEG quality, 1 (worst) to 100.
    public var quality = 80

    /// The defaults.
    public init() {}
}
