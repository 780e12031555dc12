/// The assignment of rows to columns with the least sum of costs (Hungarian method with potentials, O(n²m)).
///
/// - Parameter costs: a row for each one that chooses; all of the same length, which is at least the number of rows.
/// - Returns: for each row its column.
func cheapestAssignment(_ costs: [[Double]]) -> [Int] {
    guard let columns = costs.first?.count else { return [] }
    // Row and column 0 stand for "none yet".
    var rowPotential = [Double](repeating: 0, count: costs.count + 1)
    var columnPotential = [Double](repeating: 0, count: columns + 1)
    var owner = [Int](repeating: 0, count: columns + 1)
    for row in 1...costs.count {
        owner[0] = row
        var least = [Double](repeating: .infinity, count: columns + 1)
        var previous = [Int](repeating: 0, count: columns + 1)
        var isVisited = [Bool](repeating: false, count: columns + 1)
        var column = 0
        repeat {
            isVisited[column] = true
            let current = owner[column]
            var step = Double.infinity
            var nearest = 0
            for other in 1...columns where !isVisited[other] {
                let rest = costs[current - 1][other - 1] - rowPotential[current] - columnPotential[other]
                if rest < least[other] {
                    least[other] = rest
                    previous[other] = column
                }
                if least[other] < step {
                    step = least[other]
                    nearest = other
                }
            }
            for other in 0...columns {
                if isVisited[other] {
                    rowPotential[owner[other]] += step
                    columnPotential[other] -= step
                } else {
                    least[other] -= step
                }
            }
            column = nearest
        } while owner[column] != 0
        // The path is turned round: each of its columns goes to the row that reached it.
        while column != 0 {
            owner[column] = owner[previous[column]]
            column = previous[column]
        }
    }
    var chosen = [Int](repeating: 0, count: costs.count)
    for column in 1...columns where owner[column] != 0 { chosen[owner[column] - 1] = column - 1 }
    return chosen
}
