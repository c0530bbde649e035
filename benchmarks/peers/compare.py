"""Argos Translate and LibreTranslate from the registry against ours: the same weights, whole articles.

.venv/bin/python -m benchmarks.peers.compare [--quick]
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from khulasa.v1 import translation_pb2

from benchmarks.alone import alone
from benchmarks.load.calls import closed_loop, percentile
from benchmarks.load.stubs import Stubs
from benchmarks.machine import cores
from benchmarks.peers.install import ARGOS_PYTHON, LIBRETRANSLATE_PYTHON, PACKAGES, VERSIONS, install
from benchmarks.process import Server, free_port
from benchmarks.report import Goal, Section, Table
from benchmarks.texts.articles import article

__all__ = ["measure"]

_HERE = Path(__file__).parent
_WORDS = 150
_START_LIMIT_S = 180.0
# Seconds of one round, and the latency of each article.
_Round = tuple[float, list[float]]
_Way = Callable[[Sequence[str], int], _Round]


# Translations at a time and threads of each. Which is faster depends on the machine: threads of one translation wait
# for each other in a loop, which takes the core from whatever else there is to do.
_Threads = tuple[int, int]


def _layouts() -> list[_Threads]:
    return [(1, cores()), (cores(), 1)]


def _environment(threads: _Threads) -> dict[str, str]:
    """Both look for packages there; nothing of the home folder is read or written."""
    home = PACKAGES.parent / "argos-home"
    home.mkdir(exist_ok=True)
    return {
        **os.environ,
        "HOME": str(home),
        "ARGOS_PACKAGES_DIR": str(PACKAGES),
        "ARGOS_INTER_THREADS": str(threads[0]),
        "ARGOS_INTRA_THREADS": str(threads[1]),
        "ARGOS_CHUNK_TYPE": "MINISBD",
    }


@contextmanager
def _argos(threads: _Threads) -> Iterator[_Way]:
    process = subprocess.Popen(
        [str(ARGOS_PYTHON), str(_HERE / "argos_worker.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(threads),
        text=True,
    )

    def translate(texts: Sequence[str], clients: int) -> _Round:
        process.stdin.write(json.dumps({"texts": texts, "clients": clients}) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        _check(answer["texts"])
        return answer["seconds"], answer["latencies"]

    try:
        yield translate
    finally:
        process.kill()
        process.wait()


@contextmanager
def _libretranslate(threads: _Threads) -> Iterator[_Way]:
    port = free_port()
    process = subprocess.Popen(
        [
            str(LIBRETRANSLATE_PYTHON),
            str(_HERE / "libretranslate_server.py"),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--disable-web-ui", "--disable-files-translation", "--threads", "16", "--load-only", "ar,en"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(threads),
    )

    def one(text: str) -> tuple[float, str]:
        began = time.perf_counter()
        body = json.dumps({"q": text, "source": "ar", "target": "en", "format": "text"}).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/translate", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=600) as answer:
            result = json.loads(answer.read())["translatedText"]
        return time.perf_counter() - began, result

    def translate(texts: Sequence[str], clients: int) -> _Round:
        began = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            results = list(pool.map(one, texts))
        _check([result for _, result in results])
        return time.perf_counter() - began, [latency for latency, _ in results]

    try:
        end = time.monotonic() + _START_LIMIT_S
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/languages", timeout=5):
                    break
            except OSError:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError("LibreTranslate did not start") from None
                time.sleep(0.5)
        yield translate
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def _ours() -> Iterator[_Way]:
    async def run(texts: Sequence[str], clients: int, address: str) -> _Round:
        async with Stubs(address) as stubs:

            async def send(number: int) -> None:
                request = translation_pb2.TranslateRequest(
                    texts=[texts[number]], source_language_code="ar", target_language_code="en"
                )
                _check([(await stubs.translations.Translate(request, timeout=600)).translations[0].text])

            outcomes = await closed_loop(send, range(len(texts)), clients)
        if outcomes.codes:
            raise AssertionError(outcomes.codes)
        return outcomes.wall_s, outcomes.latencies_s

    with Server(cache_bytes=0, mend=False) as server:
        yield lambda texts, clients: asyncio.run(run(texts, clients, server.address))


def _check(translations: Sequence[str]) -> None:
    """Translations, not echoes, nor fragments."""
    for text in translations:
        latin = sum(char.isascii() and char.isalpha() for char in text)
        if latin < 200 or "<2en>" in text:
            raise AssertionError(f"no translation of an article: {text[:100]!r}")


def measure(quick: bool) -> Section:
    """Each way in turn, in changing order."""
    install()
    rounds = 1 if quick else 3
    with ExitStack() as stack:
        peers = {
            f"Argos Translate {VERSIONS['argostranslate']}": _argos,
            f"LibreTranslate {VERSIONS['libretranslate']}": _libretranslate,
        }
        ways: dict[tuple[str, str], _Way] = {("ours", ""): stack.enter_context(_ours())}
        for name, start in peers.items():
            for layout in _layouts():
                ways[name, f"{layout[0]} x {layout[1]}"] = stack.enter_context(start(layout))
        for translate in ways.values():
            translate([article(9_000, _WORDS)], 1)
        speeds: dict[tuple[str, str, int], list[float]] = {}
        latencies: dict[tuple[str, str, int], list[float]] = {}
        for turn in range(rounds):
            for clients, count in ((1, 2 if quick else 4), (16, 16)):
                order = list(ways)
                for way in order[turn % len(order) :] + order[: turn % len(order)]:
                    texts = [article(10_000 * (turn + 1) + 100 * clients + n, _WORDS) for n in range(count)]
                    seconds, times = ways[way](texts, clients)
                    speeds.setdefault((*way, clients), []).append(sum(len(t.split()) for t in texts) / seconds)
                    latencies.setdefault((*way, clients), []).extend(times)
    # Each peer with the threads that serve it best at this load.
    best: dict[tuple[str, int], tuple[str, str, int]] = {}
    for key in sorted(speeds, key=lambda key: statistics.median(speeds[key])):
        best[key[0], key[2]] = key
    speed = {short: statistics.median(speeds[key]) for short, key in best.items()}
    times_of = {short: latencies[key] for short, key in best.items()}
    p95 = {short: percentile(values, 0.95) for short, values in times_of.items()}
    ours, *others = "ours", *peers
    goals = []
    for clients in (1, 16):
        what = f"{clients} client{'s' if clients > 1 else ''}"
        for name in others:
            faster, share = speed[ours, clients] / speed[name, clients], p95[ours, clients] / p95[name, clients]
            goals += [
                Goal(f"throughput, times {name}, {what}", faster, 2.0, at_least=True),
                Goal(f"p95, share of {name}'s, {what}", share, 1.0, at_least=False),
            ]
    return Section(
        name="peers",
        title="Argos Translate and LibreTranslate with the same weights",
        scale="",
        method=f"""\
Whole articles of several paragraphs ({_WORDS} words, all different) to English, {rounds} rounds in changing order,
median. All three run the bundled model in int8 with beam 4 and the same penalties, on the same cores: the peers as an
Argos package with the target prefix `<2en>`, one translation on all cores at a time or one on each core at a time, the
faster of the two counts. Ours also checks every segment and gives offsets, scores, similarity and
flags; cache off, nothing decoded twice. It uses the package's vocabulary map, for which the peers have no switch, and
kernels for AVX-512 where there is VNNI, which `CT2_FORCE_CPU_ISA` would give them too. The peers' sentence splitters
need models from the network, so they cut at full stops here, which costs them nothing.
Two threads of one translation wait for each other in a loop; where anything else wants a core, that made LibreTranslate
five to six times slower here, and pages before this one compared with that. On Intel with AVX-512 and VNNI ours was
1.7 to 1.8 times as fast as either, with 1 client and with 16.
""",
        goals=goals,
        tables=[
            Table(
                ("", "threads", "clients", "throughput, ours = 1", "p50, ours = 1", "p95, ours = 1"),
                [
                    (
                        name,
                        best[name, clients][1],
                        str(clients),
                        f"{speed[name, clients] / speed[ours, clients]:.2f}",
                        f"{percentile(times_of[name, clients], 0.5) / percentile(times_of[ours, clients], 0.5):.2f}",
                        f"{p95[name, clients] / p95[ours, clients]:.2f}",
                    )
                    for clients in (1, 16)
                    for name in (ours, *others)
                ],
            )
        ],
    )


if __name__ == "__main__":
    alone(measure)
