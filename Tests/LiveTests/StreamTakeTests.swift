import Flow
import Ingest
import Synchronization
import Testing

@testable import Live

/// What is kept of a stream, unit by unit.
@Suite struct StreamTakeTests {
    private static let format = StreamFormat(codec: .h264, avCodecID: 27, width: 0, height: 0, extradata: [])

    private func unit(
        _ seconds: Double,
        isKeyframe: Bool = false,
        isDamaged: Bool = false,
        size: Int = 10
    ) -> AccessUnit {
        AccessUnit(
            format: Self.format,
            time: MediaTime(seconds: seconds),
            decodeTime: MediaTime(seconds: seconds),
            isKeyframe: isKeyframe,
            isDamaged: isDamaged,
            bytes: [UInt8](repeating: 1, count: size)
        )
    }

    private func offer(_ units: [AccessUnit], to ear: StreamEar<StreamTake>) {
        for unit in units { ear.accept([StreamBatch(camera: "cam", units: [unit])]) }
    }

    private func listen(
        seconds: Double,
        clocks: Clocks = .system,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) -> StreamEar<StreamTake> {
        StreamEar(StreamTake(seconds: seconds, bytes: 1 << 20, progress: progress), clocks: clocks)
    }

    /// Waits until nothing has come for so many seconds.
    private func wait(_ ear: StreamEar<StreamTake>, silence: Double) -> (units: [AccessUnit], problem: String?) {
        let (take, problem) = ear.wait { ($0.last ?? $0.start) + silence }
        return (take.units, problem)
    }

    @Test("it begins at the first whole keyframe: what is left of one that had begun before is none")
    func begins() {
        let take = listen(seconds: 2)
        offer(
            [
                unit(0, isKeyframe: true, isDamaged: true), unit(1), unit(2, isKeyframe: true, size: 0), unit(3),
                unit(4, isKeyframe: true), unit(5), unit(6, isDamaged: true), unit(7),
            ],
            to: take
        )
        let (units, problem) = wait(take, silence: 0)
        #expect(units.map(\.time.seconds) == [4, 5, 6])
        #expect(problem == nil)
    }

    @Test("what came before the stream broke off is kept, with nothing the reason is told")
    func breaksOff() {
        let offline = StreamStatus(
            camera: "cam",
            state: .offline,
            since: .zero,
            detail: "the camera hung up",
            retryIn: 2
        )
        let some = listen(seconds: 60)
        offer([unit(0, isKeyframe: true), unit(1)], to: some)
        some.changed(offline)
        #expect(wait(some, silence: 100).units.count == 2)
        let none = listen(seconds: 60)
        none.changed(offline)
        #expect(wait(none, silence: 100).problem == "the camera hung up")
    }

    @Test("a stream that falls silent ends with what there is")
    func silence() {
        let take = listen(seconds: 60)
        offer([unit(0, isKeyframe: true)], to: take)
        #expect(wait(take, silence: 0.05).units.count == 1)
        offer([unit(1)], to: take)
        #expect(wait(take, silence: 0).units.count == 1, "it is over")
    }

    @Test("it ends by our clock, too: that of a camera may stand still or go back")
    func cameraClock() {
        let now = Mutex(0.0)
        let told = Mutex<[Double]>([])
        let clocks = Clocks(wall: { .zero }, monotonic: { now.withLock { $0 } })
        let take = listen(seconds: 5, clocks: clocks) { length in
            told.withLock { $0.append(length) }
        }
        offer([unit(100, isKeyframe: true)], to: take)
        for second in 1...20 {
            now.withLock { $0 = Double(second) }
            offer([unit(50)], to: take)
        }
        #expect(wait(take, silence: 100).units.count == 1 + Int(5 + StreamTaker.lag))
        #expect(told.withLock { $0.allSatisfy { $0 >= 0 } })
    }

    @Test("pictures without a keyframe are waited for a minute, and then the person is told what to change")
    func noKeyframe() {
        let now = Mutex(0.0)
        let take = listen(seconds: 5, clocks: Clocks(wall: { .zero }, monotonic: { now.withLock { $0 } }))
        for second in 0...60 {
            now.withLock { $0 = Double(second) }
            offer([unit(Double(second))], to: take)
        }
        let (units, problem) = wait(take, silence: 100)
        #expect(units.isEmpty)
        #expect(problem?.contains("keyframe") == true)
    }
}
