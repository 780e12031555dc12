import Foundation

/// The web server cannot have its address.
public struct ListenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Host and port that were asked for.
    public let address: String
    /// The system's number of the error.
    public let number: Int32

    /// One sentence for the operator: what, where, why, what to do.
    public var description: String {
        let todo =
            switch number {
            case EADDRINUSE:
                "another program has it, perhaps a gridwatch that still runs: end that one, or set web.listen"
            case EACCES: "ports below 1024 need the right to them: set web.listen to another port"
            case EADDRNOTAVAIL: "this machine does not have that address: correct web.listen"
            default: "see to it, or set web.listen to another address"
            }
        return "the web server cannot listen on \(address): \(String(cString: strerror(number))); \(todo)"
    }
}
