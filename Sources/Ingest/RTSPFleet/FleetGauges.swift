import Flow

/// What a fleet counts.
struct FleetGauges {
    let cameras: Metric
    let units: Metric
    let opens: Metric
    let failures: Metric
    let patrolled: Metric
    let patrolledInTime: Metric
    private let waiting: Metric
    private let handshakes: Metric
    private let hostsDown: Metric
    private let connections: Metric

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
        waiting = meter.gauge("gridwatch_rtsp_waiting", "Cameras that wait for their turn or time to connect.")
        handshakes = meter.gauge("gridwatch_rtsp_handshakes", "RTSP sessions that are being set up.")
        hostsDown = meter.gauge("gridwatch_rtsp_hosts_down", "Addresses on which several handshakes in a row failed.")
        connections = meter.gauge("gridwatch_rtsp_connections", "RTSP sessions that play.")
    }

    /// Notes where connecting stands.
    func update(_ pacer: ConnectPacer<String>, cameras: some Sequence<FleetCamera>) {
        waiting.set(pacer.waitingCount)
        handshakes.set(pacer.handshakes)
        hostsDown.set(pacer.hostsDown)
        connections.set(cameras.reduce(0) { $0 + ($1.isStarted ? 1 : 0) })
    }
}
