internal import CFFmpeg
internal import Glibc

/// Where a demuxer reads: the text to show, and the URL that FFmpeg gets.
struct MediaSource {
    /// Without password, for messages.
    let name: String
    /// What goes to FFmpeg.
    let address: String
    /// True for a file on this machine.
    let isLocalFile: Bool
    /// Protocols that FFmpeg may use for it.
    let protocols: String

    /// True when FFmpeg follows redirects by changing the address of its context.
    var isRTSP: Bool { protocols.hasPrefix("rtsp") }

    /// True when FFmpeg connects to its address without the way that it opens all others.
    var connectsUnasked: Bool { protocols.hasPrefix("rtsp") || protocols.hasPrefix("rtp") }

    /// Looks at `url`; a path is checked here, because FFmpeg's own words for it help nobody, and because opening a
    /// named pipe would block where no time-out reaches.
    init(url: String) throws(MediaError) {
        name = redacted(url: url)
        let isFileURL = url.prefix(5).lowercased() == "file:"
        let path = isFileURL ? Self.path(ofFileURL: url) : url
        var status = stat()
        guard stat(path, &status) == 0 else {
            guard Self.hasScheme(url), !isFileURL else {
                let reason = String(cString: strerror(errno))
                throw MediaError(.openFailed, "cannot open \(name): \(reason); check the path")
            }
            let scheme = url.prefix { $0 != ":" }.lowercased()
            guard let protocols = MediaForms.protocols[scheme] else {
                let known = MediaForms.protocols.keys.sorted().map { $0 + "://" }.joined(separator: ", ")
                throw MediaError(.refused, "cannot open \(name): \(scheme): is not read, only \(known)")
            }
            // FFmpeg knows its protocols in small letters only.
            let text = scheme + url.dropFirst(scheme.count)
            let ending = text.split(separator: ".").last?.lowercased() ?? ""
            // FFmpeg would take such a name for files with numbers, without a look at what comes: an empty fragment
            // hides it, and is never sent.
            address = scheme.hasPrefix("http") && Self.pictureEndings.contains(ending) ? text + "#" : text
            isLocalFile = false
            self.protocols = protocols
            return
        }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFREG else {
            let what = kind == S_IFDIR ? "it is a directory; name a file in it" : "it is not a regular file"
            throw MediaError(.openFailed, "cannot open \(name): \(what)")
        }
        guard status.st_size > 0 else {
            throw MediaError(.openFailed, "cannot open \(name): the file is empty; was its recording cut short?")
        }
        // With the prefix a colon or a percent sign in the name has no meaning for FFmpeg.
        address = "file:" + path
        isLocalFile = true
        protocols = "file"
    }

    private static let pictureEndings: Set = [
        "jpg", "jpeg", "jps", "mpo", "png", "webp", "bmp", "gif", "tif", "tiff", "tga", "jp2", "pgm", "ppm", "pbm",
    ]

    private static func path(ofFileURL url: String) -> String {
        let rest = url.dropFirst("file:".count)
        return String(rest.hasPrefix("//") ? rest.dropFirst(2) : rest)
    }

    /// True for `name:` in front, as in `rtsp://…`, `udp:…`, `concat:…`.
    private static func hasScheme(_ url: String) -> Bool {
        guard let colon = url.firstIndex(of: ":"), colon != url.startIndex else { return false }
        return url[..<colon].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    }
}
