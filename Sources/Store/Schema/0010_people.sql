-- What holds between people: the version of a case that somebody saw, limits that no hand-over restarts, posts without people.

ALTER TABLE hazard_case
    ADD COLUMN version integer NOT NULL DEFAULT 1,
    ADD COLUMN triage_due_at timestamptz,
    ADD COLUMN dispatched_at timestamptz,
    ADD COLUMN supervised_at timestamptz,
    ADD COLUMN unstaffed_at timestamptz;
ALTER TABLE hazard_case DISABLE TRIGGER announce_case;
UPDATE hazard_case h SET
    triage_due_at = h.opened_at + (ARRAY[10, 30, 120, 240])[h.severity] * interval '1 min',
    dispatched_at = t.first_at,
    deadline_at = coalesce (t.first_deadline, h.deadline_at),
    supervised_at = e.first_at
FROM hazard_case c
    LEFT JOIN (
        SELECT case_id, min (created_at) AS first_at, (array_agg (deadline_at ORDER BY id))[1] AS first_deadline
        FROM task GROUP BY case_id) t ON t.case_id = c.id
    LEFT JOIN (
        SELECT case_id, min (at) AS first_at FROM case_event WHERE kind = 'supervised' GROUP BY case_id) e
        ON e.case_id = c.id
WHERE c.id = h.id;
ALTER TABLE hazard_case ENABLE TRIGGER announce_case;
ALTER TABLE hazard_case ADD COLUMN due_at timestamptz GENERATED ALWAYS AS (
    CASE WHEN stage IN ('inspection', 'report') THEN triage_due_at ELSE deadline_at END) STORED;
COMMENT ON COLUMN hazard_case.version IS 'Grows with everything that people do with the case; who acts names the one that he saw';
COMMENT ON COLUMN hazard_case.triage_due_at IS 'When somebody must have decided whether it is a hazard';
COMMENT ON COLUMN hazard_case.dispatched_at IS 'When a post got it first; null before';
COMMENT ON COLUMN hazard_case.deadline_at IS
    'When handling is due: reckoned from the first dispatch, and the same through every hand-over and rework';
COMMENT ON COLUMN hazard_case.supervised_at IS 'When it was put under supervision; null for never';
COMMENT ON COLUMN hazard_case.unstaffed_at IS
    'When it was last kept from becoming a task by itself, because no post of its grid or any above it has a person; null for never';
COMMENT ON COLUMN hazard_case.due_at IS 'The limit that counts now: of triage before the first dispatch, of handling from then on';
-- The order of the list, as it sorts.
CREATE INDEX hazard_case_due ON hazard_case (severity, (coalesce (due_at, '2170-01-01 00:00:00+00'::timestamptz)), id)
    WHERE outcome IS NULL;

ALTER TABLE task ADD COLUMN version integer NOT NULL DEFAULT 1;
COMMENT ON COLUMN task.version IS 'Grows when it is taken, finished or taken back; who acts names the one that he saw';
COMMENT ON COLUMN task.deadline_at IS 'When it is due: the limit of its case';

-- A task that was given again before this step has a later limit than its case: from now on they are the same.
ALTER TABLE task DISABLE TRIGGER announce_task;
UPDATE task t SET deadline_at = h.deadline_at FROM hazard_case h
WHERE h.id = t.case_id AND t.state IN ('open', 'accepted') AND t.deadline_at <> h.deadline_at;
ALTER TABLE task ENABLE TRIGGER announce_task;

-- Work that is sent back under supervision goes on under supervision.
INSERT INTO case_transition VALUES ('verification', 'supervision');

COMMENT ON COLUMN case_event.kind IS
    'opened, alert, merged, recovered, held_back, unstaffed, reported, dispatched, accepted, handled, false_alarm, supervised, rework, verified, closed, rejected';
COMMENT ON COLUMN score_hour.cells IS
    'Three bytes each: minute 0-59, step 0-15 (half doublings of the strength from 1/16 on; 8 begins at the threshold), tenths of a second; or minute + 128, step, how often something began that is an alert of its own with the threshold at that step';
CREATE INDEX account_post ON account (post_id) WHERE post_id IS NOT NULL AND NOT disabled;
