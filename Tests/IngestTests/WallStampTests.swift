import Flow
import Testing

@testable import Ingest

@Suite struct WallStampTests {
    private static let format = StreamFormat(codec: .h264, avCodecID: 27, width: 0, height: 0, extradata: [])

    private func unit(_ seconds: Double) -> AccessUnit {
        let time = MediaTime(seconds: seconds)
        return AccessUnit(format: Self.format, time: time, decodeTime: time, isKeyframe: true, bytes: [])
    }

    @Test("stamps keep the stream's spacing, not the network's")
    func spacing() {
        var stamp = WallStamp()
        let arrivals = [1000.0, 1000.31, 1000.32, 1000.9]
        let stamps = arrivals.enumerated().map { index, arrival in
            stamp.stamped(unit(Double(index) * 0.25), now: MediaTime(seconds: arrival)).time.seconds
        }
        #expect(stamps == [1000, 1000.25, 1000.5, 1000.75])
    }

    @Test("a stream clock that jumps is not believed, and time never goes back")
    func jump() {
        var stamp = WallStamp()
        var stamps: [Double] = []
        let units = [(0.0, 1000.0), (1, 1001), (5000, 1002), (5001, 1003), (0, 1004), (1, 1005)]
        for (own, arrival) in units {
            stamps.append(stamp.stamped(unit(own), now: MediaTime(seconds: arrival)).time.seconds)
        }
        #expect(stamps == [1000, 1001, 1002, 1003, 1004, 1005])
        #expect(stamps == stamps.sorted())
    }

    @Test("slow drift up to the tolerance is kept, beyond it the stamp is set anew")
    func drift() {
        var stamp = WallStamp()
        _ = stamp.stamped(unit(0), now: MediaTime(seconds: 1000))
        #expect(stamp.stamped(unit(100), now: MediaTime(seconds: 1104)).time.seconds == 1100)
        #expect(stamp.stamped(unit(200), now: MediaTime(seconds: 1206)).time.seconds == 1206)
    }
}
