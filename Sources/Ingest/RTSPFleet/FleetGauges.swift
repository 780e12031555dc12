import Flow
import RTSP

/// What a fleet counts.
struct FleetGauges {
    let cameras: Metric
    let units: Metric
    let opens: Metric
    let failures: Metric
    let patrolled: Metric
    let patrolledInTime: Metric
    let hurried: Metric
    let givenUp: Metric
    private let lateness: Metric
    private let waiting: Metric
    private let handshakes: Metric
    private let hostsDown: Metric
    private let connections: Metric
    private let clocksOff: Metric
    private let lost: Metric
    private let damaged: Metric
    private let refused: Metric
    private let restarts: Metric

    init(_ meter: Meter) {
        cameras = meter.gauge("gridwatch_rtsp_cameras", "Cameras read over RTSP by event loops.")
        units = meter.counter("gridwatch_ingest_units_total", "Access units read from streams.")
        opens = meter.counter("gridwatch_ingest_opens_total", "Streams opened.")
        failures = meter.counter("gridwatch_ingest_failures_total", "Streams that failed to open or broke off.")
        patrolled = meter.gauge("gridwatch_patrol_cameras", "Cameras that are visited in turn.")
        patrolledInTime = meter.gauge(
            "gridwatch_patrol_cameras_in_time",
            "Cameras of patrols that were seen within their interval."
        )
        hurried = meter.gauge(
            "gridwatch_rtsp_read_often",
            "RTSP sessions that are read more often than ingest.read_interval_ms, because they send so much."
        )
        givenUp = meter.counter(
            "gridwatch_rtsp_given_up_total",
            "RTSP sessions that played and were given up here, because nothing came from the camera."
        )
        lateness = meter.counter(
            "gridwatch_rtsp_loop_late_ms_total",
            "Milliseconds by which event loops of cameras were late; no camera is charged with them."
        )
        waiting = meter.gauge("gridwatch_rtsp_waiting", "Cameras that wait for their turn or time to connect.")
        handshakes = meter.gauge("gridwatch_rtsp_handshakes", "RTSP sessions that are being set up.")
        hostsDown = meter.gauge("gridwatch_rtsp_hosts_down", "Addresses on which several handshakes in a row failed.")
        connections = meter.gauge("gridwatch_rtsp_connections", "RTSP sessions that play.")
        clocksOff = meter.gauge(
            "gridwatch_rtsp_clocks_off",
            "Cameras whose own clock is too far from ours to be believed; the time of arrival is taken."
        )
        lost = meter.counter("gridwatch_rtp_packets_lost_total", "RTP packets that are missing by their numbers.")
        damaged = meter.counter("gridwatch_rtp_pictures_damaged_total", "Pictures of which packets are missing.")
        refused = meter.counter(
            "gridwatch_rtp_pictures_refused_total",
            "Keyframes without parameter sets, and pictures beyond the limits."
        )
        restarts = meter.counter("gridwatch_rtp_restarts_total", "Streams that began anew within their session.")
    }

    /// Adds what a connection has met since the last time.
    func count(_ now: RTPDepacketiser.Counters, since before: inout RTPDepacketiser.Counters) {
        if now.lost != before.lost { lost.add(now.lost &- before.lost) }
        if now.damaged != before.damaged { damaged.add(now.damaged &- before.damaged) }
        let refusals = now.refused &+ now.oversize &- before.refused &- before.oversize
        if refusals != 0 { refused.add(refusals) }
        if now.restarts != before.restarts { restarts.add(now.restarts &- before.restarts) }
        before = now
    }

    /// Notes how late the loop has been so far, seconds.
    func count(lateness seconds: Double, since before: Double) {
        let milliseconds = Int(seconds * 1000) - Int(before * 1000)
        if milliseconds > 0 { lateness.add(milliseconds) }
    }

    /// Notes where connecting stands.
    func update(_ pacer: ConnectPacer<String>, cameras: some Sequence<FleetCamera>) {
        waiting.set(pacer.waitingCount)
        handshakes.set(pacer.handshakes)
        hostsDown.set(pacer.hostsDown)
        connections.set(cameras.reduce(0) { $0 + ($1.isStarted ? 1 : 0) })
        clocksOff.set(cameras.reduce(0) { $0 + ($1.isClockOff ? 1 : 0) })
    }
}
