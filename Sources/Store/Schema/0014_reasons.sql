-- Why a camera is a fault case, in a word; and when and where a worker's photo was taken, where he agreed to tell it.

ALTER TABLE alert ADD COLUMN reason text CHECK (length (reason) <= 60);
COMMENT ON COLUMN alert.reason IS 'Of a camera fault: why, in a word for pages, perhaps with seconds behind it; null for all other alerts';

ALTER TABLE task_photo
    ADD COLUMN taken_at timestamptz,
    ADD COLUMN place geometry (Point, 4326);
COMMENT ON COLUMN task_photo.taken_at IS 'When it was taken, by the clock of the phone; null unless the worker agreed to tell it';
COMMENT ON COLUMN task_photo.place IS 'Where it was taken, as the phone says, WGS-84; null unless the worker agreed to tell it';
