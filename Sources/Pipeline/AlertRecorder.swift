import Flow
import Foundation
import Logging
import Logs
import Spool

/// Makes alerts durable: writes their evidence, commits them to the spool, in this order, on its own thread.
///
/// Workers hand over and go on. An alert counts as accepted once the spool has it on disk. When the spool cannot take
/// it (full disk), the recorder holds what it has and tries again each second; workers then keep theirs.
final class AlertRecorder: Sendable {
    /// An alert statement on its way to the disk.
    struct Item: Sendable {
        /// The statement, without evidence yet.
        var record: AlertRecord
        /// Its picture.
        var jpeg: [UInt8]?

        /// Makes an item.
        init(record: AlertRecord, jpeg: [UInt8]?) {
            self.record = record
            self.jpeg = jpeg
        }
    }

    /// Statements committed together at most.
    private static let groupLimit = 32
    /// Wait before another try when the spool refuses, seconds.
    private static let retryWait = 1.0

    private let queue: BoundedQueue<Item>
    private let spool: AlertSpool
    private let evidence: EvidenceStore
    private let health: HealthBoard
    private let log: FloodGate
    /// For the lines of a ledger, of which none may be left out.
    private let logger: Logger
    private let accepted: Metric
    private let withoutEvidence: Metric
    private let lost: Metric
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
    init(
        spool: AlertSpool,
        evidence: EvidenceStore,
        capacity: Int = 512,
        meter: Meter,
        health: HealthBoard,
        logger: Logger
    ) {
        self.spool = spool
        self.evidence = evidence
        self.queue = BoundedQueue(capacity: capacity)
        self.health = health
        self.log = FloodGate(logger)
        self.logger = logger
        self.accepted = meter.counter(
            "gridwatch_alerts_accepted_total",
            "Alert statements that are durable on the local disk."
        )
        self.withoutEvidence = meter.counter(
            "gridwatch_evidence_lost_total",
            "Evidence pictures that could not be written; their alerts went on."
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

    /// Hands over a statement without waiting.
    ///
    /// - Returns: False when too many wait: the caller keeps the statement and offers it again.
    func offer(_ item: Item) -> Bool {
        queue.offer(item)
    }

    /// Takes no more, makes durable what waits, and returns.
    func drain() {
        queue.close()
        finished.wait()
    }

    private func work() {
        var continuation = AlertContinuation(left: (try? spool.lastAlerts) ?? [])
        while true {
            let batch = queue.takeBatch(limit: Self.groupLimit)
            if batch.isEmpty { return }
            commit(
                batch.map { item in
                    var item = item
                    item.record = continuation.follow(item.record)
                    return withEvidence(item)
                }
            )
        }
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
        }
        return record
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
                health.report("spool", problem: error.description)
                guard error.isRetriable else {
                    lost.add(records.count)
                    log.log(.critical, "alerts lost: the spool is closed", metadata: ["error": "\(error)"])
                    return
                }
                log.log(.error, "alerts wait: the spool refuses them", metadata: ["error": "\(error)"])
                Thread.sleep(forTimeInterval: Self.retryWait)
            }
        }
    }
}
