"""Cost by length of an article and by size of an archive: both should be linear, memory flat.

.venv/bin/python -m benchmarks.load.scaling [--quick]
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

from benchmarks.alone import alone
from benchmarks.load.stubs import Stubs
from benchmarks.plot import Line
from benchmarks.process import Server
from benchmarks.report import Goal, Plot, Section, Table, number

__all__ = ["measure"]

_LENGTHS = (100, 300, 1_000, 3_000, 10_000, 20_000)
_SIZES = (10, 100, 1_000, 10_000)
# Of an archive only one pair is asked for: ten thousand take ten minutes.
_ARTICLE_WORDS, _ARTICLE_PAIRS = 60, 1


async def _run(quick: bool) -> tuple[list[list[float]], list[list[float]], float, float]:
    """Rows of (words, CPU seconds, MiB) and of (articles, CPU seconds, MiB, most MiB so far), and the memory before."""
    lengths = _LENGTHS[:4] if quick else _LENGTHS
    sizes = (10, 40) if quick else _SIZES
    by_length, by_size = [], []
    with Server(mend=False, cache_bytes=8 << 20) as server:
        async with Stubs(server.address) as stubs:
            await stubs.summarize(1, 500)
            before_lengths = server.usage().memory_mib
            for index, words in enumerate(lengths):
                cpu = server.usage().cpu_s
                repeats = max(1, 1_000 // words)
                for repeat in range(repeats):
                    await stubs.summarize(100 * (index + 1) + repeat, words)
                after = server.usage()
                by_length.append([float(words), (after.cpu_s - cpu) / repeats, after.memory_mib])
            await stubs.archive(range(50_000, 50_010), _ARTICLE_WORDS, _ARTICLE_PAIRS)
            before_sizes = server.usage().memory_mib
            server.forget_most()
            for index, size in enumerate(sizes):
                cpu = server.usage().cpu_s
                start = 100_000 * (index + 1)
                if await stubs.archive(range(start, start + size), _ARTICLE_WORDS, _ARTICLE_PAIRS) != size:
                    raise AssertionError("an article of the archive failed")
                after = server.usage()
                by_size.append([float(size), after.cpu_s - cpu, after.memory_mib, after.most_mib])
    return by_length, by_size, before_lengths, before_sizes


def measure(quick: bool) -> Section:
    """CPU time of the server, which other work on the machine changes least."""
    by_length, by_size, before_lengths, before_sizes = asyncio.run(_run(quick))
    # The cost of the three pairs is the same for any length: it stands in the shortest article.
    per_word = [(long[1] - short[1]) / (long[0] - short[0]) for short, long in pairwise(by_length)]
    per_article = [row[1] / row[0] for row in by_size]
    most = max(row[3] for row in by_size) / before_sizes
    return Section(
        name="scaling",
        title="Cost by length and by number",
        scale="",
        method=f"""\
CPU time of the server: summaries of three pairs, one article of growing length, and archives of growing size through
SummarizeStream ({_ARTICLE_WORDS} words and one pair an article). All sentences differ; a cache of 8 MiB.
""",
        goals=[
            Goal(
                "cost of a word in the longest step, times that in the one before",
                per_word[-1] / per_word[-2],
                1.5,
                at_least=False,
            ),
            Goal(
                "cost of an article in the largest archive, times that in the smallest",
                per_article[-1] / per_article[0],
                1.2,
                at_least=False,
            ),
            Goal("memory in the largest archive at its most, times that before", most, 1.1, at_least=False),
        ],
        tables=[
            Table(
                ("words of the article", "CPU time, shortest = 1", "resident memory, MiB"),
                [(number(w), f"{s / by_length[0][1]:.2f}", f"{m:.0f}") for w, s, m in by_length],
            ),
            Table(
                ("articles", "CPU time an article, smallest archive = 1", "resident memory, MiB", "the most so far"),
                [(number(n), f"{s / n / per_article[0]:.2f}", f"{m:.0f}", f"{most:.0f}") for n, s, m, most in by_size],
            ),
        ],
        plots=[
            Plot(
                "length",
                "CPU time of a three-pair summary by length of the article",
                "words",
                "times that of the shortest",
                [Line("CPU time", [[w, s / by_length[0][1]] for w, s, _ in by_length])],
            )
        ],
        notes=f"""\
Memory before the long articles: {before_lengths:.0f} MiB; before the archives: {before_sizes:.0f} MiB. The most is
that of any moment since then. An archive fills the decoder's batches, which a few articles do not,
and the caches of translations, sentences, pieces and words, some 70 MiB at their bounds
([operations](operations.md#caches)). The soak below shows whether anything grows after that.
""",
    )


if __name__ == "__main__":
    alone(measure)
