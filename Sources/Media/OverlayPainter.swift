internal import CFFmpeg
internal import Flow

/// Draws lines into a full-range 4:2:0 picture.
struct OverlayPainter {
    private let frame: UnsafeMutablePointer<AVFrame>
    private let width: Int
    private let height: Int

    /// Line thickness in pixels: 3 from 640 pixels of width on, else 2.
    private let thickness: Int

    /// A colour in full-range BT.601.
    private struct Color {
        var y: UInt8
        var u: UInt8
        var v: UInt8

        static let yellow = Color(y: 226, u: 1, v: 149)
        static let red = Color(y: 76, u: 85, v: 255)
        static let black = Color(y: 0, u: 128, v: 128)
    }

    /// `frame` is `AV_PIX_FMT_YUVJ420P` and may be written.
    init(frame: UnsafeMutablePointer<AVFrame>) {
        self.frame = frame
        self.width = Int(frame.pointee.width)
        self.height = Int(frame.pointee.height)
        self.thickness = width >= 640 ? 3 : 2
    }

    /// Draws polygons, then boxes.
    func paint(_ overlay: Overlay) {
        for polygon in overlay.polygons { outline(polygon, .yellow) }
        for box in overlay.boxes {
            let right = box.x + box.width
            let bottom = box.y + box.height
            let corners = [(box.x, box.y), (right, box.y), (right, bottom), (box.x, bottom)]
            outline(corners.map { NormalizedPoint(x: $0.0, y: $0.1) }, .red)
        }
    }

    /// Says by how much the picture was brightened: a sun, and the factor, in the corner below left.
    func sign(_ factor: Double) {
        let digits = String(Int((factor * 10).rounded()))
        let text = "☀×" + digits.dropLast() + "." + digits.suffix(1)
        let scale = max(1, width / 320)
        let glyphs = text.compactMap { Self.glyphs[$0] }
        let size = (width: glyphs.reduce(1) { $0 + $1.columns + 1 }, height: 9)
        let top = height - (size.height + 2) * scale
        guard size.width * scale <= width, top >= 0 else { return }
        fill(x: 0, y: top, width: size.width * scale, height: height - top, .black)
        var left = scale
        for glyph in glyphs {
            for (row, line) in glyph.lines.enumerated() {
                for (column, mark) in line.enumerated() where mark == "#" {
                    fill(x: left + column * scale, y: top + (row + 2) * scale, width: scale, height: scale, .yellow)
                }
            }
            left += (glyph.columns + 1) * scale
        }
    }

    /// A sign of seven lines.
    private struct Glyph {
        let lines: [Substring]
        var columns: Int { lines.first?.count ?? 0 }

        init(_ text: String) { lines = text.split(separator: "/") }
    }

    private static let glyphs: [Character: Glyph] = [
        "☀": Glyph("#..#..#/.#.#.#./..###../#######/..###../.#.#.#./#..#..#"),
        "×": Glyph("...../...../#...#/.#.#./..#../.#.#./#...#"), ".": Glyph("./././././#/#"),
        "0": Glyph(".##./#..#/#..#/#..#/#..#/#..#/.##."), "1": Glyph(".#./##./.#./.#./.#./.#./###"),
        "2": Glyph(".##./#..#/...#/..#./.#../#.../####"), "3": Glyph("###./...#/...#/.##./...#/...#/###."),
        "4": Glyph("#..#/#..#/#..#/####/...#/...#/...#"), "5": Glyph("####/#.../#.../###./...#/...#/###."),
        "6": Glyph(".##./#.../#.../###./#..#/#..#/.##."), "7": Glyph("####/...#/..#./..#./.#../.#../.#.."),
        "8": Glyph(".##./#..#/#..#/.##./#..#/#..#/.##."), "9": Glyph(".##./#..#/#..#/.###/...#/...#/.##."),
    ]

    private func outline(_ points: [NormalizedPoint], _ color: Color) {
        guard var last = points.last else { return }
        for point in points {
            line(from: last, to: point, color)
            last = point
        }
    }

    private func line(from start: NormalizedPoint, to end: NormalizedPoint, _ color: Color) {
        let (x0, y0) = pixel(start)
        let (x1, y1) = pixel(end)
        let steps = max(abs(x1 - x0), abs(y1 - y0))
        for step in 0...steps {
            let share = steps == 0 ? 0 : Double(step) / Double(steps)
            let x = x0 + Int((Double(x1 - x0) * share).rounded())
            let y = y0 + Int((Double(y1 - y0) * share).rounded())
            dot(x, y, color)
        }
    }

    /// The pixel of a point, moved inwards so that a line on the picture's border is seen in full thickness.
    private func pixel(_ point: NormalizedPoint) -> (x: Int, y: Int) {
        func place(_ share: Double, _ size: Int) -> Int {
            guard share.isFinite else { return 0 }
            let inside = min(max(share, 0), 1) * Double(size)
            return max(0, min(Int(inside), size - thickness))
        }
        return (place(point.x, width), place(point.y, height))
    }

    /// A square of the line's thickness with its top left corner at the point.
    private func dot(_ x: Int, _ y: Int, _ color: Color) {
        fill(x: x, y: y, width: thickness, height: thickness, color)
    }

    private func fill(x: Int, y: Int, width: Int, height: Int, _ color: Color) {
        guard let luma = frame.pointee.data.0, let u = frame.pointee.data.1, let v = frame.pointee.data.2 else {
            return
        }
        for row in y..<min(y + height, self.height) {
            for column in x..<min(x + width, self.width) {
                luma[row * Int(frame.pointee.linesize.0) + column] = color.y
                u[row / 2 * Int(frame.pointee.linesize.1) + column / 2] = color.u
                v[row / 2 * Int(frame.pointee.linesize.2) + column / 2] = color.v
            }
        }
    }
}
