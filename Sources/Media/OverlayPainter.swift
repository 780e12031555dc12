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
        guard let luma = frame.pointee.data.0, let u = frame.pointee.data.1, let v = frame.pointee.data.2 else {
            return
        }
        for row in y..<min(y + thickness, height) {
            for column in x..<min(x + thickness, width) {
                luma[row * Int(frame.pointee.linesize.0) + column] = color.y
                u[row / 2 * Int(frame.pointee.linesize.1) + column / 2] = color.u
                v[row / 2 * Int(frame.pointee.linesize.2) + column / 2] = color.v
            }
        }
    }
}
