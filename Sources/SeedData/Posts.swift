/// The posts: grid leaders, micro-grid leaders, maintenance units.
///
/// Positions only, nobody's name.
enum Posts {
    static let gridLeaders = 132

    /// 132 grid leaders: one for each street and community, and one for each small grid except the last small grid of
    /// the 14 largest communities, which the community's leader leads; 272 micro-grid leaders; 4 maintenance units.
    static func csv(_ plan: GridPlan) -> String {
        let withoutOwnLeader = ledByCommunity(plan)
        var lines = ["code,title,kind,grid"]
        for grid in plan.grids where grid.level < 4 && !withoutOwnLeader.contains(grid.code) {
            lines.append("GL-\(grid.code),\(grid.name)网格长,grid_leader,\(grid.code)")
        }
        for grid in plan.level(4) {
            lines.append("ML-\(grid.code),\(grid.name)长,micro_grid_leader,\(grid.code)")
        }
        for (index, unit) in CameraPlan.maintenanceUnits.enumerated() {
            lines.append("MU-\(index + 1),\(unit),maintenance,")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func ledByCommunity(_ plan: GridPlan) -> Set<String> {
        let upper = plan.grids.filter { $0.level < 4 }.count
        let smalls = Dictionary(grouping: plan.level(3)) { $0.parent ?? "" }
        let largest = smalls.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        return Set(largest.prefix(upper - gridLeaders).compactMap { $0.value.last?.code })
    }
}
