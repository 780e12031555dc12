-- How good each camera's picture is.

ALTER TABLE camera_state ADD COLUMN quality jsonb CHECK (jsonb_typeof (quality) = 'object');
COMMENT ON COLUMN camera_state.quality IS
    'Scores of the picture by name, 0 (useless) to 100: dark, bright, contrast, sharpness, noise, freeze; null before any';
