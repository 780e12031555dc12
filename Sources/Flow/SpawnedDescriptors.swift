import CCrash

/// What a process that is about to be spawned inherits.
public enum SpawnedDescriptors {
    /// Has it close all descriptors from `first` on, whatever their marks say.
    ///
    /// Libraries make sockets without a close-on-exec mark; a child that keeps a listening one keeps its port.
    ///
    /// - Parameters:
    ///   - first: The first that it does not get.
    ///   - actions: The `posix_spawn_file_actions_t` with its actions so far; those come before.
    /// - Returns: 0, or the number of an error.
    public static func close(from first: Int32, _ actions: UnsafeMutableRawPointer) -> Int32 {
        ccrash_close_from(actions, first)
    }
}
