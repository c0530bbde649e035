"""Requests that a server should accept, with every option together with every other, made from one number each."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, TypeVar

from fuzz_texts import html, large_text, number, odd_text, prose, word
from hypothesis import strategies as st
from khulasa.v1 import common_pb2, summary_pb2, translation_pb2

__all__ = ["archives", "assessments", "from_seed", "summaries", "translations"]

T = TypeVar("T")


def from_seed(build: Callable[[Random], T]) -> st.SearchStrategy[T]:
    """What `build` makes of a generator: a number is drawn and nothing else, so that drawing costs next to nothing."""
    return st.integers(0, 2**64 - 1).map(lambda seed: build(Random(seed)))


def _text(random: Random, *, large: bool) -> str:
    if large:
        return large_text(random)
    made = prose(random, random.choice((1, 1, 2, 3, 8)))
    if random.random() < 0.3:
        at = random.randrange(len(made) + 1)
        made = made[:at] + odd_text(random) + made[at:]
    return made


def _either(random: Random) -> bool:
    return random.random() < 0.5


def _decoding(random: Random) -> common_pb2.TranslationOptions:
    beam = random.choice((0, 0, 0, 1, 2, 8))
    return common_pb2.TranslationOptions(
        beam_size=beam,
        num_hypotheses=random.randint(0, beam or 1),
        word_alignments=_either(random),
        deterministic=_either(random),
        priority=random.choice((0, 1, 2)),  # type: ignore[arg-type]
        digit_shape=random.choice((0, 1, 2)),  # type: ignore[arg-type]
    )


def _glossary(random: Random, text: str) -> common_pb2.Glossary:
    """Terms out of the text, as they are or in part, some not to be translated, some within each other."""
    words = text[:3_000].split() or ["x"]
    made: dict[str, common_pb2.GlossaryTerm] = {}
    for _ in range(random.choice((1, 2, 5))):
        at = random.randrange(len(words))
        source = " ".join(words[at : at + random.choice((1, 1, 2, 4))])[: random.choice((3, 60, 200))].strip()
        target = random.choice((source, source, word(random), number(random), prose(random, 1).strip()))
        if source and target:
            term = common_pb2.GlossaryTerm(source=source, target=target[:200], case_sensitive=_either(random))
            made.setdefault(source.casefold(), term)
    return common_pb2.Glossary(terms=made.values())


def _focus(random: Random, text: str) -> str:
    if _either(random):
        return ""
    words = text[:3_000].split() or ["x"]
    return random.choice((" ".join(random.choices(words, k=3)), odd_text(random)))[:500]


def summaries(*, large: bool = False) -> st.SearchStrategy[summary_pb2.SummarizeRequest]:
    """Requests of Summarize."""
    return from_seed(lambda random: _summary(random, large=large))


def _summary(random: Random, *, large: bool = False) -> summary_pb2.SummarizeRequest:
    text, marked = _text(random, large=large), random.random() < 0.4
    if marked:
        text = html(random, text)[:500_001]
    options = summary_pb2.SummaryOptions(
        focus=_focus(random, text),
        full_translation=_either(random),
        max_key_terms=random.choice((0, 1, 12, 50)),
        translation=_decoding(random),
    )
    match random.randrange(5):
        case 0:
            options.max_sentences = random.choice((1, 3, 100))
        case 1:
            options.max_words = random.choice((20, 60, 10_000))
        case 2:
            options.ratio = random.choice((0.05, 0.5, 1.0))
    return summary_pb2.SummarizeRequest(
        article=summary_pb2.Article(
            article_id=random.choice(("", "a", "b", "مقال")),
            title=random.choice(("", "", prose(random, 1).strip(), odd_text(random)))[:1_000],
            text=text,
            language_code=random.choice(("", "", "", "ar", "en")),
            format=2 if marked else random.choice((0, 1, 2)),  # type: ignore[arg-type]
            url=random.choice(("", "https://example.org/ـ")),
        ),
        options=options,
        glossary=_glossary(random, text) if _either(random) else None,
    )


def archives() -> st.SearchStrategy[list[summary_pb2.SummarizeStreamRequest]]:
    """Articles of a stream; several have one id or none."""

    def build(random: Random) -> list[summary_pb2.SummarizeStreamRequest]:
        return [
            summary_pb2.SummarizeStreamRequest(request=_summary(random)) for _ in range(random.choice((0, 1, 3, 12)))
        ]

    return from_seed(build)


def translations(*, large: bool = False) -> st.SearchStrategy[translation_pb2.TranslateRequest]:
    """Requests of Translate."""

    def build(random: Random) -> translation_pb2.TranslateRequest:
        count = 1 if large else random.choice((1, 1, 1, 2, 12))
        texts = [_text(random, large=large) if count < 9 else prose(random, 1) for _ in range(count)]
        if random.random() < 0.4:
            texts = [html(random, text)[:500_001] for text in texts]
        texts += random.choice(([], [], [""], [" \n"], ["123", number(random)]))
        return translation_pb2.TranslateRequest(
            texts=texts,
            source_language_code=random.choice(("", "ar", "en")),
            format=random.choice((0, 1, 2)),  # type: ignore[arg-type]
            options=_decoding(random),
            glossary=_glossary(random, texts[0]) if _either(random) else None,
        )

    return from_seed(build)


def assessments(*, large: bool = False) -> st.SearchStrategy[translation_pb2.AssessRequest]:
    """Requests of Assess; some targets are empty, or the source itself."""

    def build(random: Random) -> translation_pb2.AssessRequest:
        pairs: list[Any] = []
        for _ in range(1 if large else random.choice((1, 1, 3))):
            source = _text(random, large=large)
            target = random.choice(("", source, prose(random, 2), odd_text(random), _text(random, large=large)))
            pairs.append(translation_pb2.TextPair(source_text=source, target_text=target))
        return translation_pb2.AssessRequest(
            pairs=pairs,
            source_language_code=random.choice(("", "ar", "en")),
            glossary=_glossary(random, pairs[0].source_text) if _either(random) else None,
            word_alignments=_either(random),
        )

    return from_seed(build)
