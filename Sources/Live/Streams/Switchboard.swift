import Flow
import Ingest

/// What stands between the readers and who takes their units: lets the router hear what becomes of cameras.
struct Switchboard: Sendable {
    /// What the fleet tells.
    private struct FleetSink: StreamSink {
        let board: Switchboard

        func accept(_ batches: [StreamBatch]) { board.sink.accept(batches) }

        func changed(_ status: StreamStatus) { board.router.fleetSaid(status) }
    }

    /// What the pool tells.
    private struct PoolSink: StreamSink {
        let board: Switchboard

        func accept(_ batches: [StreamBatch]) {
            for batch in batches { board.router.poolGave(batch.camera) }
            board.sink.accept(batches)
        }

        func changed(_ status: StreamStatus) { board.router.poolSaid(status) }
    }

    let sink: any StreamSink
    let router: TransportRouter

    /// Takes units and changes of the fleet.
    var fleetSink: any StreamSink { FleetSink(board: self) }
    /// Takes units and changes of the pool.
    var poolSink: any StreamSink { PoolSink(board: self) }
}
