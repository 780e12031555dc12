public import NIOCore

extension ByteBuffer {
    /// Appends a request; `Content-Length` is written for it when it has a body.
    public mutating func writeRTSP(_ request: RTSPRequest) {
        writeRaw("\(request.method) \(request.uri) \(request.version)\r\n")
        writeHeaders(request.headers, body: request.body)
    }

    /// Appends a response; `Content-Length` is written for it when it has a body.
    public mutating func writeRTSP(_ response: RTSPResponse) {
        writeRaw("RTSP/1.0 \(response.status.code) \(response.reason)\r\n")
        writeHeaders(response.headers, body: response.body)
    }

    /// Appends an interleaved frame.
    ///
    /// - Throws: `tooLarge` when the payload is longer than 65,535 bytes; nothing is appended then.
    public mutating func writeRTSP(_ frame: InterleavedFrame) throws(RTSPError) {
        guard let length = UInt16(exactly: frame.payload.readableBytes) else {
            throw RTSPError(
                .tooLarge,
                "an interleaved frame of \(frame.payload.readableBytes) bytes; at most 65535 fit"
            )
        }
        writeInteger(UInt8(ascii: "$"))
        writeInteger(frame.channel)
        writeInteger(length)
        writeImmutableBuffer(frame.payload)
    }

    private mutating func writeHeaders(_ headers: RTSPHeaders, body: ByteBuffer) {
        var headers = headers
        headers["Content-Length"] = body.readableBytes > 0 ? String(body.readableBytes) : nil
        for field in headers.fields {
            writeRaw("\(field.name): \(Self.oneLine(field.value))\r\n")
        }
        writeString("\r\n")
        writeImmutableBuffer(body)
    }

    /// A value that holds a line end would let its author write headers of his own.
    private static func oneLine(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == 0x0a || $0 == 0x0d }) else { return value }
        return String(decoding: value.utf8.filter { $0 != 0x0a && $0 != 0x0d }, as: UTF8.self)
    }
}
