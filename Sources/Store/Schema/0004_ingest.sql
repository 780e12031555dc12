-- Ingest by several processes: shards of cameras held by leases, the fence against writers that lost theirs, platforms,
-- sampling, quarantine, coverage and incidents.

-- Only the database computes these: every process sees the same shard, and the address itself stays a secret.
ALTER TABLE camera
    ADD COLUMN shard smallint NOT NULL
        GENERATED ALWAYS AS (get_byte (decode (md5 (id), 'hex'), 0)::smallint) STORED,
    ADD COLUMN watched boolean NOT NULL
        GENERATED ALWAYS AS (
            enabled AND coalesce (nullif (sub_stream_url, ''), nullif (stream_url, '')) IS NOT NULL) STORED,
    ADD COLUMN stream_host text
        GENERATED ALWAYS AS (lower (substring (
            coalesce (nullif (sub_stream_url, ''), nullif (stream_url, ''))
            FROM '(?i)^[a-z][a-z0-9+.-]*://(?:[^/?#]*@)?(\[[^]/?#]*\]|[^/?#:@]+)'))) STORED;
COMMENT ON COLUMN camera.shard IS '0 to 255, a hash of the id: what workers divide among them';
COMMENT ON COLUMN camera.watched IS 'True: enabled and has a stream address, so a worker has to watch it';
COMMENT ON COLUMN camera.stream_host IS 'Host of the stream that is analysed, lower case, without port and login; null without one';
CREATE INDEX camera_shard ON camera (shard) WHERE watched;

CREATE TABLE ingest_worker (
    id          text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    boot        uuid NOT NULL,
    epoch       bigint NOT NULL CHECK (epoch > 0),
    lease_until timestamptz NOT NULL,
    capacity    integer NOT NULL CHECK (capacity BETWEEN 0 AND 1000000),
    version     text NOT NULL,
    host        text NOT NULL,
    started_at  timestamptz NOT NULL DEFAULT now (),
    seen_at     timestamptz NOT NULL DEFAULT now (),
    stats       jsonb NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50);
COMMENT ON TABLE ingest_worker IS 'Processes that watch cameras; one lease each, on the clock of this database';
COMMENT ON COLUMN ingest_worker.id IS 'Name that stays over restarts, for example host-1';
COMMENT ON COLUMN ingest_worker.boot IS 'The running process: new at every start';
COMMENT ON COLUMN ingest_worker.epoch IS 'How often a process of this name has joined';
COMMENT ON COLUMN ingest_worker.lease_until IS 'Until when its shards are its own whatever happens; renewed every few seconds';
COMMENT ON COLUMN ingest_worker.capacity IS 'Cameras that it can hold';
COMMENT ON COLUMN ingest_worker.version IS 'Version of the program';
COMMENT ON COLUMN ingest_worker.host IS 'Machine that it runs on';
COMMENT ON COLUMN ingest_worker.started_at IS 'When this process joined';
COMMENT ON COLUMN ingest_worker.seen_at IS 'Last renewal';
COMMENT ON COLUMN ingest_worker.stats IS 'What it says of itself, for the operations page';

CREATE TABLE ingest_shard (
    shard     smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 255),
    worker_id text REFERENCES ingest_worker (id) ON DELETE SET NULL,
    epoch     bigint NOT NULL DEFAULT 0,
    since     timestamptz NOT NULL DEFAULT now ()
) WITH (fillfactor = 50);
COMMENT ON TABLE ingest_shard IS 'Who watches the cameras of each shard';
COMMENT ON COLUMN ingest_shard.shard IS '0 to 255';
COMMENT ON COLUMN ingest_shard.worker_id IS 'Owner; null when nobody is. Others may take it when the lease of the owner is over';
COMMENT ON COLUMN ingest_shard.epoch IS 'Rises by one whenever somebody takes it: the fence against owners that do not know yet';
COMMENT ON COLUMN ingest_shard.since IS 'When it was taken or given up';
INSERT INTO ingest_shard (shard) SELECT generate_series (0, 255);

ALTER TABLE alert
    ADD COLUMN late boolean NOT NULL DEFAULT false,
    ADD COLUMN orphan boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN alert.late IS 'True: came at least once from a process that did not own the shard of the camera any more';
COMMENT ON COLUMN alert.orphan IS 'True: late, and the owner of the shard has not yet done what follows from it: case, task, history';
CREATE INDEX alert_orphan ON alert (started_at, id) WHERE orphan;
COMMENT ON COLUMN case_event.kind IS 'opened, alert, merged, recovered, reported, dispatched, accepted, handled, false_alarm, supervised, rework, verified, closed, rejected';

ALTER TABLE camera_state
    DROP CONSTRAINT camera_state_state_check,
    ADD CONSTRAINT camera_state_state_check CHECK (state IN (
        'connecting', 'online', 'stalled', 'offline', 'refused', 'frozen', 'quarantined', 'patrol')),
    ADD COLUMN worker_id text,
    ADD COLUMN sampled_at timestamptz,
    ADD COLUMN interval_s real CHECK (interval_s > 0),
    ADD COLUMN late_count bigint NOT NULL DEFAULT 0,
    SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON COLUMN camera_state.worker_id IS 'Worker that wrote the row';
COMMENT ON COLUMN camera_state.sampled_at IS 'Last sample that was decoded and judged';
COMMENT ON COLUMN camera_state.interval_s IS 'Seconds within which the next sample is expected';
COMMENT ON COLUMN camera_state.late_count IS 'Samples that came later than that since the worker began to watch it';

CREATE TABLE platform (
    host            text PRIMARY KEY CHECK (host = lower (host) AND length (host) BETWEEN 1 AND 255),
    name            text NOT NULL CHECK (length (name) BETWEEN 1 AND 200),
    patrol_sessions integer CHECK (patrol_sessions BETWEEN 1 AND 1000),
    note            text CHECK (length (note) <= 2000)
);
COMMENT ON TABLE platform IS 'Recorders and video platforms that many cameras are reached through';
COMMENT ON COLUMN platform.host IS 'Host in the stream addresses of its cameras, lower case';
COMMENT ON COLUMN platform.name IS 'Name as shown';
COMMENT ON COLUMN platform.patrol_sessions IS 'Streams that it gives at once: its cameras are watched in turns; null: all at once';
COMMENT ON COLUMN platform.note IS 'What a person wrote';

CREATE TABLE sampling_override (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    camera_id  text REFERENCES camera (id) ON DELETE CASCADE,
    tag        text CHECK (length (tag) BETWEEN 1 AND 100),
    interval_s integer NOT NULL CHECK (interval_s BETWEEN 1 AND 3600),
    schedule   jsonb CHECK (jsonb_typeof (schedule) = 'array' AND octet_length (schedule::text) <= 2000),
    CHECK ((camera_id IS NULL) <> (tag IS NULL)),
    UNIQUE NULLS NOT DISTINCT (camera_id, tag, schedule)
);
COMMENT ON TABLE sampling_override IS 'How often cameras are sampled where it is not as the settings say';
COMMENT ON COLUMN sampling_override.id IS 'Internal key';
COMMENT ON COLUMN sampling_override.camera_id IS 'The camera; or';
COMMENT ON COLUMN sampling_override.tag IS 'all cameras with this tag';
COMMENT ON COLUMN sampling_override.interval_s IS 'Seconds between samples';
COMMENT ON COLUMN sampling_override.schedule IS 'When it holds, in the form of the schedule of a rule; null: always';

CREATE TABLE camera_quarantine (
    camera_id text PRIMARY KEY REFERENCES camera (id) ON DELETE CASCADE,
    strikes   integer NOT NULL CHECK (strikes > 0),
    first_at  timestamptz NOT NULL,
    last_at   timestamptz NOT NULL,
    until     timestamptz,
    reason    text NOT NULL
);
COMMENT ON TABLE camera_quarantine IS 'Cameras whose streams brought a process down, and how long each is left alone';
COMMENT ON COLUMN camera_quarantine.camera_id IS 'The camera';
COMMENT ON COLUMN camera_quarantine.strikes IS 'How often, lately';
COMMENT ON COLUMN camera_quarantine.first_at IS 'First of these';
COMMENT ON COLUMN camera_quarantine.last_at IS 'Last of these';
COMMENT ON COLUMN camera_quarantine.until IS 'It is not opened before; null: it is only being counted';
COMMENT ON COLUMN camera_quarantine.reason IS 'What happened last, for a person; never a URL with a password';

CREATE TABLE incident (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('cameras', 'database', 'clock', 'worker')),
    scope      text NOT NULL CHECK (length (scope) <= 200),
    started_at timestamptz NOT NULL,
    ended_at   timestamptz,
    share      real CHECK (share BETWEEN 0 AND 1),
    affected   integer CHECK (affected >= 0),
    detail     text,
    CHECK (ended_at >= started_at)
);
COMMENT ON TABLE incident IS 'Trouble of the watching itself that is larger than one camera';
COMMENT ON COLUMN incident.id IS 'Internal key';
COMMENT ON COLUMN incident.kind IS 'cameras (many are away at once), database, clock, worker';
COMMENT ON COLUMN incident.scope IS 'Where: a platform, a worker, a host; empty for everything';
COMMENT ON COLUMN incident.started_at IS 'When it began';
COMMENT ON COLUMN incident.ended_at IS 'When it was over; null while it lasts';
COMMENT ON COLUMN incident.share IS 'Share of what is in its scope that is affected, 0 to 1';
COMMENT ON COLUMN incident.affected IS 'How many cameras, or what the kind counts';
COMMENT ON COLUMN incident.detail IS 'For a person';
CREATE UNIQUE INDEX incident_open ON incident (kind, scope) WHERE ended_at IS NULL;
CREATE INDEX incident_newest ON incident (started_at DESC, id DESC);

-- Each process sees its own cameras only; what several see in one place is one incident.
CREATE TABLE incident_part (
    incident_id bigint NOT NULL REFERENCES incident ON DELETE CASCADE,
    worker      text NOT NULL CHECK (length (worker) <= 200),
    share       real CHECK (share BETWEEN 0 AND 1),
    affected    integer CHECK (affected >= 0),
    PRIMARY KEY (incident_id, worker)
);
COMMENT ON TABLE incident_part IS 'What each process sees of an open incident, which lasts as long as one of them sees it';
COMMENT ON COLUMN incident_part.incident_id IS 'The incident';
COMMENT ON COLUMN incident_part.worker IS 'Name of the process in ingest_worker';
COMMENT ON COLUMN incident_part.share IS 'Share of its cameras in that place that are affected, 0 to 1';
COMMENT ON COLUMN incident_part.affected IS 'How many of its cameras';

-- Sums up what the processes see of an open incident, and ends it when none sees it any more.
CREATE FUNCTION settle_incident (key bigint, at timestamptz) RETURNS void LANGUAGE sql AS $$
    WITH sums AS (
        SELECT count (*) AS parts, sum (affected)::integer AS affected,
            coalesce (sum (affected) / nullif (sum (affected / nullif (share, 0)), 0), max (share))::real AS share
        FROM incident_part WHERE incident_id = key),
    wanted AS (
        SELECT CASE WHEN parts = 0 THEN incident.affected ELSE sums.affected END AS affected,
            CASE WHEN parts = 0 THEN incident.share ELSE least (sums.share, 1) END AS share,
            CASE WHEN parts = 0 THEN greatest (started_at, at) END AS ended_at
        FROM sums, incident WHERE id = key)
    UPDATE incident SET affected = wanted.affected, share = wanted.share, ended_at = wanted.ended_at
    FROM wanted
    WHERE id = key AND incident.ended_at IS NULL
        AND (incident.affected, incident.share, incident.ended_at)
            IS DISTINCT FROM (wanted.affected, wanted.share, wanted.ended_at)
$$;

CREATE FUNCTION announce_incident() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify ('gridwatch_change', 'incident ' || NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER announce_incident AFTER INSERT OR UPDATE ON incident FOR EACH ROW EXECUTE FUNCTION announce_incident();

-- Workers read the registry anew when it says that it changed: once per transaction, and only when something that they
-- use did.
CREATE FUNCTION announce_registry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed) THEN PERFORM pg_notify ('gridwatch_registry', ''); END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION announce_camera_registry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_changed boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        is_changed := EXISTS (
            SELECT id, name, stream_url, sub_stream_url, point_class, tags FROM after WHERE enabled
            EXCEPT
            SELECT id, name, stream_url, sub_stream_url, point_class, tags FROM before WHERE enabled)
            OR EXISTS (
            SELECT id FROM before WHERE enabled EXCEPT SELECT id FROM after WHERE enabled);
    ELSE
        is_changed := EXISTS (SELECT FROM changed WHERE enabled);
    END IF;
    IF is_changed THEN PERFORM pg_notify ('gridwatch_registry', ''); END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION announce_quarantine() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_changed boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        is_changed := EXISTS (SELECT camera_id, until FROM after EXCEPT SELECT camera_id, until FROM before);
    ELSE
        is_changed := EXISTS (SELECT FROM changed WHERE until IS NOT NULL);
    END IF;
    IF is_changed THEN PERFORM pg_notify ('gridwatch_registry', ''); END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    source text;
BEGIN
    FOREACH source IN ARRAY ARRAY['camera_rule', 'rule_template', 'platform', 'sampling_override'] LOOP
        EXECUTE format ('CREATE TRIGGER announce_insert AFTER INSERT ON %I REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION announce_registry()', source);
        EXECUTE format ('CREATE TRIGGER announce_update AFTER UPDATE ON %I REFERENCING NEW TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION announce_registry()', source);
        EXECUTE format ('CREATE TRIGGER announce_delete AFTER DELETE ON %I REFERENCING OLD TABLE AS changed
            FOR EACH STATEMENT EXECUTE FUNCTION announce_registry()', source);
    END LOOP;
END $$;

CREATE TRIGGER announce_insert AFTER INSERT ON camera REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION announce_camera_registry();
CREATE TRIGGER announce_update AFTER UPDATE ON camera REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION announce_camera_registry();
CREATE TRIGGER announce_delete AFTER DELETE ON camera REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION announce_camera_registry();

CREATE TRIGGER announce_insert AFTER INSERT ON camera_quarantine REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION announce_quarantine();
CREATE TRIGGER announce_update AFTER UPDATE ON camera_quarantine REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION announce_quarantine();
CREATE TRIGGER announce_delete AFTER DELETE ON camera_quarantine REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION announce_quarantine();
