public import Flow

/// Turns the RTP time of one camera's pictures into wall-clock time.
///
/// The camera's sender reports say which wall-clock time an RTP time was. Many cameras' clocks are wrong, some by
/// hours, so they are believed only while they agree with the time of arrival; otherwise the time of arrival rules, and
/// RTP time only takes its jitter out. Corrections are slewed, so that time neither stands still nor jumps:
/// `decodeTime` strictly grows, and between pictures at least 19/20 of the RTP time pass.
public struct SenderClock: Sendable {
    /// Seconds by which the camera's clock is ahead of ours, by its last report; nil before the first one.
    ///
    /// Delay on the way makes it look slower by that much.
    public private(set) var cameraAhead: Double?
    /// True while the camera's own clock is believed.
    public private(set) var followsCamera = false
    /// Times that the mapping was set anew, because the RTP time jumped.
    public private(set) var jumps = 0

    private let clockRate: Int64
    private let limits: Limits
    /// Microseconds to add to RTP time; nil before the first picture.
    private var offset: Int64?
    /// The last report that is believed.
    private var report: (timestamp: UInt32, time: MediaTime)?
    private var lastTicks: Int64 = 0
    private var lastDecodeTime: MediaTime?

    /// Makes a clock for a track.
    ///
    /// - Parameters:
    ///   - clockRate: Ticks in a second, as in the session description; 1…10,000,000.
    ///   - limits: When the camera's clock is believed.
    public init(clockRate: Int, limits: Limits = Limits()) {
        self.clockRate = Int64(min(max(clockRate, 1), 10_000_000))
        self.limits = limits
    }

    /// Takes what the camera says about its clock.
    ///
    /// - Parameters:
    ///   - report: A report whose source is that of the pictures.
    ///   - arrival: When it was received, by our clock.
    public mutating func take(_ report: SenderReport, arrival: MediaTime) {
        let ahead = report.time.seconds(since: arrival)
        cameraAhead = ahead
        self.report = abs(ahead) <= limits.reportTolerance ? (report.timestamp, report.time) : nil
        followsCamera = self.report != nil
    }

    /// Forgets how RTP time maps to ours, because the camera started its stream anew; `decodeTime` goes on growing.
    public mutating func restart() {
        offset = nil
        report = nil
        followsCamera = false
    }

    /// The times of a picture.
    ///
    /// - Parameters:
    ///   - ticks: RTP time without its wrap.
    ///   - arrival: When the picture was received, by our clock.
    /// - Returns: Times by our clock, or by the camera's while it is believed.
    public mutating func stamp(ticks: Int64, arrival: MediaTime) -> Stamp {
        let media = microseconds(ticks)
        let arrivalOffset = arrival.microseconds &- media
        let previous = microseconds(lastTicks)
        lastTicks = ticks
        let current = settle(reportOffset(), arrivalOffset, passed: media &- previous)
        let time = MediaTime(microseconds: media &+ current)
        var decodeTime = time
        if let lastDecodeTime, decodeTime <= lastDecodeTime {
            decodeTime = MediaTime(microseconds: lastDecodeTime.microseconds &+ 1)
        }
        lastDecodeTime = decodeTime
        return Stamp(time: time, decodeTime: decodeTime)
    }

    /// The offset by the camera's own clock.
    private func reportOffset() -> Int64? {
        guard let report else { return nil }
        let step = Int32(bitPattern: report.timestamp &- UInt32(truncatingIfNeeded: lastTicks))
        return report.time.microseconds &- microseconds(lastTicks &+ Int64(step))
    }

    /// Moves the offset towards what it should be, by at most 1/20 of the time that has passed.
    ///
    /// It never leaves the tolerance around the arrival: where it would, the RTP time has jumped.
    private mutating func settle(_ reported: Int64?, _ arrival: Int64, passed: Int64) -> Int64 {
        let seconds = reported == nil ? limits.arrivalTolerance : limits.reportTolerance
        let tolerance = Int64(min(max(seconds, 0), 86_400) * 1_000_000)
        let (earliest, latest) = (arrival &- tolerance, arrival &+ tolerance)
        guard let old = offset, earliest <= old, old <= latest else {
            if offset != nil { jumps &+= 1 }
            var new = arrival
            if let reported {
                if earliest <= reported, reported <= latest {
                    new = reported
                } else {
                    // The report is of the time before the jump.
                    report = nil
                    followsCamera = false
                }
            }
            offset = new
            return new
        }
        let target: Int64
        if let reported {
            target = min(max(reported, earliest), latest)
        } else {
            // Nothing arrives before it was taken, so the least delayed picture tells most. A clock that is slower
            // than ours makes all look delayed: follow it slowly.
            target = min(arrival, old &+ max(0, passed) / Self.driftPerPassed)
        }
        let most = max(0, passed) / Self.slewPerPassed
        let new = old &+ min(max(target &- old, -most), most)
        offset = new
        return new
    }

    /// Slewing takes at most this part of the time that passes.
    private static let slewPerPassed: Int64 = 20
    /// Clocks of cameras are assumed to run at most this part of the time too slowly.
    private static let driftPerPassed: Int64 = 2000

    private func microseconds(_ ticks: Int64) -> Int64 {
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: clockRate)
        return seconds &* 1_000_000 &+ rest &* 1_000_000 / clockRate
    }
}

extension SenderClock {
    /// When a camera's clock is believed, and how far its time may be from ours.
    public struct Limits: Hashable, Sendable {
        /// Most seconds between a report's time and its arrival, and between a picture's time by it and its arrival.
        public var reportTolerance = 10.0
        /// Most seconds between a picture's time and its arrival, while the time of arrival rules.
        public var arrivalTolerance = 2.0

        /// Makes the default limits.
        public init() {}
    }

    /// The times of a picture.
    public struct Stamp: Hashable, Sendable {
        /// When the picture was taken; smaller than that of the picture before where B frames are sent.
        public var time: MediaTime
        /// Strictly grows from picture to picture; equals `time` but for B frames and clocks that were set back.
        public var decodeTime: MediaTime
    }
}
