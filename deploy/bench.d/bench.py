"""The runs of deploy/bench: starts the farm, a private database and the daemon, and measures their processes.

CPU times are those of the operating system (utime + stime of /proc/PID/stat, threads included), so other load on the
machine changes them little; memory is the proportional set size. Ratios are formed within one run.
"""

import argparse
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

CLIPS = ".bench"
TICK = os.sysconf("SC_CLK_TCK")
# What is started this way is ended by the kernel when the bench ends, also when that is killed.
TIED = ["setpriv", "--pdeathsig", "KILL", "--"]
RULE = '{"id": "all", "kind": "intrusion", "polygon": [[0, 0], [1, 0], [1, 1], [0, 1]], "dispatch": "triage"}'
TARGETS = {
    "cameras_per_core": 2000,
    "ratio_vs_motion": 60,
    "ratio_vs_ffmpeg_nokey": 8,
    "ratio_to_floor": 1.5,
    "rss_kb_per_camera": 160,
    "fixed_mb_per_worker": 150,
}


def say(text):
    print(text, file=sys.stderr, flush=True)


def cpu_seconds(pid):
    """CPU time of a process so far, its threads included; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK
    except FileNotFoundError:
        return 0.0


def memory_kb(pid):
    """Proportional set size of a process in KiB; 0 when it is gone."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def children(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()
    return [int(child) for child in found]


def family(pid):
    """A process and all that it started."""
    members = [pid]
    for child in children(pid):
        members += family(child)
    return members


class Usage:
    """CPU time of a group of processes over a stretch of time."""

    def __init__(self, pids):
        self.pids = pids
        self.start = time.monotonic()
        self.before = [cpu_seconds(pid) for pid in pids]

    def percent(self):
        spent = sum(cpu_seconds(pid) - before for pid, before in zip(self.pids, self.before))
        return spent / (time.monotonic() - self.start) * 100


class Bench:
    """One private site: folder, database, farm, daemon. Everything goes with `close`."""

    def __init__(self, binary):
        self.binary = binary
        self.folder = tempfile.mkdtemp(prefix="gridwatch-bench.", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.processes = []
        self.conninfo = None

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        if self.conninfo:
            subprocess.run(["deploy/postgres", "remove", f"{self.folder}/postgres"], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, words, **options):
        log = open(f"{self.folder}/{name}.log", "ab")
        process = subprocess.Popen(TIED + words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **options)
        self.processes.append(process)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.processes.remove(process)

    def tail(self, name):
        try:
            with open(f"{self.folder}/{name}.log", errors="replace") as file:
                return "".join(file.readlines()[-15:])
        except FileNotFoundError:
            return ""

    def fail(self, what, *names):
        for name in names:
            say(f"--- {name}\n{self.tail(name)}")
        raise SystemExit(f"deploy/bench: {what}")

    # The farm

    def farm(self, name, cameras, kind, port, extra=(), motion="0.05", clips=None):
        """Starts a farm that shows the clips of a kind, or those given; returns its process and the cameras' URLs."""
        listing = f"{self.folder}/{name}.csv"
        words = [
            self.binary, "simulate", "--cameras", str(cameras), "--listen", f"127.0.0.1:{port}", "--addresses", "8",
            *(["--clips", *clips] if clips else [
                "--clips", f"{CLIPS}/{kind}/quiet", "--motion-share", motion, "--motion-clips", f"{CLIPS}/{kind}/motion",
            ]),
            "--urls", listing, "--stats", f"{self.folder}/{name}.jsonl", *extra,
        ]
        process = self.start(name, words)
        for _ in range(600):
            if os.path.exists(listing) and os.path.getsize(listing) and self.farm_stats(name):
                break
            if process.poll() is not None:
                self.fail("the camera farm ended", name)
            time.sleep(0.2)
        else:
            self.fail("the camera farm does not start", name)
        with open(listing, newline="") as file:
            urls = [row["url"] for row in csv.DictReader(file)]
        return process, urls

    def farm_stats(self, name):
        """The farm's newest numbers; None before the first."""
        try:
            with open(f"{self.folder}/{name}.jsonl") as file:
                lines = [line for line in file if line.endswith("}\n")]
            return json.loads(lines[-1]) if lines else None
        except FileNotFoundError:
            return None

    def farm_history(self, name):
        with open(f"{self.folder}/{name}.jsonl") as file:
            return [json.loads(line) for line in file if line.endswith("}\n")]

    # The daemon

    def database(self):
        started = subprocess.run(
            ["deploy/postgres", "start", f"{self.folder}/postgres", "--until", str(os.getpid())],
            capture_output=True, text=True, check=True,
        )
        cluster = started.stdout.strip()
        subprocess.run(["psql", "-q", cluster, "-c", "CREATE DATABASE gridwatch"], check=True)
        self.conninfo = cluster.replace("dbname=postgres", "dbname=gridwatch")
        with open(f"{self.folder}/conninfo", "w") as file:
            file.write(self.conninfo)

    def sql(self, text):
        done = subprocess.run(
            ["psql", "-qAt", "-v", "ON_ERROR_STOP=1", self.conninfo, "-c", text], capture_output=True, text=True
        )
        if done.returncode:
            self.fail(f"the database refused: {done.stderr}")
        return done.stdout.strip()

    def registry(self, urls, point_class):
        """The seeds, of which as many cameras are watched as there are URLs."""
        self.gridwatch("db", "migrate")
        self.gridwatch("import", "seeds", "seeds")
        with open(f"{self.folder}/urls.csv", "w") as file:
            file.writelines(f"{number},{url}\n" for number, url in enumerate(urls, 1))
        script = f"""
            CREATE TEMP TABLE url (number int, url text);
            \\copy url FROM '{self.folder}/urls.csv' CSV
            WITH chosen AS (SELECT id, row_number() OVER (ORDER BY id) AS number FROM camera)
            UPDATE camera SET stream_url = url.url, sub_stream_url = NULL, point_class = {point_class}, enabled = true
            FROM chosen JOIN url USING (number) WHERE camera.id = chosen.id;
            UPDATE camera SET enabled = false WHERE stream_url IS NULL;
            INSERT INTO camera_rule (camera_id, rule_id, hazard_type, definition)
            SELECT id, 'all', (SELECT code FROM hazard_type WHERE theme = 'FNS' ORDER BY code LIMIT 1), '{RULE}'
            FROM camera WHERE enabled;
            ANALYZE camera;
        """
        with open(f"{self.folder}/fill.sql", "w") as file:
            file.write(script)
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", self.conninfo, "-f", f"{self.folder}/fill.sql"], check=True)

    def settings(self, port, **ingest):
        self.web = port
        lines = "".join(f"  {key}: {value}\n" for key, value in ingest.items())
        with open(f"{self.folder}/gridwatch.yaml", "w") as file:
            file.write(
                f"database:\n  url_file: {self.folder}/conninfo\nweb:\n  listen: 127.0.0.1:{port}\n"
                f"storage:\n  directory: {self.folder}/storage\n  evidence_min_free_mb: 1\nlog:\n  level: notice\n"
                f"ingest:\n  node: bench\n{lines}"
            )
        os.makedirs(f"{self.folder}/storage", exist_ok=True)

    def gridwatch(self, *words):
        done = subprocess.run(
            [self.binary, *words, "--config", f"{self.folder}/gridwatch.yaml"], capture_output=True, text=True
        )
        if done.returncode:
            self.fail(f"gridwatch {' '.join(words)}: {done.stderr}")

    def serve(self):
        daemon = self.start("serve", [self.binary, "serve", "--config", f"{self.folder}/gridwatch.yaml"])
        self.await_("the web server", lambda: self.metrics() is not None, 60, "serve")
        return daemon

    def metrics(self):
        """Sums of the daemon's metrics by name, over workers and labels; and by name and class, as in `name II`."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except OSError:
            return None
        sums = {}
        for line in text.splitlines():
            match = re.match(r"(gridwatch_\w+)(\{.*\})? (-?\d+)$", line)
            if match:
                sums[match[1]] = sums.get(match[1], 0) + int(match[3])
                point_class = re.search(r'[{,]class="(I+)"', match[2] or "")
                if point_class:
                    name = f"{match[1]} {point_class[1]}"
                    sums[name] = sums.get(name, 0) + int(match[3])
        return sums

    def await_(self, what, condition, patience, *logs):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.5)
        self.fail(f"no {what} after {patience} s", *logs)

    def value(self, name):
        return (self.metrics() or {}).get(name, 0)


def rounded(value, digits=4):
    return None if value is None else round(value, digits)


# Workload W1


def ours(bench, urls, seconds):
    """Our worker on all cameras: CPU and memory of the ingest process, and what it did meanwhile."""
    cameras = len(urls)
    bench.database()
    bench.settings(18_080, processes=1, sampling_1_s=10, connects_per_second=400, connects_per_host=200)
    bench.registry([], 1)
    daemon = bench.serve()
    bench.await_("worker", lambda: bench.value("gridwatch_workers_running") == 1, 60, "serve")
    time.sleep(5)
    worker = [pid for pid in children(daemon.pid)][0]
    fixed = memory_kb(worker)
    say(f"ours: {cameras} cameras")
    bench.registry(urls, 1)
    bench.await_("open cameras", lambda: bench.value("gridwatch_rtsp_connections") == cameras, 180, "serve")
    # Every gate learns its camera's sizes, every background its scene.
    time.sleep(45)
    before, start, usage = bench.metrics(), time.monotonic(), Usage([worker])
    time.sleep(seconds)
    cpu, after, wall = usage.percent(), bench.metrics(), time.monotonic() - start
    def rate(name):
        return (after.get(name, 0) - before.get(name, 0)) / wall
    buffers = after.get("gridwatch_gop_buffer_bytes", 0) / 1024
    total = memory_kb(worker)
    result = {
        "cameras": cameras,
        "cpu_percent": rounded(cpu, 2),
        "cpu_percent_per_camera": rounded(cpu / cameras, 5),
        "cameras_per_core": int(100 / (cpu / cameras)),
        "rss_kb_per_camera": rounded((total - fixed - buffers) / cameras, 1),
        "gop_buffer_kb_per_camera": rounded(buffers / cameras, 1),
        "fixed_mb_per_worker": rounded(fixed / 1024, 1),
        "keyframes_decoded_per_s": rounded(rate("gridwatch_samples_total"), 2),
        "pictures_per_s": rounded(rate("gridwatch_pictures_total"), 2),
        "samples_late_per_s": rounded(rate("gridwatch_samples_late_total"), 3),
        "samples_dropped_per_s": rounded(rate("gridwatch_samples_dropped_total"), 3),
        "cameras_in_time": after.get("gridwatch_cameras_in_time", 0),
    }
    bench.stop(daemon)
    return result


def motion(bench, urls, seconds):
    """The program motion with its defaults, no pictures or films kept."""
    folder = f"{bench.folder}/motion"
    os.makedirs(folder)
    with open(f"{folder}/motion.conf", "w") as file:
        file.write(
            f"daemon off\nlog_level 4\ntarget_dir {folder}\nwebcontrol_port 0\nstream_port 0\n"
            "picture_output off\nmovie_output off\nwidth 640\nheight 360\nframerate 25\nnetcam_use_tcp on\n"
        )
        for number in range(len(urls)):
            file.write(f"camera {folder}/camera{number}.conf\n")
    for number, url in enumerate(urls):
        with open(f"{folder}/camera{number}.conf", "w") as file:
            file.write(f"camera_id {number + 1}\nnetcam_url {url}\nwidth 640\nheight 360\n")
    say(f"motion: {len(urls)} cameras")
    process = bench.start("motion", ["motion", "-n", "-c", f"{folder}/motion.conf"])
    time.sleep(20)
    if process.poll() is not None:
        bench.fail("motion ended", "motion")
    usage = Usage([process.pid])
    time.sleep(seconds)
    cpu, memory = usage.percent() / len(urls), memory_kb(process.pid) / len(urls)
    bench.stop(process)
    return {
        "cameras": len(urls), "cpu_percent_per_camera": rounded(cpu), "rss_kb_per_camera": rounded(memory, 0),
        "cameras_per_core": int(100 / cpu),
    }


def ffmpeg(bench, urls, seconds):
    """One ffmpeg process per camera that decodes keyframes only."""
    say(f"ffmpeg -skip_frame nokey: {len(urls)} cameras")
    processes = [
        bench.start("ffmpeg", [
            "ffmpeg", "-v", "error", "-nostdin", "-rtsp_transport", "tcp", "-skip_frame", "nokey", "-threads", "1",
            "-i", url, "-an", "-f", "null", "-",
        ])
        for url in urls
    ]
    time.sleep(15)
    pids = [process.pid for process in processes if process.poll() is None]
    if len(pids) < len(urls):
        bench.fail("ffmpeg ended", "ffmpeg")
    usage = Usage(pids)
    time.sleep(seconds)
    cpu = usage.percent() / len(pids)
    memory = sum(memory_kb(pid) for pid in pids) / len(pids)
    for process in processes:
        bench.stop(process)
    return {
        "cameras": len(pids), "cpu_percent_per_camera": rounded(cpu), "rss_kb_per_camera": rounded(memory, 0),
        "cameras_per_core": int(100 / cpu),
    }


def floors(bench, urls, seconds, keyframes_per_camera):
    """Reading the same bytes with nothing behind it; decoding as many of the same keyframes with nothing before it.

    Both at once, as in the product: on a machine whose cores share caches and clock each alone would be cheaper.
    """
    say(f"floors: {len(urls)} cameras")
    with open(f"{bench.folder}/floor-urls", "w") as file:
        file.writelines(url + "\n" for url in urls)
    clips = sorted(os.listdir(f"{CLIPS}/w1/quiet"))
    rate = keyframes_per_camera * len(urls) / len(clips)
    reads, decoded, spent = {}, 0, 0.0
    for name, interval in [("epoll", "0"), ("every_500_ms", "500")]:
        decoders = [
            subprocess.Popen(
                TIED + [f"{CLIPS}/floor", "decode", f"{CLIPS}/w1/quiet/{clip}", str(seconds), str(rate)],
                stdout=subprocess.PIPE, text=True,
            )
            for clip in clips
        ]
        done = subprocess.run(
            TIED + [f"{CLIPS}/floor", "read", f"{bench.folder}/floor-urls", str(seconds), interval],
            capture_output=True, text=True,
        )
        if done.returncode:
            bench.fail(f"floor: {done.stderr}")
        reads[name] = json.loads(done.stdout)["cpu_percent_per_camera"]
        for decoder in decoders:
            result = json.loads(decoder.communicate()[0])
            decoded += result["keyframes"]
            spent += result["cpu_s"]
    cost = spent / decoded * 1000
    return {
        "read_percent": rounded(min(reads.values()), 6),
        "read_percent_by_way": reads,
        "decode_percent": rounded(keyframes_per_camera * cost / 10, 6),
        "ms_per_keyframe": rounded(cost, 3),
    }


def compare(bench, words):
    seconds = 20 if words.quick else 60
    cameras = words.cameras or (300 if words.quick else 1000)
    _, urls = bench.farm("farm", cameras, "w1", 18_554)
    result = {
        "workload": {
            "name": "W1", "size": "640x360", "fps": 25, "kbps": 512, "gop_s": 2, "transport": "rtsp/tcp",
            "motion_share": 0.05, "sampling_floor_s": 10, "seconds": seconds,
        }
    }
    result["gridwatch"] = ours(bench, urls, seconds)
    result["motion"] = motion(bench, urls[:4 if words.quick else 10], seconds)
    result["ffmpeg_nokey"] = ffmpeg(bench, urls[:6 if words.quick else 20], seconds)
    decoded = result["gridwatch"]["keyframes_decoded_per_s"] / cameras
    result["floor"] = floors(bench, urls, seconds / 2, decoded)
    own = result["gridwatch"]["cpu_percent_per_camera"]
    floor = result["floor"]["read_percent"] + result["floor"]["decode_percent"]
    result["ratio_vs_motion"] = rounded(result["motion"]["cpu_percent_per_camera"] / own, 1)
    result["ratio_vs_ffmpeg_nokey"] = rounded(result["ffmpeg_nokey"]["cpu_percent_per_camera"] / own, 2)
    result["ratio_to_floor"] = rounded(own / floor, 3)
    figures = {**result, **result["gridwatch"]}
    atmost = {"ratio_to_floor", "rss_kb_per_camera", "fixed_mb_per_worker"}
    result["targets"] = {
        name: {
            "target": target, "measured": figures[name],
            "met": figures[name] <= target if name in atmost else figures[name] >= target,
        }
        for name, target in TARGETS.items()
    }
    return result


# Workload W2


def everything_mb(bench):
    """Memory of farm, daemon, its workers and the database, MiB."""
    pids = [pid for process in bench.processes for pid in family(process.pid)]
    with open(f"{bench.folder}/postgres/data/postmaster.pid") as file:
        pids += family(int(file.readline()))
    return sum(memory_kb(pid) for pid in set(pids)) / 1024


# Cameras of W2 by class: a tenth I, a fifth II, the rest III, all with the interval of class III.
CLASSES = "CASE WHEN number % 10 = 0 THEN 1 WHEN number % 10 < 3 THEN 2 ELSE 3 END"


def late_by_class(bench):
    """Samples that came later than the interval of their camera so far, by class."""
    rows = bench.sql(
        "SELECT point_class, sum(late_count) FROM camera JOIN camera_state ON camera_id = id GROUP BY 1 ORDER BY 1")
    return {"I" * int(row.split("|")[0]): int(row.split("|")[1]) for row in rows.splitlines()}


class Busy:
    """Processes that calculate without a pause, for a minute of a run."""

    def __init__(self, bench, count, seconds):
        self.bench, self.count = bench, count
        # The fourth minute; of a shorter run the middle third.
        self.start = min(180, seconds / 3)
        self.end = self.start + min(60, seconds / 3)
        self.processes = []

    def advance(self, elapsed):
        if self.count and not self.processes and self.start <= elapsed < self.end:
            say(f"{self.count} busy processes begin")
            words = [sys.executable, "-c", "while True: pass"]
            self.processes = [self.bench.start("busy", words) for _ in range(self.count)]
        elif self.processes and elapsed >= self.end:
            for process in self.processes:
                self.bench.stop(process)
            say("the busy processes have ended")
            self.processes, self.count = [], 0


def hold(bench, words):
    cameras = words.cameras or 32_000
    minutes = words.minutes
    _, urls = bench.farm("farm", cameras, "w2", 18_554, ("--send-interval", "2"), motion="0")
    bench.database()
    bench.settings(
        18_080, processes=2, sampling_1_s=60, sampling_2_s=60, sampling_3_s=60, read_interval_ms=2000,
        connects_per_second=200, connects_per_host=100, max_cameras=17_000,
    )
    bench.registry(urls, CLASSES)
    daemon = bench.serve()
    began = time.monotonic()
    def open_now():
        return bench.value("gridwatch_rtsp_connections")
    bench.await_("open cameras", lambda: open_now() == cameras, 600, "serve")
    connected = time.monotonic() - began
    say(f"{cameras} cameras open after {connected:.0f} s; every one is to be seen once")
    bench.await_("first sample of every camera", lambda: bench.value("gridwatch_cameras_in_time") == cameras, 180, "serve")
    start, before = bench.farm_stats("farm"), bench.metrics()
    measured_since = bench.sql("SELECT now()")
    late_before = late_by_class(bench)
    workers = children(daemon.pid)
    usage, farm_usage = Usage(workers), Usage(family(bench.processes[0].pid))
    minima = {"playing": cameras, "in_time": cameras}
    peak_mb, whole_at, overload_end = 0.0, None, None
    busy = Busy(bench, words.busy, minutes * 60)
    begin = time.monotonic()
    end = begin + minutes * 60
    while time.monotonic() < end:
        # Closely while it matters when all is well again, else seldom: looking costs, too.
        is_close = words.busy and begin + busy.start - 5 < time.monotonic() < begin + busy.end + 120
        time.sleep(min(1 if is_close else 5, max(0.1, end - time.monotonic())))
        was_busy = bool(busy.processes)
        busy.advance(time.monotonic() - begin)
        if was_busy and not busy.processes:
            overload_end = time.monotonic()
        metrics, farm = bench.metrics() or {}, bench.farm_stats("farm")
        in_time = metrics.get("gridwatch_cameras_in_time", 0)
        minima["playing"] = min(minima["playing"], farm["playing"])
        minima["in_time"] = min(minima["in_time"], in_time)
        if overload_end and farm["playing"] == cameras and in_time == cameras:
            whole_at = whole_at or time.monotonic()
        else:
            whole_at = None
        if not is_close:
            peak_mb = max(peak_mb, everything_mb(bench))
        say(f"{(end - time.monotonic()) / 60:4.1f} min left: {farm['playing']} play, "
            f"{in_time} seen in time, {peak_mb:.0f} MiB in all")
    after, farm = bench.metrics(), bench.farm_stats("farm")
    def grew(name):
        return after.get(name, 0) - before.get(name, 0)
    def by_class(name):
        return {point_class: grew(f"{name} {point_class}") for point_class in ("I", "II", "III")}
    lost = farm["ended_by_client"] - start["ended_by_client"] + farm["timed_out"] - start["timed_out"]
    worker_mb = [memory_kb(pid) / 1024 for pid in workers]
    result = {
        "workload": {
            "name": "W2", "size": "352x288", "fps": 5, "kbps": 32, "gop_s": 2, "sampling_s": 60,
            "class": "I 10 %, II 20 %, III 70 %", "motion_share": 0, "minutes": minutes, "busy_processes": words.busy,
        },
        "cameras": cameras,
        "workers": len(workers),
        "workers_replaced": len(set(children(daemon.pid)) - set(workers)),
        "connected_after_s": rounded(connected, 1),
        "fewest_playing": minima["playing"],
        "fewest_seen_in_time": minima["in_time"],
        "sessions_lost_by_client": lost,
        "of_them_given_up_as_silent": grew("gridwatch_rtsp_given_up_total"),
        "of_them_broken_off": grew("gridwatch_ingest_failures_total"),
        "of_them_timed_out_at_the_farm": farm["timed_out"] - start["timed_out"],
        "cameras_moved_between_processes": int(bench.sql(
            "SELECT count(*) FROM camera JOIN ingest_shard USING (shard) WHERE watched AND since > "
            f"'{measured_since}'")),
        "sessions_ended_by_farm": farm["ended_by_farm"] - start["ended_by_farm"],
        "samples": grew("gridwatch_samples_total"),
        "samples_later_than_interval": grew("gridwatch_camera_samples_late_total"),
        "of_them_by_class": {
            point_class: count - late_before.get(point_class, 0) for point_class, count in late_by_class(bench).items()
        },
        "samples_late_by_class": by_class("gridwatch_samples_late_total"),
        "samples_dropped": grew("gridwatch_samples_dropped_total"),
        "samples_dropped_by_class": by_class("gridwatch_samples_dropped_total"),
        "units_dropped": grew("gridwatch_units_dropped_total"),
        "pictures_dropped_by_farm": farm["dropped_units"] - start["dropped_units"],
        "event_loops_late_s": rounded(grew("gridwatch_rtsp_loop_late_ms_total") / 1000, 1),
        "whole_again_after_s": rounded(whole_at - overload_end, 1) if whole_at and overload_end else None,
        "cpu_percent_workers": rounded(usage.percent(), 1),
        "cpu_percent_farm": rounded(farm_usage.percent(), 1),
        "worker_mb": [rounded(value, 0) for value in worker_mb],
        "kb_per_camera": rounded(sum(worker_mb) * 1024 / cameras, 1),
        "everything_peak_mb": rounded(peak_mb, 0),
    }
    targets = {
        "no session lost that the farm did not end": lost == 0 and minima["playing"] == cameras,
        "no ingest process replaced": result["workers_replaced"] == 0,
        "everything under 8 GiB": peak_mb < 8192,
    }
    if words.busy:
        targets["whole again within 30 s of the end of the load"] = bool(whole_at) and whole_at - overload_end <= 30
    else:
        targets["every camera sampled within its interval"] = (
            result["samples_later_than_interval"] == 0 and minima["in_time"] == cameras
        )
    result["targets"] = targets
    return result


def main_stream(bench, words):
    """One main stream beside many sub-streams: what each loses because it is read too seldom."""
    cameras = words.cameras or (200 if words.quick else 1000)
    seconds = 30 if words.quick else 60
    clip = f"{bench.folder}/main.mp4"
    source = "nullsrc=s=640x360:r=25:d=4,format=gray,geq=lum='random(1)*255',format=yuv420p"
    rate = f"{words.mbit}M"
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "ultrafast",
         "-g", "50", "-bf", "0", "-b:v", rate, "-minrate", rate, "-maxrate", rate, "-bufsize", f"{words.mbit // 2}M",
         "-x264-params", "nal-hrd=cbr", clip],
        check=True,
    )
    _, urls = bench.farm("farm", cameras, "w1", 18_554)
    _, main = bench.farm("main", 1, "w1", 28_554, clips=[clip])
    bench.database()
    bench.settings(18_080, processes=1, sampling_1_s=10, connects_per_second=400, connects_per_host=200)
    bench.registry(main + urls, 1)
    daemon = bench.serve()
    bench.await_(
        "open cameras", lambda: bench.value("gridwatch_rtsp_connections") == cameras + 1, 180, "serve"
    )
    time.sleep(20)
    start, others = bench.farm_stats("main"), bench.farm_stats("farm")
    usage = Usage(children(daemon.pid))
    time.sleep(seconds)
    after, end = bench.farm_stats("main"), bench.farm_stats("farm")
    metrics = bench.metrics()
    result = {
        "workload": {"name": "main", "mbit_s": words.mbit, "others": cameras, "seconds": seconds},
        "measured_mbit_s": rounded((after["bytes"] - start["bytes"]) * 8 / 1e6 / (after["time"] - start["time"]), 1),
        "pictures_sent": after["units"] - start["units"],
        "pictures_dropped": after["dropped_units"],
        "pictures_dropped_by_others": end["dropped_units"] - others["dropped_units"],
        "packets_lost": metrics.get("gridwatch_rtp_packets_lost_total", 0),
        "read_often": metrics.get("gridwatch_rtsp_read_often", 0),
        "cpu_percent": rounded(usage.percent(), 2),
    }
    result["targets"] = {
        "nothing dropped, from its first picture on": after["dropped_units"] == 0,
        "nothing dropped by the others": result["pictures_dropped_by_others"] == 0,
    }
    return result


def latency(bench, words):
    """From the first picture of a motion clip to the alert's row in the database, over all clips that began."""
    cameras = words.cameras or 400
    interval, gop = 10, 2
    log = f"{bench.folder}/motion.csv"
    _, urls = bench.farm("farm", cameras, "w1", 18_554, ("--processes", "1", "--motion-log", log))
    bench.database()
    bench.settings(18_080, processes=1, sampling_1_s=interval, connects_per_second=400, connects_per_host=200)
    bench.registry(urls, 1)
    bench.serve()
    bench.await_("open cameras", lambda: bench.value("gridwatch_rtsp_connections") == cameras, 180, "serve")
    say(f"{cameras} cameras open; gates and backgrounds learn for 60 s, then {words.minutes:g} min are measured")
    time.sleep(60)
    begin = time.time()
    end = begin + words.minutes * 60
    while time.time() < end:
        time.sleep(min(5, max(0.1, end - time.time())))
        say(f"{(end - time.time()) / 60:4.1f} min left: {bench.sql('SELECT count(*) FROM alert')} alerts")
    rows = bench.sql(
        "SELECT camera.stream_url || ' ' || extract(epoch FROM alert.received_at) FROM alert "
        "JOIN camera ON camera.id = alert.camera_id ORDER BY alert.received_at"
    ).splitlines()
    alerts = {}
    for row in rows:
        url, at = row.split(" ")
        alerts.setdefault(url.split("/", 3)[3], []).append(float(at))
    delays, missed, patience = [], 0, interval + 5
    scenes = [name.rsplit(".", 1)[0] for name in sorted(os.listdir(f"{CLIPS}/w1/motion"))]
    by_scene = {scene: {"events": 0, "alerted": 0} for scene in scenes}
    order = [url.split("/", 3)[3] for url in urls]
    with open(log, newline="") as file:
        for row in csv.DictReader(file):
            start, stop = float(row["from"]), float(row["to"])
            if not (begin <= start and stop + patience <= end):
                continue
            path = row["camera"].lstrip("/")
            found = [at for at in alerts.get(path, []) if start <= at <= stop + patience]
            scene = by_scene[scenes[order.index(path) % len(scenes)]]
            scene["events"] += 1
            if found:
                scene["alerted"] += 1
                delays.append(found[0] - start)
            else:
                missed += 1
    delays.sort()
    def quantile(share):
        return rounded(delays[min(len(delays) - 1, int(share * len(delays)))], 2) if delays else None
    result = {
        "workload": {
            "name": "W1", "cameras": cameras, "motion_share": 0.05, "gop_s": gop, "sampling_s": interval,
            "minutes": words.minutes,
        },
        "events": len(delays) + missed,
        "alerted": len(delays),
        "without_alert": missed,
        "delay_s": {"p50": quantile(0.5), "p90": quantile(0.9), "p99": quantile(0.99), "max": quantile(1)},
        "share_within_gop_and_1_s": rounded(sum(delay <= gop + 1 for delay in delays) / max(1, len(delays)), 3),
        "by_scene": by_scene,
        "alerts_in_all": len(rows),
    }
    result["targets"] = {
        "p99 within one sampling interval and 2 s": bool(delays) and quantile(0.99) <= interval + 2,
    }
    return result


def reboot(bench, words):
    cameras = words.cameras or 10_000
    others = max(10, cameras // 5)
    delay, outage, cap = 150, 20, 200
    _, urls = bench.farm(
        "farm", cameras, "w2", 18_554,
        ("--send-interval", "2", "--processes", "1", "--faults", f"reboot=1@{delay}+{outage}"),
    )
    cut = bench.farm_history("farm")[0]["time"] + delay
    _, more = bench.farm("others", others, "w2", 28_554, ("--send-interval", "2", "--processes", "1"))
    bench.database()
    bench.settings(
        18_080, processes=1, sampling_3_s=60, read_interval_ms=2000, connects_per_second=cap, connects_per_host=100,
    )
    bench.registry(urls + more, 3)
    bench.serve()
    bench.await_(
        "open cameras", lambda: bench.value("gridwatch_rtsp_connections") == cameras + others, delay - 10, "serve"
    )
    say(f"{cameras + others} cameras open; {cameras} reboot in {cut - time.time():.0f} s for {outage} s")
    while time.time() < cut + 5:
        time.sleep(0.5)
    quiet = bench.farm_stats("others")
    end = time.time() + outage + 240
    back = None
    while time.time() < end:
        time.sleep(0.5)
        if bench.farm_stats("farm")["playing"] == cameras and time.time() > cut + outage:
            back = bench.farm_stats("farm")["time"]
            break
    time.sleep(5)
    history = [line for line in bench.farm_history("farm") if line["time"] > cut - 1]
    rates = [after["accepted"] - before["accepted"] for before, after in zip(history, history[1:])]
    after = bench.farm_stats("others")
    disturbed = after["ended_by_client"] - quiet["ended_by_client"] + others - after["playing"]
    result = {
        "workload": {"name": "reboot", "cameras": cameras, "others": others, "outage_s": outage},
        "all_back_after_s": rounded(back - cut - outage, 1) if back else None,
        "back_at_end": bench.farm_stats("farm")["playing"],
        "connects_per_second_cap": cap,
        "connects_per_second_maximum": max(rates) if rates else 0,
        "handshakes_per_host_maximum": bench.farm_stats("farm")["handshakes_per_host_maximum"],
        "others_disturbed": disturbed,
        "incidents": json.loads(bench.sql(
            "SELECT coalesce(json_agg(json_build_object('kind', kind, 'scope', scope, 'affected', affected, 'ended', "
            "ended_at IS NOT NULL)), '[]') FROM incident")),
        "camera_fault_cases": int(bench.sql("SELECT count(*) FROM hazard_case WHERE rule_id = 'camera-fault'")),
    }
    result["targets"] = {
        "all back within 120 s": bool(back) and back - cut - outage <= 120,
        # The token bucket lets a tenth of a second's worth through at once.
        "connect rate never over its cap": result["connects_per_second_maximum"] <= cap * 1.1,
        "other cameras undisturbed": disturbed == 0,
        "one incident, no fault cases": len(result["incidents"]) == 1 and result["camera_fault_cases"] == 0,
    }
    return result


def table(value, indent=0):
    lines = []
    for key, inner in value.items():
        if isinstance(inner, dict):
            lines.append("  " * indent + f"{key}:")
            lines += table(inner, indent + 1)
        else:
            lines.append("  " * indent + f"{key:<{32 - 2 * indent}} {inner}")
    return lines


def main():
    parser = argparse.ArgumentParser(prog="deploy/bench")
    parser.add_argument("run", nargs="?", choices=["compare", "hold", "main", "latency", "reboot"], default="compare")
    parser.add_argument("--quick", action="store_true", help="fewer cameras, shorter")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--cameras", type=int)
    parser.add_argument("--minutes", type=float, default=10, help="of hold and latency")
    parser.add_argument("--busy", type=int, default=0, help="of hold: processes that calculate during the fourth minute")
    parser.add_argument("--mbit", type=int, default=16, help="of main: Mbit/s of the main stream")
    words = parser.parse_args(sys.argv[2:])
    bench = Bench(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        runs = {"compare": compare, "hold": hold, "main": main_stream, "latency": latency, "reboot": reboot}
        result = runs[words.run](bench, words)
    finally:
        bench.close()
    print(json.dumps(result, indent=1) if words.json else "\n".join(table(result)))


main()
