import Flow
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Logs
import NIOCore
import Store

/// Serves pictures of the evidence directory to those who may see their case.
struct EvidenceFiles: Sendable {
    let directory: URL
    let catalog: CatalogReader
    let log: FloodGate

    /// The picture under `/evidence/`.
    ///
    /// The database decides: a path that stands in no alert and no task of the visitor's does not exist.
    ///
    /// - Throws: `WebError` with `notFound`.
    func response(to request: Request, _ context: WebContext) async throws -> Response {
        let path = context.parameters.getCatchAll().joined(separator: "/")
        guard Self.isPlain(path) else { throw WebError(.notFound) }
        guard let known = try await catalog.evidenceTag(path: path, access: try context.access()) else {
            throw WebError(.notFound)
        }
        let tag = "\"\(known)\""
        var headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache"]
        if request.headers[.ifNoneMatch] == tag { return Response(status: .notModified, headers: headers) }
        let file = directory.appending(path: path).resolvingSymlinksInPath().path
        let root = directory.resolvingSymlinksInPath().path
        guard file.hasPrefix(root.hasSuffix("/") ? root : root + "/") else { throw WebError(.notFound) }
        headers[.contentType] = path.hasSuffix(".png") ? "image/png" : "image/jpeg"
        headers[.contentDisposition] = "inline"
        do {
            return Response(
                status: .ok,
                headers: headers,
                body: try await FileIO().loadFile(path: file, context: context)
            )
        } catch {
            // Removed when its time was over, or not on this machine's disk; pages of before may still name it.
            log.log(.warning, "evidence file is missing", metadata: ["path": "\(path)", "error": "\(error)"])
            throw WebError(.notFound)
        }
    }

    /// True for relative paths of plain names: letters, digits, `. _ -`, none of them starting with a dot.
    static func isPlain(_ path: String) -> Bool {
        guard (1...200).contains(path.utf8.count) else { return false }
        return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { name in
            guard let first = name.utf8.first, first != UInt8(ascii: ".") else { return false }
            return name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
        }
    }
}
