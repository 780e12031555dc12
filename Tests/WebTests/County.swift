extension TestSite {
    /// The small county that every site holds.
    ///
    /// The code of grid 9 looks like a child of grid 3, but its parent is another one: the parent counts.
    static let county = """
        CREATE SEQUENCE case_seq START 1;
        INSERT INTO hazard_type VALUES
            ('FNS-01', 'LOCAL', 'FNS', '水域人员进入', 'Person at water', 1, 15, false),
            ('JDFZ-01', 'LOCAL', 'JDFZ', '可疑聚集', 'Suspicious gathering', 2, 120, true);
        INSERT INTO grid (id, code, name, level, parent_id, geom) OVERRIDING SYSTEM VALUE
        SELECT id, code, name, level, parent, ST_Multi(ST_MakeEnvelope(x, 26.70, x + w, 26.72, 4326)) FROM (VALUES
            (1, '430581001', '东街道', 1, NULL::int, 110.60, 0.02),
            (2, '430581001001', '东社区', 2, 1, 110.60, 0.02),
            (3, '430581001001001', '东一网格', 3, 2, 110.60, 0.02),
            (4, '430581001001001001', '东一甲', 4, 3, 110.60, 0.01),
            (5, '430581001001001002', '东一乙', 4, 3, 110.61, 0.01),
            (6, '430581002', '西街道', 1, NULL, 110.62, 0.02),
            (7, '430581002001', '西社区', 2, 6, 110.62, 0.02),
            (8, '430581002001001', '西一网格', 3, 7, 110.62, 0.02),
            (9, '430581001001001003', '西一甲', 4, 8, 110.62, 0.02)) g (id, code, name, level, parent, x, w);
        INSERT INTO post (code, title, kind, grid_id) VALUES
            ('micro4', '东一甲微网格长', 'micro_grid_leader', 4), ('small3', '东一网格长', 'grid_leader', 3),
            ('micro9', '西一甲微网格长', 'micro_grid_leader', 9), ('unit', '维护一部', 'maintenance', NULL);
        INSERT INTO camera (id, name, stream_url, address, tags, geom, grid_id, mapping_method, enabled) VALUES
            ('cam-4', '河边一号', 'rtsp://u:secret@10.0.0.4/1', '滨江路<1>号', '{water}',
             ST_SetSRID(ST_Point(110.605, 26.71), 4326), 4, 'point', true),
            ('cam-5', '河边二号', 'rtsp://u:secret@10.0.0.5/1', '滨江路2号', '{water,road}',
             ST_SetSRID(ST_Point(110.615, 26.71), 4326), 5, 'point', false),
            ('cam-9', '西街一号', 'rtsp://u:secret@10.0.0.9/1', '西街1号', '{road}',
             ST_SetSRID(ST_Point(110.63, 26.71), 4326), 9, 'point', true),
            ('cam-lost', '未归格一号', NULL, NULL, '{}', NULL, NULL, 'unmapped', false);
        INSERT INTO rule_template VALUES ('water-day', 'water', '水边有人', 'FNS-01',
            '{"kind": "intrusion", "polygon": [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]}');
        INSERT INTO camera_state (camera_id, state, since) VALUES
            ('cam-4', 'online', now()), ('cam-9', 'offline', now());
        """
}
