internal import CFFmpeg
internal import Flow

/// Asks an HTTP server where it sends its readers: FFmpeg would go there by itself, unasked.
///
/// One request without an account, over FFmpeg's own TCP or TLS; the answer's body is not read.
enum HTTPRedirect {
    /// Bytes of an answer's head that are looked at.
    private static let longestHead = 16 << 10

    /// The `Location` of a 3xx answer; nil for any other answer and for none.
    ///
    /// `way`: how `address` is connected to.
    static func location(of address: MediaAddress, _ way: ConnectWay, _ interrupt: AVIOInterruptCB) -> String? {
        let transport = address.scheme == "https" ? "tls" : "tcp"
        var interrupt = interrupt
        var opened: UnsafeMutablePointer<AVIOContext>?
        let host = MediaAddress(way.text)?.host ?? address.host
        let server = "\(transport)://\(host):\(address.port)"
        var settings: OpaquePointer?
        defer { av_dict_free(&settings) }
        if let verify = way.options["tls_verify"] { av_dict_set(&settings, "tls_verify", verify, 0) }
        guard avio_open2(&opened, server, AVIO_FLAG_READ_WRITE, &interrupt, &settings) >= 0, let stream = opened else {
            return nil
        }
        defer { avio_closep(&opened) }
        let path = address.rest.hasPrefix("/") ? address.rest : "/" + address.rest
        let request =
            "GET \(path.prefix { $0 != "#" }) HTTP/1.1\r\nHost: \(address.host):\(address.port)\r\n"
            + "Connection: close\r\nAccept: */*\r\n\r\n"
        let bytes = Array(request.utf8)
        avio_write(stream, bytes, Int32(bytes.count))
        avio_flush(stream)
        return location(inHead: head(of: stream))
    }

    private static func head(of stream: UnsafeMutablePointer<AVIOContext>) -> String {
        var head: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1024)
        while head.count < longestHead, head.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
            let count = avio_read_partial(stream, &part, Int32(part.count))
            guard count > 0 else { break }
            head += part[..<Int(count)]
        }
        return String(decoding: head, as: UTF8.self)
    }

    /// The `Location` of an answer's head.
    static func location(inHead head: String) -> String? {
        let lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        guard (300...399).contains(status) else { return nil }
        for line in lines.dropFirst().prefix(while: { !$0.isEmpty }) {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "location" else { continue }
            let value = line[line.index(after: colon)...].split { $0 == " " || $0 == "\t" }.first ?? ""
            return value.isEmpty ? nil : String(value)
        }
        return nil
    }
}
