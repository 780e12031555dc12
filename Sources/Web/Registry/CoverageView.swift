import Foundation
import Store

/// Cameras of one or more lines of coverage, added up.
struct CoverageTally: Sendable {
    var cameras = 0
    var inTime = 0
    var neverSeen = 0
    var quarantined = 0

    init(_ lines: some Sequence<CoverageLine>) {
        for line in lines {
            cameras += line.cameras
            inTime += line.inTime
            neverSeen += line.neverSeen
            quarantined += line.quarantined
        }
    }

    /// 0 to 1; 1 without cameras.
    var share: Double { cameras == 0 ? 1 : Double(inTime) / Double(cameras) }

    /// The share in percent, rounded down: 100 % are all of them.
    var percent: String {
        let tenths = cameras == 0 ? 1000 : inTime * 1000 / cameras
        return tenths == 1000 ? "100%" : "\(tenths / 10).\(tenths % 10)%"
    }
}

extension OperationsView {
    /// Platforms with a line of their own.
    private static let platformLimit = 40

    /// The table of coverage: all cameras, those reached directly, then each platform, the worst first.
    static func coverage(_ lines: [CoverageLine], _ strings: Strings) -> [String: Any] {
        let byPlatform = Dictionary(grouping: lines.filter { $0.platform != nil }, by: { $0.platform ?? "" })
        let worstFirst = byPlatform.map { (host: $0.key, lines: $0.value, share: CoverageTally($0.value).share) }
            .sorted { ($0.share, $0.host) < ($1.share, $1.host) }
        let direct = lines.filter { $0.platform == nil }
        var rows = lines.isEmpty ? [] : [row(strings["cov_all"], "", lines, strings)]
        if !direct.isEmpty, !worstFirst.isEmpty { rows.append(row(strings["cov_direct"], "", direct, strings)) }
        rows += worstFirst.prefix(platformLimit).map { platform in
            row(platform.lines.first?.platformName ?? platform.host, platform.host, platform.lines, strings)
        }
        let left = worstFirst.count - platformLimit
        return [
            "coverage": rows, "has_coverage": !rows.isEmpty,
            "coverage_left": left > 0 ? strings["op_more"].replacing("{n}", with: String(left)) : "",
        ]
    }

    private static func row(
        _ name: String,
        _ host: String,
        _ lines: [CoverageLine],
        _ strings: Strings
    ) -> [String: Any] {
        let classes = (1...3).map { number in
            cell(
                CoverageTally(lines.filter { $0.pointClass == number }),
                strings.label("class", String(number)),
                strings
            )
        }
        return ["name": name, "host": host, "has_host": !host.isEmpty, "cells": classes]
    }

    /// One bar: seen in time, late, never seen, as widths of a drawing of 100.
    private static func cell(_ tally: CoverageTally, _ label: String, _ strings: Strings) -> [String: Any] {
        let all = Double(max(tally.cameras, 1))
        let good = Double(tally.inTime) / all * 100
        let never = Double(tally.neverSeen) / all * 100
        return [
            "label": label, "has_cameras": tally.cameras > 0, "percent": tally.percent, "in_time": tally.inTime,
            "cameras": tally.cameras, "never": tally.neverSeen, "has_never": tally.neverSeen > 0,
            "held": tally.quarantined, "has_held": tally.quarantined > 0,
            "good": String(format: "%.1f", good), "never_from": String(format: "%.1f", 100 - never),
            "never_width": String(format: "%.1f", never), "is_low": tally.share < 0.95,
        ]
    }
}
