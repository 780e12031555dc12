-- How the packets of a camera travel, where a person says so.

ALTER TABLE camera
    ADD COLUMN rtsp_transport text CHECK (rtsp_transport IN ('tcp', 'udp', 'auto'));
COMMENT ON COLUMN camera.rtsp_transport IS
    'How its RTSP packets travel, whatever the settings say: tcp, udp, or auto for what works; null: as the settings say';

-- As in 0004, and with the transport, which workers go by.
CREATE OR REPLACE FUNCTION announce_camera_registry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_changed boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        is_changed := EXISTS (
            SELECT id, name, stream_url, sub_stream_url, point_class, tags, rtsp_transport FROM after WHERE enabled
            EXCEPT
            SELECT id, name, stream_url, sub_stream_url, point_class, tags, rtsp_transport FROM before WHERE enabled)
            OR EXISTS (
            SELECT id FROM before WHERE enabled EXCEPT SELECT id FROM after WHERE enabled);
    ELSE
        is_changed := EXISTS (SELECT FROM changed WHERE enabled);
    END IF;
    IF is_changed THEN PERFORM pg_notify ('gridwatch_registry', ''); END IF;
    RETURN NULL;
END $$;
