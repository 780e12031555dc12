import Flow
import Foundation
import Logging
import Logs
import Spool
import Synchronization

/// Makes alerts durable: writes their evidence, commits them to the spool, in this order, on its own thread.
///
/// Workers hand over and go on. An alert counts as accepted once the spool has it on disk. When the spool cannot take
/// it (full disk), the recorder holds what it has and tries again each second; workers then keep theirs.
final class AlertRecorder: Sendable {
    /// An alert statement on its way to the disk.
    struct Item: Sendable {
        /// The statement, without evidence yet, under the name that people will know its alert by.
        let record: AlertRecord
        /// Its picture.
        var jpeg: [UInt8]?

        /// `record`: one that has been through `named`.
        init(record: AlertRecord, jpeg: [UInt8]?) {
            self.record = record
            self.jpeg = jpeg
        }
    }

    /// Statements committed together at most.
    private static let groupLimit = 32
    /// Wait before another try when the spool refuses, seconds.
    private static let retryWait = 1.0
    /// Seconds for which an orderly stop waits for a spool that refuses.
    private static let stopPatience = 10.0
    /// Seconds for which one group may keep the disk busy before that is told.
    private static let patience = 30.0
    /// Seconds between two looks whether pictures can be written again.
    private static let evidenceWait = 10.0

    private let queue: BoundedQueue<Item>
    private let spool: AlertSpool
    private let evidence: EvidenceStore
    private let health: HealthBoard
    private let log: FloodGate
    /// For the lines of a ledger, of which none may be left out.
    private let logger: Logger
    private let accepted: Metric
    private let withoutEvidence: Metric
    private let refusals: Metric
    private let lost: Metric
    private let clocks: Clocks
    private let continuation: Mutex<AlertContinuation>
    /// When an orderly stop gives up, monotonic seconds; nil before the stop.
    private let stopsAt = Mutex<Double?>(nil)
    /// Since when the disk has been busy with one thing, monotonic seconds; nil while nothing is asked of it.
    private let busySince = Mutex<Double?>(nil)
    private let isLookingForRoom = Atomic<Bool>(false)
    private let finished = DispatchGroup()

    /// Starts the recorder's thread.
    ///
    /// - Parameters:
    ///   - spool: Where statements become durable.
    ///   - evidence: Where pictures go.
    ///   - capacity: Statements that may wait, with their pictures (about 100 KB each).
    ///   - meter: Where it counts.
    ///   - health: Where it says that the disk refuses.
    ///   - logger: For the operator.
    ///   - clocks: Time.
    init(
        spool: AlertSpool,
        evidence: EvidenceStore,
        capacity: Int = 512,
        meter: Meter,
        health: HealthBoard,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.spool = spool
        self.evidence = evidence
        self.queue = BoundedQueue(capacity: capacity)
        self.health = health
        self.log = FloodGate(logger)
        self.logger = logger
        self.clocks = clocks
        self.continuation = Mutex(AlertContinuation(left: Self.leftAlerts(spool, logger)))
        self.accepted = meter.counter(
            "gridwatch_alerts_accepted_total",
            "Alert statements that are durable on the local disk."
        )
        self.withoutEvidence = meter.counter(
            "gridwatch_evidence_lost_total",
            "Evidence pictures that could not be written; their alerts went on."
        )
        self.refusals = meter.counter(
            "gridwatch_alerts_waiting_total",
            "Times that the spool refused alert statements; they were held and offered again."
        )
        self.lost = meter.counter(
            "gridwatch_alerts_lost_total",
            "Alert statements that could not be made durable before the process ended."
        )
        finished.enter()
        NamedThread.start("recorder") { [self] in
            work()
            finished.leave()
        }
    }

    /// Gives a statement the name that people know its alert by; every statement of an alert once, in their order.
    ///
    /// An alert that an earlier process left behind goes on under its old name. Any thread; never waits for the disk.
    func named(_ record: AlertRecord) -> AlertRecord {
        continuation.withLock { $0.follow(record) }
    }

    /// Hands over a statement without waiting.
    ///
    /// - Returns: False when too many wait: the caller keeps the statement and offers it again.
    func offer(_ item: Item) -> Bool {
        queue.offer(item)
    }

    /// Takes no more, makes durable what waits, and returns; what a spool refuses for ten seconds more is lost, counted
    /// and told.
    func drain() {
        stopsAt.withLock { $0 = clocks.monotonic() + Self.stopPatience }
        queue.close()
        finished.wait()
    }

    /// What the process before this one left; without it one alert may become two, and nothing else.
    private static func leftAlerts(_ spool: AlertSpool, _ logger: Logger) -> [LastAlert] {
        do {
            return try spool.lastAlerts
        } catch {
            logger.warning("alerts of the last process are not known", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func work() {
        while true {
            let batch = queue.takeBatch(limit: Self.groupLimit)
            if batch.isEmpty { return }
            busySince.withLock { $0 = clocks.monotonic() }
            commit(batch.map(withEvidence))
            busySince.withLock { $0 = nil }
        }
    }

    /// Whether the disk has something to do.
    var isBusy: Bool { busySince.withLock { $0 != nil } }

    /// Tells `health` when the disk neither takes nor refuses what it is given; call it once a second.
    func lookForStandstill() {
        let now = clocks.monotonic()
        let since = busySince.withLock(\.self) ?? now
        let problem =
            now - since < Self.patience
            ? nil
            : "alerts wait: the disk of the spool and of the evidence has not answered for \(Int(now - since)) s; look at "
                + "the disk (dmesg), or the server that it lies on"
        health.report("recorder", problem: problem)
    }

    private func withEvidence(_ item: Item) -> AlertRecord {
        var record = item.record
        guard let jpeg = item.jpeg else { return record }
        do throws(EvidenceStore.Failure) {
            record.evidence = try evidence.keep(jpeg, alert: record.id, at: record.statedAt)
            health.report("evidence", problem: nil)
        } catch {
            withoutEvidence.add()
            health.report("evidence", problem: error.description)
            log.log(.warning, "alert goes on without its picture", metadata: ["error": "\(error.description)"])
            lookForRoom()
        }
        return record
    }

    /// Tries now and then whether pictures can be written, so that the problem ends with its cause, not with the next
    /// alert.
    private func lookForRoom() {
        guard !isLookingForRoom.exchange(true, ordering: .relaxed) else { return }
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + Self.evidenceWait) { [weak self] in
            guard let self else { return }
            isLookingForRoom.store(false, ordering: .relaxed)
            do throws(EvidenceStore.Failure) {
                try evidence.tryRoom()
                health.report("evidence", problem: nil)
            } catch {
                health.report("evidence", problem: error.description)
                lookForRoom()
            }
        }
    }

    private static func names(_ records: [AlertRecord]) -> String {
        records.map { "\($0.id)/\($0.phase.rawValue)" }.joined(separator: ",")
    }

    private func commit(_ records: [AlertRecord]) {
        while true {
            do throws(SpoolError) {
                try spool.append(records)
                accepted.add(records.count)
                // What a ledger counts: from here on a statement must reach the database, whatever dies.
                logger.debug("accepted", metadata: ["statements": "\(Self.names(records))"])
                health.report("spool", problem: nil)
                return
            } catch {
                if error.code == .unencodable, records.count > 1 {
                    // One of them is to blame; the others are not lost for it.
                    for record in records { commit([record]) }
                    return
                }
                guard error.code != .unencodable, error.code != .closed, !isTooLate else {
                    return lose(records, error)
                }
                busySince.withLock { $0 = clocks.monotonic() }
                // Whatever is wrong with the disk, it may be mended: a file system that is read-only, a file that cannot be
                // opened, a folder that is gone. Until then nothing is given up.
                refusals.add()
                health.report("spool", problem: error.description)
                log.log(.error, "alerts wait: the spool refuses them", metadata: ["error": "\(error)"])
                Thread.sleep(forTimeInterval: Self.retryWait)
            }
        }
    }

    private var isTooLate: Bool { stopsAt.withLock { $0 }.map { clocks.monotonic() >= $0 } ?? false }

    private func lose(_ records: [AlertRecord], _ error: SpoolError) {
        lost.add(records.count)
        log.log(
            .critical,
            "alerts lost: they could not be made durable",
            metadata: ["statements": "\(Self.names(records))", "error": "\(error)"]
        )
    }
}
