"""How long a reader waits for the seed article's summary, and what of that is not the model. Start, memory, client.

.venv/bin/python -m benchmarks.load.latency [--quick]
"""

from __future__ import annotations

import statistics
import time

import grpc
from khulasa.client import Client
from khulasa.server.core.summary.encoder import SentenceEncoder
from khulasa.server.core.translation.tokenizer import piece_ids
from khulasa.v1 import summary_pb2, summary_pb2_grpc

from benchmarks.alone import alone
from benchmarks.load.calls import percentile
from benchmarks.process import Server
from benchmarks.report import Goal, Section, Table, number
from benchmarks.texts.articles import SEED_ARTICLE

__all__ = ["measure"]

_STAGES = ("queue", "summarize", "translate")


def _article(index: int) -> str:
    """The seed article with a number in each line, so that no vector and no translation is kept from the last time."""
    lines = SEED_ARTICLE.splitlines()
    return "\n".join(f"{line[:-1]} {index}{line[-1]}" if line.endswith(".") else line for line in lines)


def measure(quick: bool) -> Section:
    """Starts, then summaries one after the other, then the client against bare stubs on kept translations."""
    starts, memory = [], 0.0
    for _ in range(2 if quick else 5):
        with Server() as server:
            starts.append(server.start_s)
            memory = server.usage().memory_mib
    walls: list[float] = []
    outside: list[float] = []
    similarity: list[float] = []
    encoder = SentenceEncoder(cache_bytes=0, pieces=piece_ids)
    encoder.warm_up()
    stages: dict[str, list[float]] = {name: [] for name in _STAGES}
    bare: list[float] = []
    client_s: list[float] = []
    with Server(mend=False) as server, grpc.insecure_channel(server.address) as channel:
        stub = summary_pb2_grpc.SummaryServiceStub(channel)

        def ask(text: str) -> tuple[float, summary_pb2.SummarizeResponse]:
            request = summary_pb2.SummarizeRequest(article={"text": text}, options={"max_sentences": 4})
            began = time.perf_counter()
            answer = stub.Summarize(request, timeout=300)
            return (time.perf_counter() - began) * 1000, answer

        for index in range(3):
            ask(_article(900_000 + index))
        for index in range(8 if quick else 60):
            wall_ms, answer = ask(_article(index))
            summary = answer.summary
            if len(summary.sentences) != 4:
                raise AssertionError("not four pairs")
            timings = answer.timings
            walls.append(wall_ms)
            for name in _STAGES:
                stages[name].append(getattr(timings, f"{name}_ms"))
            # The server has the sources' vectors from its selection; those of the targets are made again here.
            targets = [summary.title.target_text, *(pair.target_text for pair in summary.sentences)]
            began = time.perf_counter()
            encoder.encode(targets)
            similarity.append((time.perf_counter() - began) * 1000)
            outside.append(wall_ms - sum(getattr(timings, f"{name}_ms") for name in _STAGES) - similarity[-1])
        after = server.usage()
        with Client(server.address) as client:
            text = _article(0)
            ask(text)
            client.summarize(text, max_sentences=4)
            for _ in range(20 if quick else 200):
                bare.append(ask(text)[0])
                began = time.perf_counter()
                client.summarize(text, max_sentences=4)
                client_s.append((time.perf_counter() - began) * 1000)
    p50 = statistics.median(walls)
    rows = [
        (
            name,
            number(statistics.median(values)),
            number(percentile(values, 0.99)),
            f"{statistics.median(values) / p50:.1%}",
        )
        for name, values in (
            ("whole", walls),
            *stages.items(),
            ("similarity", similarity),
            ("everything else", outside),
        )
    ]
    return Section(
        name="latency",
        title="The seed article in four pairs; start and memory",
        scale="",
        method="""\
`seeds/nato-guarantees.ar.txt` with changed numbers, summarised in four pairs with its title, one request after the
other, nothing kept from one to the next, nothing decoded twice. `summarize`: reading, vectors, selection. `translate`:
decoding of five segments. `similarity`: vectors of the translations, made again by the benchmark for this figure, all
at once and by an encoder that knows most of their pieces, so at less than the server paid. `everything else`: the rest
of that, gRPC both ways, conversion, tokenising and checks. Start: from the command to SERVING, model files verified,
with bytecode, as an installed package has it.
""",
        goals=[
            Goal(
                "time of a summary outside models and queue, p50",
                statistics.median(outside),
                10.0,
                at_least=False,
                unit=" ms",
            ),
            Goal("start to SERVING", statistics.median(starts), 3.0, at_least=False, unit=" s"),
        ],
        tables=[
            Table(("part", "p50, ms", "p99, ms", "share of the whole p50"), rows),
            Table(
                ("figure", ""),
                [
                    ("resident memory when SERVING", f"{memory:.0f} MiB"),
                    (f"resident memory after {len(walls) + 3} summaries", f"{after.memory_mib:.0f} MiB"),
                    (
                        "client library, added to bare stubs, p50 of an answer from the cache",
                        f"{statistics.median(client_s) - statistics.median(bare):.2f} ms"
                        f" ({statistics.median(client_s) / statistics.median(bare):.2f} times)",
                    ),
                ],
            ),
        ],
    )


if __name__ == "__main__":
    alone(measure)
