import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Scripts, styles and pictures of the pages, read once at the start and served from memory.
///
/// What is not in the table cannot be asked for, so no path can lead out of it.
struct AssetFiles: Sendable {
    private struct File: Sendable {
        let type: String
        let bytes: ByteBuffer
        let tag: String
    }

    private let files: [String: File]
    /// Changes when any file does.
    let version: String

    /// Reads `static/` of the assets and Leaflet from the system's folder.
    ///
    /// - Throws: When the assets cannot be read; a missing Leaflet only leaves the map without its script.
    init(assets: URL, leafletDirectory: String) throws {
        var files: [String: File] = [:]
        try Self.read(assets.appending(path: "static"), as: "", into: &files)
        try? Self.read(URL(filePath: leafletDirectory), as: "leaflet/", into: &files)
        self.files = files
        let all = files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.tag)" }.joined(separator: "\n")
        self.version = Self.hex(SHA256.hash(data: Data(all.utf8))).prefix(12).description
    }

    /// True when Leaflet is installed.
    var hasMap: Bool { files["leaflet/leaflet.js"] != nil }

    /// The file under `/assets/`.
    ///
    /// - Throws: `WebError` with `notFound`.
    func response(to request: Request, _ context: WebContext) throws -> Response {
        let path = context.parameters.getCatchAll().joined(separator: "/")
        guard let file = files[path] else { throw WebError(.notFound) }
        var headers: HTTPFields = [.contentType: file.type, .eTag: file.tag, .cacheControl: "no-cache"]
        if request.headers[.ifNoneMatch] == file.tag { return Response(status: .notModified, headers: headers) }
        // A versioned address never changes its content.
        if try request.query("v") == version { headers[.cacheControl] = "public, max-age=31536000, immutable" }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
    }

    private static let types = [
        "js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "png": "image/png",
        "svg": "image/svg+xml", "webmanifest": "application/manifest+json", "ico": "image/x-icon",
    ]

    /// Reads a folder with its folders; only known types, at most 2 MB each.
    private static func read(_ folder: URL, as prefix: String, into files: inout [String: File]) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        for name in names {
            let url = folder.appending(path: name)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { continue }
            if isFolder.boolValue {
                try read(url, as: "\(prefix)\(name)/", into: &files)
            } else if let type = types[url.pathExtension] {
                let data = try Data(contentsOf: url)
                guard data.count <= 2_000_000 else { continue }
                let tag = "\"\(hex(SHA256.hash(data: data)).prefix(32))\""
                files[prefix + name] = File(type: type, bytes: ByteBuffer(bytes: data), tag: tag)
            }
        }
    }

    private static func hex(_ digest: SHA256.Digest) -> String {
        digest.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined()
    }
}
