-- Scores of a rule that was drawn anew, or judged by other settings, are told apart from those before.

ALTER TABLE score_hour RENAME COLUMN settings_version TO basis;
ALTER TABLE score_hour ADD COLUMN threshold double precision NOT NULL DEFAULT 1;
ALTER TABLE score_hour ALTER COLUMN threshold DROP DEFAULT;
ALTER TABLE score_hour DROP CONSTRAINT score_hour_pkey;
ALTER TABLE score_hour ADD PRIMARY KEY (camera_id, rule_id, hour, basis, threshold);
COMMENT ON COLUMN score_hour.basis IS 'The same for scores that differ by the threshold only; others cannot be compared';
COMMENT ON COLUMN score_hour.threshold IS 'Share of the region at which the strength is 1; 1 for rules that do not go by a share';
