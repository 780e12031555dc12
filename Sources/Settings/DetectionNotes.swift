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
            note: "Seconds that something just big enough must be in a region before its alert starts; "
                + "what is larger needs less, down to a quarter. A rule with its own `dwell` needs "
                + "that, whatever the size."
        ),
        DetectionNote(
            key: "hold",
            range: 0...600,
            unit: "seconds",
            note: "Seconds that a region must be empty before its alert ends."
        ),
        DetectionNote(
            key: "contrast_floor",
            range: 1...100,
            unit: "grey levels of 255",
            note: "Grey levels by which a pixel must differ at least."
        ),
        DetectionNote(
            key: "contrast_share",
            range: 0...1,
            unit: "of the brightness",
            note: "Additional difference, as a share of the brightness."
        ),
        DetectionNote(
            key: "noise_factor",
            range: 0...20,
            unit: "deviations",
            note: "Additional difference, in multiples of the pixel's usual deviation."
        ),
        DetectionNote(
            key: "strong_share",
            range: 0...1,
            unit: "of a thing's pixels",
            note: "Share of a thing's pixels that must differ by twice the needed difference."
        ),
        DetectionNote(
            key: "core_share",
            range: 0...1,
            unit: "of a thing's pixels",
            note: "Share of a thing's pixels that must have only pixels of the thing around them: "
                + "strips are no things."
        ),
        DetectionNote(
            key: "soft_edges",
            range: 0...2,
            unit: "ratio",
            note: "Change of gradient along the outline, over the change of brightness inside, below "
                + "which it is light."
        ),
        DetectionNote(
            key: "light_correlation",
            range: 0...1,
            unit: "correlation",
            note: "Correlation of the gradients of frame and background above which a textured spot is "
                + "only lit otherwise."
        ),
        DetectionNote(
            key: "background_seconds",
            range: 0.5...3600,
            unit: "seconds",
            note: "Seconds in which the background follows slow changes of the scene."
        ),
        DetectionNote(
            key: "noise_seconds",
            range: 0.5...3600,
            unit: "seconds",
            note: "Seconds in which the usual deviation of a pixel is learnt."
        ),
        DetectionNote(
            key: "absorb_seconds",
            range: 1...63,
            unit: "seconds",
            note: "Seconds after which something that stands still belongs to the scene."
        ),
        DetectionNote(
            key: "home_seconds",
            range: 1...86_400,
            unit: "seconds",
            note: "Seconds after which it is forgotten what a pixel looked like before something stood "
                + "there."
        ),
        DetectionNote(
            key: "speck_seconds",
            range: 0...63,
            unit: "seconds",
            note: "Seconds after which a speck that stands still belongs to the scene."
        ),
        DetectionNote(
            key: "ghost_edges",
            range: 1...10,
            unit: "ratio",
            note: "Edges of the background over those of the frame along an outline, from which "
                + "something has left instead of come."
        ),
        DetectionNote(
            key: "ghost_seconds",
            range: 0...63,
            unit: "seconds",
            note: "Seconds that the trace of something that left must stand still before it belongs to "
                + "the scene."
        ),
        DetectionNote(
            key: "mode_share",
            range: 0.1...1,
            unit: "of the picture",
            note: "Share of the picture from which a change is one of the whole picture."
        ),
        DetectionNote(
            key: "mode_seconds",
            range: 0...600,
            unit: "seconds",
            note: "Seconds after which a picture that shares little with the scene becomes the scene."
        ),
        DetectionNote(
            key: "settle_seconds",
            range: 0...600,
            unit: "seconds",
            note: "Seconds without new alerts after the scene was learnt anew."
        ),
        DetectionNote(
            key: "person_share",
            range: 0.0001...0.5,
            unit: "of the picture",
            note: "Share of the picture that one person covers, by which the people of a crowd are counted."
        ),
        DetectionNote(
            key: "warm_up_seconds",
            range: 0...600,
            unit: "seconds",
            note: "Seconds until the status says that the scene is known."
        ),
    ]
}
