/// Clothes and build of a person.
struct PersonLook {
    var jacket: Colour
    var trousers: Colour
    var hair: Colour = .rgb(38, 34, 32)
    var skin: Colour = .rgb(196, 156, 130)
    /// Height in metres, shoes and hair included.
    var height: Float = 1.7
    /// What he carries in the hand, if anything.
    var carries: Colour?
    /// Until when he carries it, in seconds.
    var carriesUntil: Float = .infinity

    /// A person in everyday clothes, different for each number.
    static func passerby(_ number: Int) -> PersonLook {
        let jackets: [Colour] = [
            .rgb(52, 58, 76), .rgb(150, 54, 48), .rgb(196, 192, 184), .rgb(66, 84, 62), .rgb(34, 36, 40),
            .rgb(176, 140, 78), .rgb(92, 104, 140), .rgb(120, 66, 92),
        ]
        let trousers: [Colour] = [.rgb(42, 44, 54), .rgb(68, 74, 92), .rgb(88, 82, 72), .rgb(30, 30, 34)]
        let height = 1.58 + 0.04 * Float((number * 5) % 7)
        return PersonLook(
            jacket: jackets[number % jackets.count],
            trousers: trousers[(number * 3 + 1) % trousers.count],
            height: height
        )
    }
}

extension ActorBrush {
    /// A person of capsules: legs and arms swing with the way gone, so the feet do not slide.
    func paintPerson(_ look: PersonLook, _ spot: Whereabouts, time: Float) {
        let size = look.height / 1.7
        let across = WorldPoint(-spot.heading.z, 0, spot.heading.x)
        let step = spot.distance / (1.45 * size)
        let swing = spot.isMoving ? SceneMath.sine(step) : 0.08
        let bob = spot.isMoving ? 0.02 * SceneMath.cosine(step * 2) : 0.004 * SceneMath.sine(time * 0.3)
        func joint(_ along: Float, _ side: Float, _ up: Float) -> WorldPoint {
            spot.place + spot.heading * (along * size) + across * (side * size) + WorldPoint(0, (up + bob) * size, 0)
        }
        // The limb on the far side of the body first.
        let farSide: Float = across.z > 0 ? 1 : -1
        for side in [farSide, -farSide] {
            let reach = swing * side * 0.36
            let lift = max(-SceneMath.cosine(step) * side, 0) * (spot.isMoving ? 0.12 : 0)
            let hip = joint(0, side * 0.09, 0.9)
            let knee = joint(reach * 0.55 + lift * 0.6, side * 0.09, 0.48)
            let foot = joint(reach - lift * 0.4, side * 0.1, 0.06 + lift)
            limb(hip, knee, 0.085 * size, look.trousers)
            limb(knee, foot, 0.065 * size, look.trousers * 0.92)
            limb(foot, joint(reach - lift * 0.4 + 0.14, side * 0.1, 0.03 + lift), 0.045 * size, .grey(34))
        }
        let arm = swing * 0.28
        limb(
            joint(0, farSide * 0.22, 1.38),
            joint(-arm * farSide, farSide * 0.25, 0.86),
            0.055 * size,
            look.jacket * 0.8
        )
        for side in [farSide * 0.09, -farSide * 0.09] {
            limb(joint(0.01, side, 1.36), joint(-0.01, side, 0.9), 0.13 * size, look.jacket)
        }
        let hand = joint(arm * farSide, -farSide * 0.25, 0.86)
        limb(joint(0, -farSide * 0.22, 1.38), hand, 0.058 * size, look.jacket * 0.95)
        limb(hand, hand - WorldPoint(0, 0.06, 0), 0.04 * size, look.skin)
        if let bag = look.carries, time < look.carriesUntil {
            limb(hand - WorldPoint(0, 0.2, 0), hand - WorldPoint(0, 0.45, 0), 0.2 * size, bag)
        }
        limb(joint(0.02, 0, 1.46), joint(0.03, 0, 1.56), 0.075 * size, look.skin)
        limb(joint(0.03, 0, 1.56), joint(0.03, 0, 1.6), 0.1 * size, look.skin)
        limb(joint(0, 0, 1.6), joint(-0.01, 0, 1.63), 0.105 * size, look.hair)
    }

    /// A person on a bicycle.
    func paintCyclist(_ look: PersonLook, _ spot: Whereabouts) {
        let across = WorldPoint(-spot.heading.z, 0, spot.heading.x)
        func joint(_ along: Float, _ side: Float, _ up: Float) -> WorldPoint {
            spot.place + spot.heading * along + across * side + WorldPoint(0, up, 0)
        }
        let frame = Colour.rgb(40, 44, 52)
        for hub: Float in [-0.52, 0.52] {
            var rim = (0...14).map { index in
                let turn = Float(index) / 14
                return joint(hub + 0.33 * SceneMath.cosine(turn), 0, 0.34 + 0.33 * SceneMath.sine(turn))
            }
            while rim.count > 1 { limb(rim.removeLast(), rim[rim.count - 1], 0.03, .grey(36)) }
        }
        limb(joint(-0.52, 0, 0.34), joint(-0.12, 0, 0.85), 0.025, frame)
        limb(joint(-0.1, 0, 0.34), joint(0.42, 0, 0.88), 0.025, frame)
        limb(joint(-0.12, 0, 0.85), joint(0.42, 0, 0.85), 0.025, frame)
        limb(joint(0.52, 0, 0.34), joint(0.42, 0, 1.02), 0.025, frame)
        let pedal = spot.distance / 4.2
        for side: Float in [0.1, -0.1] {
            let turn = pedal + (side > 0 ? 0 : 0.5)
            let foot = joint(-0.08 + 0.16 * SceneMath.cosine(turn), side, 0.34 + 0.16 * SceneMath.sine(turn))
            let knee = joint(0.2, side, 0.66 + 0.1 * SceneMath.sine(turn))
            limb(joint(-0.16, side, 0.95), knee, 0.08, look.trousers)
            limb(knee, foot, 0.06, look.trousers)
        }
        for side: Float in [0.09, -0.09] {
            limb(joint(-0.16, side, 0.98), joint(0.1, side, 1.42), 0.13, look.jacket)
        }
        limb(joint(0.12, 0.2, 1.4), joint(0.42, 0.2, 1.04), 0.05, look.jacket * 0.9)
        limb(joint(0.12, -0.2, 1.4), joint(0.42, -0.2, 1.04), 0.05, look.jacket)
        limb(joint(0.2, 0, 1.52), joint(0.21, 0, 1.6), 0.1, look.skin)
        limb(joint(0.17, 0, 1.62), joint(0.16, 0, 1.65), 0.105, look.hair)
    }

    /// One rounded limb between two places, `radius` in metres.
    private func limb(_ from: WorldPoint, _ to: WorldPoint, _ radius: Float, _ colour: Colour) {
        let thickness = max(radius * camera.scale(atDepth: (from.z + to.z) / 2), 0.45)
        canvas.stroke(camera.project(from), camera.project(to), radius: thickness, .paint(colour), shading: 0.16)
    }
}
