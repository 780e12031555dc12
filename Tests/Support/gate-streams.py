#!/usr/bin/env python3
"""Makes the streams that docs/gate.md measures the gate with: FOOTAGE (clips/ and annotations/) into OUT/<set>/.

gop2-vbr, gop2-cbr    the clips of FOOTAGE at 640 pixels' width, a keyframe every 2 s
quiet-vbr, quiet-cbr  400 s of quiet stretches, forwards and backwards, with camera noise and slowly changing light
warm-vbr, warm-cbr    120 s of a clip's quiet stretch, then the whole clip: a gate that knows its camera

Needs ffmpeg with libx264; takes some minutes. A third argument makes only what has it in its path.
Then: gridwatch evaluate OUT/gop2-vbr/labels --clips OUT/gop2-vbr --gate
"""
import json
import os
import subprocess
import sys

footage, out = sys.argv[1:3]
only = sys.argv[3] if len(sys.argv) > 3 else ""
samples = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "sample-streams")

CAPPED = ["-crf", "26", "-maxrate", "512k", "-bufsize", "1024k"]
CONSTANT = ["-b:v", "512k", "-maxrate", "512k", "-bufsize", "1024k"]
# Clips with a quiet stretch, its first and last second: the long quiet streams, then those that get a warm stream.
QUIET = [("office_1080p", 0, 29), ("shopfront_cctv", 24, 53), ("yard_dog_van", 43, 60), ("intel_onebyone", 0, 5.5),
         ("cn_office_osd", 1, 5.8), ("wallflower_wavingtrees", 0, 59), ("tree_hand", 0, 22), ("rain_yard", 0, 12),
         ("cloud_brightness", 0, 4.8), ("quiet-caption", 0, 29), ("quiet-foliage-water", 0, 29),
         ("quiet-rain", 0, 29), ("night-intrusion", 0, 11)]
WARM = [("intel_car", 0, 4), ("intel_bottle", 0, 5.2), ("intel_onebyone", 0, 5.6), ("intel_personbikecar", 14.5, 24),
        ("bgs_overheadroad", 0, 1.4), ("shopfront_cctv", 25, 37), ("dropped_items", 0, 2.5), ("tree_hand", 0, 15),
        ("wallflower_wavingtrees", 20, 50), ("yard_dog_van", 45, 58), ("topdown_lot2", 20, 45),
        ("car-park-day", 0, 8), ("night-intrusion", 0, 11), ("river-dusk", 0, 10), ("gate-line", 0, 8),
        ("dumped-bags", 0, 11), ("fire-lane", 0, 14), ("stopped-car", 0, 12), ("plaza-crowd", 0, 6),
        ("covered-lens", 0, 10)]
WARM_UP = 120


def source(clip):
    for clips, labels in ((footage + "/clips", footage + "/annotations"), (samples, samples + "/labels")):
        if os.path.exists(f"{clips}/{clip}.mp4"):
            return f"{clips}/{clip}.mp4", f"{labels}/{clip}.json"
    sys.exit(f"{clip}.mp4 is neither in {footage}/clips nor in the sample streams")


def rate_of(path):
    text = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=avg_frame_rate",
                           "-of", "csv=p=0", path], capture_output=True, text=True, check=True).stdout
    over, under = text.strip().rstrip(",").split("/")
    return min(25.0, float(over) / float(under))


def make(kind, clip, labels, path, filters, encoding, before=()):
    target = f"{out}/{kind}/{clip}.mp4"
    if only not in target or os.path.exists(target):
        return
    os.makedirs(f"{out}/{kind}/labels", exist_ok=True)
    subprocess.run(["ffmpeg", "-v", "error", "-y", *before, "-i", path, "-an", "-filter_complex", filters, "-map", "[out]",
                    "-c:v", "libx264", "-preset", "superfast", "-threads", "1", "-bf", "0", "-sc_threshold", "0", "-g", "9999",
                    "-force_key_frames", "expr:gte(t,n_forced*2)", "-pix_fmt", "yuv420p", *encoding, target],
                   check=True, stdin=subprocess.DEVNULL)
    with open(f"{out}/{kind}/labels/{clip}.json", "w") as file:
        json.dump(labels, file)
    print(target, flush=True)


def pingpong(first, last, rate, seconds):
    frames = 2 * int((last - first) * rate)
    return (f"scale='min(iw,640)':-2,fps={rate:.3f},format=yuv420p,trim={first}:{last},setpts=PTS-STARTPTS,"
            f"split[x][y];[y]reverse[z];[x][z]concat=n=2:v=1,loop=loop={int(seconds * rate / frames)}:size={frames},"
            f"trim=0:{seconds},setpts=PTS-STARTPTS")


def quiet(kind, clip, first, last, encoding):
    if only not in f"{out}/{kind}/{clip}.mp4":
        return
    path, _ = source(clip)
    os.makedirs(f"{out}/stretches", exist_ok=True)
    stretch = f"{out}/stretches/{clip}.mp4"
    if not os.path.exists(stretch):
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-ss", str(first), "-t", str(last - first), "-i", path, "-an",
                        "-filter_complex", "[0:v]scale='min(iw,640)':-2,format=yuv420p,split[a][b];[b]reverse[c];"
                        "[a][c]concat=n=2:v=1[o]", "-map", "[o]", "-c:v", "libx264", "-preset", "ultrafast",
                        "-crf", "10", "-bf", "0", "-g", "25", stretch], check=True, stdin=subprocess.DEVNULL)
    view = {"id": "view", "kind": "quiet", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "events": []}
    make(kind, clip, {"clip": clip + ".mp4", "width": 640, "height": 360, "duration": 399, "rules": [view]}, stretch,
         "[0:v]noise=alls=4:allf=t,eq=brightness='0.02*sin(t/40)':eval=frame,fps=15,trim=0:400[out]", encoding,
         before=("-stream_loop", "-1", "-t", "400"))


def shifted(labels, seconds):
    for rule in labels["rules"]:
        for key in ("events", "ignore"):
            rule[key] = [[start + seconds, end + seconds] for start, end in rule.get(key) or []]
        if "crossings" in rule:
            rule["crossings"] = [instant + seconds for instant in rule["crossings"]]
    labels["duration"] += seconds
    return labels


for name in sorted(os.listdir(footage + "/clips")):
    clip = name[:-4]
    path, labels = source(clip)
    make("gop2-vbr", clip, json.load(open(labels)), path, "[0:v]scale='min(iw,640)':-2[out]", ["-crf", "27"])
    make("gop2-cbr", clip, json.load(open(labels)), path,
         "[0:v]scale='min(iw,640)':-2,noise=alls=3:allf=t[out]", CONSTANT)
for kind, encoding in (("vbr", CAPPED), ("cbr", CONSTANT)):
    for clip, first, last in QUIET:
        quiet(f"quiet-{kind}", clip, first, last, encoding)
    for clip, first, last in WARM:
        path, labels = source(clip)
        fps = rate_of(path)
        make(f"warm-{kind}", clip, shifted(json.load(open(labels)), WARM_UP), path,
             f"[0:v]split[s][m];[s]{pingpong(first, last, fps, WARM_UP)}[q];"
             f"[m]scale='min(iw,640)':-2,fps={fps:.3f},format=yuv420p[c];"
             "[q][c]concat=n=2:v=1,noise=alls=3:allf=t[out]", encoding)
