-- What live pictures scored, also below the threshold, so that other thresholds can be judged without video.

CREATE TABLE score_hour (
    camera_id        text NOT NULL REFERENCES camera (id) ON DELETE CASCADE,
    rule_id          text NOT NULL,
    hour             timestamptz NOT NULL,
    settings_version text NOT NULL,
    cells            bytea NOT NULL,
    PRIMARY KEY (camera_id, rule_id, hour, settings_version)
);
COMMENT ON TABLE score_hour IS 'Scores of one rule of a camera in one hour; none where nothing was scored';
COMMENT ON COLUMN score_hour.camera_id IS 'Camera';
COMMENT ON COLUMN score_hour.rule_id IS 'Rule of that camera';
COMMENT ON COLUMN score_hour.hour IS 'Start of the hour';
COMMENT ON COLUMN score_hour.settings_version IS 'Settings whose threshold is strength 1';
COMMENT ON COLUMN score_hour.cells IS
    'Three bytes each: minute 0-59, step 0-15 (half doublings of the strength from 1/16 on; 8 begins at the threshold), tenths of a second';
CREATE INDEX score_hour_age ON score_hour (hour);

CREATE TABLE motion_hour (
    camera_id text NOT NULL REFERENCES camera (id) ON DELETE CASCADE,
    hour      timestamptz NOT NULL,
    pictures  integer NOT NULL,
    fields    bytea NOT NULL CHECK (octet_length (fields) = 256),
    PRIMARY KEY (camera_id, hour)
);
COMMENT ON TABLE motion_hour IS 'Where things were in the pictures of a camera in one hour; none where there were none';
COMMENT ON COLUMN motion_hour.camera_id IS 'Camera';
COMMENT ON COLUMN motion_hour.hour IS 'Start of the hour';
COMMENT ON COLUMN motion_hour.pictures IS 'Pictures that were looked at while anything happened';
COMMENT ON COLUMN motion_hour.fields IS '16 rows of 16 bytes: pictures in which the field showed a thing, 255 at most';
CREATE INDEX motion_hour_age ON motion_hour (hour);

COMMENT ON COLUMN camera_state.quality IS
    'Scores of the picture by name, 0 (useless) to 100: dark, bright, contrast, sharpness, colour, noise, calm, freeze; null before any';

CREATE FUNCTION add_fields(a bytea, b bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$
    SELECT string_agg(set_byte('\x00', 0, least(255, get_byte(a, i) + get_byte(b, i))), '' ORDER BY i)
    FROM generate_series(0, 255) i
$$;
COMMENT ON FUNCTION add_fields IS 'The sum of two maps of motion_hour';
