-- Thresholds and rules that operators tried in the tuner: kept as versions, put to work and taken back by one row each.

CREATE TABLE detection_profile (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope      text NOT NULL CHECK (scope IN ('camera', 'grid', 'tag')),
    scope_key  text NOT NULL CHECK (scope_key <> ''),
    version    integer NOT NULL CHECK (version > 0),
    settings   jsonb NOT NULL CHECK (jsonb_typeof (settings) = 'object'),
    rules      jsonb CHECK (jsonb_typeof (rules) = 'array'),
    note       text NOT NULL,
    author_id  integer REFERENCES account (id),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (scope, scope_key, version),
    CHECK (rules IS NULL OR scope = 'camera')
);
COMMENT ON TABLE detection_profile IS 'Versions of how a camera, a grid or the cameras of a tag are judged; a row never changes';
COMMENT ON COLUMN detection_profile.id IS 'Internal key';
COMMENT ON COLUMN detection_profile.scope IS 'What it is for';
COMMENT ON COLUMN detection_profile.scope_key IS 'Camera id, grid code or tag';
COMMENT ON COLUMN detection_profile.version IS '1, 2, 3… within its scope';
COMMENT ON COLUMN detection_profile.settings IS 'Settings of detection that differ from the daemon''s, by key';
COMMENT ON COLUMN detection_profile.rules IS 'All rules of the camera in the form of a rules file; null leaves the rules alone';
COMMENT ON COLUMN detection_profile.note IS 'Why, in the words of the author';
COMMENT ON COLUMN detection_profile.author_id IS 'Who made it; null for a copy of what was there before';
COMMENT ON COLUMN detection_profile.created_at IS 'When it was saved';

CREATE TABLE profile_activation (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    scope      text NOT NULL,
    scope_key  text NOT NULL,
    profile_id integer REFERENCES detection_profile (id),
    undoes     bigint REFERENCES profile_activation (id),
    note       text NOT NULL,
    account_id integer REFERENCES account (id),
    at         timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE profile_activation IS 'What was put to work when, by whom and why; the last row of a scope holds';
COMMENT ON COLUMN profile_activation.id IS 'Internal key, in the order of the activations';
COMMENT ON COLUMN profile_activation.scope IS 'As in detection_profile';
COMMENT ON COLUMN profile_activation.scope_key IS 'As in detection_profile';
COMMENT ON COLUMN profile_activation.profile_id IS 'The profile that holds from then on; null for none';
COMMENT ON COLUMN profile_activation.undoes IS 'The activation that this one takes back; null for a new one';
COMMENT ON COLUMN profile_activation.note IS 'Why, in the words of who did it';
COMMENT ON COLUMN profile_activation.account_id IS 'Who did it; null for a copy of what was there before';
COMMENT ON COLUMN profile_activation.at IS 'When';
CREATE INDEX profile_activation_scope ON profile_activation (scope, scope_key, id DESC);
CREATE TRIGGER announce_insert AFTER INSERT ON profile_activation REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION announce_registry();

CREATE VIEW active_profile AS
SELECT p.*, a.activation_id, a.activated_at
FROM (SELECT DISTINCT ON (scope, scope_key) id AS activation_id, at AS activated_at, profile_id
      FROM profile_activation ORDER BY scope, scope_key, id DESC) a
JOIN detection_profile p ON p.id = a.profile_id;
COMMENT ON VIEW active_profile IS 'The profile that holds for each scope that has one';
COMMENT ON COLUMN active_profile.id IS 'Key of the profile';
COMMENT ON COLUMN active_profile.scope IS 'What it is for';
COMMENT ON COLUMN active_profile.scope_key IS 'Camera id, grid code or tag';
COMMENT ON COLUMN active_profile.version IS 'Version within its scope';
COMMENT ON COLUMN active_profile.settings IS 'Settings of detection that differ from the daemon''s, by key';
COMMENT ON COLUMN active_profile.rules IS 'All rules of the camera; null leaves the rules alone';
COMMENT ON COLUMN active_profile.note IS 'Why, in the words of the author';
COMMENT ON COLUMN active_profile.author_id IS 'Who made it';
COMMENT ON COLUMN active_profile.created_at IS 'When it was saved';
COMMENT ON COLUMN active_profile.activation_id IS 'The activation that put it to work';
COMMENT ON COLUMN active_profile.activated_at IS 'Since when it holds';

CREATE VIEW camera_profile AS
WITH RECURSIVE below (profile_id, grid_id, depth) AS (
    SELECT p.id, g.id, 0 FROM active_profile p JOIN grid g ON p.scope = 'grid' AND g.code = p.scope_key
    UNION ALL
    SELECT b.profile_id, g.id, b.depth + 1 FROM below b JOIN grid g ON g.parent_id = b.grid_id),
candidate (camera_id, rank, depth, profile_id) AS (
    SELECT c.id, 0, 0, p.id FROM active_profile p JOIN camera c ON p.scope = 'camera' AND c.id = p.scope_key
    UNION ALL
    SELECT c.id, 1, b.depth, b.profile_id FROM below b JOIN camera c ON c.grid_id = b.grid_id
    UNION ALL
    SELECT c.id, 2, 0, p.id FROM active_profile p JOIN camera c ON p.scope = 'tag' AND c.tags @> ARRAY[p.scope_key])
SELECT DISTINCT ON (camera_id) camera_id, profile_id FROM candidate ORDER BY camera_id, rank, depth, profile_id DESC;
COMMENT ON VIEW camera_profile IS
    'The one profile that holds for each camera that any does: its own, else that of its nearest grid, else of a tag';
COMMENT ON COLUMN camera_profile.camera_id IS 'The camera';
COMMENT ON COLUMN camera_profile.profile_id IS 'The profile';
