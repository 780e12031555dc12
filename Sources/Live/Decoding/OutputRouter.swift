import Flow

/// Takes what came of cameras, on the threads of their workers.
protocol CameraOutputSink: Sendable {
    /// Passes on what came of a camera; `pending`: its statements that wait for the recorder.
    func take(_ outputs: CameraOutputs, of camera: String, _ pending: inout PendingStatements)
    /// A worker has turned once more, and has counted so much.
    func turned(_ worker: Int, _ counts: DecodeWorker.Counts)
}

/// Passes on what came of cameras: statements to the recorder, scores and clips to who learns from them, looks to the states.
struct OutputRouter: CameraOutputSink {
    let recorder: AlertRecorder
    let scores: ScoreReporter
    let clips: AlertClips
    let states: StateReporter
    let metrics: DecodeMetrics

    func take(_ outputs: CameraOutputs, of camera: String, _ pending: inout PendingStatements) {
        pending.add(outputs.statements)
        pending.offer(to: recorder.offer)
        for part in outputs.scores { scores.take(part, of: camera) }
        for clip in outputs.clips { clips.keep(clip) }
        if outputs.failure != nil { metrics.broken.add() }
        guard let look = outputs.look else { return }
        metrics.pictures.add(look.pictures)
        states.picture(camera, look)
    }

    func turned(_ worker: Int, _ counts: DecodeWorker.Counts) {
        metrics.turned(worker, counts)
    }
}
