-- Cases that would have become tasks on a day on which their grid had enough of them: they wait for a person's look.

ALTER TABLE hazard_case ADD COLUMN held_back_at timestamptz;
COMMENT ON COLUMN hazard_case.held_back_at IS
    'When it was last kept from becoming a task by itself, because the grid''s budget of the day was used up; null for never';
CREATE INDEX hazard_case_held_back ON hazard_case (held_back_at) WHERE held_back_at IS NOT NULL;
CREATE INDEX task_created ON task (created_at);

COMMENT ON COLUMN case_event.kind IS
    'opened, alert, merged, recovered, held_back, reported, dispatched, accepted, handled, false_alarm, supervised, rework, verified, closed, rejected';

-- How cases of cameras ended, for whoever sets thresholds: what people said about what a rule saw.
CREATE VIEW case_verdict AS
SELECT h.id AS case_id, h.camera_id, h.rule_id, h.outcome = 'false_alarm' AS is_false, h.opened_at, h.closed_at,
    (SELECT e.data ->> 'reason' FROM case_event e
     WHERE e.case_id = h.id AND e.data ? 'reason' ORDER BY e.id DESC LIMIT 1) AS reason
FROM hazard_case h
WHERE h.outcome IN ('resolved', 'false_alarm') AND h.source = 'camera' AND h.camera_id IS NOT NULL;
COMMENT ON VIEW case_verdict IS 'Cases of cameras that ended as a hazard or as a false alarm';
COMMENT ON COLUMN case_verdict.case_id IS 'The case';
COMMENT ON COLUMN case_verdict.camera_id IS 'Camera of the first alert';
COMMENT ON COLUMN case_verdict.rule_id IS 'Rule of the first alert';
COMMENT ON COLUMN case_verdict.is_false IS 'True: there was no hazard';
COMMENT ON COLUMN case_verdict.opened_at IS 'Start of the first alert';
COMMENT ON COLUMN case_verdict.closed_at IS 'When it ended';
COMMENT ON COLUMN case_verdict.reason IS 'Why it was a false alarm: light, weather, animal, shake, wrong_region, permitted, other; null for a hazard';
CREATE INDEX hazard_case_verdict ON hazard_case (closed_at) WHERE outcome IN ('resolved', 'false_alarm');
