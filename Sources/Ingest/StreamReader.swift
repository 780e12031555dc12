import Flow
import Foundation
import Media
import Synchronization

/// What a reader tells the pool, on the reader's thread.
protocol StreamReaderDelegate {
    func opened(_ source: StreamSource)
    /// Reading goes on, although nothing has come of it.
    func working()
    func read(_ unit: AccessUnit, from camera: String)
    /// Units have flowed for a while: the connection counts as good.
    func settled(_ camera: String)
    /// Whether another camera waits for this thread.
    func shouldYield() -> Bool
}

/// One turn of one stream on an I/O thread: open, read, stamp with wall time, stop when asked.
final class StreamReader: Sendable {
    enum Outcome {
        case turnOver
        case finished
        /// One picture was there, or was all that a visit wanted.
        case snapshot
        case interrupted
        /// Pictures come, and none on which decoding could begin.
        case withoutKeyframe(MediaError)
        case failed(MediaError)

        var schedule: StreamSchedule.Outcome {
            switch self {
            case .turnOver: .turnOver
            case .finished: .finished
            case .snapshot: .snapshot
            case .interrupted: .interrupted
            case .withoutKeyframe(let error), .failed(let error): .failed(isRetriable: error.isRetriable)
            }
        }
    }

    /// Seconds of flow after which a connection counts as good.
    private static let settleTime = 10.0
    /// Longest nap while pacing a file, so that an interrupt is seen soon, seconds.
    private static let longestNap = 0.2
    /// Parts of the time for a keyframe after which the reader looks up, and how many there are when others wait.
    private static let looks = (alone: 12, whileOthersWait: 3)

    private let source: StreamSource
    private let settings: StreamPool.Settings
    private let clocks: Clocks
    private let interrupter = Interrupter()
    private let opened = Atomic<Bool>(false)

    init(source: StreamSource, settings: StreamPool.Settings, clocks: Clocks) {
        self.source = source
        self.settings = settings
        self.clocks = clocks
    }

    /// Ends the turn soon, from any thread.
    func interrupt() {
        interrupter.interrupt()
    }

    /// Whether the stream was open in this turn.
    var hasOpened: Bool { opened.load(ordering: .relaxed) }

    private var isInterrupted: Bool { interrupter.isInterrupted }

    /// Runs the turn on the calling thread.
    func run(_ pool: some StreamReaderDelegate) -> Outcome {
        do throws(MediaError) {
            let demuxer = try Demuxer(url: source.address, options: options, interrupter: interrupter)
            opened.store(true, ordering: .relaxed)
            pool.opened(source)
            return try read(demuxer, pool)
        } catch {
            if isInterrupted || error.code == .interrupted { return .interrupted }
            return error.code == .noKeyframe ? .withoutKeyframe(error) : .failed(error)
        }
    }

    private var options: Demuxer.Options {
        var options = Demuxer.Options()
        options.openTimeout = settings.openTimeout
        options.readTimeout = settings.readTimeout
        options.keyframeTimeout = settings.keyframeTimeout / Double(Self.looks.alone)
        options.keyframesOnly = settings.keyframesOnly
        options.localAddresses = settings.localAddresses
        options.rtspTransport = source.overUDP ? .udp : .tcp
        return options
    }

    private func read(_ demuxer: Demuxer, _ pool: some StreamReaderDelegate) throws(MediaError) -> Outcome {
        // What has an end is a recording: it would come as fast as it can be read.
        let isRecording = demuxer.info.duration != nil
        let began = clocks.monotonic()
        var stamp = WallStamp()
        var isSettled = false
        var count = 0
        while var unit = try next(of: demuxer, pool) {
            let due = began + unit.decodeTime.seconds
            if isRecording, let outcome = nap(until: due, turnEnds: began + settings.turn, pool) { return outcome }
            if isInterrupted { return .interrupted }
            unit = stamp.stamped(unit, now: clocks.steady())
            pool.read(unit, from: source.camera)
            count += 1
            if source.patrolSessions != nil, unit.isKeyframe { return .snapshot }
            let elapsed = clocks.monotonic() - began
            if !isSettled, elapsed >= Self.settleTime {
                isSettled = true
                pool.settled(source.camera)
            }
            if elapsed >= settings.turn, pool.shouldYield() { return .turnOver }
        }
        if isRecording, !source.url.contains("://") {
            guard count > 0 else {
                throw MediaError(
                    .noKeyframe,
                    "the recording of camera \(source.camera) has no keyframe: record it anew"
                )
            }
            return .finished
        }
        if demuxer.info.isSnapshot, count == 1 { return .snapshot }
        throw MediaError(.endOfStream, "the stream of camera \(source.camera) ended")
    }

    /// The next unit; a stream without keyframes keeps the thread for a while, and for less when others wait for it.
    private func next(of demuxer: Demuxer, _ pool: some StreamReaderDelegate) throws(MediaError) -> AccessUnit? {
        var looks = 0
        while true {
            do throws(MediaError) {
                return try demuxer.next()
            } catch {
                looks += 1
                pool.working()
                let most = pool.shouldYield() ? Self.looks.whileOthersWait : Self.looks.alone
                guard error.code == .noKeyframe, looks < most, !isInterrupted else { throw error }
            }
        }
    }

    /// Sleeps until a monotonic instant, so that a file plays at its own speed; nil then.
    ///
    /// Times in a file may be hours apart: who is interrupted, or wanted elsewhere once the turn is over, ends it.
    private func nap(until instant: Double, turnEnds: Double, _ pool: some StreamReaderDelegate) -> Outcome? {
        while true {
            let now = clocks.monotonic()
            if now >= instant { return nil }
            if isInterrupted { return .interrupted }
            if now >= turnEnds, instant - now > Self.longestNap, pool.shouldYield() { return .turnOver }
            Thread.sleep(forTimeInterval: min(instant - now, Self.longestNap))
        }
    }
}
