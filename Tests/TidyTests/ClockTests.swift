import Testing

/// Who waits or reckons time-outs does so by the monotonic clock; these files may read the one on the wall, each for a
/// reason that a person would give, too.
@Suite struct ClockTests {
    /// Texts that read the wall clock or wait by it, in two parts, so that this file does not hold them.
    static let reads = [
        "Date" + "()", "Date" + ".now", "timeInterval" + "SinceNow", "time" + "(nil)", "CLOCK" + "_REALTIME",
        "gettime" + "ofday", "clocks" + ".wall()", "system" + ".wall()", "wait" + "(until: Date",
        "sleep" + "(until: Date",
        "wall" + "Deadline", "Dispatch" + "WallTime",
    ]

    /// Files that may, and what for.
    static let allowed = [
        "Sources/Flow/Clocks.swift": "the clocks themselves",
        "Sources/Ingest/StreamPool.swift": "since when a state is shown",
        "Sources/Ingest/RTSPFleet/FleetLoop.swift":
            "since when a state is shown; a quarantine becomes monotonic at once",
        "Sources/Live/Monitors/OutageMonitor.swift": "when a fault began; the jump of the clock itself",
        "Sources/Live/Evidence/EvidenceSweeper.swift": "ages of files, after asking whether the clock is in doubt",
        "Sources/Live/Registry/RegistrySync.swift": "schedules of the city's day; cameras spared after crashes",
        "Sources/Live/Registry/RegistryCopyFile.swift": "age of a file, shown only",
        "Sources/Live/Monitors/IncidentOutbox.swift": "when an incident ended",
        "Sources/Live/Pipeline.swift": "when a process crashed, for the next start",
        "Sources/Daemon/IngestSupervisor.swift": "when a camera got its strike",
        "Sources/Live/Streams/TransportRouter.swift": "since when a state is shown",
        "Sources/Live/Monitors/StateReporter.swift": "when a camera was seen, shown only",
        "Sources/Replay/Trials/FootageRecorder.swift": "name of a recording",
        "Sources/Simulator/Farm/FarmContext.swift": "sender reports of simulated cameras",
        "Sources/Simulator/Farm/FarmReport.swift": "time of a report line",
        "Sources/Web/Operations/OperationsReport.swift": "time of the report",
        "Sources/Web/Cases/CaseView.swift": "how long an alert runs, shown only",
        "Sources/Web/Operations/IncidentView.swift": "how long an incident runs, shown only",
        "Sources/Web/Operations/OperationsView.swift": "how long ago somebody was seen, shown only",
        "Sources/Web/Pages/PageRenderer.swift": "time of the page",
        "Sources/Web/Pages/TimeLeft.swift": "deadlines of people, which are times of the day",
        "Sources/Web/Text/RefusalText.swift": "time of day in a sentence",
        "Sources/Web/Tuning/LearningAPI.swift": "the days that are asked for",
        "Sources/gridwatch/SimulateCommand.swift":
            "the whole second at which processes of a farm begin; times in a file",
    ]

    /// Whether the text stands in the line, not as the end of a longer word.
    private static func reads(_ line: Substring, _ text: String) -> Bool {
        line.ranges(of: text).contains { range in
            guard let before = line[..<range.lowerBound].last else { return true }
            return !before.isLetter && before != "_"
        }
    }

    @Test("only files that say why read the wall clock")
    func wallClock() throws {
        var readers: Set<String> = []
        for file in try SourceTree.swiftFiles(below: "Sources") {
            for (number, line) in file.lines.enumerated() where Self.reads.contains(where: { Self.reads(line, $0) }) {
                readers.insert(file.path)
                #expect(
                    Self.allowed[file.path] != nil,
                    "\(file.path):\(number + 1): wait and compare by Clocks.monotonic or ContinuousClock; or say here why not"
                )
            }
        }
        #expect(Set(Self.allowed.keys).subtracting(readers).sorted() == [], "these need no wall clock any more")
    }
}
