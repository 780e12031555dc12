-- Pictures: the first one of an alert stays its case's picture; what is past its time goes, and the row says so.

ALTER TABLE alert
    ADD COLUMN first_evidence_path text,
    ADD COLUMN first_evidence_sha256 text CHECK (first_evidence_sha256 ~ '^[0-9a-f]{64}$'),
    ADD COLUMN first_evidence_at timestamptz,
    ADD COLUMN evidence_removed_at timestamptz;
COMMENT ON COLUMN alert.first_evidence_path IS 'Picture that came with the earliest statement that had one, relative to the evidence directory';
COMMENT ON COLUMN alert.first_evidence_sha256 IS 'SHA-256 of that picture, hex';
COMMENT ON COLUMN alert.first_evidence_at IS 'Time of the statement that it came with';
COMMENT ON COLUMN alert.evidence_removed_at IS 'When its pictures were removed because their time was over; null while they are there';
COMMENT ON COLUMN alert.evidence_path IS 'Picture that came with the newest statement that had one, relative to the evidence directory; null when none could be written';
-- Only what still runs can get another picture; for all others the one that they have is the first.
UPDATE alert SET first_evidence_path = evidence_path, first_evidence_sha256 = evidence_sha256,
    first_evidence_at = evidence_at WHERE evidence_path IS NOT NULL AND ended_at IS NULL;
