public import Flow

extension Rule {
    /// Checks everything that the types cannot express.
    ///
    /// - Throws: `DetectionError` with code `invalidRule` that names the rule, the field and what is allowed.
    public func validate() throws(DetectionError) {
        guard !id.isEmpty else {
            throw DetectionError(.invalidRule, "a rule has an empty id; give every rule of a camera its own id")
        }
        if let polygon {
            try check(polygon, "polygon")
            if let problem = Polygon.problem(of: polygon) { throw invalid("polygon", problem) }
        }
        try validatePlace()
        try validateLine()
        try validateNumbers()
    }

    private func validatePlace() throws(DetectionError) {
        for (index, mask) in masks.enumerated() {
            let field = "mask \(index + 1)"
            try check(mask, field)
            if let problem = Polygon.problem(of: mask) { throw invalid(field, problem) }
        }
        if !masks.isEmpty, Region(polygon: polygon, masks: masks, width: 160, height: 90).count == 0 {
            throw invalid("masks", "leave nothing of the region; make them smaller or drop the rule")
        }
        guard let size else { return }
        guard kind != .tamper else { throw invalid("size", "means nothing for a tamper rule; leave it out") }
        guard size.far > 0, size.near <= 1, size.far <= size.near else {
            throw invalid(
                "size",
                "is near \(size.near), far \(size.far); allowed are shares of the height of the picture, more than 0 and "
                    + "at most 1, and far not more than near"
            )
        }
    }

    private func validateLine() throws(DetectionError) {
        if let line {
            try check(line, "line")
            guard line.count == 2, line[0] != line[1] else {
                throw invalid("line", "needs exactly two different points, has \(line.count)")
            }
        } else if kind == .line {
            throw invalid("line", "is missing; a line rule needs two points")
        }
    }

    private func validateNumbers() throws(DetectionError) {
        guard (1...4).contains(severity) else {
            throw invalid("severity", "is \(severity), allowed are 1 (most severe) to 4")
        }
        if let share = thresholds.minShare, !(share > 0 && share <= 1) {
            throw invalid("min_share", "is \(share), allowed is more than 0 and at most 1")
        }
        if let dwell = thresholds.dwell, !(dwell >= 0 && dwell <= 86_400) {
            throw invalid("dwell", "is \(dwell), allowed are 0 to 86400 seconds")
        }
        if let minSeconds, !(minSeconds >= 0 && minSeconds <= 604_800) {
            throw invalid("min_seconds", "is \(minSeconds), allowed are 0 to 604800 seconds")
        }
        if let minCount, minCount < 1 {
            throw invalid("min_count", "is \(minCount), allowed is 1 or more")
        }
    }

    private func check(_ points: [NormalizedPoint], _ field: String) throws(DetectionError) {
        for (index, point) in points.enumerated()
        where !((0...1).contains(point.x) && (0...1).contains(point.y)) {
            throw invalid(
                field,
                "point \(index + 1) is [\(point.x), \(point.y)]; coordinates are shares of the picture, 0 to 1"
            )
        }
    }

    private func invalid(_ field: String, _ problem: String) -> DetectionError {
        DetectionError(.invalidRule, "rule '\(id)': \(field) \(problem)")
    }
}

extension Rule {
    /// The rules with the masks of their camera added to their own.
    ///
    /// - Throws: `DetectionError` for a mask that cannot be used, or that leaves nothing of a rule's region.
    public static func masked(_ rules: [Rule], by masks: [[NormalizedPoint]]) throws(DetectionError) -> [Rule] {
        guard !masks.isEmpty else { return rules }
        return try rules.map { rule throws(DetectionError) in
            var rule = rule
            rule.masks += masks
            try rule.validate()
            return rule
        }
    }

    /// The rules that this one asks about.
    var asksAbout: [String] { [onlyIf, notIf].compactMap(\.self) }

    /// Checks what a rule says about others of its camera.
    ///
    /// A rule that others ask about asks about none: no circles, and nobody has to think through a chain.
    ///
    /// - Parameter rules: All rules of the camera, this one among them.
    /// - Throws: `DetectionError` with code `invalidRule` for an id that none of them has, its own, or one of a rule that
    ///   itself asks about another.
    public func validate(among rules: [Rule]) throws(DetectionError) {
        for (field, other) in [("only_if", onlyIf), ("not_if", notIf)] {
            guard let other else { continue }
            guard other != id else { throw invalid(field, "names the rule itself; name another rule of the camera") }
            guard let rule = rules.first(where: { $0.id == other }) else {
                let known = rules.map(\.id).filter { $0 != id }.joined(separator: ", ")
                throw invalid(field, "'\(other)' is no rule of this camera; its others are: \(known)")
            }
            guard rule.asksAbout.isEmpty else {
                throw invalid(field, "'\(other)' itself has an only_if or not_if; name a rule without")
            }
        }
        if let onlyIf, onlyIf == notIf {
            throw invalid("not_if", "'\(onlyIf)' is its only_if too: it would never alert")
        }
    }
}
