"""As much of the WebDriver protocol as the page's tests need, over urllib: no dependency, no download."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["Browser", "missing"]

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_START_LIMIT_S = 30


def missing() -> str:
    """Why there is no browser, empty when there is one."""
    absent = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(absent)} not installed (Debian: apt-get install chromium chromium-driver)" if absent else ""


class Browser:
    """A headless Chromium.

    Args:
        width: Of the window, CSS pixels.
        height: Of the window, CSS pixels.
        dark: Prefer dark colours.
    """

    def __init__(self, width: int = 1280, height: int = 900, *, dark: bool = False) -> None:
        self._window = (width, height)
        self._dark = dark

    def __enter__(self) -> Self:
        # Chromium leaves folders of its own behind.
        self._folder = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0"],
            env=os.environ | {"TMPDIR": self._folder.name},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._driver.stdout
        port = 0
        until = time.monotonic() + _START_LIMIT_S
        while not port and time.monotonic() < until:
            line = self._driver.stdout.readline()
            if "on port" in line:
                port = int(line.split("on port")[1].strip(" .\n"))
        self._base = f"http://127.0.0.1:{port}"
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        options.append(f"--window-size={self._window[0]},{self._window[1]}")
        wanted: dict[str, Any] = {"browserName": "chrome", "goog:chromeOptions": {"args": options}}
        try:
            session = self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self._base += f"/session/{session['sessionId']}"
            # The window's own frame takes pixels; a phone is only this narrow when emulated.
            self.devtools(
                "Emulation.setDeviceMetricsOverride",
                width=self._window[0],
                height=self._window[1],
                deviceScaleFactor=1,
                mobile=False,
            )
            scheme = "dark" if self._dark else "light"
            self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        except BaseException:
            self._driver.kill()
            self._driver.wait()
            self._folder.cleanup()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._send("DELETE", "")
        finally:
            self._driver.terminate()
            self._driver.wait(60)
            if self._driver.stdout:
                self._driver.stdout.close()
            self._folder.cleanup()

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self._base + path, data, {"Content-Type": "application/json"}, method=method)
        # Loopback never goes through a proxy.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(json.load(error)["value"]["message"]) from error

    def devtools(self, command: str, **parameters: Any) -> Any:
        """One command of the DevTools protocol."""
        return self._send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, path: Path) -> None:
        """Show a file."""
        self._send("POST", "/url", {"url": path.as_uri()})

    def run(self, script: str, *arguments: Any) -> Any:
        """The value of a script's `return`."""
        return self._send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def find(self, selector: str) -> str:
        """An element."""
        return str(self._send("POST", "/element", {"using": "css selector", "value": selector})[_ELEMENT])

    def hover(self, selector: str) -> None:
        """Move the pointer onto an element."""
        self._point(selector, [])

    def click(self, selector: str) -> None:
        """Click an element."""
        self._point(selector, [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}])

    def _point(self, selector: str, then: list[dict[str, Any]]) -> None:
        # The first box of what may run over several lines: the middle of all of them can lie outside.
        place = self.run(
            "const e = document.querySelector(arguments[0]); e.scrollIntoView({block: 'center', behavior: 'instant'});"
            "const b = e.getClientRects()[0]; return [b.x + b.width / 2, b.y + b.height / 2];",
            selector,
        )
        move = {"type": "pointerMove", "duration": 0, "x": round(place[0]), "y": round(place[1])}
        pointer = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move, *then]}
        self._send("POST", "/actions", {"actions": [pointer]})

    def press(self, *keys: str) -> None:
        """Press keys one after the other (WebDriver code points)."""
        actions = [one for key in keys for one in ({"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})]
        self._send("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def screenshot(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self._send("GET", "/screenshot"))
