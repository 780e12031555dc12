import NIOCore
import RTSP

/// RTSP messages: split anywhere they are the same, and what is written is read back.
@Sendable
func fuzzMessages(_ input: inout Input) {
    let sizes = input.bytes(4)
    let bytes = input.all()
    let whole = parse([bytes[...]])
    let pieces = parse(Input.pieces(of: bytes, sizes: sizes))
    precondition(whole.messages == pieces.messages, "messages depend on how the network has split them")
    precondition(whole.error == pieces.error, "the error depends on how the network has split the message")
    for message in whole.messages { checkRoundTrip(message) }
}

private func parse(_ pieces: [ArraySlice<UInt8>]) -> (messages: [RTSPMessage], error: RTSPError.Code?) {
    let limits = RTSPParser.Limits()
    var parser = RTSPParser(limits: limits)
    var buffer = ByteBuffer()
    var messages: [RTSPMessage] = []
    do throws(RTSPError) {
        for piece in pieces {
            buffer.writeBytes(piece)
            while let message = try parser.next(&buffer) { messages.append(message) }
            precondition(buffer.readableBytes <= 4 + max(0xffff, limits.line, limits.body), "a parser that hoards")
        }
        return (messages, nil)
    } catch {
        return (messages, error.code)
    }
}

private func checkRoundTrip(_ message: RTSPMessage) {
    guard let second = rewritten(message), let third = rewritten(second) else { return }
    precondition(second == third, "a written message is read as another one")
}

/// What a message becomes on the wire and back; nil where the text has grown beyond the limits.
private func rewritten(_ message: RTSPMessage) -> RTSPMessage? {
    var buffer = ByteBuffer()
    switch message {
    case .request(let request): buffer.writeRTSP(request)
    case .response(let response): buffer.writeRTSP(response)
    case .interleaved(let frame):
        guard (try? buffer.writeRTSP(frame)) != nil else { return nil }
    }
    var parser = RTSPParser()
    return try? parser.next(&buffer)
}

/// Session descriptions: what is written is read back.
@Sendable
func fuzzDescription(_ input: inout Input) {
    guard let first = try? SessionDescription(reading: String(decoding: input.all(), as: UTF8.self)) else { return }
    for track in first.media {
        precondition(track.payloadType < 128 && track.clockRate > 0)
        if let sets = track.parameterSets {
            precondition(sets.isComplete && sets.codec == track.codec)
            _ = try? RTPDepacketiser(track: track, parameterSets: sets)
        }
    }
    guard let second = try? SessionDescription(reading: first.text) else {
        preconditionFailure("a written description is refused")
    }
    precondition(second.media.map(\.payloadType) == first.media.map(\.payloadType))
    guard let third = try? SessionDescription(reading: second.text) else {
        preconditionFailure("a written description is refused")
    }
    precondition(second == third, "a written description is read as another one")
}
