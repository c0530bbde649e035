"""`make demo`: starts the real server, submits the seed article through the client, prints the bilingual summary.

python tools/demo.py [ARTICLE]
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# The server itself needs under three seconds. A cold disk or a machine with other work may take minutes, and as long as
# the server is alive and at it nothing is wrong; this is for one that hangs.
START_LIMIT_S, TOLD_EVERY_S = 600, 15


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_serving(server: subprocess.Popen[bytes], port: int) -> float:
    """Seconds until the health service says SERVING.

    Raises:
        SystemExit: the server stopped or took longer than START_LIMIT_S.
    """
    began = time.monotonic()
    told = began
    while time.monotonic() - began < START_LIMIT_S:
        if server.poll() is not None:
            raise SystemExit(f"the server stopped with exit status {server.returncode}; see above")
        probe = [str(BIN / "khulasa-server"), "healthcheck", "--port", str(port)]
        if subprocess.run(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            return time.monotonic() - began
        if time.monotonic() - told > TOLD_EVERY_S:
            told = time.monotonic()
            print(f"the server is alive and still starting, after {told - began:.0f} s", flush=True)
        time.sleep(0.1)
    raise SystemExit(f"the server did not serve within {START_LIMIT_S} s")


def main() -> int:
    """Run the demo; the exit status of the client's command."""
    article = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "seeds/nato-guarantees.ar.txt"
    port = free_port()
    print(f"$ khulasa-server serve --port {port}", flush=True)
    server = subprocess.Popen(
        [str(BIN / "khulasa-server"), "serve", "--host", "127.0.0.1", "--port", str(port)],
        env={**os.environ, "KHULASA_LOG_FORMAT": "console"},
    )
    try:
        wait_until_serving(server, port)
        shown = article.relative_to(ROOT) if article.is_relative_to(ROOT) else article
        options = ["--server", f"localhost:{port}", "--max-sentences", "4", "--key-terms", "6", "--timeout", "300"]
        print(f"\n$ khulasa summarize {shown} {' '.join(options)}\n", flush=True)
        status = subprocess.run([str(BIN / "khulasa"), "summarize", str(article), *options], check=False).returncode
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    return status


if __name__ == "__main__":
    sys.exit(main())
