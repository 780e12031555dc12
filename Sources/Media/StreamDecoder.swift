public import Flow
internal import Foundation

/// Decodes every picture of one stream, in the order in which they are shown.
///
/// Damage is concealed and goes on; the same units always give the same pictures. Costs 2 to 20 MB, depending on the
/// size of the picture. One thread at a time works with it.
public final class StreamDecoder: @unchecked Sendable {
    // Safety: `lock` is held while `decoder` and the counter are used.
    private let lock = NSLock()
    private let decoder: CodecContext
    private var damaged = 0

    /// Opens a decoder for a stream of `format`.
    ///
    /// - Parameters:
    ///   - format: The format of the units that will come.
    ///   - skipsLoopFilter: Leaves out the deblocking filter: about a fifth faster, slightly blocky pictures.
    /// - Throws: `unsupportedCodec`, `outOfMemory`.
    public init(format: StreamFormat, skipsLoopFilter: Bool = true) throws(MediaError) {
        self.decoder = try CodecContext(format: format, use: .sequence(skipsLoopFilter: skipsLoopFilter))
    }

    /// Units and pictures that could not be decoded.
    public var damagedUnits: Int {
        lock.lock()
        defer { lock.unlock() }
        return damaged
    }

    /// Decodes `unit` and lends each picture that is complete now to `body`: none, one, or several.
    ///
    /// Streams with B frames are shown later than they are sent. Pictures with a time before zero only prepare the
    /// first shown one (see `Demuxer.next`) and are kept back.
    public func decode(_ unit: AccessUnit, _ body: (borrowing Picture) -> Void) {
        lock.lock()
        defer { lock.unlock() }
        if decoder.send(unit) < 0 { damaged += 1 }
        show(body)
    }

    /// Lends the pictures that are still held back to `body`; the next unit must be a keyframe.
    public func drain(_ body: (borrowing Picture) -> Void) {
        lock.lock()
        defer { lock.unlock() }
        _ = decoder.sendEnd()
        show(body)
        decoder.flush()
    }

    private func show(_ body: (borrowing Picture) -> Void) {
        while true {
            let output = try? decoder.receive(refusesDamage: false) { (picture: borrowing Picture) in
                if picture.time >= .zero { body(picture) }
            }
            switch output {
            case .picture: continue
            case .damaged: damaged += 1
            case nil, .some(.none): return
            }
        }
    }
}
