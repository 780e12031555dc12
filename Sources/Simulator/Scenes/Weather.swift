import Flow

/// What comes between the camera and the scene.
struct Weather {
    /// Density of the rain, 0…1.
    var rain: Curve = .constant(0)
    /// Density of the snow, 0…1.
    var snow: Float = 0
    /// How many insects fly before the lens, and when (0 or 1).
    var insects = 0
    var insectsFly: Curve = .constant(1)
    /// How far the pole shakes, in pixels of a picture 640 wide.
    var shake: Curve = .constant(0)
    /// How far something covers the lens: 0 is free, 1 all of it.
    var cover: Curve = .constant(0)
}

/// Draws the weather of one scene.
struct WeatherPainter {
    let weather: Weather
    let seed: UInt64
    private let noise: ValueNoise

    init(_ weather: Weather, seed: UInt64) {
        self.weather = weather
        self.seed = seed
        noise = ValueNoise(seed: seed ^ 0x77)
    }

    /// How far the picture is moved at a time, in pixels.
    func shake(at time: Float, width: Int) -> ScreenPoint {
        let amount = weather.shake.value(at: time) * Float(width) / 640
        guard amount > 0 else { return .zero }
        let gust = 0.45 + 0.55 * noise.value(time * 0.5, 3)
        let x = 0.6 * SceneMath.sine(time * 1.37) + 0.4 * SceneMath.sine(time * 3.1 + 0.2)
        let y = 0.55 * SceneMath.sine(time * 1.93 + 0.4) + 0.45 * SceneMath.sine(time * 4.3)
        return ScreenPoint(x, y * 0.7) * (amount * gust)
    }

    /// Streaks of rain and a thin veil of grey, new in every frame.
    func paintRain(on canvas: Canvas, time: Float, frame: Int) {
        let density = weather.rain.value(at: time)
        guard density > 0 else { return }
        var random = SplitMix64(seed: SplitMix64.mix(seed ^ UInt64(frame) &* 0x51))
        let scale = Float(canvas.width) / 640
        let veil = Colour.grey(168)
        let opacity = 0.1 * density
        for index in canvas.pixels.indices {
            canvas.pixels[index] = canvas.pixels[index].mixed(veil, opacity)
        }
        for _ in 0..<Int(190 * density) {
            let nearness = random.unit()
            let start = ScreenPoint(random.unit() * Float(canvas.width), random.number(-0.1, 1) * Float(canvas.height))
            let length = (5 + 20 * nearness * nearness) * scale
            let slant = random.number(0.08, 0.16)
            canvas.stroke(
                start,
                start + ScreenPoint(-slant, 1) * length,
                radius: (0.25 + 0.5 * nearness * nearness) * scale,
                .glaze(.grey(206), 0.1 + 0.26 * nearness)
            )
        }
        for _ in 0..<Int(90 * density) {
            let place = ScreenPoint(random.unit() * Float(canvas.width), random.number(0.4, 1) * Float(canvas.height))
            let size = (0.6 + 1.4 * place.y / Float(canvas.height)) * scale
            canvas.ellipse(place, radii: ScreenPoint(size * 1.6, size * 0.6), .glaze(.grey(210), 0.25))
        }
    }

    /// Flakes that drift down, near ones large and fast, and a veil of white.
    func paintSnow(on canvas: Canvas, time: Float) {
        guard weather.snow > 0 else { return }
        let scale = Float(canvas.width) / 640
        let veil = Colour.grey(214)
        for index in canvas.pixels.indices {
            canvas.pixels[index] = canvas.pixels[index].mixed(veil, 0.12 * weather.snow)
        }
        var random = SplitMix64(seed: SplitMix64.mix(seed ^ 0x5a0e))
        for _ in 0..<Int(260 * weather.snow) {
            let (nearness, start, lane) = (random.unit(), random.unit(), random.unit())
            let fall = start * 1.2 + time * (0.08 + 0.3 * nearness)
            let drift = 0.02 * SceneMath.sine(time * 0.3 + lane) + 0.03 * time * nearness
            let place = ScreenPoint(
                SceneMath.wrap(lane + drift, 1) * Float(canvas.width),
                (SceneMath.wrap(fall, 1.2) - 0.1) * Float(canvas.height)
            )
            let size = (0.5 + 2.2 * nearness * nearness) * scale
            canvas.ellipse(place, radii: ScreenPoint(size, size), .glaze(.grey(240), 0.35 + 0.45 * nearness))
        }
    }

    /// Bright specks that dart about near the infrared lamp.
    func paintInsects(on canvas: Canvas, time: Float) {
        guard weather.insects > 0, weather.insectsFly.value(at: time) > 0.5 else { return }
        let scale = Float(canvas.width) / 640
        for insect in 0..<weather.insects {
            let lane = Float(insect) * 13.7
            // Each insect is there only part of the time.
            guard noise.value(time * 0.35 + lane, lane) > 0.52 else { continue }
            func place(_ time: Float) -> ScreenPoint {
                ScreenPoint(
                    noise.fractal(time * 0.55 + lane, 1.5, octaves: 2) * 1.6 - 0.3,
                    noise.fractal(time * 0.6 + lane, 9.5, octaves: 2) * 1.6 - 0.3
                ) * ScreenPoint(Float(canvas.width), Float(canvas.height))
            }
            let size = (0.9 + 1.2 * noise.value(lane, 2)) * scale
            canvas.stroke(place(time - 0.06), place(time), radius: size, .glaze(.grey(236), 0.5), softness: size * 3)
        }
    }

    /// Something dark pushed over the lens from the lower left; returns the share of the picture it hides.
    func paintCover(on canvas: Canvas, time: Float) -> Float {
        let progress = weather.cover.value(at: time)
        guard progress > 0 else { return 0 }
        var hidden: Float = 0
        let edge = progress * 1.5 - 0.2
        let grain = 7 / Float(canvas.width)
        for row in 0..<canvas.height {
            let y = 1 - Float(row) / Float(canvas.height)
            for column in 0..<canvas.width {
                let x = Float(column) / Float(canvas.width)
                let fold = noise.value(Float(column) * grain, Float(row) * grain)
                let away = 0.62 * x + 0.38 * y + 0.1 * (fold - 0.5)
                let share = SceneMath.smoothStep(away - 0.07, away + 0.07, edge)
                guard share > 0 else { continue }
                hidden += share
                let colour = Colour.rgb(30, 23, 19) * (0.7 + 0.5 * fold + 0.25 * x)
                let index = row * canvas.width + column
                canvas.pixels[index] = canvas.pixels[index].mixed(colour, share * 0.98)
            }
        }
        return hidden / Float(canvas.width * canvas.height)
    }
}
