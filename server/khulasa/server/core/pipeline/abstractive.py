"""Summaries that a model writes: windows of the article in, sentences with their evidence out.

The article's sentences are packed into windows that the model can read whole; nothing of the running text is left out.
Each window is decoded through the same scheduler as translations are. What the model wrote is divided into sentences,
each is tied to the sentences of the article nearest in meaning, and its numbers and names are looked up in the article.
What is not found there is flagged `UNSUPPORTED`: the reader is told, nothing is corrected in silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from khulasa.server.core.pipeline.encoding import EncodingQueue, Vectors
from khulasa.server.core.pipeline.reading import ReadArticle
from khulasa.server.core.summary.dependence import Lean
from khulasa.server.core.summary.selection import best_set, room_for
from khulasa.server.core.summary.support import evidence_sentences, stems_of, unsupported_names
from khulasa.server.core.summary.types import SummaryBounds
from khulasa.server.core.text.types import Document
from khulasa.server.core.text.words import count_words
from khulasa.server.core.translation.engine import EngineOptions, SegmentTokens
from khulasa.server.core.translation.names.lexicon import is_arabic_name
from khulasa.server.core.translation.numbers.comparison import (
    NumberComparison,
    NumberMention,
    compare_mentions,
    extract_numbers,
)
from khulasa.server.core.translation.scheduling.scheduler import Completed, Scheduler
from khulasa.server.core.translation.splitting import fitting_spans
from khulasa.server.core.translation.translator.flow import Clockings, by_deadline, gathered
from khulasa.server.core.translation.translator.parts import LanguageRules, LoadedPackage
from khulasa.server.core.translation.types import (
    DecodingOptions,
    LanguagePair,
    ModelReference,
    QualityFlag,
    RequestContext,
)

__all__ = ["AbstractiveWriter", "WrittenSentence", "windows_of"]

_T = TypeVar("_T")

# What the XL-Sum recipe decodes with is 2 (Hasan et al. 2021, arXiv:2106.13822); 3 leaves dates and names alone.
_NO_REPEAT_NGRAM = 3


@dataclass(frozen=True, slots=True)
class WrittenSentence:
    """A sentence that the model wrote.

    Attributes:
        text: In the article's language.
        evidence: Indices into `Document.sentences`, in order, at least one.
        salience: Of its best evidence, [0, 1].
        flags: UNSUPPORTED, TRUNCATED.
    """

    text: str
    evidence: tuple[int, ...]
    salience: float
    flags: tuple[QualityFlag, ...]


class AbstractiveWriter:
    """Writes summaries with one summarization package; holds no state between requests.

    Args:
        package: The model; its pairs are a language with itself.
        scheduler: Shared with translation.
        rules: How texts are normalised and divided.
        encoding: Turns at the sentence encoder.
        executor: Where tokenising and checking run.
    """

    def __init__(
        self,
        package: LoadedPackage,
        scheduler: Scheduler,
        rules: LanguageRules,
        encoding: EncodingQueue,
        *,
        executor: Executor | None = None,
    ) -> None:
        self._package, self._scheduler, self._rules = package, scheduler, rules
        self._encoding, self._executor = encoding, executor

    @property
    def reference(self) -> ModelReference:
        """The model that writes."""
        return self._package.reference

    @property
    def languages(self) -> frozenset[str]:
        """Languages that the model writes in."""
        return frozenset(pair.source for pair in self._package.pairs)

    def close(self) -> None:
        """Frees the model; nothing may be in work."""
        self._package.close()

    async def write(
        self,
        read: ReadArticle,
        vectors: Vectors,
        salience: Sequence[float],
        bounds: SummaryBounds,
        options: DecodingOptions,
        context: RequestContext,
    ) -> list[WrittenSentence]:
        """The summary's sentences, ordered by where their evidence begins; never more than the bounds allow.

        Args:
            read: The article.
            vectors: Shape (N, D), unit rows, of its sentences.
            salience: N values in [0, 1].
            bounds: Length of the summary.
            options: Beam size and determinism are taken from here.

        Raises:
            InvalidInputError: the bounds leave no room for the shortest sentence that was written.
            OverloadedError: the queue is full.
            DeadlineError: the deadline passed or cannot be met.
            EngineError: the decoder failed.
        """
        document = read.document
        pair = LanguagePair(document.language, document.language)
        texts = await self._aside(windows_of, document, self._count, self._room(pair))
        clockings = Clockings()
        with self._scheduler.reserve(texts, context) as reservation:
            works = await self._aside(self._works, texts, pair)
            futures = self._scheduler.submit(self._package.runner, self._options(options), works, context, reservation)
            try:
                decoded = await by_deadline(gathered(futures), context)
            finally:
                for future in futures:
                    if future.done() and not future.cancelled() and future.exception() is None:
                        clockings.add(future.result())
                clockings.write(context)
        written = await self._aside(self._sentences, decoded, document.language)
        if not written:
            return []
        encoded = await self._encoding.encode([text for text, _ in written], context)
        return await self._aside(_supported, read, vectors, salience, bounds, written, encoded)

    def _count(self, text: str) -> int:
        return self._package.tokenizer.count_tokens(self._rules.normalize(text).text)

    def _room(self, pair: LanguagePair) -> int:
        """Tokens of text that one window holds."""
        spec = self._package.tokenizer.spec
        special = spec.tokens_of(pair)
        used = len(special.source_prefix) + len(special.source_suffix) + spec.engine_tokens
        return max(1, self._package.max_input_tokens - used)

    def _works(self, texts: Sequence[str], pair: LanguagePair) -> list[SegmentTokens]:
        tokenizer = self._package.tokenizer
        special = tokenizer.spec.tokens_of(pair)
        return [
            SegmentTokens(
                tuple(tokenizer.encode(self._rules.normalize(text).text, pair)),
                special.target_prefix,
                len(special.source_prefix),
                len(special.source_suffix),
            )
            for text in texts
        ]

    def _options(self, options: DecodingOptions) -> EngineOptions:
        defaults = self._package.defaults
        return EngineOptions(
            beam_size=options.beam_size or defaults.beam_size,
            repetition_penalty=defaults.repetition_penalty,
            length_penalty=defaults.length_penalty,
            max_decoding_tokens=defaults.max_decoding_tokens,
            no_repeat_ngram_size=_NO_REPEAT_NGRAM,
            deterministic=options.deterministic,
        )

    def _sentences(self, decoded: Sequence[Completed], language: str) -> list[tuple[str, bool]]:
        """What the model wrote, sentence by sentence, each once, and whether it was cut at the length limit."""
        out: dict[str, bool] = {}
        for done in decoded:
            text = self._package.tokenizer.decode(done.result.hypotheses[0].tokens)
            lines = [line for line in text.splitlines() if line.strip()]
            found = [span.of(line) for line in lines for span in self._rules.sentence_spans(line, language)]
            for at, sentence in enumerate(found):
                if any(char.isalpha() for char in sentence):
                    cut = done.result.truncated and at == len(found) - 1
                    out[sentence] = out.get(sentence, False) or cut
        return list(out.items())

    async def _aside(self, work: Callable[..., _T], *arguments: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)


def windows_of(document: Document, count: Callable[[str], int], room: int) -> list[str]:
    """The running text in as few windows as hold it, in order; only a sentence longer than a window is divided.

    Pieces never span white space, so that the tokens of a window are the sum of those of its sentences.

    Args:
        document: Read article.
        count: Tokens of a text, special ones left out.
        room: Tokens of a window, >= 1.
    """
    windows: list[list[str]] = []
    left = 0
    for sentence in document.sentences:
        text = document.as_read(sentence.span)
        parts = [text] if count(text) <= room else [span.of(text) for span in fitting_spans(text, count, room)]
        for part in parts:
            tokens = count(part)
            if not windows or tokens > left:
                windows.append([])
                left = room
            windows[-1].append(part)
            left -= tokens
    return [" ".join(window) for window in windows]


def _supported(
    read: ReadArticle,
    vectors: Vectors,
    salience: Sequence[float],
    bounds: SummaryBounds,
    written: Sequence[tuple[str, bool]],
    encoded: Vectors,
) -> list[WrittenSentence]:
    """The best of what was written, within the bounds, with evidence and flags."""
    document = read.document
    known = stems_of(document, read.title_as_read)
    mentions = [extract_numbers(document.as_read(s.span), document.language) for s in document.sentences]
    titled = extract_numbers(read.title_as_read, document.language)
    sentences = []
    for (text, cut), vector in zip(written, encoded, strict=True):
        evidence = evidence_sentences(vector, vectors)
        more, numbers_hold = _where_numbers_stand(text, document.language, evidence, mentions, titled)
        flags = []
        if cut:
            flags.append(QualityFlag.TRUNCATED)
        if not numbers_hold or unsupported_names(text, document.language, known, is_arabic_name):
            flags.append(QualityFlag.UNSUPPORTED)
        evidence = sorted({*evidence, *more})
        sentences.append(WrittenSentence(text, tuple(evidence), max(salience[i] for i in evidence), tuple(flags)))
    words = np.array([max(1, count_words(one.text)) for one in sentences])
    article_words = sum(count_words(s.span.of(document.text)) for s in document.sentences)
    by_words, room = room_for(words, bounds, article_words, len(document.sentences))
    values = np.array([one.salience for one in sentences])
    costs = words if by_words else np.ones(len(words), dtype=words.dtype)
    chosen = best_set(values * costs, costs, room, [Lean.NONE] * len(sentences), encoded)
    return sorted((sentences[index] for index in chosen), key=lambda one: one.evidence)


def _where_numbers_stand(
    text: str,
    language: str,
    evidence: Sequence[int],
    mentions: Sequence[Sequence[NumberMention]],
    titled: Sequence[NumberMention],
) -> tuple[list[int], bool]:
    """Further sentences that hold numbers which the evidence does not, and whether every number stands somewhere."""
    own = extract_numbers(text, language)
    near = [mention for index in evidence for mention in mentions[index]]
    left = compare_mentions([*near, *titled], own).added
    more = []
    for index, found in enumerate(mentions):
        if not left:
            break
        still = compare_mentions(found, left).added
        if len(still) < len(left):
            more.append(index)
        left = still
    return more, NumberComparison((), tuple(left)).agrees
