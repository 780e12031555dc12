import RTSP

private struct Frame: Equatable {
    var channel: UInt8
    var payload: [UInt8]
}

/// What a scan of a whole connection has met.
private struct Scan: Equatable {
    var frames: [Frame] = []
    var messages: [Int] = []
    var isLost = false
    var consumed = 0
    var counters = InterleavedScanner.Counters()
}

/// Interleaved frames: split anywhere they are the same, whatever stands between them.
@Sendable
func fuzzScanner(_ input: inout Input) {
    let sizes = input.bytes(4)
    let highest = input.byte()
    var limits = InterleavedScanner.Limits()
    if input.byte() & 1 == 1 {
        limits.stray = 64
        limits.resynchronisingFrame = 128
    }
    let bytes = input.all()
    let whole = scan(bytes, [bytes[...]], highest, limits)
    let pieces = scan(bytes, Input.pieces(of: bytes, sizes: sizes), highest, limits)
    precondition(whole == pieces, "frames depend on how the network has split them")
    precondition(whole.counters.frames == whole.frames.count)
    precondition(whole.frames.allSatisfy { $0.channel <= highest })
    let framed = whole.frames.reduce(0) { $0 + 4 + $1.payload.count }
    precondition(framed + whole.counters.strayBytes <= bytes.count, "bytes were counted twice")
}

/// Does what the owner of a connection does; a message ends with the next blank line.
private func scan(
    _ bytes: [UInt8],
    _ pieces: [ArraySlice<UInt8>],
    _ highest: UInt8,
    _ limits: InterleavedScanner.Limits
) -> Scan {
    var scanner = InterleavedScanner(highestChannel: highest, limits: limits)
    var scan = Scan()
    var received = 0
    for piece in pieces {
        received += piece.count
        while !scan.isLost, scan.consumed <= received {
            let rest = Array(bytes[scan.consumed..<received])
            let result = rest.withExactCopy { buffer in
                scanner.scan(buffer) { scan.frames.append(Frame(channel: $0, payload: Array($1))) }
            }
            precondition(result.consumed >= 0 && result.consumed <= rest.count)
            scan.consumed += result.consumed
            if result.stop == .lost { scan.isLost = true }
            guard result.stop == .message else { break }
            scan.messages.append(scan.consumed)
            // The parser takes at least the first byte, and knows the end without the scanner.
            scan.consumed = bytes[(scan.consumed + 1)...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
        }
    }
    scan.counters = scanner.counters
    return scan
}
