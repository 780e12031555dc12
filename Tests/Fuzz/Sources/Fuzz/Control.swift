import Flow
import NIOCore
import RTSP

/// RTCP: what is read is written and read back, and decode times grow whatever a camera says about its clock.
@Sendable
func fuzzControlPackets(_ input: inout Input) {
    var clock = SenderClock(clockRate: Int(input.integer(Int32.self)))
    var arrival = MediaTime(microseconds: 1_790_000_000_000_000)
    var ticks: Int64 = 0
    var last: MediaTime?
    var steps = 0
    while !input.isEmpty, steps < 1000 {
        steps += 1
        arrival.microseconds += Int64(input.integer(Int16.self)) * 100
        switch input.byte() & 3 {
        case 0:
            let packet = input.bytes(Int(input.byte()))
            guard let report = packet.withExactCopy({ SenderReport(reading: $0) }) else { continue }
            checkRoundTrip(report)
            clock.take(report, arrival: arrival)
        case 1:
            let offset = Double(input.integer(Int16.self)) / 1000
            let report = SenderReport(
                ssrc: 1,
                time: arrival.advanced(bySeconds: offset),
                timestamp: input.integer(),
                packets: 0,
                bytes: 0
            )
            clock.take(report, arrival: arrival)
        default:
            ticks &+= input.byte() & 0x80 == 0 ? Int64(input.integer(Int16.self)) : input.integer(Int64.self)
            let stamp = clock.stamp(ticks: ticks, arrival: arrival)
            if let last { precondition(last < stamp.decodeTime, "decode time stands still") }
            last = stamp.decodeTime
            precondition(abs(stamp.time.seconds(since: arrival)) <= 10.1, "a time far from the arrival")
        }
    }
}

private func checkRoundTrip(_ report: SenderReport) {
    // Years before 1970 and after 2036 exist on the wire only.
    guard report.time.microseconds >= 0, report.time.microseconds < 2_085_978_496_000_000 else { return }
    let bytes = Array(buffer: report.packet(name: "camera"))
    precondition(bytes.withExactCopy { SenderReport(reading: $0) } == report, "a written report is read as another one")
}
