import Cases
import Postgres

/// A picture that a worker sent as proof: a file in the evidence directory.
public struct TaskPhoto: Sendable, Hashable {
    /// Path relative to the evidence directory.
    public var path: String
    /// SHA-256 of the file, 64 lower-case hex digits.
    public var sha256: String
    /// Size of the file in bytes.
    public var bytes: Int
    /// When and where it was taken; nil unless the worker agreed to tell it.
    public var origin: PhotoOrigin?

    /// Makes a reference.
    public init(path: String, sha256: String, bytes: Int, origin: PhotoOrigin? = nil) {
        self.path = path
        self.sha256 = sha256
        self.bytes = bytes
        self.origin = origin
    }
}

extension TaskPhoto {
    /// Notes pictures as proof of a task.
    static func keep(_ photos: [TaskPhoto], of task: Int, _ connection: PostgresConnection) async throws {
        guard !photos.isEmpty else { return }
        try await connection.query(
            """
            INSERT INTO task_photo (task_id, path, sha256, bytes, taken_at, place)
            SELECT $1, path, sha256, bytes, taken_at, ST_SetSRID (ST_MakePoint (x, y), 4326)
            FROM unnest ($2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::float8[], $7::float8[])
                AS u (path, sha256, bytes, taken_at, x, y)
            """,
            [
                .int(task), .textArray(photos.map(\.path)), .textArray(photos.map(\.sha256)),
                .intArray(photos.map(\.bytes)), .timestampArray(photos.map { $0.origin?.takenAt }),
                .doubleArray(photos.map { $0.origin?.longitude }), .doubleArray(photos.map { $0.origin?.latitude }),
            ]
        )
    }

    /// Refuses what cannot be a picture of the evidence directory.
    static func check(_ photos: [TaskPhoto]) throws(StoreError) {
        guard photos.count <= CaseLimits.photos else {
            throw StoreError(
                .invalid,
                "\(photos.count) pictures, at most \(CaseLimits.photos) are possible",
                because: .photoCount
            )
        }
        for photo in photos {
            let isHash =
                photo.sha256.utf8.count == 64
                && photo.sha256.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
            let parts = photo.path.split(separator: "/", omittingEmptySubsequences: false)
            let isInside = !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." } && !photo.path.utf8.contains(0)
            let isPlausible = photo.origin?.isPlausible ?? true
            guard isHash, isInside, isPlausible, (0...Int(Int32.max)).contains(photo.bytes) else {
                throw StoreError(
                    .invalid,
                    "a picture's path, hash, size, time or place cannot be right: \(photo.path.prefix(80))",
                    because: .photo
                )
            }
        }
    }
}
