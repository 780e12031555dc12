import Crypto
import Flow
import Foundation
import Store

/// What an ingest process knew when it last read the registry: its share of the cameras, with their rules and profiles.
///
/// Kept on the process's own disk, so that one that starts while the database is away watches what it watched before.
/// It holds the addresses of streams with their passwords: nobody but the daemon's user may read the file.
struct RegistryCopy: Codable, Hashable {
    /// Why a file is no copy that can be used.
    struct Unusable: Error, CustomStringConvertible {
        let description: String
    }

    /// The first line of the file.
    private struct Head: Codable {
        var version: Int
        var sha256: String
    }

    /// Version of the form; files of others are not read.
    private static let version = 1
    /// Largest file that is read, bytes: a million cameras.
    private static let limit = 1 << 30

    /// The worker that it is of.
    var worker: String
    /// Numbers of the shards that were its own.
    var shards: [Int]
    /// Workers among which the cameras were divided.
    var workers: Int
    /// Its place among them.
    var rank: Int
    /// The cameras of these shards.
    var cameras: [CameraAssignment]

    /// The file: a line that says what follows and its checksum, then the copy.
    func encoded() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let body = try encoder.encode(self)
        let head = try encoder.encode(Head(version: Self.version, sha256: Self.checksum(body)))
        return head + Data("\n".utf8) + body
    }

    /// Reads what `encoded` made.
    ///
    /// - Throws: `Unusable` for a file of another version, or one that is damaged.
    init(decoding file: Data) throws(Unusable) {
        guard file.count <= Self.limit, let end = file.firstIndex(of: UInt8(ascii: "\n")) else {
            throw Unusable(description: "it has no first line: it is damaged")
        }
        let decoder = JSONDecoder()
        guard let head = try? decoder.decode(Head.self, from: file[file.startIndex..<end]) else {
            throw Unusable(description: "its first line cannot be read: it is damaged")
        }
        guard head.version == Self.version else {
            throw Unusable(description: "it has version \(head.version), this program reads \(Self.version)")
        }
        let body = file[file.index(after: end)...]
        guard Self.checksum(body) == head.sha256, let copy = try? decoder.decode(Self.self, from: body) else {
            throw Unusable(description: "its checksum is wrong: it is damaged")
        }
        self = copy
    }

    /// Makes a copy.
    init(worker: String, shards: [Int], workers: Int, rank: Int, cameras: [CameraAssignment]) {
        self.worker = worker
        self.shards = shards.sorted()
        self.workers = workers
        self.rank = rank
        self.cameras = cameras
    }

    private static func checksum(_ bytes: Data) -> String {
        SHA256.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
    }
}
