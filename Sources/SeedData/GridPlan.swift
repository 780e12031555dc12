import Flow

/// One grid of the made-up city.
struct PlannedGrid {
    let code: String
    let name: String
    let level: Int
    let parent: String?
    let box: CellBox
}

/// The tree: 4 streets, 16 communities, 126 small grids, 272 micro-grids, parents before children.
struct GridPlan {
    let grids: [PlannedGrid]

    /// The grids of one level, in the order of their codes.
    func level(_ level: Int) -> [PlannedGrid] { grids.filter { $0.level == level } }

    /// The real names of the four streets, and names made up for their communities.
    static let streets: [(name: String, communities: [String])] = [
        ("辕门口", ["城东", "文昌", "花塔", "古城", "都梁"]),
        ("迎春亭", ["迎春", "春光", "百花", "新建"]),
        ("水西门", ["水西", "河街", "渡口", "桂花"]),
        ("法相岩", ["法相", "岩前", "云山"]),
    ]
    static let communityCount = 16
    static let smallCount = 126
    static let microCount = 272

    /// How many micro-grids each small grid of each community has.
    private typealias Shape = [[Int]]

    init(random: inout SplitMix64) {
        let shape = GridPlan.shape(random: &random)
        var rest = shape[...]
        let perStreet = GridPlan.streets.map { street in
            defer { rest = rest.dropFirst(street.communities.count) }
            return Array(rest.prefix(street.communities.count))
        }
        let city = CellBox(west: 0, east: CityMesh.size, north: 0, south: CityMesh.size)
        let boxes = BoxSplit.split(city, weights: perStreet.map { $0.joined().reduce(0, +) })
        var grids: [PlannedGrid] = []
        for (index, street) in GridPlan.streets.enumerated() {
            let code = "430581" + Self.three(index + 1)
            grids.append(
                PlannedGrid(code: code, name: street.name + "街道", level: 1, parent: nil, box: boxes[index])
            )
            grids += Self.communities(of: grids[grids.count - 1], names: street.communities, shape: perStreet[index])
        }
        self.grids = grids.sorted { ($0.level, $0.code) < ($1.level, $1.code) }
    }

    private static func communities(of street: PlannedGrid, names: [String], shape: Shape) -> [PlannedGrid] {
        let boxes = BoxSplit.split(street.box, weights: shape.map { $0.reduce(0, +) })
        return names.enumerated().flatMap { index, name in
            let community = PlannedGrid(
                code: street.code + three(index + 1),
                name: name + "社区",
                level: 2,
                parent: street.code,
                box: boxes[index]
            )
            return [community] + smallGrids(of: community, micros: shape[index])
        }
    }

    private static func smallGrids(of community: PlannedGrid, micros: [Int]) -> [PlannedGrid] {
        let boxes = BoxSplit.split(community.box, weights: micros)
        return micros.enumerated().flatMap { index, count in
            let small = PlannedGrid(
                code: community.code + three(index + 1),
                name: "\(community.name)第\(index + 1)网格",
                level: 3,
                parent: community.code,
                box: boxes[index]
            )
            let cells = BoxSplit.split(small.box, weights: Array(repeating: 1, count: count))
            let micros = cells.enumerated().map { number, box in
                PlannedGrid(
                    code: small.code + three(number + 1),
                    name: "\(community.name)\(index + 1)-\(number + 1)微网格",
                    level: 4,
                    parent: small.code,
                    box: box
                )
            }
            return [small] + micros
        }
    }

    /// Spreads the small grids over the communities (7 to 10 each) and the micro-grids over those (1 to 4 each).
    private static func shape(random: inout SplitMix64) -> Shape {
        let smalls = spread(smallCount, over: communityCount, from: 7, to: 10, random: &random)
        var micros = spread(microCount, over: smallCount, from: 1, to: 4, random: &random)[...]
        return smalls.map { count in
            defer { micros = micros.dropFirst(count) }
            return Array(micros.prefix(count))
        }
    }

    private static func spread(
        _ total: Int,
        over count: Int,
        from low: Int,
        to high: Int,
        random: inout SplitMix64
    ) -> [Int] {
        var parts = Array(repeating: low, count: count)
        var rest = total - low * count
        while rest > 0 {
            let index = random.below(count)
            guard parts[index] < high else { continue }
            parts[index] += 1
            rest -= 1
        }
        return parts
    }

    static func three(_ number: Int) -> String { padded(number, 3) }

    /// A number with zeros in front.
    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// Cuts a box into boxes whose sizes go with weights.
enum BoxSplit {
    /// Halves the list of weights as evenly as its order allows and the box along its longer side, again and again.
    static func split(_ box: CellBox, weights: [Int]) -> [CellBox] {
        guard weights.count > 1 else { return [box] }
        let total = weights.reduce(0, +)
        let sums = weights.dropLast().indices.map { weights[...$0].reduce(0, +) }
        let cut = sums.indices.min { abs(2 * sums[$0] - total) < abs(2 * sums[$1] - total) } ?? 0
        let share = Double(sums[cut]) / Double(total)
        var (first, second) = (box, box)
        if box.columns >= box.rows {
            first.east = box.west + cells(box.columns, share)
            second.west = first.east
        } else {
            first.south = box.north + cells(box.rows, share)
            second.north = first.south
        }
        return split(first, weights: Array(weights[...cut])) + split(second, weights: Array(weights[(cut + 1)...]))
    }

    private static func cells(_ length: Int, _ share: Double) -> Int {
        precondition(length >= 2, "the mesh is fine enough for every grid to have a cell of its own")
        return min(length - 1, max(1, Int((Double(length) * share).rounded())))
    }
}
