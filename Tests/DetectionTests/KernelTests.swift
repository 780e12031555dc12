import CVision
import TestSupport
import Testing

@Suite(.ownThread) struct KernelTests {
    private func picture(_ count: Int, seed: UInt64 = 5) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 40)
        }
    }

    @Test(
        "the range of a neighbourhood is that of a slow search",
        arguments: [(1, 1), (1, 6), (6, 1), (2, 2), (31, 17)]
    )
    func range(size: (Int, Int)) {
        let (width, height) = size
        let source = picture(width * height)
        var low = [UInt8](repeating: 0, count: source.count)
        var high = low
        cv_range3(source, width, height, &low, &high)
        for y in 0..<height {
            for x in 0..<width {
                var near: [UInt8] = []
                for v in max(0, y - 1)...min(height - 1, y + 1) {
                    for u in max(0, x - 1)...min(width - 1, x + 1) { near.append(source[v * width + u]) }
                }
                #expect(low[y * width + x] == near.min())
                #expect(high[y * width + x] == near.max())
            }
        }
    }

    @Test("small steps of an average arrive in the mean", arguments: [(10, 12), (200, 100), (0, 255), (50, 51)])
    func approach(from: Int, to: Int) {
        let count = 4096
        var value = [UInt8](repeating: UInt8(from), count: count)
        let target = [UInt8](repeating: UInt8(to), count: count)
        // 300 steps of 1/300: 63 % of the way.
        for step in 0..<300 { cv_approach(&value, target, count, 65_536 / 300, UInt32(step) &* 0x9e37_79b9) }
        let mean = value.reduce(0.0) { $0 + Double($1) } / Double(count)
        let expected = Double(from) + Double(to - from) * 0.632
        // A step of a single grey level is carried by dithering alone and lags by up to a fifth of a level.
        #expect(abs(mean - expected) < 0.02 * Double(abs(to - from)) + 0.22)
        #expect(value.allSatisfy { Int($0) >= min(from, to) && Int($0) <= max(from, to) })
    }

    @Test("a rate of one takes the target over at once")
    func wholeStep() {
        var value = picture(1000)
        let target = picture(1000, seed: 9)
        cv_approach(&value, target, 1000, 65_536, 3)
        #expect(value == target)
    }

    @Test(
        "a change of light is found, with things in the picture and noise",
        arguments: [(256, 0), (180, 0), (330, -10), (256, 22), (256, -25), (200, 15)]
    )
    func light(gain: Int, offset: Int) {
        let random = picture(14_400).map(Int.init)
        var known: [UInt8] = []
        var now: [UInt8] = []
        for index in random.indices {
            let column = index % 160
            let level: Int = 40 + column / 20 * 16 + random[index] % 5
            let lit: Int = level * gain / 256 + offset + random[index] % 3 - 1
            known.append(UInt8(level))
            // A quarter of the picture is covered by something.
            now.append(column < 40 ? 128 : UInt8(clamping: lit))
        }
        let found = cv_fit_light(known, now, known.count)
        let foundGain = Int(found.gain)
        for level in [60, 100, 150] {
            let expected: Int = level * gain / 256 + offset
            let explained: Int = level * foundGain / 256 + Int(found.offset)
            #expect(abs(explained - expected) <= 4)
        }
        #expect(found.fit >= found.still)
        #expect(found.fit > 500)
    }

    @Test("a picture that has nothing to do with the known one is not called light")
    func noLight() {
        let known = (0..<14_400).map { UInt8(($0 % 160) / 20 * 30) }
        let now = picture(14_400)
        let found = cv_fit_light(known, now, 14_400)
        #expect(found.gain == 256)
        #expect(found.offset == 0)
    }

    @Test("a plane under other light is what the table says", arguments: [96, 200, 255, 256, 257, 330, 680])
    func relight(gain: Int32) {
        let levels = (0...255).map { UInt8($0) } + picture(77)
        for offset: Int32 in [-32, -1, 0, 7, 32] {
            let light = cv_light(gain: gain, offset: offset, fit: 0, still: 0)
            var table = [UInt8](repeating: 0, count: 256)
            cv_light_table(light, &table)
            var lit = [UInt8](repeating: 0, count: levels.count)
            cv_relight(levels, light, levels.count, &lit)
            #expect(lit == levels.map { table[Int($0)] })
        }
    }

    @Test(
        "the share that nothing changed explains is that of every third pixel",
        arguments: [1, 95, 96, 97, 1000, 14_400]
    )
    func stillShare(count: Int) {
        let known = picture(count)
        let drift = picture(count, seed: 12)
        let now = zip(known, drift).map { UInt8(clamping: Int($0) + Int($1 % 9) - 4) }
        var worth = 0
        var full = 0
        for index in stride(from: 0, to: count, by: 3) where known[index] <= 250 && now[index] <= 250 {
            worth += max(0, 6 - abs(Int(known[index]) - Int(now[index])))
            full += 6
        }
        #expect(Int(cv_fit_light(known, now, count).still) == (full == 0 ? 1000 : worth * 1000 / full))
    }

    @Test("foreground is counted in planes of any size", arguments: [0, 1, 63, 64, 65, 40_000])
    func count(size: Int) {
        let mask = picture(size).map { $0 % 3 }
        #expect(cv_count(mask, size) == mask.count { $0 != 0 })
        #expect(cv_count([UInt8](repeating: 1, count: size), size) == size)
    }

    @Test("a light table is monotonous and clips")
    func table() {
        var table = [UInt8](repeating: 0, count: 256)
        cv_light_table(cv_light(gain: 512, offset: -20, fit: 0, still: 0), &table)
        #expect(table[0] == 0)
        #expect(table[100] == 180)
        #expect(table[255] == 255)
        #expect(zip(table, table.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test("cleaning drops single pixels and fills holes")
    func clean() {
        let rows = ["........", ".#......", "...###..", "...#.#..", "...###..", "........"]
        let mask = rows.flatMap { $0.map { $0 == "#" ? UInt8(2) : 0 } }
        var clean = [UInt8](repeating: 9, count: mask.count)
        cv_clean(mask, 8, 6, 3, 6, &clean)
        #expect(clean[1 * 8 + 1] == 0)
        #expect(clean[3 * 8 + 4] == 1)
        #expect(clean[2 * 8 + 3] == 2)
        #expect(clean.filter { $0 != 0 }.count == 9)
    }

    /// One pixel's planes, and what `cv_learn` is to make of them, written as the header says it.
    private struct Pixel {
        var background: Int
        var original: Int
        var noise: Int
        var now: Int
        var recent: Int
        var kind: Int
        var expected: Int
        var expectedOriginal: Int

        mutating func learn(_ rates: cv_rates, rounding: Int) {
            let backgrounds = [rates.background.0, rates.background.1, rates.background.2, rates.background.3]
            let noises = [rates.noise.0, rates.noise.1, rates.noise.2, rates.noise.3, rates.noise.4]
            func step(_ value: Int, _ target: Int, _ rate: UInt32) -> Int {
                value + ((target - value) * Int(rate) + rounding) >> 16
            }
            let deviation = abs(now - expected)
            let isExcused = kind == Int(CV_EMPTY) && deviation > 12 + noise / 4
            noise = step(noise, min(8 * deviation, 12 * abs(now - recent), 255), noises[kind])
            if kind == Int(CV_ADOPT) {
                background = now
                return
            }
            let before = background
            let isCovered = kind == Int(CV_OBJECT) || kind == Int(CV_SPECK)
            let rate = isExcused ? rates.excused : backgrounds[kind]
            background = step(before, isCovered ? expected : now, rate)
            if kind == Int(CV_LIGHT) { return }
            if original == before {
                original = background
            } else {
                let lit = step(original, expectedOriginal, rate)
                original = isCovered ? lit : step(lit, background, rates.original)
            }
        }
    }

    private func rounding(_ index: Int, _ seed: UInt32) -> Int {
        var value = (UInt32(index) &+ seed) &* 2_654_435_761
        value ^= value >> 15
        return Int(value & 0xffff)
    }

    private var rates: cv_rates {
        cv_rates(
            background: (700, 900, 1100, 30_000, 0),
            noise: (2000, 100, 500, 65_536, 7),
            excused: 90,
            original: 40
        )
    }

    @Test("learning is that of a pixel at a time", arguments: [UInt32(0), 7919, 4_294_967_290], [false, true])
    func learning(seed: UInt32, isEmpty: Bool) {
        let count = 5003
        let kinds = picture(count, seed: 1).map { isEmpty ? UInt8(CV_EMPTY) : $0 % UInt8(CV_KINDS) }
        let (now, recent) = (picture(count, seed: 2), picture(count, seed: 3))
        let (expected, expectedOriginal) = (picture(count, seed: 4), picture(count, seed: 6))
        var (background, original) = (picture(count, seed: 7), picture(count, seed: 8))
        var noise = picture(count, seed: 9)
        for index in stride(from: 0, to: count, by: 3) { original[index] = background[index] }
        var pixels = (0..<count).map { index in
            Pixel(
                background: Int(background[index]),
                original: Int(original[index]),
                noise: Int(noise[index]),
                now: Int(now[index]),
                recent: Int(recent[index]),
                kind: Int(kinds[index]),
                expected: Int(expected[index]),
                expectedOriginal: Int(expectedOriginal[index])
            )
        }
        var rates = rates
        cv_learn(&background, &original, &noise, now, recent, kinds, expected, expectedOriginal, count, &rates, seed)
        for index in 0..<count { pixels[index].learn(rates, rounding: rounding(index, seed)) }
        #expect(background.map(Int.init) == pixels.map(\.background))
        #expect(original.map(Int.init) == pixels.map(\.original))
        #expect(noise.map(Int.init) == pixels.map(\.noise))
    }

    @Test("learning where nothing is gives what learning in general gives")
    func learningEmpty() {
        let count = 5003
        let (now, recent, expected) = (picture(count, seed: 2), picture(count, seed: 3), picture(count, seed: 4))
        var (background, noise) = (picture(count, seed: 7), picture(count, seed: 9))
        var (generalBackground, generalNoise) = (background, noise)
        var original = background
        let kinds = [UInt8](repeating: UInt8(CV_EMPTY), count: count)
        var rates = rates
        cv_learn_empty(&background, &noise, now, recent, expected, count, &rates, 7919)
        cv_learn(
            &generalBackground,
            &original,
            &generalNoise,
            now,
            recent,
            kinds,
            expected,
            expected,
            count,
            &rates,
            7919
        )
        #expect(background == generalBackground)
        #expect(noise == generalNoise)
        #expect(original == generalBackground)
    }

    /// A mask of patches and gaps, and its spans.
    private func patches(_ width: Int, _ height: Int) -> (mask: [UInt8], spans: [cv_span]) {
        let random = picture(width * height, seed: 31)
        let mask = random.indices.map { index in
            let (x, y) = (index % width, index / width)
            return y % 4 != 1 && (x / 7 + y) % 3 == 0 && random[index] > 60 ? 1 + random[index] % 2 : 0
        }
        var spans = [cv_span](repeating: cv_span(left: 0, right: 0), count: height)
        _ = cv_find_spans(mask, nil, width, height, &spans)
        return (mask, spans)
    }

    @Test("ages grow where foreground stays as it was, and are 0 elsewhere", arguments: [(1, 1), (33, 9), (160, 12)])
    func ages(size: (Int, Int)) {
        let (width, height) = size
        let (mask, spans) = patches(width, height)
        let recent = picture(mask.count, seed: 32)
        let now = zip(recent, picture(mask.count, seed: 33)).map { UInt8(clamping: Int($0) + Int($1 % 40) - 20) }
        let before = picture(mask.count, seed: 34)
        var age = before
        let threshold = cv_threshold(floor: 6, level: 10, noise_factor: 0)
        cv_age(&age, mask, now, recent, width, height, spans, threshold, 3)
        let expected = mask.indices.map { index in
            let isStill = abs(Int(now[index]) - Int(recent[index])) <= 6 + (Int(recent[index]) * 10) >> 8
            return mask[index] != 0 && isStill ? UInt8(min(255, Int(before[index]) + 3)) : 0
        }
        #expect(age == expected)
    }

    @Test("moving pixels are counted in their squares", arguments: [(1, 1), (33, 9), (160, 12)])
    func moving(size: (Int, Int)) {
        let (width, height) = size
        let (mask, spans) = patches(width, height)
        let age = picture(mask.count, seed: 35).map { $0 % 2 }
        let columns = (width + 3) / 4
        var counts = [UInt8](repeating: 9, count: columns * ((height + 3) / 4))
        cv_count_moving(mask, age, width, height, spans, 4, &counts)
        var expected = [UInt8](repeating: 0, count: counts.count)
        for index in mask.indices where mask[index] != 0 && age[index] == 0 {
            expected[index / width / 4 * columns + index % width / 4] += 1
        }
        #expect(counts == expected)
    }

    @Test("what looks as at original is background again, and nothing else changes", arguments: [7, 64, 1001])
    func recall(count: Int) {
        let original = picture(count, seed: 36)
        let gaps = picture(count, seed: 37)
        let pixels = zip(original, gaps).map { UInt8(clamping: Int($0) + Int($1 % 30) - 15) }
        let background = original.indices.map { gaps[$0] % 3 == 0 ? original[$0] : original[$0] ^ 0x40 }
        let mask = original.indices.map { $0 / 20 % 2 == 0 ? gaps[$0] % 3 : 0 }
        let table = (0...255).map { UInt8($0) }
        var (left, learnt) = (mask, background)
        cv_recall_original(
            pixels,
            original,
            table,
            count,
            cv_threshold(floor: 5, level: 12, noise_factor: 0),
            &left,
            &learnt
        )
        for index in 0..<count {
            let isNear = abs(Int(pixels[index]) - Int(original[index])) <= 5 + (Int(original[index]) * 12) >> 8
            let isRecalled = mask[index] != 0 && original[index] != background[index] && isNear
            #expect(left[index] == (isRecalled ? 0 : mask[index]))
            #expect(learnt[index] == (isRecalled ? pixels[index] : background[index]))
        }
    }
}
