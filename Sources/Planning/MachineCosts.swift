import Detection
import Flow
import Foundation
import Media
import NIOCore
import RTSP

/// Measures on this machine what the steps of ingest take, for `SitePlan`: some seconds of work on one thread.
public enum MachineCosts {
    /// Seconds that each step is measured for.
    private static let span = 1.0
    /// Connections and bytes of the measurement of reading.
    private static let readBytes = 32 << 10

    /// Measures with the keyframes of a clip.
    ///
    /// - Parameters:
    ///   - clip: A video file; H.264 or H.265.
    ///   - progress: Called with the share done, 0…1.
    /// - Returns: The costs.
    /// - Throws: `MediaError` when the clip cannot be read; `PlanningError` when it has no keyframe or no socket is to be had.
    public static func measure(clip: String, progress: (Double) -> Void = { _ in }) throws -> SitePlan.Costs {
        let demuxer = try Demuxer(url: clip)
        var units: [AccessUnit] = []
        while units.count < 1000, let unit = try demuxer.next() { units.append(unit) }
        let keyframes = units.filter(\.isKeyframe)
        guard !keyframes.isEmpty else {
            throw PlanningError("\(clip) has no keyframe to measure with: take another clip")
        }
        progress(0.1)
        let (decode, detect) = try pictures(keyframes)
        progress(0.6)
        let packet = try packets(units)
        progress(0.8)
        let (readKB, wake) = try reading()
        progress(1)
        let bytes = keyframes.reduce(0) { $0 + $1.bytes.count } / keyframes.count
        return SitePlan.Costs(
            decode: decode,
            keyframeKB: Double(bytes) / 1000,
            detect: detect,
            packet: packet,
            readKB: readKB,
            wake: wake
        )
    }

    /// Milliseconds to decode a keyframe, and to scale and judge its picture.
    private static func pictures(_ keyframes: [AccessUnit]) throws -> (decode: Double, detect: Double) {
        let decoder = KeyframeDecoder()
        var planes: [LumaPlane] = []
        for unit in keyframes { planes.append(try decoder.decode(unit) { $0.lumaPlane() }) }
        let decode = time { index in _ = try? decoder.decode(keyframes[index % keyframes.count]) { $0.width } }
        let both = time { index in _ = try? decoder.decode(keyframes[index % keyframes.count]) { $0.lumaPlane() } }
        let rule = try JSONDecoder().decode(
            Rule.self,
            from: Data(#"{"id": "all", "kind": "intrusion", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]]}"#.utf8)
        )
        var analyzer = try CameraAnalyzer(rules: [rule], settings: DetectionSettings())
        let judge = time { index in
            _ = analyzer.observe(planes[index % planes.count], at: MediaTime(seconds: Double(index) * 2))
        }
        return (decode * 1000, (max(0, both - decode) + judge) * 1000)
    }

    /// Microseconds to take apart a packet of which only keyframes are kept.
    private static func packets(_ units: [AccessUnit]) throws -> Double {
        let packetiser = try RTPPacketiser(codec: units[0].format.codec)
        var stream: [UInt8] = []
        var (sequence, count) = (UInt16(0), 0)
        for (index, unit) in units.enumerated() {
            let packets = packetiser.packetise(unit.bytes)
            let stamped = packets.stamped(channel: 0, sequence: sequence, timestamp: UInt32(index) &* 3600, ssrc: 1)
            stream += Array(stamped.readableBytesView)
            sequence &+= UInt16(truncatingIfNeeded: packets.packets)
            count += packets.packets
        }
        let sets = try ParameterSets(accessUnit: units[0].bytes, codec: units[0].format.codec)
        let track = MediaDescription(video: sets, control: "track")
        let once = time { _ in
            guard var depacketiser = try? RTPDepacketiser(track: track, parameterSets: sets) else { return }
            depacketiser.keeping = .keyframes
            var scanner = InterleavedScanner(highestChannel: 1)
            stream.withUnsafeBytes { bytes in
                _ = scanner.scan(bytes) { _, payload in depacketiser.take(payload) { _ in } }
            }
        }
        return once / Double(max(1, count)) * 1_000_000
    }

    /// Microseconds to read a kilobyte over loopback TCP, and to wake for a connection (three small system calls).
    private static func reading() throws -> (kilobyte: Double, wake: Double) {
        var pair: [Int32] = [0, 0]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0 else {
            throw PlanningError("no socket to measure with: \(String(cString: strerror(errno)))")
        }
        defer { for end in pair { close(end) } }
        var buffer = [UInt8](repeating: 0, count: readBytes)
        var spent = 0.0
        let rounds = 2000
        for _ in 0..<rounds {
            var sent = 0
            while sent < readBytes { sent += max(0, write(pair[0], buffer, readBytes - sent)) }
            let began = threadSeconds()
            var got = 0
            while got < readBytes { got += max(0, read(pair[1], &buffer, min(16 << 10, readBytes - got))) }
            spent += threadSeconds() - began
        }
        let call = time { _ in _ = fcntl(pair[1], F_GETFL) }
        let kilobyte = spent / Double(rounds) / (Double(readBytes) / 1024) * 1_000_000
        return (kilobyte, call * 1_000_000 * Double(wakeCalls))
    }

    /// System calls of an event loop for one connection that is read by the clock: two marks, a wait, the reads' own cost
    /// counted apart; and about as much again in the loop itself.
    private static let wakeCalls = 12

    /// Mean seconds of thread time that `body` takes.
    private static func time(_ body: (Int) -> Void) -> Double {
        let began = threadSeconds()
        var count = 0
        while threadSeconds() - began < span {
            for _ in 0..<16 {
                body(count)
                count += 1
            }
        }
        return (threadSeconds() - began) / Double(count)
    }

    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
