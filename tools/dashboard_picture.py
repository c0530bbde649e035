"""A picture of the dashboard's panels from a real run: server, load, Prometheus; drawn here, not by Grafana.

python tools/dashboard_picture.py [--seconds 240] [--prometheus PROGRAM] [--chromium PROGRAM]

Starts the real server with TLS and its metrics port and a Prometheus that scrapes it, sends a light load of many kinds,
asks Prometheus for every query of deploy/grafana/khulasa.json as Grafana would, and writes docs/images/dashboard.png.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import re
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import grpc
from dashboard_drawing import Series, page
from demo import BIN, ROOT, free_port, wait_until_serving
from khulasa.v1 import summary_pb2, summary_pb2_grpc, translation_pb2, translation_pb2_grpc

DASHBOARD = ROOT / "deploy/grafana/khulasa.json"
PICTURE = ROOT / "docs/images/dashboard.png"
SAMPLES = ROOT / "server/khulasa/server/tuning_samples"
SCRAPE_S = 2
# What Grafana would put in: four scrapes at least.
RATE_INTERVAL = "20s"
TIMEOUT_S = 60.0
_LABEL = re.compile(r"\{\{(\w+)\}\}")


def main() -> None:
    """Make the picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=240.0)
    parser.add_argument("--prometheus", default="prometheus")
    parser.add_argument("--chromium", default="chromium")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ports = [free_port() for _ in range(4)]
        certificate = _start_server(stack, folder, *ports[:3])
        _start_prometheus(stack, folder, arguments.prometheus, *ports[2:])
        begun = time.time()
        with grpc.secure_channel(f"localhost:{ports[0]}", grpc.ssl_channel_credentials(certificate)) as channel:
            sent = _load(channel, arguments.seconds)
        time.sleep(2 * SCRAPE_S)
        ended = time.time()
        dashboard = json.loads(DASHBOARD.read_text("utf-8"))
        note = (
            f"Drawn by tools/dashboard_picture.py from Prometheus' answers to this dashboard's queries, not by Grafana:"
            f" one server, {sent} calls of a light load in {round(ended - begun)} s."
        )

        def answers(panel: dict[str, Any]) -> list[Series]:
            return [one for target in panel.get("targets", []) for one in _ask(ports[3], target, begun, ended)]

        html, width, height = page(dashboard, answers, (begun, ended), note)
        file = folder / "dashboard.html"
        file.write_text(html, "utf-8")
        command = [arguments.chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--window-size={width},{height}", f"--screenshot={PICTURE}", file.as_uri()]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)
    print(PICTURE.relative_to(ROOT))


def _start_server(stack: ExitStack, folder: Path, port: int, health_port: int, metrics_port: int) -> bytes:
    """Starts it with a certificate of its own, which it gives back: without TLS two panels would be empty."""
    certificate, key = folder / "tls.pem", folder / "tls.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "90", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-addext", "basicConstraints=critical,CA:FALSE", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    # Little may wait, so that a burst is refused in part and the panels of refusals show something.
    settings = {"METRICS_PORT": metrics_port, "THREADS": 2, "QUEUE_TOKENS": 1_000, "LOG_LEVEL": "error"}
    settings |= {"TLS_CERTIFICATE": certificate, "TLS_KEY": key, "HEALTH_PORT": health_port}
    environment = {**os.environ, **{f"KHULASA_{name}": str(value) for name, value in settings.items()}}
    server = subprocess.Popen([str(BIN / "khulasa-server"), "serve", "--port", str(port)], env=environment)
    stack.callback(_end, server)
    wait_until_serving(server, health_port)
    return certificate.read_bytes()


def _start_prometheus(stack: ExitStack, folder: Path, program: str, target: int, port: int) -> None:
    scrape = {"job_name": "khulasa", "static_configs": [{"targets": [f"127.0.0.1:{target}"]}]}
    config = {"global": {"scrape_interval": f"{SCRAPE_S}s"}, "scrape_configs": [scrape]}
    (folder / "prometheus.yml").write_text(json.dumps(config))
    command = [program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    prometheus = subprocess.Popen(command)
    stack.callback(_end, prometheus)
    for _ in range(300):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2):
            return
        time.sleep(0.1)
    raise SystemExit("Prometheus does not answer")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _load(channel: grpc.Channel, seconds: float) -> int:
    """Calls sent: articles, texts, a stream, requests that are wrong, now and then a burst."""
    summaries = summary_pb2_grpc.SummaryServiceStub(channel)
    translations = translation_pb2_grpc.TranslationServiceStub(channel)
    draw = random.Random(1)
    sentences = {code: (SAMPLES / f"{code}.txt").read_text("utf-8").splitlines() for code in ("ar", "en")}

    def article(count: int = 6) -> summary_pb2.SummarizeRequest:
        code = draw.choice(("ar", "en"))
        # Neighbours, so that sentences come again and are found in the cache.
        first = draw.randrange(0, len(sentences[code]) - count, 3)
        article = summary_pb2.Article(text=" ".join(sentences[code][first : first + count]))
        return summary_pb2.SummarizeRequest(article=article, options=summary_pb2.SummaryOptions(max_sentences=2))

    sent, end = 0, time.monotonic() + seconds
    for turn in itertools.count():
        if time.monotonic() >= end:
            return sent
        with suppress(grpc.RpcError):
            if turn % 20 == 19:
                calls = [summaries.Summarize.future(article(20), timeout=TIMEOUT_S) for _ in range(12)]
                sent += len(calls)
                for call in calls:
                    with suppress(grpc.RpcError):
                        call.result()
            elif turn % 7 == 6:
                requests = [summary_pb2.SummarizeStreamRequest(request=article()) for _ in range(4)]
                sent += 1
                list(summaries.SummarizeStream(iter(requests), timeout=TIMEOUT_S))
            elif turn % 9 == 8:
                sent += 1
                summaries.Summarize(summary_pb2.SummarizeRequest(), timeout=TIMEOUT_S)
            elif turn % 3 == 2:
                texts = draw.sample(sentences["en"], 3)
                words = translation_pb2.TranslateRequest(
                    source_language_code="en", target_language_code="ar", texts=texts
                )
                sent += 1
                translations.Translate(words, timeout=TIMEOUT_S)
            else:
                sent += 1
                summaries.Summarize(article(), timeout=TIMEOUT_S)
        time.sleep(draw.uniform(0.5, 2.0))
    raise AssertionError("counting never ends")


def _ask(port: int, target: dict[str, Any], begun: float, ended: float) -> list[Series]:
    """What Prometheus says to one query of a panel."""
    query = target["expr"].replace("$__rate_interval", RATE_INTERVAL).replace("$instance", ".+")
    fields = {"query": query, "start": begun, "end": ended, "step": SCRAPE_S}
    address = f"http://127.0.0.1:{port}/api/v1/query_range?{urllib.parse.urlencode(fields)}"
    with urllib.request.urlopen(address, timeout=30) as answer:
        found = json.load(answer)["data"]["result"]
    made = []
    for one in found:
        labels: dict[str, str] = one["metric"]
        name = target.get("legendFormat", "")
        for label in _LABEL.findall(name):
            name = name.replace(f"{{{{{label}}}}}", labels.get(label, ""))
        points = [(float(at), float(value)) for at, value in one["values"] if value not in ("NaN", "+Inf", "-Inf")]
        made.append(Series(name, labels, points))
    return made


if __name__ == "__main__":
    main()
