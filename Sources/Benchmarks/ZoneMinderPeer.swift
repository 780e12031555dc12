internal import Flow

/// Difference to a reference that follows by 6 % a picture; alarmed, filtered and blob pixels as shares of the zone.
///
/// Its default preset: difference 25, alarmed pixels 0.5 to 75 %, filter 3 by 3 with 0.35 to 75 %, blobs from 0.3 %; one
/// alarmed picture is an alarm.
struct ZoneMinderPeer: PeerDetector {
    static let interval = 0.0

    private let width: Int
    private var reference: [Float] = []

    init(width: Int, height: Int) { self.width = width }

    var stateBytes: Int { reference.count * 4 }

    mutating func alarms(_ plane: LumaPlane, in area: WatchedArea) -> Bool {
        let pixels = plane.pixels.map(Float.init)
        guard !reference.isEmpty else {
            reference = pixels
            return false
        }
        var mask = [Bool](repeating: false, count: pixels.count)
        for index in pixels.indices where area.isInside[index] {
            mask[index] = abs(pixels[index] - reference[index]) > 25
        }
        for index in pixels.indices { reference[index] += 0.06 * (pixels[index] - reference[index]) }
        let zone = Double(area.count)
        let alarmed = Double(mask.count { $0 }) / zone
        guard alarmed >= 0.005, alarmed <= 0.75 else { return false }
        // A pixel stays when some full box of 3 by 3 holds it: an opening.
        let filtered = PixelWork.dilated(PixelWork.eroded(mask, width), width)
        let left = Double(filtered.count { $0 }) / zone
        guard left >= 0.0035, left <= 0.75 else { return false }
        return PixelWork.blobs(filtered, width, area, isDiagonal: false).contains { Double($0.count) / zone >= 0.003 }
    }
}
