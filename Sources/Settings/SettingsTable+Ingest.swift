internal import Flow
internal import Foundation

/// The settings of reading streams, and of what is said of cameras that do not work.
extension SettingsTable {
    static let ingest = [
        Setting(
            section: "ingest",
            key: "io_threads",
            kind: .integer(\.ingest.ioThreads, 1...1024),
            unit: "threads",
            note: "Threads for what is not RTSP over TCP, each holding one stream; with more streams they take turns."
        ),
        seconds(
            "ingest",
            "open_timeout_s",
            \.ingest.openTimeout,
            1...120,
            "Longest wait for a connection and for each answer of a camera; a stream may take twice as long to open."
        ),
        seconds(
            "ingest",
            "read_timeout_s",
            \.ingest.readTimeout,
            1...120,
            "Longest silence of an open stream that is not RTSP over TCP; of that see supervision.stall_s."
        ),
        seconds(
            "ingest",
            "turn_s",
            \.ingest.turn,
            1...3600,
            "How long a camera keeps its thread while other cameras wait for one."
        ),
        seconds(
            "ingest",
            "reconnect_base_s",
            \.ingest.reconnectBase,
            0.1...60,
            "First wait after a failure; it doubles with each further one, with jitter."
        ),
        seconds("ingest", "reconnect_cap_s", \.ingest.reconnectCap, 1...3600, "Longest wait after a failure."),
        Setting(
            section: "ingest",
            key: "decode",
            kind: .choice(
                DaemonSettings.Ingest.Decode.allCases.map(\.rawValue),
                get: { $0.ingest.decode.rawValue },
                set: { settings, text in
                    DaemonSettings.Ingest.Decode(rawValue: text).map { settings.ingest.decode = $0 }
                }
            ),
            unit: "",
            note: "gated: one keyframe per sampling interval, more while the compressed stream shows activity. "
                + "keyframes: each of them. every_frame: about ten times the cost of keyframes."
        ),
        Setting(
            section: "ingest",
            key: "rtsp_transport",
            kind: .choice(
                DaemonSettings.Ingest.Transport.allCases.map(\.rawValue),
                get: { $0.ingest.rtspTransport.rawValue },
                set: { settings, text in
                    DaemonSettings.Ingest.Transport(rawValue: text).map { settings.ingest.rtspTransport = $0 }
                }
            ),
            unit: "",
            note:
                "How RTSP packets travel. auto: over TCP, and over UDP for the cameras that do not send over TCP; what "
                + "works is found for each. What the row of a camera says (传输方式) goes before this. UDP loses packets, and "
                + "each of its cameras needs one of the io_threads."
        ),
        Setting(
            section: "ingest",
            key: "local_addresses",
            kind: .choice(
                LocalAddresses.allCases.map(\.rawValue),
                get: { $0.ingest.localAddresses.rawValue },
                set: { settings, text in
                    LocalAddresses(rawValue: text).map { settings.ingest.localAddresses = $0 }
                }
            ),
            unit: "",
            note:
                "Cameras close to this machine. refuse: none, as the systemd units set it. loopback: addresses of this "
                + "machine, those of its network interfaces among them, for simulated cameras and programs that pass streams "
                + "on. any: also link-local ones and files."
        ),
        Setting(
            section: "ingest",
            key: "processes",
            kind: .integer(\.ingest.processes, 1...64),
            unit: "processes",
            note: "Ingest processes on this machine. A process that dies loses its cameras to the others for seconds."
        ),
        Setting(
            section: "ingest",
            key: "node",
            kind: .optionalText(\.ingest.node, rule: .nodeName),
            unit: "",
            note: "Name of this machine among those that share the cameras; empty means its host name."
        ),
        Setting(
            section: "ingest",
            key: "max_cameras",
            kind: .integer(\.ingest.maxCameras, 1...200_000),
            unit: "cameras",
            note:
                "Most cameras of one ingest process; those that no process has room for are watched by nobody, and /readyz "
                + "says so. Each needs a file descriptor: see LimitNOFILE in the unit."
        ),
        seconds("ingest", "sampling_1_s", \.ingest.samplingClass1, 0.5...3600, "Sampling interval of class I cameras."),
        seconds(
            "ingest",
            "sampling_2_s",
            \.ingest.samplingClass2,
            0.5...3600,
            "Sampling interval of class II cameras."
        ),
        seconds(
            "ingest",
            "sampling_3_s",
            \.ingest.samplingClass3,
            0.5...3600,
            "Sampling interval of class III cameras."
        ),
        gop(1, \.ingest.gopKBClass1),
        gop(2, \.ingest.gopKBClass2),
        gop(3, \.ingest.gopKBClass3),
        Setting(
            section: "ingest",
            key: "read_interval_ms",
            kind: .number(\.ingest.readInterval, 0.02...5, scale: 1000),
            unit: "milliseconds",
            note: "How often an open RTSP connection is read. Longer costs less and sees a little later; the socket's "
                + "buffer must hold what comes meanwhile."
        ),
        Setting(
            section: "ingest",
            key: "connects_per_second",
            kind: .integer(\.ingest.connectsPerSecond, 1...10_000),
            unit: "connections a second",
            note:
                "Most connections that one ingest process opens, so that a switch that comes back makes no storm; others "
                + "wait for their turn."
        ),
        Setting(
            section: "ingest",
            key: "connects_per_host",
            kind: .integer(\.ingest.connectsPerHost, 1...10_000),
            unit: "connections a second",
            note: "Most connections to one address that begin in a second; others wait for their turn."
        ),
        Setting(
            section: "ingest",
            key: "handshakes_per_host",
            kind: .integer(\.ingest.handshakesPerHost, 1...1000),
            unit: "connections",
            note: "Most connections to one address that are being set up at once; others wait for their turn."
        ),
        Setting(
            section: "ingest",
            key: "rtsps_verify",
            kind: .flag(\.ingest.rtspsVerify),
            unit: "",
            note: "True: rtsps cameras need a certificate that this machine trusts. False takes any, also a stranger's."
        ),
    ]

    static let supervision = [
        seconds(
            "supervision",
            "stall_s",
            \.supervision.stall,
            5...600,
            "Silence after which an open stream counts as stalled and is opened anew, packets or not."
        ),
        seconds(
            "supervision",
            "freeze_s",
            \.supervision.freeze,
            10...86_400,
            "Time of identical pictures, at least three, after which a stream counts as frozen."
        ),
        seconds(
            "supervision",
            "fault_after_s",
            \.supervision.faultAfter,
            10...86_400,
            "Time out of service after which a camera becomes a case for its maintenance unit."
        ),
        Setting(
            section: "supervision",
            key: "outage_percent",
            kind: .number(\.supervision.outageShare, 0.01...1, scale: 100),
            unit: "percent",
            note: "Share of cameras that fail within a minute and then are one incident instead of many faults."
        ),
    ]

    private static func gop(_ pointClass: Int, _ path: Setting.Path<Int>) -> Setting {
        Setting(
            section: "ingest",
            key: "gop_\(pointClass)_kb",
            kind: .integer(path, 0...16_384),
            unit: "KiB",
            note:
                "Pictures since the last keyframe that are kept of a class \(String(repeating: "I", count: pointClass)) "
                + "camera, to look between keyframes when something moves; 0: keyframes only."
        )
    }
}
