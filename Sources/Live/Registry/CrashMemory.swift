import Flow
import Foundation

/// On whose streams the processes of a slot crashed lately, on their own disk.
///
/// The quarantine is in the database. While that is away, a process that starts from what was known would open the camera
/// on which it has just crashed again and again: this keeps it away from such a camera.
struct CrashMemory {
    /// Crashes within so many seconds that keep a camera away for so many.
    private static let limit = (crashes: 3, within: 600.0, spared: 3600.0)
    /// Crashes that are remembered at most.
    private static let most = 64

    private struct Crash: Codable {
        var camera: String
        var at: MediaTime
    }

    private let path: String
    private var crashes: [Crash]

    /// Reads what is remembered; nothing where there is no file, or none that can be read.
    init(path: String) {
        self.path = path
        let data = try? Data(contentsOf: URL(fileURLWithPath: path))
        self.crashes = data.flatMap { try? JSONDecoder().decode([Crash].self, from: $0) } ?? []
    }

    /// Notes what the process before left behind; `report`: its breadcrumbs, nil when there are none.
    ///
    /// One that cannot be written down is forgotten: the camera is opened once more then.
    mutating func note(_ report: BreadcrumbReport?, at now: MediaTime) {
        guard let report, report.crash != nil else { return }
        crashes += report.suspects.map { Crash(camera: $0.camera, at: now) }
        crashes = crashes.filter { now.seconds(since: $0.at) < Self.limit.spared }.suffix(Self.most)
        let data = try? JSONEncoder().encode(crashes)
        try? data?.write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// Until when cameras must be left alone, by camera; only those for which that is not over.
    func spared(at now: MediaTime) -> [String: MediaTime] {
        Dictionary(grouping: crashes, by: \.camera).compactMapValues { crashes in
            let times = crashes.map(\.at).sorted()
            let last = times.indices.last { index in
                index + 1 >= Self.limit.crashes
                    && times[index].seconds(since: times[index + 1 - Self.limit.crashes]) <= Self.limit.within
            }
            guard let end = last.map({ times[$0].advanced(bySeconds: Self.limit.spared) }), end > now else {
                return nil
            }
            return end
        }
    }
}
