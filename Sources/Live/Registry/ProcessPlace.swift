public import Settings

/// Which ingest process this is: the machine, and the place of the process on it.
public struct ProcessPlace: Sendable, Hashable {
    /// Descriptors that a process needs beside its cameras: spool, evidence, database, log, FFmpeg.
    static let reserve = 512

    /// Name of the machine among those that share the cameras.
    public var node: String
    /// Number of the process on this machine, from 0.
    public var slot: Int
    /// Version of the program.
    public var version: String
    /// True when a parent process watches this one, and knows that no other one of its name runs.
    public var isSupervised: Bool

    /// Makes a place.
    public init(node: String, slot: Int, version: String, isSupervised: Bool = false) {
        self.node = node
        self.slot = slot
        self.version = version
        self.isSupervised = isSupervised
    }

    /// Name of the worker in the leases, for example `node-1-0`.
    public var name: String { "\(node)-\(slot)" }

    /// The file in which a process notes what its threads work on.
    public static func breadcrumbs(_ storage: DaemonSettings.Storage, slot: Int) -> String {
        "\(storage.directory)/worker-\(slot).crumbs"
    }

    /// The file in which a process keeps what it knows of the registry.
    static func fleetCopy(_ storage: DaemonSettings.Storage, slot: Int) -> String {
        "\(storage.directory)/worker-\(slot).fleet"
    }

    /// The file in which a process keeps on whose streams it crashed.
    static func crashes(_ storage: DaemonSettings.Storage, slot: Int) -> String {
        "\(storage.directory)/worker-\(slot).crashes"
    }

    /// Checks that a process can hold what it may be given.
    ///
    /// - Throws: `StartError` when it has fewer descriptors than it may get cameras.
    public func check(_ settings: DaemonSettings, openFiles: Int) throws(StartError) {
        let needed = settings.ingest.maxCameras + settings.ingest.ioThreads * 2 + Self.reserve
        guard needed > openFiles else { return }
        let fits = max(1, openFiles - settings.ingest.ioThreads * 2 - Self.reserve)
        throw StartError(
            "ingest.max_cameras is \(settings.ingest.maxCameras), which needs \(needed) open files, but this machine "
                + "allows a process \(openFiles) (ulimit -n, LimitNOFILE in the unit): raise that limit, or set "
                + "ingest.max_cameras to at most \(fits) and ingest.processes so that together they hold all cameras"
        )
    }
}

/// What keeps an ingest process from starting.
public struct StartError: Error, CustomStringConvertible, Sendable {
    /// One sentence for the operator: what, and what to do.
    public let description: String

    /// Makes an error.
    public init(_ description: String) {
        self.description = description
    }
}

extension DaemonSettings.Storage {
    /// The folder of the alert spool of a process: each has its own, because only one may write it.
    public func spoolDirectory(slot: Int) -> String {
        slot == 0 ? spoolDirectory : "\(spoolDirectory)-\(slot)"
    }
}
