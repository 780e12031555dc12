import Flow
import Foundation
import Media
import Synchronization

/// What a reader tells the pool, on the reader's thread.
protocol StreamReaderDelegate {
    func opened(_ source: StreamSource)
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
        case failed(MediaError)

        var schedule: StreamSchedule.Outcome {
            switch self {
            case .turnOver: .turnOver
            case .finished: .finished
            case .snapshot: .snapshot
            case .interrupted: .interrupted
            case .failed(let error): .failed(isRetriable: error.isRetriable)
            }
        }
    }

    /// Seconds of flow after which a connection counts as good.
    private static let settleTime = 10.0
    /// Longest nap while pacing a file, so that an interrupt is seen soon, seconds.
    private static let longestNap = 0.2

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
            return isInterrupted || error.code == .interrupted ? .interrupted : .failed(error)
        }
    }

    private var options: Demuxer.Options {
        var options = Demuxer.Options()
        options.openTimeout = settings.openTimeout
        options.readTimeout = settings.readTimeout
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
        while var unit = try demuxer.next() {
            if isRecording, !nap(until: began + unit.decodeTime.seconds) { return .interrupted }
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
        if isRecording, !source.url.contains("://") { return .finished }
        if demuxer.info.isSnapshot, count == 1 { return .snapshot }
        throw MediaError(.endOfStream, "the stream of camera \(source.camera) ended")
    }

    /// Sleeps until a monotonic instant, so that a file plays at its own speed; false when interrupted meanwhile.
    private func nap(until instant: Double) -> Bool {
        while true {
            let left = instant - clocks.monotonic()
            if left <= 0 { return true }
            if isInterrupted { return false }
            Thread.sleep(forTimeInterval: min(left, Self.longestNap))
        }
    }
}
