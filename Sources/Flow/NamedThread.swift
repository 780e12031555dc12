import CCrash
import Foundation

/// Threads that tools such as `top -H` and the breadcrumbs of a crash show by name.
///
/// Foundation's own `name` never reaches the kernel on Linux.
public enum NamedThread {
    /// Longest name that the kernel keeps, bytes.
    private static let longestName = 15

    /// Starts a thread that runs `body` once.
    ///
    /// - Parameters:
    ///   - name: Cut to 15 bytes.
    ///   - stack: Bytes of its stack.
    ///   - body: Runs on the thread.
    public static func start(_ name: String, stack: Int = 1 << 20, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread {
            ccrash_name_thread(String(name.prefix(longestName)))
            body()
        }
        thread.name = name
        thread.stackSize = stack
        thread.start()
    }
}
