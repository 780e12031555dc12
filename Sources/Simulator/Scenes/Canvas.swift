/// What a shape leaves on the canvas: `pixel * (1 - coverage * opacity) + colour * coverage`.
struct Ink {
    /// The colour added, 0…255 a channel.
    let colour: Colour
    /// How much of what was there is taken away, 0…1.
    let opacity: Float

    /// Covers what was there, as paint does.
    static func paint(_ colour: Colour) -> Ink {
        Ink(colour: colour, opacity: 1)
    }

    /// Covers a share of what was there.
    static func glaze(_ colour: Colour, _ opacity: Float) -> Ink {
        Ink(colour: colour * opacity, opacity: opacity)
    }

    /// Darkens what was there; a depth of 1 leaves black.
    static func shadow(_ depth: Float) -> Ink {
        Ink(colour: .zero, opacity: depth)
    }

    /// Adds light to what was there, and takes nothing away.
    static func light(_ colour: Colour) -> Ink {
        Ink(colour: colour, opacity: 0)
    }
}

/// A box of pixels: columns `left`..<`right`, rows `top`..<`bottom`.
struct PixelBox {
    var left: Int
    var top: Int
    var right: Int
    var bottom: Int

    /// A box that holds nothing.
    static let empty = PixelBox(left: .max, top: .max, right: .min, bottom: .min)

    /// Whether it holds no pixel.
    var isEmpty: Bool { left >= right || top >= bottom }

    /// Grows to hold `other` too.
    mutating func add(_ other: PixelBox) {
        left = min(left, other.left)
        top = min(top, other.top)
        right = max(right, other.right)
        bottom = max(bottom, other.bottom)
    }
}

/// A picture being painted: one colour a pixel, soft-edged shapes, and a stencil of where the last actor was drawn.
///
/// One thread only.
final class Canvas {
    /// Picture width in pixels.
    let width: Int
    /// Picture height in pixels.
    let height: Int
    /// The pixels, row by row.
    let pixels: UnsafeMutableBufferPointer<Colour>
    /// How much of each pixel the shapes drawn since `clearStencil()` cover, 0…255.
    ///
    /// Written while `marksStencil` is on.
    let stencil: UnsafeMutableBufferPointer<UInt8>
    /// Whether shapes mark the stencil.
    var marksStencil = false
    /// The box that holds every marked stencil pixel.
    private(set) var stencilBox = PixelBox.empty

    init(_ size: FrameSize) {
        width = size.width
        height = size.height
        pixels = .allocate(capacity: size.width * size.height)
        pixels.initialize(repeating: .zero)
        stencil = .allocate(capacity: size.width * size.height)
        stencil.initialize(repeating: 0)
    }

    deinit {
        pixels.deallocate()
        stencil.deallocate()
    }

    /// Takes over every pixel of a canvas of the same size.
    func copy(_ other: Canvas) {
        _ = pixels.update(fromContentsOf: other.pixels)
    }

    /// Forgets where shapes were drawn.
    func clearStencil() {
        guard !stencilBox.isEmpty else { return }
        for row in stencilBox.top..<stencilBox.bottom {
            let start = row * width
            stencil[(start + stencilBox.left)..<(start + stencilBox.right)].update(repeating: 0)
        }
        stencilBox = .empty
    }

    /// The pixels of the picture inside a box of picture coordinates that is grown by `margin`.
    func box(low: ScreenPoint, high: ScreenPoint, margin: Float) -> PixelBox {
        // Held before the conversion: a shape far off the picture may lie beyond the range of Int.
        let left = SceneMath.clamp((low.x - margin).rounded(.down), 0, Float(width))
        let top = SceneMath.clamp((low.y - margin).rounded(.down), 0, Float(height))
        let right = SceneMath.clamp((high.x + margin).rounded(.up), 0, Float(width))
        let bottom = SceneMath.clamp((high.y + margin).rounded(.up), 0, Float(height))
        return PixelBox(left: Int(left), top: Int(top), right: Int(right), bottom: Int(bottom))
    }

    /// Notes a box of pixels that a shape is about to touch.
    func willMark(_ box: PixelBox) {
        guard marksStencil else { return }
        stencilBox.add(box)
    }

    /// Puts ink on one pixel.
    @inline(__always)
    func put(_ index: Int, _ ink: Ink, coverage: Float) {
        pixels[index] = pixels[index] * (1 - coverage * ink.opacity) + ink.colour * coverage
        if marksStencil {
            stencil[index] = max(stencil[index], UInt8(coverage * 255))
        }
    }

    /// Softens the whole picture a little, as a cheap lens does.
    func soften(_ amount: Float) {
        let copy = [Colour](pixels)
        let side = amount / 4
        let centre = 1 - amount
        for row in 0..<height {
            let above = max(row - 1, 0) * width
            let below = min(row + 1, height - 1) * width
            for column in 0..<width {
                let left = row * width + max(column - 1, 0)
                let right = row * width + min(column + 1, width - 1)
                let around = copy[above + column] + copy[below + column] + copy[left] + copy[right]
                pixels[row * width + column] = copy[row * width + column] * centre + around * side
            }
        }
    }
}
