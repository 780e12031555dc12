import Flow
import Ingest
import Synchronization

/// What stands between the readers and who takes their units: hears what becomes of cameras, and moves them.
final class Switchboard: Sendable {
    private struct Readers {
        var fleet: RTSPFleet
        var pool: StreamPool
    }

    /// What the fleet tells.
    private struct FleetSink: StreamSink {
        let board: Switchboard

        func accept(_ batches: [StreamBatch]) { board.sink.accept(batches) }

        func changed(_ status: StreamStatus) {
            let isMoved = board.router.fleetSaid(status) { board.move(status.camera, toPool: true, $0) }
            if !isMoved { board.sink.changed(status) }
        }
    }

    /// What the pool tells.
    private struct PoolSink: StreamSink {
        let board: Switchboard

        func accept(_ batches: [StreamBatch]) {
            for batch in batches { board.router.poolGave(batch.camera) }
            board.sink.accept(batches)
        }

        func changed(_ status: StreamStatus) {
            board.sink.changed(status)
            board.router.poolSaid(status) { board.move(status.camera, toPool: false, $0) }
        }
    }

    private let sink: any StreamSink
    private let router: TransportRouter
    private let readers = Mutex<Readers?>(nil)

    /// Makes a switchboard before its readers.
    init(sink: any StreamSink, router: TransportRouter) {
        self.sink = sink
        self.router = router
    }

    /// Takes units and changes of the fleet.
    var fleetSink: any StreamSink { FleetSink(board: self) }
    /// Takes units and changes of the pool.
    var poolSink: any StreamSink { PoolSink(board: self) }

    /// Takes the readers that cameras move between.
    func connect(_ fleet: RTSPFleet, _ pool: StreamPool) {
        readers.withLock { $0 = Readers(fleet: fleet, pool: pool) }
    }

    private func move(_ camera: String, toPool: Bool, _ split: TransportRouter.Split) {
        guard let readers = readers.withLock({ $0 }) else { return }
        readers.pool.replace(with: split.pool)
        if toPool {
            readers.fleet.remove(camera)
        } else {
            readers.fleet.replace(with: split.fleet)
        }
    }
}
