internal import Flow

/// Turns the time stamps of one stream into `MediaTime`s that later stages can rely on.
///
/// - The first shown unit has `time` zero; units before it that only prepare the decoder have a negative time.
/// - `decodeTime` strictly grows. A unit without a decode time gets its presentation time; without any time it follows
///   the last one by one frame. A step back of up to a second is jitter: the unit comes one microsecond after the last.
/// - A larger step back is a sender that started its clock anew: from there on all times are moved, so that the unit
///   follows the last one by one frame. A step forward is believed: time passes while a camera is away.
struct UnitClock {
    /// One frame in microseconds, for units without a time stamp; at least 1.
    let frame: Int64
    private var offset: Int64 = 0
    private var last: Int64?
    private var origin: Int64?

    /// A step back by more than this, in microseconds, is a new clock and not jitter.
    static let jitter: Int64 = 1_000_000

    init(frame: Int64) {
        self.frame = max(1, frame)
    }

    /// True once a shown unit was stamped: `relative` is meaningful from then on.
    var hasOrigin: Bool { origin != nil }

    /// The times of the next unit in decode order, in microseconds, to be passed through `relative`.
    mutating func stamp(presentation: Int64?, decode: Int64?, isShown: Bool) -> (time: Int64, decodeTime: Int64) {
        var presentation = presentation.map { $0 &+ offset }
        var decode = decode.map { $0 &+ offset } ?? presentation ?? last.map { $0 &+ frame } ?? 0
        if let last, decode <= last {
            if last &- decode > Self.jitter {
                let shift = last &+ frame &- decode
                offset &+= shift
                presentation = presentation.map { $0 &+ shift }
                decode = last &+ frame
            } else {
                decode = last &+ 1
            }
        }
        last = decode
        let time = presentation ?? decode
        if origin == nil, isShown { origin = time }
        return (time, decode)
    }

    /// A time of `stamp`, counted from the first shown unit.
    func relative(_ time: Int64) -> MediaTime {
        MediaTime(microseconds: time &- (origin ?? 0))
    }
}
