internal import GRDB

/// Why the spool could not do what it was asked to.
///
/// The message names the folder, what failed, why, and what to do about it.
public struct SpoolError: Error, Hashable, CustomStringConvertible {
    /// The kind of failure, for decisions; the message is for people.
    public enum Code: String, Hashable, Sendable, Codable {
        /// The capacity is used up, or the disk is full: nothing was taken, hold the records and try again.
        case full
        /// Another process has this spool open.
        case locked
        /// The folder or the database in it could not be made or opened.
        case cannotOpen
        /// A newer version of Gridwatch wrote this spool.
        case newerFormat
        /// Reading from or writing to the disk failed.
        case diskFailed
        /// The database is damaged and could not be replaced by a new one.
        case damaged
        /// A record could not be written as JSON.
        case unencodable
        /// The spool was closed.
        case closed
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence for the operator: what, where, why, what to do.
    public let message: String

    /// Makes an error from its parts.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// True when the same call may succeed later without anyone changing anything.
    public var isRetriable: Bool {
        switch code {
        case .full, .diskFailed: true
        case .locked, .cannotOpen, .newerFormat, .damaged, .unencodable, .closed: false
        }
    }

    /// The message.
    public var description: String { message }
}

extension SpoolError {
    /// What `error`, met while doing `action` in `directory`, means to the caller.
    static func from(_ error: any Error, _ action: String, in directory: String) -> SpoolError {
        if let known = error as? SpoolError { return known }
        guard let failure = error as? DatabaseError else {
            return SpoolError(.cannotOpen, "spool \(directory): \(action) failed: \(error)")
        }
        let reason = failure.message ?? "SQLite error \(failure.resultCode.rawValue)"
        let text = "spool \(directory): \(action) failed: \(reason)"
        switch failure.resultCode {
        case .SQLITE_FULL:
            return SpoolError(.full, "\(text); the disk is full: make room, nothing that was accepted is lost")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return SpoolError(.locked, "\(text); another program has the database open: close it")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return SpoolError(.damaged, "\(text); the database is damaged")
        case .SQLITE_IOERR:
            return SpoolError(.diskFailed, "\(text); look at the disk and its limits (dmesg, df, quota)")
        case .SQLITE_READONLY:
            return SpoolError(.diskFailed, "\(text); it cannot be written: is the disk mounted read-only (dmesg)?")
        default:
            return SpoolError(.cannotOpen, "\(text); check that the folder exists and can be written to")
        }
    }
}
