/// What `detection` settings mean, for the documentation.
///
/// Detection itself checks the values; a test holds keys and ranges here against it.
struct DetectionNote: Sendable {
    let key: String
    let range: ClosedRange<Double>
    let unit: String
    let note: String

    static let all = [
        DetectionNote(
            key: "min_share",
            range: 0.0001...1,
            unit: "of the region",
            note: "Share of its region that something must cover."
        ),
        DetectionNote(
            key: "min_blob",
            range: 0.0001...1,
            unit: "of the picture",
            note: "Share of the picture that something must cover, whatever the region."
        ),
        DetectionNote(
            key: "dwell",
            range: 0...3600,
            unit: "seconds",
            note: "How long something must be in a region before its alert starts."
        ),
        DetectionNote(
            key: "hold",
            range: 0...600,
            unit: "seconds",
            note: "How long a region must be empty before its alert ends."
        ),
        DetectionNote(
            key: "contrast_floor",
            range: 1...100,
            unit: "grey levels of 255",
            note: "Difference that a pixel must show at least."
        ),
        DetectionNote(
            key: "contrast_share",
            range: 0...1,
            unit: "of the brightness",
            note: "Additional difference in bright places."
        ),
        DetectionNote(
            key: "noise_factor",
            range: 0...20,
            unit: "deviations",
            note: "Additional difference where a pixel usually flickers."
        ),
        DetectionNote(
            key: "background_seconds",
            range: 0.5...3600,
            unit: "seconds",
            note: "Time in which the background follows slow changes of the scene."
        ),
        DetectionNote(
            key: "noise_seconds",
            range: 0.5...3600,
            unit: "seconds",
            note: "Time in which the usual flicker of a pixel is learnt."
        ),
        DetectionNote(
            key: "absorb_seconds",
            range: 1...86_400,
            unit: "seconds",
            note: "Time after which something that stands still belongs to the scene."
        ),
        DetectionNote(
            key: "warm_up_seconds",
            range: 0...600,
            unit: "seconds",
            note: "Time until the empty scene counts as known."
        ),
    ]
}
