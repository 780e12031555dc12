import CityGrid
import Postgres

/// One pass over all cameras inside a transaction.
struct MappingRun {
    let connection: PostgresConnection
    let policy: MappingPolicy

    private var report = MappingReport()
    private var checks: [Batch: DatumCheck] = [:]

    private static let batchSize = 4000

    /// Cameras of one access unit that declare the same datum.
    private struct Batch: Hashable {
        let centre: String
        let declared: Datum
    }

    /// A camera as it is stored, with what its position would be in WGS-84 under each datum.
    private struct Camera {
        let id: String
        let civilCode: String?
        let explicitCode: String?
        let datum: Datum
        let readings: [Datum: GeoPoint]
        let grid: Int?
        let method: String
        let note: String?
    }

    init(connection: PostgresConnection, policy: MappingPolicy) {
        self.connection = connection
        self.policy = policy
    }

    mutating func all() async throws -> MappingReport {
        var last = ""
        while true {
            let cameras = try await cameras(after: last)
            guard let end = cameras.last else { break }
            last = end.id
            try await map(cameras)
        }
        report.datumWarnings = checks.sorted {
            ($0.key.centre, $0.key.declared.rawValue) < ($1.key.centre, $1.key.declared.rawValue)
        }
        .compactMap { Self.warning($0.key, $0.value) }
        return report
    }

    private func cameras(after id: String) async throws -> [Camera] {
        let sql = """
            SELECT id, civil_code, explicit_grid, coalesce(datum, 'WGS84') AS datum,
                coalesce(original_x, ST_X(geom)) AS x, coalesce(original_y, ST_Y(geom)) AS y,
                grid_id, mapping_method, mapping_note
            FROM camera WHERE id > $1 ORDER BY id LIMIT \(Self.batchSize)
            """
        return try await connection.query(sql, [.text(id)]).rows.map { row in
            let datum = Datum(rawValue: try row.requireText("datum")) ?? .wgs84
            var readings: [Datum: GeoPoint] = [:]
            if let x = try row.double("x"), let y = try row.double("y") {
                let point = GeoPoint(longitude: x, latitude: y)
                for reading in Datum.allCases { readings[reading] = reading.convert(point, to: .wgs84) }
            }
            return Camera(
                id: try row.requireText("id"),
                civilCode: try row.text("civil_code"),
                explicitCode: try row.text("explicit_grid"),
                datum: datum,
                readings: readings,
                grid: try row.int("grid_id"),
                method: try row.requireText("mapping_method"),
                note: try row.text("mapping_note")
            )
        }
    }

    private mutating func map(_ cameras: [Camera]) async throws {
        let facts = try await facts(of: cameras)
        var changes: [(camera: Camera, decision: MappingDecision)] = []
        for (camera, facts) in zip(cameras, facts) {
            let decision = policy.decide(facts)
            report.cameras += 1
            report.byMethod[decision.method.rawValue, default: 0] += 1
            judgeDatum(camera, facts)
            let same =
                decision.grid == camera.grid && decision.method.rawValue == camera.method
                && decision.note == camera.note
            if !same { changes.append((camera, decision)) }
        }
        report.changed += changes.count
        try await write(changes)
    }

    private mutating func judgeDatum(_ camera: Camera, _ facts: MappingFacts) {
        guard facts.hasPoint, facts.civilGrid != nil else { return }
        let centre = (try? CameraID(camera.id))?.centre ?? ""
        let fitting = facts.fittingDatums + (facts.pointInCivilGrid ? [camera.datum] : [])
        checks[Batch(centre: centre, declared: camera.datum), default: DatumCheck(declared: camera.datum)]
            .add(insideUnder: fitting)
    }

    private static func warning(_ batch: Batch, _ check: DatumCheck) -> DatumWarning? {
        let name = batch.centre.isEmpty ? "cameras without a device code" : "access unit \(batch.centre)"
        guard let better = check.better, let message = check.warning(batch: name) else { return nil }
        return DatumWarning(
            centre: batch.centre,
            declared: batch.declared.rawValue,
            better: better.rawValue,
            message: message
        )
    }

    /// Candidates for cameras, in their order.
    ///
    /// `x…`/`y…` are WGS-84 positions: as declared, then read under each
    /// datum. KNN in degrees proposes eight neighbours, distance on the ellipsoid chooses: a degree east is shorter.
    private static let candidates = """
        SELECT explicit.id AS explicit_grid, inside.id AS point_grid, civil.id AS civil_grid,
            ST_Covers(civil.geom, p.wgs84) AS in_wgs84, ST_Covers(civil.geom, p.gcj02) AS in_gcj02,
            ST_Covers(civil.geom, p.bd09) AS in_bd09, near.id AS near_grid, near.metres
        FROM (SELECT row, explicit_code, civil_code,
                ST_SetSRID(ST_MakePoint(x, y), 4326) AS geom,
                ST_SetSRID(ST_MakePoint(x1, y1), 4326) AS wgs84,
                ST_SetSRID(ST_MakePoint(x2, y2), 4326) AS gcj02,
                ST_SetSRID(ST_MakePoint(x3, y3), 4326) AS bd09
            FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::float8[],
                $8::float8[], $9::float8[], $10::float8[])
                WITH ORDINALITY AS t (explicit_code, civil_code, x, y, x1, y1, x2, y2, x3, y3, row)) p
        LEFT JOIN grid explicit ON explicit.code = p.explicit_code
        LEFT JOIN LATERAL (
            SELECT g.id FROM grid g WHERE g.level = 4 AND ST_Covers(g.geom, p.geom) ORDER BY g.code LIMIT 1
        ) inside ON true
        LEFT JOIN LATERAL (
            SELECT g.id, g.geom FROM grid g WHERE g.code IN (p.civil_code, left(p.civil_code, 9))
            ORDER BY g.level DESC LIMIT 1
        ) civil ON true
        LEFT JOIN LATERAL (
            SELECT n.id, ST_Distance(n.geom::geography, p.geom::geography) AS metres
            FROM (SELECT g.id, g.code, g.geom FROM grid g
                WHERE g.level = 4 AND inside.id IS NULL AND p.geom IS NOT NULL
                ORDER BY g.geom <-> p.geom LIMIT 8) n
            ORDER BY metres, n.code LIMIT 1
        ) near ON true
        ORDER BY p.row
        """

    private func facts(of cameras: [Camera]) async throws -> [MappingFacts] {
        func column(_ value: (Camera) -> GeoPoint?, _ axis: KeyPath<GeoPoint, Double>) -> PostgresValue {
            .doubleArray(cameras.map { value($0)?[keyPath: axis] })
        }
        var values: [PostgresValue] = [
            .textArray(cameras.map(\.explicitCode)), .textArray(cameras.map(\.civilCode)),
            column({ $0.readings[$0.datum] }, \.longitude), column({ $0.readings[$0.datum] }, \.latitude),
        ]
        for datum in [Datum.wgs84, .gcj02, .bd09] {
            values.append(column({ $0.readings[datum] }, \.longitude))
            values.append(column({ $0.readings[datum] }, \.latitude))
        }
        let rows = try await connection.query(Self.candidates, values).rows
        return try zip(cameras, rows).map { try Self.facts($0, $1) }
    }

    private static func facts(_ camera: Camera, _ row: PostgresRow) throws(PostgresError) -> MappingFacts {
        var fitting: Set<Datum> = []
        if try row.bool("in_wgs84") ?? false { fitting.insert(.wgs84) }
        if try row.bool("in_gcj02") ?? false { fitting.insert(.gcj02) }
        if try row.bool("in_bd09") ?? false { fitting.insert(.bd09) }
        return MappingFacts(
            explicitCode: camera.explicitCode,
            explicitGrid: try row.int("explicit_grid"),
            hasPoint: !camera.readings.isEmpty,
            pointGrid: try row.int("point_grid"),
            civilGrid: try row.int("civil_grid"),
            pointInCivilGrid: fitting.contains(camera.datum),
            fittingDatums: Datum.allCases.filter { $0 != camera.datum && fitting.contains($0) },
            nearestGrid: try row.int("near_grid"),
            nearestMetres: try row.double("metres")
        )
    }

    private func write(_ changes: [(camera: Camera, decision: MappingDecision)]) async throws {
        guard !changes.isEmpty else { return }
        let sql = """
            UPDATE camera SET grid_id = d.grid_id, mapping_method = d.method, mapping_note = d.note, updated_at = now()
            FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[]) AS d (id, grid_id, method, note)
            WHERE camera.id = d.id
            """
        try await connection.query(
            sql,
            [
                .textArray(changes.map(\.camera.id)), .intArray(changes.map(\.decision.grid)),
                .textArray(changes.map(\.decision.method.rawValue)), .textArray(changes.map(\.decision.note)),
            ]
        )
    }
}
