import Flow

/// Patrols: the cameras of platforms where every stream costs are visited in turn, a few at a time.
extension FleetLoop {
    /// Puts a camera into the patrol of its platform, which may have `sessions` streams open at once.
    func enroll(_ camera: FleetCamera, sessions: Int) {
        pacer.add(camera.source.camera, host: camera.host, pointClass: camera.source.pointClass, dueAt: .infinity)
        if patrols[camera.host] == nil || patrols[camera.host]?.settings.sessions != max(1, sessions) {
            remake(camera.host, sessions: sessions)
        }
        patrols[camera.host]?.add(
            camera.source.camera,
            pointClass: camera.source.pointClass,
            now: clocks.monotonic()
        )
        report(camera.source.camera, .patrol, nil, reconnects: 0)
    }

    /// The patrol of a platform with another number of sessions; its cameras keep their place in the new one.
    private func remake(_ host: String, sessions: Int) {
        let intervals = cameras.values.filter { $0.host == host }.reduce(into: [Int: Double]()) { known, camera in
            known[camera.source.pointClass] = min(known[camera.source.pointClass] ?? .infinity, camera.source.interval)
        }
        var plan = PatrolPlan<String>(
            settings: PatrolSettings(
                sessions: sessions,
                intervals: SIMD3(intervals[1] ?? 120, intervals[2] ?? 300, intervals[3] ?? 900),
                timeout: settings.visitWithin
            )
        )
        for camera in cameras.values where camera.host == host && camera.source.patrolSessions != nil {
            plan.add(camera.source.camera, pointClass: camera.source.pointClass, now: clocks.monotonic())
        }
        patrols[host] = plan
    }

    /// Takes a camera out of its patrol.
    func leavePatrol(_ camera: FleetCamera) {
        patrols[camera.host]?.remove(camera.source.camera)
        if patrols[camera.host]?.count == 0 { patrols[camera.host] = nil }
    }

    /// Lets the cameras connect whose turn it is, and ends visits that take too long.
    func beginVisits() {
        let now = clocks.monotonic()
        for host in patrols.keys {
            while let id = patrols[host]?.overdue(now: now) {
                guard let camera = cameras[id] else {
                    patrols[host]?.remove(id)
                    continue
                }
                endVisit(camera, isSeen: false)
            }
            for visit in patrols[host]?.next(now: now) ?? [] {
                guard let camera = cameras[visit.key], camera.source.patrolSessions != 0 else { continue }
                camera.isVisited = true
                pacer.schedule(visit.key, dueAt: now, canHurry: false)
            }
        }
    }

    /// The visit of a camera is over: it has given its keyframe, or there was none in time.
    func endVisit(_ camera: FleetCamera, isSeen: Bool) {
        guard camera.isVisited else { return }
        let id = camera.source.camera
        camera.isVisited = false
        camera.newUnits = 0
        patrols[camera.host]?.visited(id, at: clocks.monotonic(), ok: isSeen)
        pacer.schedule(id, dueAt: .infinity, canHurry: false)
        guard let connection = camera.connection else { return }
        camera.connection = nil
        camera.isStarted = false
        connection.leave()
        if isSeen { handle(.units(1), camera) }
        handle(isSeen ? .left : .failed(.timedOut), camera)
    }

    /// How well the patrols keep their intervals.
    func countPatrols() {
        var (cameras, seen) = (0, 0)
        for plan in patrols.values {
            let coverage = plan.coverage(now: clocks.monotonic()).all
            cameras += coverage.cameras
            seen += coverage.seenInTime
        }
        gauges.patrolled.set(cameras)
        gauges.patrolledInTime.set(seen)
    }
}
