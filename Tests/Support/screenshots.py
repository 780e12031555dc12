#!/usr/bin/env python3
"""Takes a picture of every page in headless Chromium, for people to look at.

    screenshots.py BASE_URL LOGIN PASSWORD OUT_DIR [--phone] [--language zh|en] [PATH…]

Logs in through the API, then opens each page with the session cookie; without PATHs it takes the usual ones and the
newest case, task and camera. A line on standard error names every page on which the browser reported an error, or that
is wider than the screen; the exit code is then 1. Needs Chromium, and nothing beyond Python itself.
"""

import argparse
import base64
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

DESK = (1920, 1080, 1, False)
PHONE = (390, 844, 2, True)


class Api:
    """The JSON API with the session cookie of one login."""

    def __init__(self, base, login, password):
        self.base = base.rstrip("/")
        self.cookie = None
        body = json.dumps({"login": login, "password": password}).encode()
        request = urllib.request.Request(
            self.base + "/api/v1/session", body, {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
            self.account = json.load(answer)

    def get(self, path):
        request = urllib.request.Request(self.base + path, headers={"Cookie": self.cookie})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def usual_paths(self):
        """The pages that the account may see, with one example of each detail page."""
        paths = ["/tasks"] if self.account["role"] == "worker" else []
        paths += ["/cases", "/map", "/cameras", "/account"]
        paths += ["/tasks", "/operations"] if self.account["role"] != "worker" else []
        paths += ["/accounts"] if self.account["role"] == "admin" else []
        for kind in ("cases", "tasks", "cameras"):
            items = self.get(f"/api/v1/{kind}?limit=1")["items"]
            paths += [f"/{kind}/{items[0]['id']}"] if items else []
        return paths + ["/nowhere"]


class Browser:
    """One page of a Chromium over its debugging pipe: JSON messages, each ended by a zero byte."""

    def __init__(self, folder):
        requests, self.output = os.pipe()
        self.input, answers = os.pipe()
        # The browser reads from descriptor 3 and writes to 4.
        command = f'exec "$0" "$@" 3<&{requests} 4>&{answers}'
        self.process = subprocess.Popen(
            ["bash", "-c", command, "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--no-first-run", "--remote-debugging-pipe", f"--user-data-dir={folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(requests, answers))
        os.close(requests)
        os.close(answers)
        self.number = 0
        self.buffer = b""
        self.events = []
        self.session = None
        page = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        while True:
            message = self.receive(60)
            if message is None:
                raise TimeoutError(f"the browser does not answer {method}")
            if message.get("id") == self.number:
                return message.get("result", {})
            self.events.append(message)

    def receive(self, seconds):
        """The next message; None when none came in time."""
        end = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.input], [], [], left)[0]:
                return None
            chunk = os.read(self.input, 1 << 20)
            if not chunk:
                raise EOFError("the browser is gone")
            self.buffer += chunk
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def wait(self, seconds):
        """Reads events for a while; pages hold a live stream open, so the network never gets idle."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.receive(left)
            if message is not None:
                self.events.append(message)

    def number_of(self, expression):
        """A number that an expression gives in the page."""
        return self.call("Runtime.evaluate", expression=expression).get("result", {}).get("value", 0)

    def problems(self):
        """What the console and the security policy complained about since the last call."""
        found = []
        for event in self.events:
            parameters = event.get("params", {})
            if event.get("method") == "Runtime.exceptionThrown":
                found.append(parameters["exceptionDetails"].get("exception", {}).get("description", "exception"))
            if event.get("method") == "Log.entryAdded" and parameters["entry"]["level"] == "error":
                found.append(parameters["entry"]["text"] + " " + parameters["entry"].get("url", ""))
        self.events = []
        return found

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
            self.process.wait(timeout=10)
        except Exception:  # whatever happened, no browser stays behind
            self.process.kill()


def take(browser, url, file, size, wait):
    width, height, scale, mobile = size
    browser.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=mobile)
    browser.call("Page.navigate", url=url)
    browser.wait(wait)
    # Pages that scroll are shown whole, up to four screens.
    full = min(max(browser.number_of("document.documentElement.scrollHeight"), height), height * 4)
    clip = {"x": 0, "y": 0, "width": width, "height": full, "scale": 1}
    data = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
    file.write_bytes(base64.b64decode(data))
    return browser.number_of("document.documentElement.scrollWidth") - width


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("login")
    parser.add_argument("password")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--phone", action="store_true", help="390×844 instead of 1920×1080")
    parser.add_argument("--language", choices=("zh", "en"), default="zh")
    parser.add_argument("--wait", type=float, default=2.5, help="seconds per page before the picture")
    options = parser.parse_intermixed_args()
    api = Api(options.base, options.login, options.password)
    options.out.mkdir(parents=True, exist_ok=True)
    name, value = api.cookie.split("=", 1)
    failures = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = Browser(folder)
        try:
            size = PHONE if options.phone else DESK
            kind = "phone" if options.phone else "desk"
            browser.call("Network.setCookie", name="gw_language", value=options.language, url=api.base)
            take(browser, api.base + "/login", options.out / f"{kind}-login.png", size, options.wait)
            browser.call("Network.setCookie", name=name, value=value, url=api.base, httpOnly=True)
            for path in options.paths or api.usual_paths():
                plain = path.strip("/").replace("/", "-").replace("?", "-").replace("=", "-").replace("&", "-")
                wider = take(browser, api.base + path, options.out / f"{kind}-{plain or 'home'}.png", size, options.wait)
                if wider > 0:
                    failures += 1
                    print(f"{path}: {wider} px wider than the screen", file=sys.stderr)
                for problem in browser.problems():
                    if "/nowhere" in problem:
                        continue
                    failures += 1
                    print(f"{path}: {problem}", file=sys.stderr)
        finally:
            browser.close()
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.url}: {error.code} {error.read().decode(errors='replace')[:300]}")
