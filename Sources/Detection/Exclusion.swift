/// Tells for the diagnosis whether a rule's masks or its size left something out of a frame that would have counted.
struct Exclusion: Sendable {
    private let region: Region
    /// The part of the rule's region that is under its masks; nil without masks.
    private let masked: Region?

    /// Nil for a rule that leaves nothing out.
    init?(_ rule: Rule, width: Int, height: Int) {
        guard !rule.masks.isEmpty || rule.size != nil else { return nil }
        region = Region(rule, width: width, height: height)
        let whole = Region(polygon: rule.kind == .line ? nil : rule.polygon, width: width, height: height)
        masked = rule.masks.isEmpty ? nil : whole.subtracting(region)
    }

    /// The layer that leaves something out of a frame; nil when none does.
    func layer(for blobs: ForegroundBlobs) -> RuleDiagnosis.Layer? {
        if let masked, blobs.isAnything(in: masked, where: { _ in true }) { return .mask }
        return blobs.isAnything(in: region, where: { !region.admits($0) }) ? .misfit : nil
    }
}
