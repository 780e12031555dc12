import Foundation

/// An address and port that a farm listens on.
public struct FarmEndpoint: Hashable, Sendable, Codable {
    /// IP address of version 4 or 6, without brackets.
    public var host: String
    /// TCP port; 0 for any free one.
    public var port: Int

    /// Makes an endpoint; whether it can be listened on is seen when a farm starts.
    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// How a URL names it; a farm that listens on all addresses is named by the loopback address.
    var authority: String {
        let named = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host
        return (named.contains(":") ? "[\(named)]" : named) + ":\(port)"
    }
}

/// Which cameras of a farm are served at which address and port, and by which process: a value.
///
/// Cameras go round the endpoints in turn, so that any part of the list is spread over all. Where the addresses can be
/// dealt out evenly, each process has some of them for itself; otherwise each has its own port on all.
public struct FarmLayout: Hashable, Sendable {
    /// All endpoints in order; camera i is at endpoint i modulo their number.
    public let endpoints: [FarmEndpoint]
    /// Processes that serve the endpoints, at least 1.
    public let processes: Int

    /// Most addresses, and most processes.
    public static let maximumAddresses = 4096, maximumProcesses = 64

    /// Lays out a farm.
    ///
    /// - Parameters:
    ///   - host: The first address.
    ///   - port: The port; with port 0 every endpoint gets a free one of its own.
    ///   - addresses: How many addresses, each one higher than the one before; more than one needs an IPv4 address.
    ///   - processes: How many processes share the cameras.
    /// - Throws: `badOption` for what cannot be laid out.
    public init(host: String, port: Int, addresses: Int = 1, processes: Int = 1) throws(SimulatorError) {
        guard (1...Self.maximumProcesses).contains(processes) else {
            throw SimulatorError(.badOption, "\(processes) processes are out of 1…\(Self.maximumProcesses)")
        }
        let hosts = try Self.consecutive(from: host, count: addresses)
        let ports = addresses.isMultiple(of: processes) ? 1 : processes
        guard port >= 0, port + (port > 0 ? ports - 1 : 0) <= 65_535 else {
            throw SimulatorError(.badOption, "port \(port) is out of 0…\(65_536 - ports); 0 takes any free one")
        }
        self.processes = processes
        self.endpoints = (0..<ports).flatMap { step in
            hosts.map { FarmEndpoint(host: $0, port: port > 0 ? port + step : 0) }
        }
    }

    private static func consecutive(from host: String, count: Int) throws(SimulatorError) -> [String] {
        guard (1...maximumAddresses).contains(count) else {
            throw SimulatorError(.badOption, "\(count) addresses are out of 1…\(maximumAddresses)")
        }
        guard count > 1 else { return [host] }
        let bytes = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) ?? 0 }
        let first = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard bytes.count == 4, bytes.map(String.init).joined(separator: ".") == host,
            first > 0, first + UInt64(count) <= UInt64(UInt32.max)
        else {
            throw SimulatorError(.badOption, "\(count) addresses need an IPv4 address to begin with, not \(host)")
        }
        return (0..<UInt64(count)).map { step in
            [24, 16, 8, 0].map { String((first + step) >> $0 & 0xff) }.joined(separator: ".")
        }
    }

    /// The process that serves an endpoint.
    public func process(ofEndpoint index: Int) -> Int { index * processes / endpoints.count }

    /// The positions of the endpoints that a process serves.
    public func endpoints(ofProcess process: Int) -> [Int] {
        endpoints.indices.filter { self.process(ofEndpoint: $0) == process }
    }

    /// The position of the endpoint at which a camera is.
    public func endpoint(ofCamera index: Int) -> Int { index % endpoints.count }

    /// The positions of the cameras that a process serves, out of so many.
    public func cameras(ofProcess process: Int, outOf count: Int) -> [Int] {
        (0..<max(0, count)).filter { self.process(ofEndpoint: endpoint(ofCamera: $0)) == process }
    }

    /// The URLs of the cameras at these paths, without credentials.
    ///
    /// - Parameters:
    ///   - paths: Paths of all cameras, in order.
    ///   - bound: The endpoints as they were bound, where that is known: port 0 has become a real one.
    /// - Returns: One for each path, in order.
    public func urls(_ paths: [String], bound: [FarmEndpoint]? = nil) -> [String] {
        let authorities = (bound ?? endpoints).map(\.authority)
        return paths.enumerated().map { index, path in
            let escaped = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
            return "rtsp://\(authorities[endpoint(ofCamera: index)])/\(escaped)"
        }
    }

    /// The fewest processes whose limit of open files is enough, rather some more when the addresses divide evenly then.
    ///
    /// - Parameters:
    ///   - cameras: How many cameras, each with one client.
    ///   - addresses: How many addresses.
    ///   - openFiles: Files that one process may open.
    /// - Returns: At least 1.
    public static func processes(cameras: Int, addresses: Int, openFiles: Int) -> Int {
        let fewest = (1...maximumProcesses).first { processes in
            let share = (cameras + processes - 1) / processes
            return OpenFileLimit.needed(cameras: share, endpoints: addresses) <= openFiles
        }
        guard let fewest else { return maximumProcesses }
        let most = min(fewest * 2, maximumProcesses)
        return (fewest...most).first { addresses.isMultiple(of: $0) } ?? fewest
    }
}

/// The limit of open files of the process.
public enum OpenFileLimit {
    /// Raises the soft limit to the hard one, and returns it.
    public static func raise() -> Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// Files that a process of the farm opens: a connection per camera, some that end while others begin, and its own.
    static func needed(cameras: Int, endpoints: Int) -> Int {
        cameras + cameras / 50 + endpoints + 128
    }
}
