import Flow
import Synchronization

/// Knows of each loop of the process whether it still goes round, and whether what it does succeeds.
///
/// A loop that waits for an answer that never comes, or whose statement is stopped for its length at every try, looks like
/// one that has nothing to do: nobody else would notice. Both are told to the health board, and with it to `/readyz`; a
/// loop without which the process is of no use, and which is silent for minutes, is named as dead. Any thread.
final class LoopMonitor: Sendable {
    /// A loop of the process.
    enum Name: String, Sendable, CaseIterable {
        case lease, registry, states, scores, watch, adoption

        /// Longest time of one round, seconds; a large registry or a slow database takes a minute and more.
        fileprivate var limit: Double { 180 }

        /// Whether the process is of no use without it.
        fileprivate var isVital: Bool { self == .lease || self == .registry }
    }

    /// Seconds for which a loop must fail before it is told: a restart of the database takes less.
    static let patience = 60.0
    /// Seconds after which a vital loop that is silent is dead: long after it is told, so that slow is not taken for dead.
    static let deadAfter = 900.0

    private struct Loop {
        var turnedAt: Double
        var failingSince: Double?
        var error = ""
        /// Looks in a row that found it silent: after a pause of the whole process one of them says nothing.
        var silentLooks = 0
    }

    private let loops = Mutex<[Name: Loop]>([:])
    private let health: HealthBoard
    private let standing: LeaseStanding
    private let clocks: Clocks
    private let silent: Metric
    private let failing: Metric

    /// Makes a watch that tells `health`; it looks when it is told to.
    init(
        meter: Meter,
        health: HealthBoard,
        standing: LeaseStanding = LeaseStanding(),
        clocks: Clocks = .system
    ) {
        self.health = health
        self.standing = standing
        self.clocks = clocks
        self.silent = meter.gauge("gridwatch_loops_silent", "Loops of the process that do not go round any more.")
        self.failing = meter.gauge(
            "gridwatch_loops_failing",
            "Loops of the process whose work has failed at each try for a minute and more."
        )
    }

    /// A loop has gone round; `error`: why its work failed, nil when it succeeded.
    func turned(_ name: Name, failed error: (any Error)? = nil) {
        let now = clocks.monotonic()
        loops.withLock { loops in
            var loop = loops[name] ?? Loop(turnedAt: now)
            loop.turnedAt = now
            loop.failingSince = error == nil ? nil : loop.failingSince ?? now
            loop.error = error.map { "\($0)" } ?? ""
            loops[name] = loop
        }
    }

    /// The process stops in order: nothing turns any more.
    func stop() {
        loops.withLock { $0 = [:] }
    }

    /// Tells the health board how the loops do; call it once a second.
    func look() {
        let now = clocks.monotonic()
        // That the database is away is told already, and is why everything fails.
        let isAway = standing.trouble != nil
        let problems = loops.withLock { loops in
            var problems: [Name: (text: String, isSilent: Bool)] = [:]
            for (name, loop) in loops {
                let silence = now - loop.turnedAt
                loops[name]?.silentLooks = silence > name.limit ? loop.silentLooks + 1 : 0
                if silence > name.limit, loop.silentLooks > 0 {
                    problems[name] = ("has not gone round for \(Int(silence)) s: restart the process if it lasts", true)
                } else if let since = loop.failingSince, now - since >= Self.patience, !isAway {
                    problems[name] = ("has failed for \(Int(now - since)) s: \(loop.error)", false)
                }
            }
            return problems
        }
        for name in Name.allCases {
            health.report(
                "loop \(name.rawValue)",
                problem: problems[name].map { "the loop \(name.rawValue) \($0.text)" }
            )
        }
        silent.set(problems.values.count { $0.isSilent })
        failing.set(problems.values.count { !$0.isSilent })
    }

    /// Vital loops that have been silent for so long that only a new process helps.
    var dead: [String] {
        let now = clocks.monotonic()
        return loops.withLock { loops in
            loops.filter { $0.key.isVital && now - $0.value.turnedAt > Self.deadAfter && $0.value.silentLooks > 1 }
                .map(\.key.rawValue).sorted()
        }
    }
}
