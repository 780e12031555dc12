internal import CFFmpeg

/// Turns a full-range 4:2:0 picture as one of the eight orientations of Exif wants it.
struct PictureTurn {
    /// True when columns become rows.
    private let swaps: Bool
    private let mirrorsColumns: Bool
    private let mirrorsRows: Bool

    /// `orientation` is 1…8; 1 leaves everything as it is.
    init(_ orientation: Int) {
        swaps = orientation >= 5
        mirrorsColumns = [2, 3, 7, 8].contains(orientation)
        mirrorsRows = [3, 4, 6, 7].contains(orientation)
    }

    /// True when there is nothing to do.
    var isIdentity: Bool { !swaps && !mirrorsColumns && !mirrorsRows }

    /// A turned copy.
    func turned(_ frame: UnsafeMutablePointer<AVFrame>) throws(MediaError) -> FrameBox {
        let width = frame.pointee.width
        let height = frame.pointee.height
        let copy = try FrameBox(
            width: swaps ? height : width,
            height: swaps ? width : height,
            format: AV_PIX_FMT_YUVJ420P
        )
        copy.pointer.pointee.color_range = frame.pointee.color_range
        let from = frame.pointee
        let to = copy.pointer.pointee
        let planes = [
            (from.data.0, from.linesize.0, to.data.0, to.linesize.0, 0),
            (from.data.1, from.linesize.1, to.data.1, to.linesize.1, 1),
            (from.data.2, from.linesize.2, to.data.2, to.linesize.2, 1),
        ]
        for (source, sourceStride, target, targetStride, shift) in planes {
            guard let source, let target else { continue }
            let columns = -((-Int(width)) >> shift)
            let rows = -((-Int(height)) >> shift)
            copyPlane(source, Int(sourceStride), target, Int(targetStride), columns, rows)
        }
        return copy
    }

    private func copyPlane(
        _ source: UnsafeMutablePointer<UInt8>,
        _ sourceStride: Int,
        _ target: UnsafeMutablePointer<UInt8>,
        _ targetStride: Int,
        _ columns: Int,
        _ rows: Int
    ) {
        for row in 0..<rows {
            let y = mirrorsRows ? rows - 1 - row : row
            for column in 0..<columns {
                let x = mirrorsColumns ? columns - 1 - column : column
                let value = source[row * sourceStride + column]
                // Where the pixel goes: source columns are target rows when the sides swap.
                target[swaps ? x * targetStride + y : y * targetStride + x] = value
            }
        }
    }
}
