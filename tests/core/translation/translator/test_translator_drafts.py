"""From decoded tokens to a draft: what is asked of the translation holds for every hypothesis."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest
from khulasa.server.core.text.normalize import normalize
from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.engine import DecodedHypothesis, DecodedSegment
from khulasa.server.core.translation.glossary.terms import compile_glossary
from khulasa.server.core.translation.stand_ins import stand_ins_of
from khulasa.server.core.translation.tokenizer import Piece, SegmentTokenizer
from khulasa.server.core.translation.translator.drafts import Draft, Prepared, compose, is_translated, prepare
from khulasa.server.core.translation.translator.parts import LanguageRules, LoadedPackage, identity
from khulasa.server.core.translation.types import DigitShape, Glossary, GlossaryTerm, LanguagePair, ModelReference
from plain_words import PlainWords

EN_AR, AR_EN = LanguagePair("en", "ar"), LanguagePair("ar", "en")


class _Words:
    def decode(self, tokens: Sequence[str]) -> str:
        return " ".join(tokens)

    def decode_with_offsets(self, tokens: Sequence[str]) -> tuple[str, list[Span]]:
        return " ".join(tokens), []


class _PlacedWords(_Words):
    """With the places of the words."""

    def encode_with_offsets(self, text: str) -> list[Piece]:
        return [Piece(match[0], *match.span()) for match in re.finditer(r"\S+", text)]

    def decode_with_offsets(self, tokens: Sequence[str]) -> tuple[str, list[Span]]:
        text = " ".join(tokens)
        return text, [Span(piece.start, piece.end) for piece in self.encode_with_offsets(text)]


class _NoDecoder:
    def run(self, *_arguments: object) -> list[DecodedSegment]:
        raise AssertionError("composing decodes nothing")


def drafted(
    source: str,
    *targets: str,
    pair: LanguagePair,
    terms: Sequence[GlossaryTerm] = (),
    wanted: int = 2,
    digits: DigitShape = DigitShape.MODEL,
    links: bool = False,
) -> Draft:
    glossary = compile_glossary(Glossary(tuple(terms)), pair)
    whole = (Span(0, len(source)),)
    prepared = Prepared(source, identity(source), whole, (), glossary.protect(source), stand_ins_of(source))
    package = LoadedPackage(
        ModelReference("words", "1", "r1"), (pair,), _NoDecoder(), cast("SegmentTokenizer", _Words()), 64
    )
    hypotheses = tuple(DecodedHypothesis(tuple(text.split()), -0.5 - rank) for rank, text in enumerate(targets))
    return compose(
        prepared,
        [DecodedSegment(hypotheses)],
        pair,
        package,
        glossary,
        num_hypotheses=wanted,
        links_wanted=links,
        digit_shape=digits,
    )


def texts(draft: Draft) -> list[str]:
    return [hypothesis.target_text for hypothesis in draft.hypotheses]


def test_links_and_unknown_signs_are_repaired_in_every_hypothesis() -> None:
    source = "شاهدوا الصور 😀 على https://example.com/a1"
    draft = drafted(
        source,
        "See the pictures ⁇ at https://exmple.com/a1",
        "Watch the pictures ⁇ on https://example.com/a 1",
        pair=AR_EN,
    )
    assert draft.target_text == "See the pictures 😀 at https://example.com/a1"
    assert texts(draft) == [draft.target_text, "Watch the pictures 😀 on https://example.com/a1"]
    assert [hypothesis.score for hypothesis in draft.hypotheses] == [-0.5, -1.5]


def test_names_in_place_of_links_never_reach_the_caller() -> None:
    source = "راسلوا info@example.org أو زوروا https://example.com/a1 اليوم"
    draft = drafted(source, "Write to @ItemA or visit @ItemB today", "Visit #ItemB or @ today", pair=AR_EN)
    assert draft.target_text == "Write to info@example.org or visit https://example.com/a1 today"
    assert not draft.missed_terms
    assert texts(draft)[1] == "Visit https://example.com/a1 or @ today"
    lost = drafted(source, "Write to us or visit @ItemB today @ItemC", pair=AR_EN)
    assert lost.target_text == "Write to us or visit https://example.com/a1 today"
    assert lost.missed_terms


def test_terms_and_digits_are_put_right_in_every_hypothesis() -> None:
    draft = drafted(
        "The ministry opened 12 schools.",
        "فتحت الدائرة 12 مدرسة.",
        "افتتحت الدائرة 12 مدرسة.",
        pair=EN_AR,
        terms=[GlossaryTerm("ministry", "الوزارة")],
        digits=DigitShape.ARABIC_INDIC,
    )
    assert texts(draft)[0] == draft.target_text
    assert len(set(texts(draft))) == 2
    assert all("الوزارة" in text and "١٢" in text for text in texts(draft))


@pytest.mark.parametrize("wanted", [0, 1, 3])
def test_no_more_hypotheses_than_there_are(wanted: int) -> None:
    draft = drafted("قال نعم", "He said yes", "He said: yes", pair=AR_EN, wanted=wanted)
    assert texts(draft) == ["He said yes", "He said: yes"][:wanted]


@pytest.mark.parametrize(
    ("parts", "scores", "best_first"),
    [
        (
            (("yes", "he said", "he said yes indeed"), ("no", "then he said no", "nope")),
            ((-0.1, -0.2, -0.3), (-0.1, -2.0, -0.4)),
            ["yes no", "he said yes indeed nope", "he said then he said no"],
        ),
        (
            (("and after that he said it all again", "yes", "so"), ("no", "nope", "none")),
            ((-1.0, -1.1, -1.2), (-0.1, -0.2, -0.3)),
            ["and after that he said it all again no", "yes nope", "so none"],
        ),
    ],
)
def test_of_a_divided_segment_the_best_come_first(
    parts: tuple[tuple[str, ...], ...], scores: tuple[tuple[float, ...], ...], best_first: list[str]
) -> None:
    source = "قال نعم ثم لا"
    decoded = [
        DecodedSegment(tuple(DecodedHypothesis(tuple(text.split()), score) for text, score in zip(*one, strict=True)))
        for one in zip(parts, scores, strict=True)
    ]
    prepared = Prepared(
        source,
        identity(source),
        (Span(0, 7), Span(8, len(source))),
        (),
        compile_glossary(Glossary(), AR_EN).protect(source),
        stand_ins_of(source),
    )
    package = LoadedPackage(
        ModelReference("words", "1", "r1"), (AR_EN,), _NoDecoder(), cast("SegmentTokenizer", _Words()), 64
    )
    draft = compose(
        prepared,
        decoded,
        AR_EN,
        package,
        compile_glossary(Glossary(), AR_EN),
        num_hypotheses=3,
        links_wanted=False,
        digit_shape=DigitShape.MODEL,
    )
    assert texts(draft) == best_first
    assert draft.hypotheses[0].score == draft.score
    assert [one.score for one in draft.hypotheses] == sorted((one.score for one in draft.hypotheses), reverse=True)


def test_punctuation_is_that_of_the_target() -> None:
    draft = drafted("Yes, said he; why?", "قال, نعم; لماذا?", "نعم, قال?", pair=EN_AR)
    assert draft.target_text == "قال، نعم؛ لماذا؟"
    assert texts(draft) == [draft.target_text, "نعم، قال؟"]


def test_links_count_in_the_text_that_the_caller_gets() -> None:
    source = "زوروا https://example.com/a1 لرؤية 12 صورة"
    draft = drafted(source, "Visit @ItemA to see 12 pictures", pair=AR_EN, links=True)
    assert draft.target_text == "Visit https://example.com/a1 to see 12 pictures"
    linked = {(a.source_span.of(source), a.target_span.of(draft.target_text)) for a in draft.word_links}
    assert ("12", "12") in linked
    assert drafted(source, "Visit @ItemA to see 12 pictures", pair=AR_EN).word_links == ()


def test_attention_of_each_part_links_the_words_of_that_part() -> None:
    source = "aa bb cc dd ee"
    pair = LanguagePair("xx", "yy")
    glossary = compile_glossary(Glossary(), pair)
    spans = (Span(0, 8), Span(9, 14))
    prepared = Prepared(source, identity(source), spans, (), glossary.protect(source))
    package = LoadedPackage(
        ModelReference("words", "1", "r1"), (pair,), _NoDecoder(), cast("SegmentTokenizer", _PlacedWords()), 64
    )
    # Each part is turned round; the last column is what the end of the source gets.
    decoded = [
        DecodedSegment(
            (DecodedHypothesis(tuple(words.split()), -0.5),), np.eye(count, count + 1, dtype=np.float32)[::-1]
        )
        for words, count in (("X Y Z", 3), ("V W", 2))
    ]
    draft = compose(
        prepared,
        decoded,
        pair,
        package,
        glossary,
        num_hypotheses=0,
        links_wanted=True,
        digit_shape=DigitShape.MODEL,
    )
    assert draft.target_text == "X Y Z V W"
    linked = {(a.source_span.of(source), a.target_span.of(draft.target_text)) for a in draft.word_links}
    assert linked == {("aa", "Z"), ("bb", "Y"), ("cc", "X"), ("dd", "W"), ("ee", "V")}


@pytest.mark.parametrize(
    ("text", "pair", "translated"),
    [
        ("قال الوزير إن القرار نهائي.", EN_AR, True),
        ("أعلنت شركة Apple نتائجها المالية للربع الأخير من العام.", EN_AR, True),
        ("The minister said the decision was final.", AR_EN, True),
        ("The minister said the decision was final.", EN_AR, False),
        ("قال الوزير إن القرار نهائي.", AR_EN, False),
        # half and half, another language of the same script, another pair of languages
        ("He said: قال الوزير إن القرار نهائي.", EN_AR, False),
        ("این یک جمله فارسی است که نوشته شده", EN_AR, False),
        ("Le ministre a dit que la décision était finale.", AR_EN, False),
        ("The minister said the decision was final.", LanguagePair("fr", "en"), False),
        ("42", AR_EN, False),
    ],
)
def test_a_segment_in_the_target_language_is_told(text: str, pair: LanguagePair, translated: bool) -> None:
    assert is_translated(text, pair) is translated


class _Speller(PlainWords):
    def cost_of(self, word: str) -> tuple[int, float]:
        return (1 if word == "أعلن" else 2), 0.0


@pytest.mark.parametrize(("pair", "read"), [(AR_EN, "أعلن"), (EN_AR, "اعلن")])
def test_the_model_reads_arabic_spelt_out_and_places_stay(pair: LanguagePair, read: str) -> None:
    package = LoadedPackage(
        ModelReference("words", "1", "r1"), (pair,), _NoDecoder(), cast("SegmentTokenizer", _Speller()), 64
    )
    text = "\u200fاعـلن ذلك"
    rules = LanguageRules(lambda line, _: [Span(0, len(line))], normalize)
    one = prepare(text, pair, package, rules, compile_glossary(Glossary(), pair))
    assert one.works[0].source == (read, "ذلك")
    assert one.text == text
    assert one.normalized.source_span(0, 4).of(text).strip("\u200f") == "اعـلن"
