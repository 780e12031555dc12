import CVision
import Flow

/// What is known about the empty scene of one camera, and what the last frame showed that does not belong to it.
struct SceneModel: Sendable {
    let width: Int
    let height: Int
    private let settings: DetectionSettings
    private var background: [UInt8]
    private var home: [UInt8]
    private var recent: [UInt8]
    private var noise: [UInt8]
    private var age: [UInt8]
    private var ageClock = 0.0
    private var seconds = 0.0
    private var frame: UInt32 = 0
    private var labels: [UInt16]
    private var components: [cv_component] = []
    private var kept: [Bool] = []
    private(set) var foreground: [UInt8]
    private(set) var status = SceneStatus.warmingUp
    var debug = ""

    init(first plane: LumaPlane, settings: DetectionSettings) {
        width = plane.width
        height = plane.height
        self.settings = settings
        background = plane.pixels
        home = plane.pixels
        recent = plane.pixels
        let n = plane.pixels.count
        var low = [UInt8](repeating: 0, count: n)
        var high = low
        cv_range3(background, width, height, &low, &high)
        noise = (0..<n).map { UInt8(min(255, 8 + Int(Double(high[$0] - low[$0]) * tp("PRIOR", 2)))) }
        age = Array(repeating: 0, count: n)
        labels = Array(repeating: 0, count: n)
        foreground = Array(repeating: 0, count: n)
    }

    func fits(_ plane: LumaPlane) -> Bool {
        plane.width == width && plane.height == height
    }

    mutating func observe(_ plane: LumaPlane, elapsed: Double) {
        frame &+= 1
        seconds += elapsed
        let n = width * height
        let light = cv_fit_light(background, plane.pixels, n)
        var table = [UInt8](repeating: 0, count: 256)
        cv_light_table(light, &table)
        var expected = [UInt8](repeating: 0, count: n)
        cv_map(background, table, n, &expected)
        var low = [UInt8](repeating: 0, count: n)
        var high = low
        cv_range3(expected, width, height, &low, &high)
        var raw = low
        let threshold = cv_threshold(
            floor: UInt16(settings.contrastFloor),
            level: UInt16(settings.contrastShare * 256),
            noise_factor: UInt16(settings.noiseFactor * 8)
        )
        cv_foreground(plane.pixels, low, high, noise, n, threshold, &raw)
        cv_recall_home(plane.pixels, home, table, n, threshold, &raw, &background)
        cv_clean(raw, width, height, 4, 6, &foreground)
        ageClock += elapsed
        let tick = ageClock >= 0.25
        if tick { ageClock = ageClock > 0.5 ? 0 : ageClock - 0.25 }
        cv_age(&age, foreground, plane.pixels, recent, n, threshold, tick ? 1 : 0)
        var found = [cv_component](repeating: cv_component(), count: cv_components_limit(width, height) + 1)
        let count = cv_components(foreground, width, height, &labels, &found)
        components = Array(found[0..<count])
        var gNow = low, gThen = low
        cv_gradient(plane.pixels, width, height, &gNow)
        cv_gradient(expected, width, height, &gThen)
        plane.pixels.withUnsafeBufferPointer { p in expected.withUnsafeBufferPointer { e in age.withUnsafeBufferPointer { a in gNow.withUnsafeBufferPointer { gn in gThen.withUnsafeBufferPointer { gt in
            cv_measure(labels, width, height, cv_evidence(pixels: p.baseAddress, expected: e.baseAddress, age: a.baseAddress, gradient_now: gn.baseAddress, gradient_then: gt.baseAddress), &components)
        }}}}}
        // ghosts
        var ghost = [Bool](repeating: false, count: count + 1)
        debug = ""
        kept = []
        let leastBlob = Int(settings.minBlob * Double(n))
        for (k, c) in components.enumerated() {
            let meanAge = Double(c.age) / Double(c.area) * 0.25
            let isGhost = meanAge >= tp("GHOSTAGE", 1) && Double(c.edge_then) > tp("GHOST", 1.5) * Double(c.edge_now)
            ghost[k + 1] = isGhost || meanAge > settings.absorbSeconds
            let A = Double(c.area)
            let vt = Double(c.then_then) / A - (Double(c.then) / A) * (Double(c.then) / A)
            let vn = Double(c.now_now) / A - (Double(c.now) / A) * (Double(c.now) / A)
            let cov = Double(c.now_then) / A - (Double(c.now) / A) * (Double(c.then) / A)
            let ncc = cov / max(1e-9, (vt * vn).squareRoot())
            let sharp = Double(c.edge_change) / Double(max(1, c.border)) / max(1, Double(c.contrast) / A)
            kept.append(Int(c.area) >= leastBlob && c.strong * 4 >= c.area && Double(c.core) >= tp("CORE", 0.08) * A)
            if Int(c.area) >= leastBlob { debug += " [\(c.left),\(c.top)-\(c.right),\(c.bottom) a\(c.area) s\(c.strong) core\(c.core) age\(r2(meanAge)) then/now\(r2(Double(c.edge_then)/Double(max(1,c.edge_now)))) ncc\(r2(ncc)) sdT\(r2(max(0, vt).squareRoot())) sdN\(r2(max(0, vn).squareRoot())) con\(r2(Double(c.contrast)/A)) sharp\(r2(sharp))\(ghost[k+1] ? " GHOST" : "")\(kept[k] ? " K" : "")]" }
        }
        if ghost.contains(true) {
            for i in 0..<n where ghost[Int(labels[i])] {
                home[i] = background[i]
                background[i] = plane.pixels[i]
                age[i] = 0
                foreground[i] = 0
            }
            for k in 0..<count where ghost[k + 1] { kept[k] = false }
        }
        // learn
        let seed = frame &* 7919
        let rate = { (tau: Double) -> UInt32 in UInt32(min(65536, 65536 * elapsed / max(tau, elapsed))) }
        let warm = min(settings.backgroundSeconds, max(0.5, seconds))
        cv_approach_masked(&background, plane.pixels, foreground, n, rate(warm), 0, seed)
        cv_learn_noise(&noise, plane.pixels, expected, foreground, n, rate(min(settings.noiseSeconds, max(1, seconds))), rate(settings.noiseSeconds * 3), seed &+ 1)
        cv_approach(&recent, plane.pixels, n, rate(1), seed &+ 2)
        status = seconds < settings.warmUpSeconds ? .warmingUp : light.gain != 256 || light.offset != 0 ? .lightChange : .steady
        debug = "gain \(light.gain) off \(light.offset) fit \(light.fit) still \(light.still) comps \(count) fg \(foreground.reduce(0) { $0 + ($1 > 0 ? 1 : 0) })" + debug
    }

    func sighting(in region: Region, minShare: Double) -> Sighting? {
        let leastBlob = Int(settings.minBlob * Double(width * height))
        var inside = [Int](repeating: 0, count: components.count + 1)
        for (index, row) in region.runs.enumerated() {
            let y = region.rows.lowerBound + index
            for run in row {
                for x in run { inside[Int(labels[y * width + x])] += 1 }
            }
        }
        var total = 0
        var l = width, t = height, r = 0, b = 0
        for k in components.indices where inside[k + 1] >= leastBlob && kept[k] {
            total += inside[k + 1]
            let c = components[k]
            l = min(l, Int(c.left)); t = min(t, Int(c.top)); r = max(r, Int(c.right) + 1); b = max(b, Int(c.bottom) + 1)
        }
        guard total > 0 else { return nil }
        let needed = max(Double(leastBlob), minShare * Double(region.count))
        return Sighting(strength: Double(total) / needed, box: NormalizedRect(x: Double(l) / Double(width), y: Double(t) / Double(height), width: Double(r - l) / Double(width), height: Double(b - t) / Double(height)), share: Double(total) / Double(region.count))
    }
}
func r2(_ x: Double) -> Double { (x * 100).rounded() / 100 }
