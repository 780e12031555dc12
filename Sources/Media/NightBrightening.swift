internal import CFFmpeg
internal import Glibc

/// Makes a dark picture bright enough for people, and says by how much.
///
/// Only for pictures that people look at; detection never sees it. Colours stay as they are.
struct NightBrightening {
    /// How much brighter dark grey becomes, above 1 and at most `most`; what is bright already changes little.
    let factor: Double

    /// Largest factor: beyond it there is more noise of the sensor than scene.
    static let most = 8.0
    /// A picture counts as dark when 95 of 100 pixels are below this grey level (full range, 0…255).
    static let dark = 64
    /// The grey level that the 95th of 100 pixels is brought to, where the largest factor allows it.
    static let wanted = 112.0
    /// Below this level of the 999th of 1000 pixels there is nothing to be seen, with any factor.
    static let nothing = 3

    /// Nil when a picture of these grey levels, counted by level, is left as it is.
    init?(histogram: [Int]) {
        let total = histogram.reduce(0, +)
        let level = Self.level(histogram, share: 0.95, of: total)
        guard total > 0, level < Self.dark, Self.level(histogram, share: 0.999, of: total) >= Self.nothing else {
            return nil
        }
        // The curve below has this factor as its slope at black.
        let grey = Double(max(1, level)) / 255
        var low = 1.0
        var high = Self.most
        for _ in 0..<32 {
            let middle = (low + high) / 2
            if Self.curve(grey, middle) * 255 < Self.wanted { low = middle } else { high = middle }
        }
        // One digit is shown, so one digit is used.
        factor = (low * 10).rounded() / 10
    }

    /// Nil when the full-range picture is left as it is.
    init?(_ frame: UnsafeMutablePointer<AVFrame>) {
        guard let luma = frame.pointee.data.0 else { return nil }
        var histogram = [Int](repeating: 0, count: 256)
        let stride = Int(frame.pointee.linesize.0)
        histogram.withUnsafeMutableBufferPointer { counts in
            for row in 0..<Int(frame.pointee.height) {
                for column in 0..<Int(frame.pointee.width) { counts[Int(luma[row * stride + column])] += 1 }
            }
        }
        self.init(histogram: histogram)
    }

    /// Changes the luma of a full-range picture.
    func apply(to frame: UnsafeMutablePointer<AVFrame>) {
        guard let luma = frame.pointee.data.0 else { return }
        let table = (0...255).map { UInt8((Self.curve(Double($0) / 255, factor) * 255).rounded()) }
        let stride = Int(frame.pointee.linesize.0)
        table.withUnsafeBufferPointer { table in
            for row in 0..<Int(frame.pointee.height) {
                for column in 0..<Int(frame.pointee.width) {
                    luma[row * stride + column] = table[Int(luma[row * stride + column])]
                }
            }
        }
    }

    /// 0 and 1 stay; the slope is `factor` at 0 and falls to nothing at 1, so that lamps keep their shape.
    private static func curve(_ grey: Double, _ factor: Double) -> Double {
        1 - pow(1 - grey, factor)
    }

    private static func level(_ histogram: [Int], share: Double, of total: Int) -> Int {
        var count = 0
        return histogram.firstIndex { pixels in
            count += pixels
            return Double(count) >= share * Double(total)
        } ?? 255
    }
}
