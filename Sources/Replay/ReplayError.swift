/// Why labels or clips could not be used.
public struct ReplayError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: String, Hashable, Sendable, Codable {
        /// No label file was given or found.
        case noLabels
        /// A label file could not be read.
        case labelUnreadable
        /// A label file is not JSON, lacks a key, or holds a value that cannot be.
        case labelMalformed
        /// A file to compare with cannot be read, or is no document of `evaluate --json`.
        case baselineUnusable
        /// A file for the scores of a search cannot be written.
        case stateUnusable
        /// The clip of a label file is not there.
        case clipMissing
        /// A clip has more pictures than are kept in memory.
        case clipTooLong
        /// There is no room for another recording.
        case recordingsFull
        /// A clip ends long before its labels do.
        case clipTruncated
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence: which file, which key, why, what to do.
    public let message: String

    /// Makes an error from its parts.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The message.
    public var description: String { message }
}
