internal import Flow

/// Three keyframes: pixels of the newest that differ by more than 60 from both others.
///
/// Its defaults: keyframes only (here one in 2 s), 150 pixels, at a resolution that is taken as 640 by 480.
struct KerberosPeer: PeerDetector {
    static let interval = 2.0

    private let needed: Int
    private var frames: [[UInt8]] = []

    init(width: Int, height: Int) { needed = 150 * width * height / (640 * 480) }

    var stateBytes: Int { frames.reduce(0) { $0 + $1.count } }

    mutating func alarms(_ plane: LumaPlane, in area: WatchedArea) -> Bool {
        frames.append(plane.pixels)
        guard frames.count == 3 else { return false }
        var changed = 0
        for index in plane.pixels.indices where area.isInside[index] {
            let (first, second, third) = (Int(frames[0][index]), Int(frames[1][index]), Int(frames[2][index]))
            if abs(third - first) > 60, abs(third - second) > 60 { changed += 1 }
        }
        frames.removeFirst()
        return changed > needed
    }
}
