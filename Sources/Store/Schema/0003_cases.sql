-- Alerts, hazard cases, tasks: the closed loop. The stages and transitions repeat the pure module Cases; a test holds both together.

CREATE TABLE case_stage (
    code     text PRIMARY KEY,
    position smallint NOT NULL UNIQUE,
    name_zh  text NOT NULL,
    name_en  text NOT NULL
);
COMMENT ON TABLE case_stage IS 'The six stages of the loop';
COMMENT ON COLUMN case_stage.code IS 'Code';
COMMENT ON COLUMN case_stage.position IS '1 to 6';
COMMENT ON COLUMN case_stage.name_zh IS 'Name in Chinese';
COMMENT ON COLUMN case_stage.name_en IS 'Name in English';
INSERT INTO case_stage VALUES
    ('inspection', 1, '问题排查', 'Inspection'),
    ('report', 2, '采集上报', 'Report'),
    ('dispatch', 3, '交办处置', 'Dispatch and handling'),
    ('supervision', 4, '督查督办', 'Supervision'),
    ('verification', 5, '办结核查', 'Verification'),
    ('feedback', 6, '结果反馈', 'Feedback');

CREATE TABLE case_transition (
    stage_from text NOT NULL REFERENCES case_stage (code),
    stage_to   text NOT NULL REFERENCES case_stage (code),
    PRIMARY KEY (stage_from, stage_to)
);
COMMENT ON TABLE case_transition IS 'Stage changes that are allowed';
COMMENT ON COLUMN case_transition.stage_from IS 'From';
COMMENT ON COLUMN case_transition.stage_to IS 'To';
INSERT INTO case_transition VALUES
    ('inspection', 'report'),
    ('report', 'dispatch'),
    ('dispatch', 'supervision'),
    ('dispatch', 'verification'),
    ('supervision', 'dispatch'),
    ('supervision', 'verification'),
    ('verification', 'dispatch'),
    ('verification', 'feedback');

CREATE TABLE case_counter (
    day  date PRIMARY KEY,
    last integer NOT NULL CHECK (last BETWEEN 1 AND 99999)
);
COMMENT ON TABLE case_counter IS 'Last number given on each day';
COMMENT ON COLUMN case_counter.day IS 'Day in Asia/Shanghai';
COMMENT ON COLUMN case_counter.last IS 'Last sequence number, 1 to 99999';

CREATE TABLE hazard_case (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number           text NOT NULL UNIQUE CHECK (number ~ '^[0-9]{19}$'),
    hazard_type      text NOT NULL REFERENCES hazard_type (code),
    severity         smallint NOT NULL CHECK (severity BETWEEN 1 AND 4),
    stage            text NOT NULL REFERENCES case_stage (code),
    outcome          text CHECK (outcome IN ('resolved', 'false_alarm', 'merged')),
    source           text NOT NULL DEFAULT 'camera' CHECK (source IN ('camera', 'person')),
    camera_id        text REFERENCES camera (id),
    rule_id          text,
    grid_id          integer REFERENCES grid (id),
    geom             geometry (Point, 4326),
    alert_count      integer NOT NULL DEFAULT 0,
    opened_at        timestamptz NOT NULL,
    last_alert_at    timestamptz NOT NULL,
    assignee_post_id integer REFERENCES post (id),
    deadline_at      timestamptz,
    handled_by       integer REFERENCES account (id),
    checked_by       integer REFERENCES account (id),
    closed_at        timestamptz,
    merged_into      bigint REFERENCES hazard_case (id),
    recurs_case_id   bigint REFERENCES hazard_case (id),
    CHECK ((outcome IS NULL) = (closed_at IS NULL)),
    CHECK (handled_by IS NULL OR checked_by IS NULL OR handled_by <> checked_by)
);
COMMENT ON TABLE hazard_case IS 'One hazard that people work on until it is closed';
COMMENT ON COLUMN hazard_case.id IS 'Internal key';
COMMENT ON COLUMN hazard_case.number IS '430581 + yyyyMMdd + five digits, counted per day in Asia/Shanghai';
COMMENT ON COLUMN hazard_case.hazard_type IS 'What it is about';
COMMENT ON COLUMN hazard_case.severity IS '1 most severe to 4';
COMMENT ON COLUMN hazard_case.stage IS 'Where in the loop';
COMMENT ON COLUMN hazard_case.outcome IS 'Null while open; how it ended';
COMMENT ON COLUMN hazard_case.source IS 'camera or person';
COMMENT ON COLUMN hazard_case.camera_id IS 'Camera of the first alert';
COMMENT ON COLUMN hazard_case.rule_id IS 'Rule of the first alert; with camera_id the identity that further alerts merge by';
COMMENT ON COLUMN hazard_case.grid_id IS 'Grid it happened in';
COMMENT ON COLUMN hazard_case.geom IS 'Where, WGS-84 degrees';
COMMENT ON COLUMN hazard_case.alert_count IS 'Alerts folded into it';
COMMENT ON COLUMN hazard_case.opened_at IS 'Start of the first alert';
COMMENT ON COLUMN hazard_case.last_alert_at IS 'Start of the newest alert';
COMMENT ON COLUMN hazard_case.assignee_post_id IS 'Post that has the task';
COMMENT ON COLUMN hazard_case.deadline_at IS 'When handling is due';
COMMENT ON COLUMN hazard_case.handled_by IS 'Who handled it; never the same person as checked_by';
COMMENT ON COLUMN hazard_case.checked_by IS 'Who checked the result';
COMMENT ON COLUMN hazard_case.closed_at IS 'When it ended';
COMMENT ON COLUMN hazard_case.merged_into IS 'The case that took it over';
COMMENT ON COLUMN hazard_case.recurs_case_id IS 'Case of the same identity closed in the 24 h before';
CREATE UNIQUE INDEX hazard_case_open_identity ON hazard_case (camera_id, rule_id) WHERE outcome IS NULL;
CREATE INDEX hazard_case_closed_identity ON hazard_case (camera_id, rule_id, closed_at) WHERE outcome IS NOT NULL;
CREATE INDEX hazard_case_open ON hazard_case (hazard_type, grid_id, last_alert_at) WHERE outcome IS NULL;
CREATE INDEX hazard_case_geom ON hazard_case USING gist (geom) WHERE outcome IS NULL;
CREATE INDEX hazard_case_newest ON hazard_case (opened_at DESC, id DESC);
CREATE INDEX hazard_case_grid ON hazard_case (grid_id);

CREATE TABLE alert (
    id               uuid PRIMARY KEY,
    camera_id        text NOT NULL REFERENCES camera (id),
    rule_id          text NOT NULL,
    kind             text NOT NULL,
    hazard_type      text NOT NULL REFERENCES hazard_type (code),
    severity         smallint NOT NULL CHECK (severity BETWEEN 1 AND 4),
    auto_dispatch    boolean NOT NULL,
    started_at       timestamptz NOT NULL,
    stated_at        timestamptz NOT NULL,
    ended_at         timestamptz,
    score            real NOT NULL CHECK (score BETWEEN 0 AND 1),
    box              real[] NOT NULL CHECK (array_length (box, 1) = 4),
    evidence_path    text,
    evidence_sha256  text CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$'),
    evidence_bytes   integer,
    evidence_at      timestamptz,
    settings_version text NOT NULL,
    case_id          bigint REFERENCES hazard_case (id),
    received_at      timestamptz NOT NULL DEFAULT now(),
    CHECK ((evidence_path IS NULL) = (evidence_sha256 IS NULL))
);
COMMENT ON TABLE alert IS 'What a rule saw; one row per alert, folded from its start, updates and end';
COMMENT ON COLUMN alert.id IS 'UUIDv7 made from start, camera and rule';
COMMENT ON COLUMN alert.camera_id IS 'Camera';
COMMENT ON COLUMN alert.rule_id IS 'Rule of that camera';
COMMENT ON COLUMN alert.kind IS 'Kind of rule: intrusion…';
COMMENT ON COLUMN alert.hazard_type IS 'Hazard type of its case';
COMMENT ON COLUMN alert.severity IS '1 most severe to 4';
COMMENT ON COLUMN alert.auto_dispatch IS 'True: the rule may open a task by itself';
COMMENT ON COLUMN alert.started_at IS 'When the condition began';
COMMENT ON COLUMN alert.stated_at IS 'Time of the newest statement folded in';
COMMENT ON COLUMN alert.ended_at IS 'When it ended; null while it holds';
COMMENT ON COLUMN alert.score IS 'Highest strength, 0 to 1';
COMMENT ON COLUMN alert.box IS 'x, y, width, height as shares of the picture, at the newest statement';
COMMENT ON COLUMN alert.evidence_path IS 'Picture, relative to the evidence directory; null when it could not be written';
COMMENT ON COLUMN alert.evidence_sha256 IS 'SHA-256 of the picture, hex';
COMMENT ON COLUMN alert.evidence_bytes IS 'Size of the picture in bytes';
COMMENT ON COLUMN alert.evidence_at IS 'Time of the statement that the picture came with';
COMMENT ON COLUMN alert.settings_version IS 'Settings that decided';
COMMENT ON COLUMN alert.case_id IS 'Case it belongs to';
COMMENT ON COLUMN alert.received_at IS 'When the database got it first';
CREATE INDEX alert_case ON alert (case_id);
CREATE INDEX alert_camera ON alert (camera_id, started_at DESC);
CREATE INDEX alert_evidence ON alert (evidence_path) WHERE evidence_path IS NOT NULL;

CREATE TABLE alert_quarantine (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id    uuid NOT NULL,
    stated_at   timestamptz NOT NULL,
    reason      text NOT NULL,
    body        jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (alert_id, stated_at)
);
COMMENT ON TABLE alert_quarantine IS 'Statements that could not be stored: kept for a person, never dropped';
COMMENT ON COLUMN alert_quarantine.id IS 'Internal key';
COMMENT ON COLUMN alert_quarantine.alert_id IS 'Alert it is about';
COMMENT ON COLUMN alert_quarantine.stated_at IS 'Time of the statement';
COMMENT ON COLUMN alert_quarantine.reason IS 'Why, for example an unknown camera';
COMMENT ON COLUMN alert_quarantine.body IS 'The statement';
COMMENT ON COLUMN alert_quarantine.received_at IS 'When it came';

CREATE TABLE case_event (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id    bigint NOT NULL REFERENCES hazard_case (id),
    at         timestamptz NOT NULL DEFAULT now(),
    kind       text NOT NULL,
    stage_from text REFERENCES case_stage (code),
    stage_to   text REFERENCES case_stage (code),
    account_id integer REFERENCES account (id),
    actor      text NOT NULL,
    note       text,
    data       jsonb NOT NULL DEFAULT '{}'
);
COMMENT ON TABLE case_event IS 'History of a case, append-only';
COMMENT ON COLUMN case_event.id IS 'Order of events';
COMMENT ON COLUMN case_event.case_id IS 'The case';
COMMENT ON COLUMN case_event.at IS 'When';
COMMENT ON COLUMN case_event.kind IS 'opened, alert, merged, reported, dispatched, accepted, handled, false_alarm, supervised, rework, verified, closed, rejected';
COMMENT ON COLUMN case_event.stage_from IS 'Stage before; null where the stage did not change';
COMMENT ON COLUMN case_event.stage_to IS 'Stage after; null where the stage did not change';
COMMENT ON COLUMN case_event.account_id IS 'Who; null for the system';
COMMENT ON COLUMN case_event.actor IS 'Who, as shown: display name or system';
COMMENT ON COLUMN case_event.note IS 'What the person wrote';
COMMENT ON COLUMN case_event.data IS 'Details by kind';
CREATE INDEX case_event_case ON case_event (case_id, id);

CREATE TABLE task (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_id      bigint NOT NULL REFERENCES hazard_case (id),
    post_id      integer NOT NULL REFERENCES post (id),
    state        text NOT NULL CHECK (state IN ('open', 'accepted', 'handled', 'false_alarm', 'cancelled')),
    created_at   timestamptz NOT NULL DEFAULT now(),
    deadline_at  timestamptz NOT NULL,
    accepted_at  timestamptz,
    accepted_by  integer REFERENCES account (id),
    finished_at  timestamptz,
    finished_by  integer REFERENCES account (id),
    reason       text,
    note         text
);
COMMENT ON TABLE task IS 'Work given to a post for a case';
COMMENT ON COLUMN task.id IS 'Internal key';
COMMENT ON COLUMN task.case_id IS 'The case';
COMMENT ON COLUMN task.post_id IS 'The post that has to do it';
COMMENT ON COLUMN task.state IS 'open, accepted, handled, false_alarm, cancelled';
COMMENT ON COLUMN task.created_at IS 'When it was given';
COMMENT ON COLUMN task.deadline_at IS 'When it is due';
COMMENT ON COLUMN task.accepted_at IS 'When it was accepted';
COMMENT ON COLUMN task.accepted_by IS 'Who accepted it';
COMMENT ON COLUMN task.finished_at IS 'When it was handled or found false';
COMMENT ON COLUMN task.finished_by IS 'Who finished it';
COMMENT ON COLUMN task.reason IS 'Why it is a false alarm: light, weather, animal, shake, wrong_region, permitted, other';
COMMENT ON COLUMN task.note IS 'What the worker wrote';
CREATE UNIQUE INDEX task_active ON task (case_id) WHERE state IN ('open', 'accepted');
CREATE INDEX task_case ON task (case_id, id);
CREATE INDEX task_post ON task (post_id, state, deadline_at);

CREATE TABLE task_photo (
    id         uuid PRIMARY KEY DEFAULT gen_random_uuid (),
    task_id    bigint NOT NULL REFERENCES task (id),
    path       text NOT NULL,
    sha256     text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    bytes      integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE task_photo IS 'Pictures a worker sent as proof';
COMMENT ON COLUMN task_photo.id IS 'Internal key';
COMMENT ON COLUMN task_photo.task_id IS 'The task';
COMMENT ON COLUMN task_photo.path IS 'File, relative to the evidence directory';
COMMENT ON COLUMN task_photo.sha256 IS 'SHA-256 of the file, hex';
COMMENT ON COLUMN task_photo.bytes IS 'Size of the file in bytes';
COMMENT ON COLUMN task_photo.created_at IS 'When it came';
CREATE INDEX task_photo_task ON task_photo (task_id);
CREATE INDEX task_photo_path ON task_photo (path);

CREATE FUNCTION guard_case_stage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.outcome IS NOT NULL AND (NEW.stage, NEW.outcome) IS DISTINCT FROM (OLD.stage, OLD.outcome) THEN
        RAISE EXCEPTION 'case % is closed (%): its stage cannot change', OLD.number, OLD.outcome
            USING ERRCODE = 'GW001';
    END IF;
    IF NEW.stage <> OLD.stage AND NOT EXISTS (
        SELECT FROM case_transition WHERE stage_from = OLD.stage AND stage_to = NEW.stage) THEN
        RAISE EXCEPTION 'case % cannot go from % to %', OLD.number, OLD.stage, NEW.stage USING ERRCODE = 'GW002';
    END IF;
    IF NEW.outcome = 'resolved' AND OLD.outcome IS NULL AND NEW.stage <> 'feedback' THEN
        RAISE EXCEPTION 'case % can be resolved in feedback only, it is in %', OLD.number, NEW.stage
            USING ERRCODE = 'GW003';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_case_stage BEFORE UPDATE ON hazard_case FOR EACH ROW EXECUTE FUNCTION guard_case_stage();

CREATE FUNCTION refuse_history_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of cases is append-only' USING ERRCODE = 'GW004';
END $$;
CREATE TRIGGER refuse_history_change BEFORE UPDATE OR DELETE ON case_event
    FOR EACH ROW EXECUTE FUNCTION refuse_history_change();
CREATE TRIGGER refuse_history_truncate BEFORE TRUNCATE ON case_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_history_change();

-- Every change that a screen may show is announced; the payload is a kind and a key, never content.
CREATE FUNCTION announce_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify ('gridwatch_change', 'case ' || NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER announce_case AFTER INSERT OR UPDATE ON hazard_case FOR EACH ROW EXECUTE FUNCTION announce_case();

CREATE FUNCTION announce_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify ('gridwatch_change', 'task ' || NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER announce_task AFTER INSERT OR UPDATE ON task FOR EACH ROW EXECUTE FUNCTION announce_task();

CREATE FUNCTION announce_camera() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify ('gridwatch_change', 'camera ' || NEW.camera_id);
    RETURN NULL;
END $$;
CREATE TRIGGER announce_new_camera AFTER INSERT ON camera_state
    FOR EACH ROW EXECUTE FUNCTION announce_camera();
CREATE TRIGGER announce_camera AFTER UPDATE ON camera_state
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION announce_camera();
