import Analysis
import Detection
import Flow
import Gate

/// Makes live cameras of their plans.
struct LiveCameraFactory: Sendable {
    let detection: DetectionSettings
    let calendar: CityCalendar
    let evidence: EvidenceStyle
    let slots: ClipSlots
    /// Gives statements the names that people know their alerts by.
    let named: @Sendable (AlertRecord) -> AlertRecord

    /// What a camera with that plan is judged by.
    ///
    /// - Throws: `DetectionError` for a profile that cannot be used.
    func settings(of plan: AnalysisPlan) throws(DetectionError) -> DetectionSettings {
        try detection.with(plan.profile)
    }

    /// A camera that has seen nothing.
    ///
    /// - Parameters:
    ///   - id: Its id.
    ///   - plan: What it is analysed by.
    ///   - chunks: Memory for its pictures, of the thread that it will be on.
    /// - Returns: The camera, for that thread.
    /// - Throws: `DetectionError` for rules or a profile that cannot be used.
    func camera(_ id: String, _ plan: AnalysisPlan, _ chunks: ChunkPool) throws(DetectionError) -> LiveCamera {
        let settings = try settings(of: plan)
        let pipeline = CameraPipeline(
            analyzer: try CameraAnalyzer(rules: plan.rules, settings: settings, calendar: calendar),
            sampling: plan.sampling.sampling,
            evidence: evidence,
            bufferBytes: plan.sampling.bufferBytes,
            chunks: chunks
        )
        return LiveCamera(
            id: id,
            sampling: plan.sampling,
            pipeline: pipeline,
            rules: plan.rules,
            settings: settings,
            named: named,
            slots: slots
        )
    }
}
