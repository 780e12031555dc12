import Foundation

/// The three descriptors that every process has, whoever starts it.
enum StandardDescriptors {
    /// Opens what of them is closed.
    ///
    /// Otherwise the next file or socket gets that number, and a line of the log goes into a session of the database. Call
    /// it before anything is opened.
    static func openClosed() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
        }
    }
}
