-- Delivery that does not slow down with the length of a case's history, and one node for each node name.

CREATE INDEX case_event_recovered ON case_event (case_id, (data ->> 'alert')) WHERE kind = 'recovered';

ALTER TABLE ingest_worker ADD COLUMN instance text NOT NULL DEFAULT '';
COMMENT ON COLUMN ingest_worker.instance IS 'Installation that the process belongs to: another one of the same name is refused while this one lives';

ALTER TABLE alert ADD COLUMN end_unseen boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN alert.end_unseen IS 'True: nobody saw its end, because the process that watched it ended first; ended_at is when it was last seen';
CREATE INDEX alert_open ON alert (camera_id) WHERE ended_at IS NULL;
