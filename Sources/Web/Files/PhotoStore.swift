import Crypto
import Dispatch
import Foundation

/// Keeps the pictures that workers send, in `tasks/<task>/` of the evidence directory.
///
/// The name of a file is the SHA-256 of its bytes: sending the same picture twice keeps one file.
struct PhotoStore: Sendable {
    /// Most bytes of one picture.
    static let maximumBytes = 8 * 1024 * 1024
    /// Most pictures of one task.
    static let maximumCount = 6

    /// A picture that was kept.
    struct Photo: Sendable, Hashable, Encodable {
        /// SHA-256, hex; names it when the task is reported as handled.
        let sha256: String
        /// Path relative to the evidence directory.
        let path: String
        /// Size in bytes.
        let bytes: Int
    }

    let directory: URL
    // One after the other: the disk is needed by the cameras too.
    private let queue = DispatchQueue(label: "gridwatch.photos")

    init(directory: URL) {
        self.directory = directory
    }

    /// Keeps a picture: returns when it is written and synced.
    ///
    /// - Throws: `WebError`: `unsupportedType` unless it is JPEG or PNG, `conflict` when the task holds too many,
    ///   `unavailable` when the disk does not take it.
    func keep(_ bytes: [UInt8], task: Int) async throws -> Photo {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try self.store(bytes, task: task) }) }
        }
    }

    private func store(_ bytes: [UInt8], task: Int) throws -> Photo {
        guard let type = PictureType(bytes) else { throw WebError(.unsupportedType, .notAPicture) }
        let hash = Self.hex(SHA256.hash(data: bytes))
        let photo = Photo(sha256: hash, path: "tasks/\(task)/\(hash).\(type.rawValue)", bytes: bytes.count)
        let folder = directory.appending(path: "tasks/\(task)")
        let file = directory.appending(path: photo.path)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            if FileManager.default.fileExists(atPath: file.path) { return photo }
            let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
            guard kept.count < Self.maximumCount else { throw WebError(.conflict, .tooManyPictures) }
            try Self.write(bytes, to: file)
            return photo
        } catch let error as WebError {
            throw error
        } catch {
            throw WebError(.unavailable, .storage)
        }
    }

    /// The picture of a task that was kept under this hash; nil when there is none.
    func photo(sha256: String, task: Int) -> Photo? {
        guard sha256.utf8.count == 64, sha256.utf8.allSatisfy(Self.isHexDigit) else { return nil }
        for type in PictureType.allCases {
            let path = "tasks/\(task)/\(sha256).\(type.rawValue)"
            let attributes = try? FileManager.default.attributesOfItem(atPath: directory.appending(path: path).path)
            if let size = attributes?[.size] as? Int { return Photo(sha256: sha256, path: path, bytes: size) }
        }
        return nil
    }

    /// Writes under a hidden name, syncs, then renames: a file with its name is whole.
    private static func write(_ bytes: [UInt8], to file: URL) throws {
        let draft = file.deletingLastPathComponent().appending(path: ".\(UUID().uuidString)")
        guard FileManager.default.createFile(atPath: draft.path, contents: nil) else {
            throw WebError(.unavailable, .storage)
        }
        do {
            let handle = try FileHandle(forWritingTo: draft)
            try handle.write(contentsOf: Data(bytes))
            try handle.synchronize()
            try handle.close()
            try FileManager.default.moveItem(at: draft, to: file)
        } catch {
            try? FileManager.default.removeItem(at: draft)
            // Another upload of the same bytes may have been first.
            guard FileManager.default.fileExists(atPath: file.path) else { throw error }
        }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func hex(_ digest: SHA256.Digest) -> String {
        digest.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }
}

/// Kinds of pictures that are taken, told by their first bytes.
enum PictureType: String, Sendable, CaseIterable {
    case jpeg = "jpg"
    case png = "png"

    /// Looks at the bytes; nil for everything that is neither JPEG nor PNG.
    init?(_ bytes: [UInt8]) {
        if bytes.count > 100, bytes.starts(with: [0xff, 0xd8, 0xff]) {
            self = .jpeg
        } else if bytes.count > 60, bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
            self = .png
        } else {
            return nil
        }
    }
}
