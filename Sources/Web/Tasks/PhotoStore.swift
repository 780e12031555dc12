import Cases
import Crypto
import Foundation
import Media
import Store

/// Keeps the pictures that workers send, in `tasks/<task>/` of the evidence directory.
///
/// Nothing is kept as it came: each picture is decoded within bounds and written anew, so a file holds pixels and
/// nothing else, neither where the phone was nor what hides behind a picture. The name of a file is the SHA-256 of its
/// bytes: sending the same picture twice keeps one file. When and where it was taken is kept beside it, until the report
/// comes, only when the worker agreed to tell it.
struct PhotoStore: Sendable {
    /// Most bytes of one picture as it is sent.
    static let maximumBytes = 8 * 1024 * 1024
    /// Pictures that wait while one is decoded; more are told to come again.
    private static let maximumWaiting = 12

    /// A picture that was kept.
    struct Photo: Sendable, Hashable, Encodable {
        /// SHA-256, hex; names it when the task is reported as handled.
        let sha256: String
        /// Path relative to the evidence directory.
        let path: String
        /// Size in bytes.
        let bytes: Int
    }

    /// What is read of a picture's file beside its pixels.
    enum Reading: Sendable {
        /// Nothing.
        case pixels
        /// Also when and where it was taken: the worker agreed.
        case origin
    }

    let directory: URL
    // One after the other, with what others leave of the processor: the cameras need it, and the disk, too.
    private let threads = WorkThreads("photo", threads: 1, waiting: maximumWaiting, niceness: 5)
    /// How many may be on their way in.
    let uploads = UploadGate()

    init(directory: URL) {
        self.directory = directory
    }

    /// Writes a picture anew and keeps it: returns when it is written and synced.
    ///
    /// The last word counts: a picture that is sent again for its pixels alone loses what was kept of its origin.
    ///
    /// - Throws: `WebError`: `unsupportedType`, `tooLarge` or `invalid` with what is wrong with the file, `conflict` when
    ///   the task holds too many, `unavailable` when the disk does not take it; `WorkThreads.Full` when too many wait.
    func keep(_ bytes: [UInt8], task: Int, _ reading: Reading = .pixels) async throws -> Photo {
        try await threads.run {
            let cleaned = try Self.cleaned(bytes)
            let photo = try self.store(cleaned.jpeg, task: task)
            try self.store(reading == .origin ? PhotoOrigin(cleaned) : nil, of: photo)
            return photo
        }
    }

    /// Forgets a picture of a task that nobody has reported; nothing happens when there is none.
    func forget(sha256: String, task: Int) async throws {
        guard let photo = photo(sha256: sha256, task: task) else { return }
        let file = directory.appending(path: photo.path)
        try await threads.run {
            try? FileManager.default.removeItem(at: file)
            try? FileManager.default.removeItem(at: self.originFile(of: photo))
        }
    }

    /// When and where a picture was taken; nil when the worker did not agree to tell it, or his phone did not say.
    func origin(of photo: Photo) -> PhotoOrigin? {
        guard let data = try? Data(contentsOf: originFile(of: photo)) else { return nil }
        return try? JSONDecoder().decode(PhotoOrigin.self, from: data)
    }

    /// Forgets what was kept beside pictures: their report has it, or is not to have it.
    func forgetOrigins(of photos: [Photo]) {
        for photo in photos { try? FileManager.default.removeItem(at: originFile(of: photo)) }
    }

    private func originFile(of photo: Photo) -> URL {
        directory.appending(path: photo.path).deletingPathExtension().appendingPathExtension("json")
    }

    private func store(_ origin: PhotoOrigin?, of photo: Photo) throws {
        let file = originFile(of: photo)
        do {
            guard let origin else {
                if FileManager.default.fileExists(atPath: file.path) { try FileManager.default.removeItem(at: file) }
                return
            }
            try JSONEncoder().encode(origin).write(to: file, options: .atomic)
        } catch {
            throw WebError(.unavailable, .storage)
        }
    }

    /// The picture without anything that was not to be seen.
    private static func cleaned(_ bytes: [UInt8]) throws -> PhotoReencoder.Photo {
        do {
            return try PhotoReencoder.reencode(bytes)
        } catch {
            throw WebError(error)
        }
    }

    private func store(_ bytes: [UInt8], task: Int) throws -> Photo {
        let hash = Self.hex(SHA256.hash(data: bytes))
        let photo = Photo(sha256: hash, path: "tasks/\(task)/\(hash).jpg", bytes: bytes.count)
        let folder = directory.appending(path: "tasks/\(task)")
        let file = directory.appending(path: photo.path)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            if FileManager.default.fileExists(atPath: file.path) { return photo }
            let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { !$0.hasPrefix(".") && ($0.hasSuffix(".jpg") || $0.hasSuffix(".png")) }
            guard kept.count < CaseLimits.photos else { throw WebError(.conflict, .tooManyPictures) }
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
        // Before pictures were written anew a PNG was kept as one.
        for type in ["jpg", "png"] {
            let path = "tasks/\(task)/\(sha256).\(type)"
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

extension PhotoOrigin {
    /// What the file of a photo says; nil when it says neither when nor where.
    ///
    /// A phone that does not tell its zone is in the county; one whose clock was never set begins at 1970.
    init?(_ photo: PhotoReencoder.Photo) {
        let seconds = photo.captureTime.map { $0.unixSeconds(assuming: LocalTime.offset) }.flatMap { $0 > 0 ? $0 : nil }
        guard seconds != nil || photo.position != nil else { return nil }
        self.init(
            takenAt: seconds.map { Int64($0) * 1_000_000 },
            longitude: photo.position?.longitude,
            latitude: photo.position?.latitude
        )
    }
}

extension WebError {
    /// Why a photo is not taken, in the words of pages.
    init(_ error: PhotoError) {
        switch error {
        case .empty: self.init(.invalid, .pictureEmpty)
        case .notAnImage(.heic): self.init(.unsupportedType, .pictureHEIC)
        case .notAnImage(.video): self.init(.unsupportedType, .pictureVideo)
        case .notAnImage: self.init(.unsupportedType, .notAPicture)
        case .truncated: self.init(.invalid, .pictureCut)
        case .tooManyPixels: self.init(.tooLarge, .picturePixels)
        case .damaged: self.init(.invalid, .pictureDamaged)
        case .failed(let error): self.init(.unavailable, .storage, detail: error.message)
        }
    }
}
