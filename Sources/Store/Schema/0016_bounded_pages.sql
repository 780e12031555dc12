-- What a page of cases costs does not grow with their number, nor with the history of one: see docs/adr/0036.

-- Whoever still writes takes them in this order: taken in another, one of both would be given up after minutes of work.
LOCK TABLE alert IN ACCESS EXCLUSIVE MODE;
LOCK TABLE hazard_case IN ACCESS EXCLUSIVE MODE;
LOCK TABLE task, case_event IN SHARE ROW EXCLUSIVE MODE;

-- Events that say the same again and again are one line between two others; the events themselves stay.
CREATE TABLE case_line (
    case_id  bigint NOT NULL REFERENCES hazard_case (id),
    run      bigint NOT NULL,
    identity text NOT NULL,
    first_id bigint NOT NULL,
    last_at  timestamptz NOT NULL,
    times    integer NOT NULL,
    PRIMARY KEY (case_id, run, identity)
);
COMMENT ON TABLE case_line IS 'Events of one case, rule and camera that repeat themselves, counted as they are written';
COMMENT ON COLUMN case_line.case_id IS 'The case';
COMMENT ON COLUMN case_line.run IS 'Last event before them that does not repeat itself; 0 for none';
COMMENT ON COLUMN case_line.identity IS 'Kind, camera and rule';
COMMENT ON COLUMN case_line.first_id IS 'The first of these events';
COMMENT ON COLUMN case_line.last_at IS 'When the last of them was';
COMMENT ON COLUMN case_line.times IS 'How many there are';
CREATE INDEX case_line_newest ON case_line (case_id, first_id);

-- What people did, and what else happens once.
CREATE INDEX case_event_turn ON case_event (case_id, id)
    WHERE kind NOT IN ('alert', 'merged', 'recovered', 'held_back', 'unstaffed');

CREATE FUNCTION fold_case_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO case_line AS l (case_id, run, identity, first_id, last_at, times)
    SELECT n.case_id, n.run, n.identity, min (n.id), max (n.at), count (*)
    FROM (
        SELECT f.case_id, f.id, f.at, concat_ws (' ', f.kind, f.data ->> 'camera', f.data ->> 'rule') AS identity,
            coalesce ((
                SELECT max (e.id) FROM case_event e
                WHERE e.case_id = f.case_id AND e.id < f.id
                    AND e.kind NOT IN ('alert', 'merged', 'recovered', 'held_back', 'unstaffed')), 0) AS run
        FROM fresh f WHERE f.kind IN ('alert', 'merged', 'recovered', 'held_back', 'unstaffed')) n
    GROUP BY n.case_id, n.run, n.identity ORDER BY n.case_id, n.run, n.identity
    ON CONFLICT (case_id, run, identity) DO UPDATE SET
        last_at = greatest (l.last_at, EXCLUDED.last_at), times = l.times + EXCLUDED.times;
    RETURN NULL;
END $$;
-- From here on nobody adds an event until all those that are there are counted.
CREATE TRIGGER fold_case_events AFTER INSERT ON case_event REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION fold_case_events();
INSERT INTO case_line (case_id, run, identity, first_id, last_at, times)
SELECT case_id, run, identity, min (id), max (at), count (*)
FROM (
    SELECT case_id, id, at, kind, concat_ws (' ', kind, data ->> 'camera', data ->> 'rule') AS identity,
        coalesce (max (id) FILTER (WHERE kind NOT IN ('alert', 'merged', 'recovered', 'held_back', 'unstaffed'))
            OVER (PARTITION BY case_id ORDER BY id), 0) AS run
    FROM case_event) e
WHERE kind IN ('alert', 'merged', 'recovered', 'held_back', 'unstaffed') GROUP BY case_id, run, identity;

COMMENT ON COLUMN case_event.kind IS
    'opened, alert, merged, recovered, held_back, unstaffed, staffed, reported, dispatched, accepted, handled, false_alarm, supervised, rework, verified, closed, rejected';

-- The newest alerts of a case, and its picture.
DROP INDEX alert_case;
CREATE INDEX alert_case ON alert (case_id, started_at);
CREATE INDEX alert_case_picture ON alert (case_id, started_at, id) WHERE evidence_path IS NOT NULL;
CREATE INDEX alert_case_reason ON alert (case_id, started_at, id) WHERE reason IS NOT NULL;

-- The orders of the list, open cases and ended ones apart; what has no limit comes after everything that has one.
CREATE INDEX hazard_case_open_left
    ON hazard_case ((coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), severity, id) WHERE outcome IS NULL;
CREATE INDEX hazard_case_open_stage
    ON hazard_case (stage, (coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), id) WHERE outcome IS NULL;
CREATE INDEX hazard_case_open_place
    ON hazard_case (grid_id, (coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), id) WHERE outcome IS NULL;
CREATE INDEX hazard_case_open_assignee
    ON hazard_case (assignee_post_id, (coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), id)
    WHERE outcome IS NULL;
CREATE INDEX hazard_case_open_alerts ON hazard_case (alert_count, id) WHERE outcome IS NULL;
CREATE INDEX hazard_case_open_opened ON hazard_case (opened_at, id) WHERE outcome IS NULL;
CREATE INDEX hazard_case_ended_severity
    ON hazard_case (severity, (coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), id)
    WHERE outcome IS NOT NULL;
CREATE INDEX hazard_case_ended_left
    ON hazard_case ((coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), severity, id)
    WHERE outcome IS NOT NULL;
CREATE INDEX hazard_case_ended_stage
    ON hazard_case (stage, (coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), id) WHERE outcome IS NOT NULL;
CREATE INDEX hazard_case_ended_place
    ON hazard_case (grid_id, (coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), id)
    WHERE outcome IS NOT NULL;
CREATE INDEX hazard_case_ended_assignee
    ON hazard_case (assignee_post_id, (coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), id)
    WHERE outcome IS NOT NULL;
CREATE INDEX hazard_case_ended_alerts ON hazard_case (alert_count, id) WHERE outcome IS NOT NULL;
CREATE INDEX hazard_case_ended_opened ON hazard_case (opened_at, id) WHERE outcome IS NOT NULL;
DROP INDEX hazard_case_newest;
-- What ended today, also what was merged.
CREATE INDEX hazard_case_closed ON hazard_case (closed_at) WHERE outcome IS NOT NULL;
DROP INDEX hazard_case_verdict;
-- Cases that wait for a post to get a person.
COMMENT ON COLUMN hazard_case.unstaffed_at IS
    'When it was last kept from becoming a task by itself, because no post of its grid or any above it has a person; null for never, or when one has got a person since';
CREATE INDEX hazard_case_unstaffed ON hazard_case (id)
    WHERE outcome IS NULL AND stage = 'inspection' AND unstaffed_at IS NOT NULL;

-- The lists of tasks, those of one post and those of all.
CREATE INDEX task_active_post ON task (post_id, deadline_at, id) WHERE state IN ('open', 'accepted');
CREATE INDEX task_active_all ON task (deadline_at, id) WHERE state IN ('open', 'accepted');
CREATE INDEX task_over_post ON task (post_id, created_at, id) WHERE state NOT IN ('open', 'accepted');
CREATE INDEX task_over_all ON task (created_at, id) WHERE state NOT IN ('open', 'accepted');

-- Why a case was false stands where somebody said so, and not in each of its events.
CREATE OR REPLACE VIEW case_verdict AS
SELECT h.id AS case_id, h.camera_id, h.rule_id, h.outcome = 'false_alarm' AS is_false, h.opened_at, h.closed_at,
    (SELECT e.data ->> 'reason' FROM case_event e
     WHERE e.case_id = h.id AND e.data ? 'reason'
        AND e.kind NOT IN ('alert', 'merged', 'recovered', 'held_back', 'unstaffed')
     ORDER BY e.id DESC LIMIT 1) AS reason
FROM hazard_case h
WHERE h.outcome IN ('resolved', 'false_alarm') AND h.source = 'camera' AND h.camera_id IS NOT NULL;
