#!/usr/bin/python3
"""Serves a clip as rtsp://127.0.0.1:PORT/test from GStreamer's RTSP server.

usage: gst-rtsp-server.py CLIP PORT [--udp]

A source for tests that Gridwatch did not write. Each client gets the clip from its beginning at the speed of its
clock; at its end the stream ends, as that of a camera that restarts. Prints "listening" once clients can connect and
runs until it is killed. With --udp it answers 461 to those who ask for TCP. Needs the Debian packages python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-good,
-bad and -ugly.
"""

import os
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
gi.require_version("GstRtsp", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402  (the versions must be named first)


def main() -> int:
    if len(sys.argv) not in (3, 4) or not sys.argv[2].isdigit() or sys.argv[3:] not in ([], ["--udp"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    clip, port = sys.argv[1], sys.argv[2]
    is_udp_only = len(sys.argv) == 4
    if not os.path.isfile(clip):
        print(f"there is no clip at {clip}", file=sys.stderr)
        return 1
    Gst.init(None)
    factory = GstRtspServer.RTSPMediaFactoryURI.new()
    factory.set_uri(Gst.filename_to_uri(os.path.abspath(clip)))
    if is_udp_only:
        factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(port)
    server.get_mount_points().add_factory("/test", factory)
    if server.attach(None) == 0:
        print(f"cannot listen on 127.0.0.1 port {port}", file=sys.stderr)
        return 1
    print("listening", flush=True)
    loop = GLib.MainLoop()
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
