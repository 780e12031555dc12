import CVision
import TestSupport
import Testing

@testable import Detection

@Suite(.ownThread) struct ComponentTests {
    private struct Random {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
    }

    /// Flood fill from each pixel in reading order, 8 neighbours.
    private func oracle(_ mask: [UInt8], _ width: Int, _ height: Int) -> [UInt16] {
        var labels = [UInt16](repeating: 0, count: mask.count)
        var next: UInt16 = 0
        for start in mask.indices where mask[start] != 0 && labels[start] == 0 {
            next += 1
            var open = [start]
            labels[start] = next
            while let index = open.popLast() {
                for y in max(0, index / width - 1)...min(height - 1, index / width + 1) {
                    for x in max(0, index % width - 1)...min(width - 1, index % width + 1) {
                        let near = y * width + x
                        if mask[near] != 0, labels[near] == 0 {
                            labels[near] = next
                            open.append(near)
                        }
                    }
                }
            }
        }
        return labels
    }

    private func rows(_ mask: [UInt8], _ width: Int, _ height: Int) -> [cv_span] {
        var spans = [cv_span](repeating: cv_span(left: 7, right: 9), count: height)
        let isAny = cv_find_spans(mask, nil, width, height, &spans) != 0
        #expect(isAny == mask.contains { $0 != 0 })
        return spans
    }

    private func label(_ mask: [UInt8], _ width: Int, _ height: Int) -> ([UInt16], [cv_component]) {
        var labels = [UInt16](repeating: 9, count: mask.count)
        var forest = [UInt16](repeating: 9, count: cv_components_limit(width, height) + 1)
        let spans = rows(mask, width, height)
        let count = cv_label(mask, width, height, spans, &labels, &forest)
        var stale = cv_component()
        stale.area = 99
        var found = [cv_component](repeating: stale, count: count)
        let none = [UInt8](repeating: 0, count: mask.count)
        cv_measure(labels, width, height, spans, mask, none, none, none, none, none, &found, count)
        return (labels, found)
    }

    @Test("a row's span is from its first to its last foreground pixel", arguments: [(1, 1), (40, 5), (33, 9)])
    func spans(size: (Int, Int)) {
        let (width, height) = size
        var random = Random(state: 77)
        let mask = (0..<width * height).map { _ in random.next() % 20 == 0 ? UInt8(2) : 0 }
        for (row, span) in rows(mask, width, height).enumerated() {
            let filled = (0..<width).filter { mask[row * width + $0] != 0 }
            #expect(Int(span.left) == filled.first ?? 0)
            #expect(Int(span.right) == filled.last.map { $0 + 1 } ?? 0)
        }
    }

    @Test("a patched plane is whole again over its base", arguments: [0, 1, 30, 100])
    func patches(percent: Int) {
        let (width, height) = (37, 11)
        var random = Random(state: UInt64(percent))
        let base = (0..<width * height).map { _ in UInt8(random.next() % 256) }
        let plane = base.map { random.next() % 100 < percent ? $0 ^ 1 : $0 }
        let patched = SparsePlane(plane, over: base, width: width)
        #expect(patched.isEmpty == (plane == base))
        #expect(patched.plane(over: base, width: width) == plane)
        // Where it differs, the base may change.
        let other = zip(base, plane).map { $0 == $1 ? $0 : 7 }
        #expect(patched.plane(over: other, width: width) == plane)
        let none = [UInt8](repeating: 0, count: base.count)
        #expect(SparsePlane(plane, over: nil, width: width).plane(over: none, width: width) == plane)
        #expect(SparsePlane(none, over: nil, width: width).stateBytes == 0)
    }

    @Test(
        "labels, areas and boxes are those of a flood fill",
        arguments: [(1, 1), (1, 9), (9, 1), (13, 7), (64, 33)],
        [0, 10, 35, 50, 75, 100]
    )
    func matchesFloodFill(size: (Int, Int), percent: Int) {
        let (width, height) = size
        var random = Random(state: UInt64(width * 1000 + height * 10 + percent))
        for _ in 0..<20 {
            let mask = (0..<width * height).map { _ in
                Int(random.next() % 100) < percent ? UInt8(1 + random.next() % 2) : 0
            }
            let (labels, components) = label(mask, width, height)
            #expect(labels == oracle(mask, width, height))
            #expect(components.count == Int(labels.max() ?? 0))
            for (index, component) in components.enumerated() {
                let mine = labels.indices.filter { Int(labels[$0]) == index + 1 }
                #expect(Int(component.area) == mine.count)
                #expect(Int(component.strong) == mine.filter { mask[$0] == 2 }.count)
                #expect(Int(component.left) == mine.map { $0 % width }.min())
                #expect(Int(component.right) == mine.map { $0 % width }.max())
                #expect(Int(component.top) == mine.map { $0 / width }.min())
                #expect(Int(component.bottom) == mine.map { $0 / width }.max())
            }
        }
    }

    @Test("single pixels in a grid are the most components there can be")
    func limit() {
        let width = 9
        let height = 7
        let mask = (0..<width * height).map { ($0 % width) % 2 == 0 && ($0 / width) % 2 == 0 ? UInt8(1) : 0 }
        #expect(label(mask, width, height).1.count == cv_components_limit(width, height))
    }

    @Test("a spiral is one component")
    func spiral() {
        let rows = ["#######", "......#", "#####.#", "#...#.#", "#.#.#.#", "#.###.#", "#.....#", "#######"]
        let mask = rows.flatMap { $0.map { $0 == "#" ? UInt8(1) : 0 } }
        #expect(label(mask, 7, 8).1.count == 1)
    }

    @Test("a square is measured: border, core, contrast and edges")
    func measures() {
        let width = 12
        let mask = (0..<144).map { (3...7).contains($0 % width) && (3...7).contains($0 / width) ? UInt8(1) : 0 }
        let then = [UInt8](repeating: 100, count: 144)
        let now = mask.map { $0 == 0 ? UInt8(100) : 140 }
        var gradientNow = [UInt8](repeating: 1, count: 144)
        var gradientThen = gradientNow
        let spans = rows(mask, width, 12)
        cv_gradient(now, width, 12, spans, &gradientNow)
        cv_gradient(then, width, 12, nil, &gradientThen)
        let age = [UInt8](repeating: 4, count: 144)
        let labelled = label(mask, width, 12)
        let labels = labelled.0
        var found = labelled.1
        cv_measure(labels, width, 12, spans, mask, now, then, age, gradientNow, gradientThen, &found, found.count)
        #expect(found.count == 1)
        #expect(found[0].area == 25)
        #expect(found[0].border == 16)
        #expect(found[0].core == 9)
        #expect(found[0].age == 100)
        #expect(found[0].contrast == 25 * 40)
        #expect(found[0].now == 25 * 140)
        #expect(found[0].then_then == 25 * 10_000)
        #expect(found[0].edge_then == 0)
        // Corners see the step in both directions.
        #expect(found[0].edge_now == 12 * 40 + 4 * 80)
        #expect(found[0].edge_change == found[0].edge_now)
    }
}
