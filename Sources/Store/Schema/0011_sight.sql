-- A camera that sends, but of which no picture can be looked at, and why in a word.

ALTER TABLE camera_state
    DROP CONSTRAINT camera_state_state_check,
    ADD CONSTRAINT camera_state_state_check CHECK (state IN (
        'connecting', 'online', 'stalled', 'offline', 'refused', 'frozen', 'quarantined', 'patrol', 'blind')),
    ADD COLUMN reason text CHECK (length (reason) <= 60);
COMMENT ON COLUMN camera_state.reason IS
    'Why in a word for pages, perhaps with seconds behind it: damaged 40; null when all is well or it has no name';
