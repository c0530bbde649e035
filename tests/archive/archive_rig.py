"""An archive job over a pipeline without models, instrumented."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from khulasa.server.api.limits import RequestLimits
from khulasa.server.archive.articles import JobPlan
from khulasa.server.archive.job import ArchiveJob
from khulasa.server.archive.reading import Survey, survey
from khulasa.server.archive.writing import PartCounts
from khulasa.server.core.errors import FieldViolation, NothingToSummarizeError
from khulasa.server.core.pipeline.types import (
    AlignedKeyTerm,
    AlignedSentence,
    AlignedText,
    ArticleInput,
    ArticleStatistics,
    BilingualSummary,
    SummaryResult,
    SummarySettings,
)
from khulasa.server.core.text.types import Part, PartKind, Span
from khulasa.server.core.translation.types import ModelReference, QualityFlag, RequestContext, WordLink
from khulasa.v1 import summary_pb2

LINE_BYTES = 2_000
Hook = Callable[[ArticleInput], Any]


@dataclass
class FakePipeline:
    """Summarises by the first line, upper-cased. The longer an article's text, the sooner it is done.

    Attributes:
        hook: Called with each article before it is done; what it raises is the article's error.
        peak: Most articles at work at a time.
        asked: Ids of articles, in the order in which they were handed in.
    """

    hook: Hook | None = None
    working: int = 0
    peak: int = 0
    asked: list[str] = field(default_factory=list)
    contexts: list[RequestContext] = field(default_factory=list)

    async def summarize(
        self, article: ArticleInput, settings: SummarySettings, context: RequestContext
    ) -> SummaryResult:
        self.asked.append(article.article_id)
        self.contexts.append(context)
        self.working += 1
        self.peak = max(self.peak, self.working)
        try:
            await asyncio.sleep(0.02 / len(article.text))
            if self.hook is not None:
                self.hook(article)
        finally:
            self.working -= 1
        if article.text == "menu":
            raise NothingToSummarizeError([FieldViolation("article.text", "holds no sentence of running text")])
        line = article.text.splitlines()[0]
        links = (WordLink(Span(0, 1), Span(0, 1)),)
        sentence = AlignedSentence(
            line, line.upper(), Span(0, len(line)), 0, 0, 0.75, -0.1, 0.9, (QualityFlag.NUMBER_MISMATCH,), links
        )
        summary = BilingualSummary(
            article.article_id,
            AlignedText(article.title, article.title.upper()),
            (sentence,),
            (AlignedKeyTerm(line[:1], line[:1].upper(), 0.5, (Span(0, 1),)),),
            (sentence,) if settings.full_translation else (),
            (Part(PartKind.BODY, Span(0, len(article.text))),),
            ArticleStatistics(len(article.text), 1, 1, 1, 1),
        )
        model = ModelReference("fake", "1.0", "a" * 64)
        return SummaryResult(summary, "" if article.language else "en", model, model)


class Count:
    """Progress that counts."""

    def __init__(self) -> None:
        self.made = self.kept = self.failed = 0

    def skipped(self, counts: PartCounts) -> None:
        self.kept += counts.articles

    def advance(self, *, failed: bool) -> None:
        self.made += 1
        self.failed += failed


@dataclass
class Rig:
    """One input and one folder."""

    source: Path
    out: Path
    part_articles: int = 3
    concurrency: int = 2
    full_translation: bool = False
    ignore_other_fields: bool = False
    parquet: bool = False
    faults: list[int] = field(default_factory=list)
    progress: Count = field(default_factory=Count)

    def run(self, pipeline: FakePipeline) -> PartCounts:
        return asyncio.run(self.job(pipeline))

    async def job(self, pipeline: FakePipeline) -> PartCounts:
        self.out.mkdir(exist_ok=True)
        self.progress = Count()
        plan = JobPlan(
            summary_pb2.SummaryOptions(full_translation=self.full_translation),
            RequestLimits(max_article_chars=1_000),
            concurrency=self.concurrency,
            max_line_bytes=LINE_BYTES,
            ignore_other_fields=self.ignore_other_fields,
            parquet=self.parquet,
        )
        with self.source.open("rb") as file:
            found = survey(file, LINE_BYTES, self.part_articles)
            job = ArchiveJob(self.out, plan, pipeline, self.progress, lambda line, _: self.faults.append(line))
            return await job.run(file, found)

    def survey(self) -> Survey:
        with self.source.open("rb") as file:
            return survey(file, LINE_BYTES, self.part_articles)

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for path in sorted(self.out.glob("part-*.jsonl")) for line in path.open("rb")]

    def content(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted(self.out.iterdir())}


def write_articles(path: Path, articles: Sequence[dict[str, Any] | bytes]) -> Path:
    lines = [one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode() for one in articles]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def articles(count: int) -> list[dict[str, Any]]:
    """Later ones are shorter, so that each is done after the one that follows it."""
    return [{"article_id": f"a{n}", "text": f"خبر {n}. " + "x" * (n % 5)} for n in range(count)]
