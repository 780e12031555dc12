/// Which addresses close to this machine may be read as cameras.
public enum LocalAddresses: String, Hashable, Sendable, CaseIterable {
    /// None: cameras are other machines. For cities.
    case refuse
    /// This machine's own network addresses, for simulated cameras and for programs that pass streams on.
    case loopback
    /// Also what devices give themselves (169.254.0.0/16, fe80::/10), and files. For people at a command line.
    case any

    /// True when a camera may be at such a place.
    public func allow(_ place: HostPlace) -> Bool {
        switch place {
        case .elsewhere: true
        case .thisMachine: self != .refuse
        case .link: self == .any
        }
    }

    /// True when a camera at `origin` may send its reader on to `target`.
    ///
    /// Nobody outside sends a reader to this machine or its wire, whatever is set.
    public func allow(_ target: HostPlace, sentBy origin: HostPlace) -> Bool {
        target == .elsewhere || origin == target && allow(target)
    }

    /// What it means, behind `ingest.local_addresses is loopback: `; for the log of a start.
    public var meaning: String {
        switch self {
        case .refuse: "addresses of this machine, link-local ones and files are refused as cameras"
        case .loopback:
            "allows addresses of this machine as cameras: who writes the registry can make the daemon connect to services "
                + "here; set it to refuse where all cameras are other machines"
        case .any:
            "allows addresses of this machine, link-local ones and files as cameras: who writes the registry can make the "
                + "daemon connect to services here and read files; set it to refuse where all cameras are other machines"
        }
    }

    /// Why a camera at such a place is refused, behind `its address`, and what to do.
    public static func refusal(_ place: HostPlace) -> String {
        switch place {
        case .elsewhere: "is not refused"
        case .thisMachine:
            "means this machine, which ingest.local_addresses refuses: correct it, or set that to loopback"
        case .link:
            "is one that devices give themselves, which ingest.local_addresses refuses: correct it, or set that to any"
        }
    }
}
