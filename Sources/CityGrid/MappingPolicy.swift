/// How the grid of a camera was found.
public enum MappingMethod: String, Sendable, Hashable, CaseIterable {
    /// The source named the grid.
    case explicit
    /// Its position lies in a micro-grid.
    case point
    /// Its administrative code is the code of a grid.
    case civilCode = "civil_code"
    /// Its position lies outside all micro-grids but close to one.
    case nearest
    /// None of these: a person has to look.
    case unmapped
}

/// What is known about the place of one camera: the candidates that a database found.
public struct MappingFacts: Sendable, Hashable {
    /// The grid code that the source named; nil when it named none.
    public var explicitCode: String?
    /// Key of the grid with that code; nil when there is no such grid.
    public var explicitGrid: Int?
    /// True when the camera has a position.
    public var hasPoint: Bool
    /// Key of the micro-grid that covers the position.
    public var pointGrid: Int?
    /// Key of the grid that the administrative code names.
    public var civilGrid: Int?
    /// True when the position lies in that grid.
    public var pointInCivilGrid: Bool
    /// Other datums under which the position would lie in that grid.
    public var fittingDatums: [Datum]
    /// Key of the micro-grid nearest to the position, looked for only where none covers it.
    public var nearestGrid: Int?
    /// Metres from the position to that micro-grid; nil when there is none or it was not looked for.
    public var nearestMetres: Double?

    /// Makes facts; without arguments nothing is known.
    public init(
        explicitCode: String? = nil,
        explicitGrid: Int? = nil,
        hasPoint: Bool = false,
        pointGrid: Int? = nil,
        civilGrid: Int? = nil,
        pointInCivilGrid: Bool = false,
        fittingDatums: [Datum] = [],
        nearestGrid: Int? = nil,
        nearestMetres: Double? = nil
    ) {
        self.explicitCode = explicitCode
        self.explicitGrid = explicitGrid
        self.hasPoint = hasPoint
        self.pointGrid = pointGrid
        self.civilGrid = civilGrid
        self.pointInCivilGrid = pointInCivilGrid
        self.fittingDatums = fittingDatums
        self.nearestGrid = nearestGrid
        self.nearestMetres = nearestMetres
    }
}

/// The grid of one camera.
public struct MappingDecision: Sendable, Hashable {
    /// Key of the grid; nil when unmapped.
    public let grid: Int?
    /// The first method that found the grid; `unmapped` when none did.
    public let method: MappingMethod
    /// What a person should look at; nil when all is well.
    public let note: String?
}

/// Decides which grid a camera belongs to: explicit, else point, else civil code, else nearest, else unmapped.
public struct MappingPolicy: Sendable, Hashable {
    /// Metres up to which the nearest micro-grid takes a camera that lies in none.
    public var nearestLimit: Double

    /// Makes a policy.
    ///
    /// - Parameter nearestLimit: metres, 0 or more; 0 switches "nearest" off.
    public init(nearestLimit: Double = 200) {
        precondition(nearestLimit >= 0, "the limit of the nearest grid is a distance")
        self.nearestLimit = nearestLimit
    }

    /// Decides for one camera: the same facts always give the same grid and note.
    public func decide(_ facts: MappingFacts) -> MappingDecision {
        var notes: [String] = []
        if let code = facts.explicitCode, facts.explicitGrid == nil {
            notes.append("the source names grid \(code), which does not exist")
        }
        if let doubt = doubtAboutPoint(facts) { notes.append(doubt) }
        let (grid, method) = choose(facts)
        if method == .unmapped { notes.append(reasonUnmapped(facts)) }
        return MappingDecision(grid: grid, method: method, note: notes.isEmpty ? nil : notes.joined(separator: "; "))
    }

    private func choose(_ facts: MappingFacts) -> (Int?, MappingMethod) {
        if let grid = facts.explicitGrid { return (grid, .explicit) }
        if let grid = facts.pointGrid { return (grid, .point) }
        if let grid = facts.civilGrid { return (grid, .civilCode) }
        if let grid = facts.nearestGrid, let metres = facts.nearestMetres, metres <= nearestLimit, nearestLimit > 0 {
            return (grid, .nearest)
        }
        return (nil, .unmapped)
    }

    private func doubtAboutPoint(_ facts: MappingFacts) -> String? {
        guard facts.hasPoint else { return nil }
        let datums = facts.fittingDatums.map(\.rawValue).joined(separator: " or ")
        let remedy = datums.isEmpty ? "" : "; read as \(datums) it would lie in the grid of the administrative code"
        if facts.pointGrid == nil, let metres = facts.nearestMetres, metres > nearestLimit {
            return "the position lies \(distance(metres)) outside the grids" + remedy
        }
        guard facts.civilGrid != nil, !facts.pointInCivilGrid else { return nil }
        return "the position does not lie in the grid of the administrative code" + remedy
    }

    private func reasonUnmapped(_ facts: MappingFacts) -> String {
        facts.hasPoint
            ? "no grid within \(distance(nearestLimit)) and no administrative code of a grid: give it a grid"
            : "no position and no administrative code of a grid: give it a position or a grid"
    }

    private func distance(_ metres: Double) -> String {
        metres < 1000 ? "\(Int(metres.rounded())) m" : "\((metres / 100).rounded() / 10) km"
    }
}
