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

RATES = {"vbr": ["-crf", "26", "-maxrate", "512k", "-bufsize", "1024k"],
         "cbr": ["-b:v", "512k", "-maxrate", "512k", "-bufsize", "1024k"]}
# Quiet stretches: clip, first and last second, whether a warm stream is made of it too.
QUIET = [("office_1080p", 0, 29, False), ("shopfront_cctv", 25, 37, True), ("yard_dog_van", 45, 58, True),
         ("intel_onebyone", 0, 5.5, True), ("cn_office_osd", 1, 5.8, False), ("wallflower_wavingtrees", 0, 59, False),
         ("tree_hand", 0, 15, True), ("rain_yard", 0, 12, False), ("cloud_brightness", 0, 4.8, False),
         ("quiet-caption", 0, 29, False), ("quiet-foliage-water", 0, 29, False), ("quiet-rain", 0, 29, False),
         ("night-intrusion", 0, 11, True), ("intel_car", 0, 4, True), ("intel_bottle", 0, 5.2, True),
         ("intel_personbikecar", 14.5, 24, True), ("bgs_overheadroad", 0, 1.4, True), ("dropped_items", 0, 2.5, True),
         ("topdown_lot2", 20, 45, True), ("car-park-day", 0, 8, True), ("river-dusk", 0, 10, True),
         ("gate-line", 0, 8, True), ("dumped-bags", 0, 11, True), ("fire-lane", 0, 14, True),
         ("stopped-car", 0, 12, True), ("plaza-crowd", 0, 6, True), ("covered-lens", 0, 10, True)]
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


def make(kind, clip, labels, path, filters, rate):
    target = f"{out}/{kind}/{clip}.mp4"
    if only not in target or os.path.exists(target):
        return
    os.makedirs(f"{out}/{kind}/labels", exist_ok=True)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", path, "-an", "-filter_complex", filters, "-map", "[out]",
                    "-c:v", "libx264", "-preset", "superfast", "-bf", "0", "-sc_threshold", "0", "-g", "9999",
                    "-force_key_frames", "expr:gte(t,n_forced*2)", "-pix_fmt", "yuv420p", *RATES[rate], target],
                   check=True, stdin=subprocess.DEVNULL)
    with open(f"{out}/{kind}/labels/{clip}.json", "w") as file:
        json.dump(labels, file)
    print(target, flush=True)


def pingpong(first, last, rate, seconds):
    frames = 2 * int((last - first) * rate)
    return (f"scale='min(iw,640)':-2,fps={rate:.3f},format=yuv420p,trim={first}:{last},setpts=PTS-STARTPTS,"
            f"split[x][y];[y]reverse[z];[x][z]concat=n=2:v=1,loop=loop={int(seconds * rate / frames) + 1}:size={frames},"
            f"trim=0:{seconds},setpts=PTS-STARTPTS")


def shifted(labels, seconds):
    for rule in labels["rules"]:
        for key in ("events", "ignore"):
            rule[key] = [[start + seconds, end + seconds] for start, end in rule.get(key) or []]
        if "crossings" in rule:
            rule["crossings"] = [instant + seconds for instant in rule["crossings"]]
    labels["duration"] += seconds
    return labels


for rate in RATES:
    for name in sorted(os.listdir(footage + "/clips")):
        clip = name[:-4]
        path, labels = source(clip)
        make(f"gop2-{rate}", clip, json.load(open(labels)), path, "[0:v]scale='min(iw,640)':-2[out]", rate)
    for clip, first, last, is_warm in QUIET:
        path, labels = source(clip)
        fps = rate_of(path)
        if is_warm:
            make(f"warm-{rate}", clip, shifted(json.load(open(labels)), WARM_UP), path,
                 f"[0:v]split[s][m];[s]{pingpong(first, last, fps, WARM_UP)}[q];"
                 f"[m]scale='min(iw,640)':-2,fps={fps:.3f},format=yuv420p[c];"
                 "[q][c]concat=n=2:v=1,noise=alls=3:allf=t[out]", rate)
        if clip not in ("bgs_overheadroad", "dropped_items", "topdown_lot2") and not (is_warm and "-" in clip):
            view = {"id": "view", "kind": "quiet", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "events": []}
            make(f"quiet-{rate}", clip,
                 {"clip": clip + ".mp4", "width": 640, "height": 360, "duration": 399, "rules": [view]}, path,
                 f"[0:v]{pingpong(first, last, min(fps, 15.0), 400)},noise=alls=4:allf=t,"
                 "eq=brightness='0.02*sin(t/40)':eval=frame[out]", rate)
