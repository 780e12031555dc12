/// Pixel operations that several peers share; pictures are rows of `width` values.
enum PixelWork {
    /// A connected group of set pixels.
    struct Blob {
        /// Pixels.
        var count = 0
        /// Area of the polygon through the centres of its outer pixels, without holes: thin groups have hardly any.
        var contourArea = 0.0
        /// Whether one of them is watched.
        var isWatched = false
    }

    /// 3 by 3 erosion; `isCross` takes only the four neighbours beside a pixel.
    static func eroded(_ mask: [Bool], _ width: Int, isCross: Bool = false) -> [Bool] {
        combined(mask, width, isCross: isCross) { $0 && $1 }
    }

    /// 3 by 3 dilation.
    static func dilated(_ mask: [Bool], _ width: Int, isCross: Bool = false) -> [Bool] {
        combined(mask, width, isCross: isCross) { $0 || $1 }
    }

    /// The border takes its nearest pixels for those that are not there.
    private static func combined(
        _ mask: [Bool],
        _ width: Int,
        isCross: Bool,
        _ join: (Bool, Bool) -> Bool
    ) -> [Bool] {
        let height = mask.count / width
        var result = mask
        for row in 0..<height {
            let (above, below) = (max(0, row - 1), min(height - 1, row + 1))
            for column in 0..<width {
                let (left, right) = (max(0, column - 1), min(width - 1, column + 1))
                var value = mask[row * width + column]
                value = join(value, mask[above * width + column])
                value = join(value, mask[below * width + column])
                value = join(value, mask[row * width + left])
                value = join(value, mask[row * width + right])
                if !isCross {
                    for (y, x) in [(above, left), (above, right), (below, left), (below, right)] {
                        value = join(value, mask[y * width + x])
                    }
                }
                result[row * width + column] = value
            }
        }
        return result
    }

    /// Groups of set pixels.
    ///
    /// `isDiagonal`: whether pixels that touch at a corner belong together.
    static func blobs(_ mask: [Bool], _ width: Int, _ area: WatchedArea, isDiagonal: Bool) -> [Blob] {
        let height = mask.count / width
        var isLeft = mask
        var blobs: [Blob] = []
        var owners = [Int](repeating: -1, count: mask.count)
        var stack: [Int] = []
        for start in mask.indices where isLeft[start] {
            var blob = Blob()
            isLeft[start] = false
            stack.append(start)
            while let index = stack.popLast() {
                let (row, column) = (index / width, index % width)
                blob.count += 1
                blob.isWatched = blob.isWatched || area.isInside[index]
                owners[index] = blobs.count
                for y in max(0, row - 1)...min(height - 1, row + 1) {
                    for x in max(0, column - 1)...min(width - 1, column + 1) {
                        let isBeside = y == row || x == column
                        let next = y * width + x
                        guard isBeside || isDiagonal, isLeft[next] else { continue }
                        isLeft[next] = false
                        stack.append(next)
                    }
                }
            }
            blobs.append(blob)
        }
        addAreas(&blobs, owners, width)
        return blobs
    }

    /// Four pixels in a square enclose 1, three of them a half.
    private static func addAreas(_ blobs: inout [Blob], _ owners: [Int], _ width: Int) {
        for index in 0..<max(0, owners.count - width - 1) where index % width < width - 1 {
            let corners = [owners[index], owners[index + 1], owners[index + width], owners[index + width + 1]]
            let set = corners.filter { $0 >= 0 }
            if set.count >= 3 { blobs[set[0]].contourArea += set.count == 4 ? 1 : 0.5 }
        }
    }
}
