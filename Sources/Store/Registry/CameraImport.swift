import CityGrid
import Postgres

/// Imports one camera sheet inside a transaction.
struct CameraImport {
    let connection: PostgresConnection
    let policy: MappingPolicy
    let file: String
    let datum: Datum?
    let progress: ImportProgress.Handler

    /// What the file gives for a column of `camera`, over the row `i` of `incoming_camera`.
    private struct Target {
        /// The sheet's column that must be there.
        let source: String
        let columns: [String]
        let values: [String]
        /// For an existing camera, when it differs from `values`.
        var updates: [String]?
    }

    private static let targets = [
        Target(source: CameraColumn.name, columns: ["name"], values: ["i.name"]),
        Target(source: CameraColumn.civilCode, columns: ["civil_code"], values: ["i.civil_code"]),
        Target(source: CameraColumn.pointClass, columns: ["point_class"], values: ["i.point_class"]),
        Target(source: CameraColumn.address, columns: ["address"], values: ["i.address"]),
        Target(source: CameraColumn.maintenanceUnit, columns: ["maintenance_unit"], values: ["i.maintenance_unit"]),
        Target(source: CameraColumn.tags, columns: ["tags"], values: ["string_to_array(i.tags, ';')"]),
        Target(
            source: CameraColumn.longitude,
            columns: ["datum", "original_x", "original_y", "geom"],
            values: ["i.datum", "i.x", "i.y", "ST_SetSRID(ST_MakePoint(i.east, i.north), 4326)"]
        ),
        Target(source: CameraColumn.grid, columns: ["explicit_grid"], values: ["i.explicit_grid"]),
        Target(
            source: CameraColumn.stream,
            columns: ["stream_url"],
            values: ["i.stream_url"],
            updates: ["coalesce(i.stream_url, c.stream_url)"]
        ),
        Target(
            source: CameraColumn.subStream,
            columns: ["sub_stream_url"],
            values: ["i.sub_stream_url"],
            updates: ["coalesce(i.sub_stream_url, c.sub_stream_url)"]
        ),
        Target(source: CameraColumn.transport, columns: ["rtsp_transport"], values: ["i.rtsp_transport"]),
        Target(
            source: CameraColumn.enabled,
            columns: ["enabled"],
            values: ["coalesce(i.enabled, false)"],
            updates: ["coalesce(i.enabled, c.enabled)"]
        ),
    ]

    func run() async throws -> ImportReport {
        var report = ImportReport(file: file)
        var sheet = try SheetImport<CameraRecord>(file: file, required: CameraColumn.required, progress: progress)
        warnAboutColumns(sheet.header, &report)
        try await makeStage()
        try await sheet.run(&report, key: { $0.id.description }) { row throws(RowProblem) in
            try CameraRecord(row, datum: datum)
        } store: {
            try await stage($0)
        }
        try await doubtRounded(sheet.repeated, &report)
        try await merge(Set(sheet.header), &report)
        var mapping = MappingRun(connection: connection, policy: policy)
        let mapped = try await mapping.all()
        report.mapping = mapped
        try await warnAboutMapping(mapped, &report)
        return report
    }

    private func warnAboutColumns(_ header: [String], _ report: inout ImportReport) {
        for name in header
        where !name.isEmpty && !CameraColumn.used.contains(name) && !CameraColumn.ignored.contains(name) {
            report.warnings.add(RowIssue(row: 1, column: name, reason: "the column is not known, it is left out"))
        }
        let (hasX, hasY) = (header.contains(CameraColumn.longitude), header.contains(CameraColumn.latitude))
        guard hasX != hasY else { return }
        report.warnings.add(
            RowIssue(
                row: 1,
                column: hasX ? CameraColumn.latitude : CameraColumn.longitude,
                reason: "the column is missing; a position needs longitude and latitude"
            )
        )
    }

    private func makeStage() async throws {
        try await connection.query(
            """
            CREATE TEMPORARY TABLE incoming_camera (
                line integer, id text PRIMARY KEY, centre text, name text, civil_code text, point_class smallint,
                address text, maintenance_unit text, tags text, datum text, x float8, y float8, east float8,
                north float8, explicit_grid text, stream_url text, sub_stream_url text, rtsp_transport text,
                enabled boolean
            ) ON COMMIT DROP
            """
        )
    }

    private func stage(_ rows: [SheetImport<CameraRecord>.Good]) async throws {
        guard !rows.isEmpty else { return }
        func texts(_ value: (CameraRecord) -> String?) -> PostgresValue { .textArray(rows.map { value($0.record) }) }
        func doubles(_ value: (CameraRecord) -> Double?) -> PostgresValue {
            .doubleArray(rows.map { value($0.record) })
        }
        let sql = """
            INSERT INTO incoming_camera SELECT * FROM unnest(
                $1::integer[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::float8[], $12::float8[], $13::float8[], $14::float8[], $15::text[],
                $16::text[], $17::text[], $18::text[], $19::boolean[])
            """
        try await connection.query(
            sql,
            [
                .intArray(rows.map(\.line)), texts(\.id.description), texts(\.id.centre), texts(\.name),
                texts(\.civilCode), .intArray(rows.map(\.record.pointClass)), texts(\.address),
                texts(\.maintenanceUnit), texts { $0.tags.joined(separator: ";") }, texts { $0.datum?.rawValue },
                doubles { $0.position?.longitude }, doubles { $0.position?.latitude },
                doubles { $0.place?.longitude }, doubles { $0.place?.latitude }, texts(\.explicitGrid),
                texts(\.streamURL), texts(\.subStreamURL), texts(\.transport), .boolArray(rows.map(\.record.enabled)),
            ]
        )
    }

    /// Tells codes that a spreadsheet has probably rounded; where several rows have become one, which is sure enough,
    /// none of them is stored.
    private func doubtRounded(_ repeated: Set<String>, _ report: inout ImportReport) async throws {
        let rows = try await connection.query(
            "SELECT line, id FROM incoming_camera WHERE id ~ '^[0-9]{15}00000$' ORDER BY line"
        ).rows
        var lost: [String] = []
        for row in rows {
            let (line, id) = (try row.requireInt("line"), try row.requireText("id"))
            let source =
                "take the codes from the source again, set the column's format to text before pasting, and export anew"
            if repeated.contains(id) {
                lost.append(id)
                report.rejected.add(
                    RowIssue(
                        row: line,
                        column: CameraColumn.id,
                        value: id,
                        reason: "ends in five zeros and is there more than once, as codes are that a spreadsheet has "
                            + "rounded to 15 digits; \(source)"
                    )
                )
            } else {
                report.warnings.add(
                    RowIssue(
                        row: line,
                        column: CameraColumn.id,
                        value: id,
                        reason:
                            "ends in five zeros, as a code does that a spreadsheet has rounded to 15 digits; if the "
                            + "source has other digits there, \(source)"
                    )
                )
            }
        }
        guard !lost.isEmpty else { return }
        try await connection.query("DELETE FROM incoming_camera WHERE id = ANY ($1::text[])", [.textArray(lost)])
    }

    /// Stores what is staged; only columns that the file has are touched.
    private func merge(_ header: Set<String>, _ report: inout ImportReport) async throws {
        try await connection.query("ANALYZE incoming_camera")
        let targets = Self.targets.filter { header.contains($0.source) }
        let columns = targets.flatMap(\.columns).joined(separator: ", ")
        let values = targets.flatMap(\.values).joined(separator: ", ")
        let updates = targets.flatMap { $0.updates ?? $0.values }.joined(separator: ", ")
        let stored = targets.flatMap(\.columns).map { "c." + $0 }.joined(separator: ", ")
        report.updated = try await connection.query(
            """
            UPDATE camera c SET (\(columns), updated_at) = ROW (\(updates), now())
            FROM incoming_camera i WHERE c.id = i.id AND (\(stored), 0) IS DISTINCT FROM (\(updates), 0)
            """
        ).affected
        report.inserted = try await connection.query(
            """
            INSERT INTO camera (id, \(columns))
            SELECT i.id, \(values) FROM incoming_camera i
            WHERE NOT EXISTS (SELECT FROM camera c WHERE c.id = i.id)
            """
        ).affected
        report.unchanged = report.read - report.rejected.total - report.updated - report.inserted
    }

    /// Tells what the mapping found about the cameras of this file.
    private func warnAboutMapping(_ mapping: MappingReport, _ report: inout ImportReport) async throws {
        let centres = try await connection.query("SELECT DISTINCT centre FROM incoming_camera").rows
            .map { try $0.requireText("centre") }
        for warning in mapping.datumWarnings where centres.contains(warning.centre) {
            report.warnings.add(
                RowIssue(row: 0, column: CameraColumn.datum, value: warning.declared, reason: warning.message)
            )
        }
        let rows = try await connection.query(
            """
            SELECT i.line, c.id, c.mapping_method, c.mapping_note FROM incoming_camera i JOIN camera c ON c.id = i.id
            WHERE c.mapping_note IS NOT NULL ORDER BY i.line
            """
        ).rows
        for row in rows {
            let unmapped = try row.requireText("mapping_method") == MappingMethod.unmapped.rawValue
            let note = try row.requireText("mapping_note")
            report.warnings.add(
                RowIssue(
                    row: try row.requireInt("line"),
                    column: CameraColumn.id,
                    value: try row.requireText("id"),
                    reason: unmapped ? "the camera is in no grid: \(note)" : note
                )
            )
        }
    }
}
