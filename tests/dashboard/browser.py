"""Drives Chromium through its WebDriver server. It needs only the two packages of Debian."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from lightning_sweeps.client import Client

START_S = 60
WAIT_S = 30
SCRIPT_S = 50
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the WebDriver standard gives to references
FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
KEYS = {
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "Tab": "\ue004",
    "Shift": "\ue008",
    "Control": "\ue009",
    "ArrowLeft": "\ue012",
    "ArrowRight": "\ue014",
    "ArrowDown": "\ue015",
}


class Browser:
    """One window of a browser. Every method waits for the answer of the browser."""

    def __init__(self, driver_url: str, profile: Path, *, width: int, height: int) -> None:
        self._http = requests.Session()
        self._http.trust_env = False
        self.profile = profile
        options = {
            "binary": _chromium(),
            "args": [*FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}"],
        }
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        made = self._send("POST", f"{driver_url}/session", {"capabilities": {"alwaysMatch": wanted}})
        self._base = f"{driver_url}/session/{made['sessionId']}"
        self._post("/timeouts", {"script": 1000 * SCRIPT_S})
        self.resize(width, height)

    def close(self) -> None:
        self._send("DELETE", self._base)
        self._http.close()

    def log_in(self, client: Client, path: str = "/") -> None:
        """Log in with a link of the client's server, then go to `path`."""
        self.go(client.url + client.login_link().path)
        self.wait(lambda: self.run("return location.pathname") == "/", what="the start page")
        self.go(client.url + path)

    def go(self, url: str) -> None:
        self._post("/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """Run JavaScript in the page and return what it returns."""
        return self._post("/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script: str) -> Any:
        """Run JavaScript, and return what it passes to its last argument, a callback."""
        return self._post("/execute/async", {"script": script, "args": []})

    def text(self, selector: str = "body") -> str:
        """Return the visible text of the first match; empty if there is no match."""
        return str(self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def count(self, selector: str) -> int:
        return int(self.run("return document.querySelectorAll(arguments[0]).length", selector))

    def see(self, text: str, selector: str = "body") -> None:
        """Wait until `text` is visible."""
        self.wait(lambda: text in self.text(selector), what=f"`{text}` in `{selector}`")

    def click(self, selector: str, text: str = "") -> None:
        """Click the first match that contains `text`, once it exists and can be clicked."""
        found = (
            "const all = [...document.querySelectorAll(arguments[0])];"
            "const at = all.find((one) => one.innerText.includes(arguments[1]) && !one.disabled);"
            "at?.scrollIntoView({block: 'center'}); return at"
        )

        def is_clicked() -> bool:
            element = self.run(found, selector, text)
            if element is None:
                return False
            try:
                self._post(f"/element/{element[ELEMENT]}/click", {})
            except AssertionError as error:
                if "stale element" not in str(error):
                    raise
                return False  # the page replaced the element meanwhile, so nothing was clicked
            return True

        self.wait(is_clicked, what=f"`{selector}` with `{text}`")

    def type(self, selector: str, text: str) -> None:
        """Replace the content of a field with `text`, once it exists."""
        self.wait(lambda: self.count(selector) > 0, what=f"`{selector}`")
        self.run(
            "const at = document.querySelector(arguments[0]); at.value = arguments[1];"
            "at.dispatchEvent(new Event('input', {bubbles: true}))",
            selector,
            text,
        )

    def press(self, *keys: str) -> None:
        """Press and release keys, one after the other."""
        pressed = [KEYS.get(key, key) for key in keys]
        actions = [{"type": kind, "value": key} for key in pressed for kind in ("keyDown", "keyUp")]
        self._post("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def press_with(self, *keys: str) -> None:
        """Press keys one after the other, such as `Shift` and `ArrowLeft`, then release them in reverse order."""
        pressed = [KEYS.get(key, key) for key in keys]
        actions = [{"type": "keyDown", "value": key} for key in pressed]
        actions += [{"type": "keyUp", "value": key} for key in reversed(pressed)]
        self._post("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def drag(self, *points: tuple[float, float]) -> None:
        """Press at the first point, move over the others, release at the last. Points are pixels of the window."""
        moves: list[dict[str, Any]] = [
            {"type": "pointerMove", "duration": 60, "x": round(x), "y": round(y)} for x, y in points
        ]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        self._mouse(actions)

    @contextmanager
    def inside(self, selector: str) -> Iterator[None]:
        """Switch to the frame that `selector` matches, also if it has another origin."""
        self.wait(lambda: self.count(selector) > 0, what=f"`{selector}`")
        self._post("/frame", {"id": self.run("return document.querySelector(arguments[0])", selector)})
        try:
            yield
        finally:
            self._post("/frame", {"id": None})

    def hover(self, x: float, y: float) -> None:
        self._mouse([{"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)}])

    def box(self, selector: str) -> dict[str, float]:
        """Scroll the first match into view, and return its place in the window: x, y, width, height."""
        self.wait(lambda: self.count(selector) > 0, what=f"`{selector}`")
        found: dict[str, float] = self.run(
            "const at = document.querySelector(arguments[0]); at.scrollIntoView({block: 'center'});"
            "const box = at.getBoundingClientRect(); return {x: box.x, y: box.y, width: box.width, height: box.height}",
            selector,
        )
        return found

    def resize(self, width: int, height: int, *, scale: float = 1) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 700}
        self.devtools("Emulation.setDeviceMetricsOverride", size)

    def set_dark(self, is_dark: bool) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.devtools("Emulation.setEmulatedMedia", {"features": [scheme]})

    def screenshot(self) -> str:
        """Return a PNG of the window in base64."""
        return str(self._send("GET", f"{self._base}/screenshot"))

    def complaints(self) -> list[str]:
        """Return the errors that the browser logged since the last call: script errors, refused requests."""
        entries = self._post("/se/log", {"type": "browser"})
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def devtools(self, command: str, parameters: dict[str, Any]) -> Any:
        return self._post("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def wait(self, condition: Callable[[], object], *, what: str, timeout_s: float = WAIT_S) -> None:
        """Wait until `condition()` is true. Fail with the text of the page after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"timed out waiting for {what}; the page shows:\n{self.text()[:2000]}"
            time.sleep(0.05)

    def _mouse(self, actions: list[dict[str, Any]]) -> None:
        pointer = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": actions}
        self._post("/actions", {"actions": [pointer]})

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return self._send("POST", self._base + path, body)

    def _send(self, method: str, url: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._http.request(method, url, json=body, timeout=START_S)
        value = answer.json()["value"]
        assert answer.status_code == 200, value
        return value


@contextmanager
def running_browser(*, width: int = 1440, height: int = 900) -> Iterator[Browser]:
    """Run Chromium. Skip the test if it is not installed.

    The driver is not a child of this process: the browser starts and ends processes that no test leaks. A shell beside
    it ends all of them if this process dies.
    """
    driver = shutil.which("chromedriver")
    if driver is None or not _chromium():
        pytest.skip("no Chromium is installed: apt-get install chromium chromium-driver")
    folder = Path(tempfile.mkdtemp(prefix="ls-browser-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    here = f"kill -0 {os.getpid()} && kill -0 $!"
    watch = f"'{driver}' --port={port} & while {here}; do sleep 1; done; rm -rf '{folder}'; kill -KILL 0"
    script = f'setsid sh -c "$1" >"{folder}/driver.log" 2>&1 & echo $!'
    said = subprocess.run(["sh", "-c", script, "sh", watch], check=True, stdout=subprocess.PIPE, text=True).stdout
    process = psutil.Process(int(said))
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for_driver(url)
        browser = Browser(url, folder / "profile", width=width, height=height)
        try:
            yield browser
        finally:
            browser.close()
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        psutil.wait_procs([process], timeout=10)
        shutil.rmtree(folder, ignore_errors=True)


def _chromium() -> str:
    return next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )


def _wait_for_driver(url: str) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            if requests.get(f"{url}/status", timeout=5).json()["value"]["ready"]:
                return
        except requests.RequestException:
            pass  # not up yet
        assert time.monotonic() < deadline, "chromedriver did not start"
        time.sleep(0.05)
