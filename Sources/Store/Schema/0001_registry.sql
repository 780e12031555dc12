-- Grid tree, posts, hazard types, rule templates and cameras: what a site loads from seeds/ before the first alert.

CREATE EXTENSION IF NOT EXISTS postgis;

CREATE TABLE grid (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code      text NOT NULL UNIQUE CHECK (code ~ '^[0-9]{9}([0-9]{3}){0,3}$'),
    name      text NOT NULL,
    level     smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
    parent_id integer REFERENCES grid (id),
    geom      geometry (MultiPolygon, 4326) NOT NULL CHECK (ST_IsValid (geom)),
    CHECK ((level = 1) = (parent_id IS NULL))
);
COMMENT ON TABLE grid IS 'The four-level grid; authority follows parent_id, never the digits of the code';
COMMENT ON COLUMN grid.id IS 'Internal key';
COMMENT ON COLUMN grid.code IS '9, 12, 15 or 18 digits for levels 1 to 4';
COMMENT ON COLUMN grid.name IS 'Name as shown, Chinese';
COMMENT ON COLUMN grid.level IS '1 large (street), 2 medium (community), 3 small, 4 micro';
COMMENT ON COLUMN grid.parent_id IS 'The grid one level up that contains this one; null for large grids';
COMMENT ON COLUMN grid.geom IS 'Boundary, WGS-84 degrees';
CREATE INDEX grid_geom ON grid USING gist (geom);
CREATE INDEX grid_parent ON grid (parent_id);

CREATE TABLE post (
    id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code    text NOT NULL UNIQUE,
    title   text NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('grid_leader', 'micro_grid_leader', 'maintenance')),
    grid_id integer REFERENCES grid (id)
);
COMMENT ON TABLE post IS 'A position that takes tasks; people hold posts through their accounts, no names here';
COMMENT ON COLUMN post.id IS 'Internal key';
COMMENT ON COLUMN post.code IS 'Stable code of the post';
COMMENT ON COLUMN post.title IS 'Title as shown, Chinese';
COMMENT ON COLUMN post.kind IS 'grid_leader (official), micro_grid_leader (engaged for a year), maintenance (camera repair unit)';
COMMENT ON COLUMN post.grid_id IS 'The grid the post answers for; null for maintenance units';
CREATE INDEX post_grid ON post (grid_id);

CREATE TABLE hazard_type (
    code           text PRIMARY KEY,
    code_scheme    text NOT NULL CHECK (code_scheme IN ('GBT47678.5-2026', 'GBT30428.2', 'CJT214', 'LOCAL')),
    theme          text NOT NULL CHECK (theme IN ('AQSC', 'DLJT', 'FNS', 'JDFZ', 'XFWW', 'CSGL', 'SBGZ')),
    name_zh        text NOT NULL,
    name_en        text NOT NULL,
    severity       smallint NOT NULL CHECK (severity BETWEEN 1 AND 4),
    handle_minutes integer NOT NULL CHECK (handle_minutes BETWEEN 5 AND 43200),
    restricted     boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE hazard_type IS 'What a case can be about: a table, not an enum, because every site has its own catalogue';
COMMENT ON COLUMN hazard_type.code IS 'Code within its scheme, for example FNS-01 or 09012';
COMMENT ON COLUMN hazard_type.code_scheme IS 'Catalogue that the code comes from';
COMMENT ON COLUMN hazard_type.theme IS 'AQSC safety, DLJT road traffic, FNS drowning, JDFZ drugs and fraud, XFWW petitions, CSGL city management, SBGZ device faults';
COMMENT ON COLUMN hazard_type.name_zh IS 'Name in Chinese';
COMMENT ON COLUMN hazard_type.name_en IS 'Name in English';
COMMENT ON COLUMN hazard_type.severity IS '1 most severe to 4, used where a rule does not say';
COMMENT ON COLUMN hazard_type.handle_minutes IS 'Time to handle a task, minutes from dispatch';
COMMENT ON COLUMN hazard_type.restricted IS 'True: seen by role only, never on the wall';

CREATE TABLE rule_template (
    code        text PRIMARY KEY,
    tag         text NOT NULL,
    name        text NOT NULL,
    hazard_type text NOT NULL REFERENCES hazard_type (code),
    definition  jsonb NOT NULL
);
COMMENT ON TABLE rule_template IS 'A rule that every camera with the tag gets';
COMMENT ON COLUMN rule_template.code IS 'Stable code, becomes the rule id at the camera';
COMMENT ON COLUMN rule_template.tag IS 'Camera tag that selects it: water, school, road, fire_lane, plaza…';
COMMENT ON COLUMN rule_template.name IS 'Name as shown, Chinese';
COMMENT ON COLUMN rule_template.hazard_type IS 'Hazard type of its cases';
COMMENT ON COLUMN rule_template.definition IS 'The rule in the form of a rules file: kind, polygon (0…1), thresholds, schedule, dispatch';

CREATE TABLE camera (
    id                text PRIMARY KEY CHECK (id ~ '^([0-9]{20}|[a-z0-9][a-z0-9-]{0,62})$'),
    name              text NOT NULL,
    civil_code        text CHECK (civil_code ~ '^[0-9]{2,12}$'),
    point_class       smallint NOT NULL DEFAULT 3 CHECK (point_class BETWEEN 1 AND 3),
    stream_url        text,
    sub_stream_url    text,
    address           text,
    maintenance_unit  text,
    tags              text[] NOT NULL DEFAULT '{}',
    datum             text CHECK (datum IN ('WGS84', 'GCJ02', 'BD09')),
    original_x        double precision,
    original_y        double precision,
    geom              geometry (Point, 4326),
    explicit_grid     text,
    grid_id           integer REFERENCES grid (id),
    mapping_method    text NOT NULL DEFAULT 'unmapped'
        CHECK (mapping_method IN ('explicit', 'point', 'civil_code', 'nearest', 'unmapped')),
    mapping_note      text,
    enabled           boolean NOT NULL DEFAULT false,
    updated_at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE camera IS 'Camera registry, one row per channel';
COMMENT ON COLUMN camera.id IS '20-digit GB/T 28181 code, or a slug';
COMMENT ON COLUMN camera.name IS 'Name as shown';
COMMENT ON COLUMN camera.civil_code IS 'Administrative code that the source gave, 2 to 12 digits';
COMMENT ON COLUMN camera.point_class IS 'Monitoring point class I, II or III';
COMMENT ON COLUMN camera.stream_url IS 'Main stream; a secret: may hold a password, never shown or logged';
COMMENT ON COLUMN camera.sub_stream_url IS 'Sub stream, analysed in preference; a secret too';
COMMENT ON COLUMN camera.address IS 'Where it hangs';
COMMENT ON COLUMN camera.maintenance_unit IS 'Who repairs it';
COMMENT ON COLUMN camera.tags IS 'What it looks at; selects rule templates';
COMMENT ON COLUMN camera.datum IS 'Datum of the coordinates as delivered';
COMMENT ON COLUMN camera.original_x IS 'Longitude as delivered, degrees in that datum';
COMMENT ON COLUMN camera.original_y IS 'Latitude as delivered, degrees in that datum';
COMMENT ON COLUMN camera.geom IS 'Position, WGS-84 degrees';
COMMENT ON COLUMN camera.explicit_grid IS 'Grid code that the source named; wins over the position';
COMMENT ON COLUMN camera.grid_id IS 'The grid its cases belong to, micro where possible';
COMMENT ON COLUMN camera.mapping_method IS 'How grid_id was found';
COMMENT ON COLUMN camera.mapping_note IS 'What a person should look at, for example a likely wrong datum';
COMMENT ON COLUMN camera.enabled IS 'True: the daemon watches it';
COMMENT ON COLUMN camera.updated_at IS 'Last change';
CREATE INDEX camera_geom ON camera USING gist (geom);
CREATE INDEX camera_grid ON camera (grid_id);
CREATE INDEX camera_tags ON camera USING gin (tags);
CREATE INDEX camera_enabled ON camera (id) WHERE enabled;

CREATE TABLE camera_rule (
    camera_id   text NOT NULL REFERENCES camera (id) ON DELETE CASCADE,
    rule_id     text NOT NULL,
    hazard_type text NOT NULL REFERENCES hazard_type (code),
    definition  jsonb NOT NULL,
    PRIMARY KEY (camera_id, rule_id)
);
COMMENT ON TABLE camera_rule IS 'Rules drawn for one camera; a camera with any of these ignores the templates of its tags';
COMMENT ON COLUMN camera_rule.camera_id IS 'The camera';
COMMENT ON COLUMN camera_rule.rule_id IS 'Rule id, unique at the camera';
COMMENT ON COLUMN camera_rule.hazard_type IS 'Hazard type of its cases';
COMMENT ON COLUMN camera_rule.definition IS 'The rule, in the form of a rules file';

CREATE TABLE camera_state (
    camera_id     text PRIMARY KEY REFERENCES camera (id) ON DELETE CASCADE,
    state         text NOT NULL CHECK (state IN ('connecting', 'online', 'stalled', 'offline', 'refused')),
    since         timestamptz NOT NULL,
    last_frame_at timestamptz,
    detail        text,
    scene         text,
    reconnects    integer NOT NULL DEFAULT 0,
    updated_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE camera_state IS 'What the daemon last saw of each camera; written on change, not per frame';
COMMENT ON COLUMN camera_state.camera_id IS 'The camera';
COMMENT ON COLUMN camera_state.state IS 'State of the stream';
COMMENT ON COLUMN camera_state.since IS 'When it entered that state';
COMMENT ON COLUMN camera_state.last_frame_at IS 'Last decoded picture';
COMMENT ON COLUMN camera_state.detail IS 'Why, for a person; never a URL with a password';
COMMENT ON COLUMN camera_state.scene IS 'What detection judged the scene as: steady, warming up, light change…';
COMMENT ON COLUMN camera_state.reconnects IS 'Reconnects since the daemon started';
COMMENT ON COLUMN camera_state.updated_at IS 'Last write';
