"""An article and its summary that try everything on the page, among it to inject script."""

from __future__ import annotations

from khulasa.client.results import (
    AlignedSentence,
    AlignedText,
    DocumentPart,
    KeyTerm,
    ModelInfo,
    PartKind,
    QualityFlag,
    Span,
    Summary,
    WordAlignment,
)

__all__ = ["EVIL", "SUMMARY", "TEXT", "span_of"]

EVIL = '"><script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">'
_FIRST = f"قال المتحدث باسم الناتو إن 32 قائدا اجتمعوا {EVIL} أمس."
_SECOND = "وأضاف أن المحادثات مستمرة في بروكسل."
_MIDDLE = "ولم يذكر تفاصيل."
_SOURCE = (
    (PartKind.TITLE, f"عنوان الخبر {EVIL}\n"),
    (PartKind.BYLINE, "رويترز — أمس\n"),
    (PartKind.BODY, f"{_FIRST} {_MIDDLE} {_SECOND}\n"),
    (PartKind.CAPTION, "صورة: القاعة\n"),
    (PartKind.BOILERPLATE, "شارك على فيسبوك"),
)
TEXT = "".join(text for _, text in _SOURCE)


def span_of(text: str, within: str = TEXT) -> Span:
    start = within.index(text)
    return Span(start, start + len(text))


def _parts() -> tuple[DocumentPart, ...]:
    place, made = 0, []
    for kind, text in _SOURCE:
        made.append(DocumentPart(kind, Span(place, place + len(text))))
        place += len(text)
    return tuple(made)


_TARGET = f"A NATO spokesman said 32 commanders met {EVIL} yesterday."
_LINKS = (("المتحدث", "spokesman"), ("الناتو", "NATO"), ("32", "32"))

SUMMARY = Summary(
    article_id=EVIL,
    title=AlignedText(f"عنوان الخبر {EVIL}", f"Headline {EVIL}"),
    sentences=(
        AlignedSentence(
            _FIRST,
            _TARGET,
            span_of(_FIRST),
            similarity=0.91,
            score=-0.4,
            flags=(QualityFlag.NUMBER_MISMATCH,),
            word_alignments=tuple(WordAlignment(span_of(a, _FIRST), span_of(b, _TARGET)) for a, b in _LINKS),
        ),
        AlignedSentence(_SECOND, "He added that talks continue in Brussels.", span_of(_SECOND), similarity=0.88),
    ),
    key_terms=(
        KeyTerm("الناتو", "NATO", 1.0, (span_of("الناتو"),)),
        KeyTerm("باسم الناتو", EVIL, 0.9, (span_of("باسم الناتو"),)),
    ),
    full_translation=(AlignedSentence(_MIDDLE, "He gave no details.", span_of(_MIDDLE)),),
    parts=_parts(),
    detected_language="ar",
    model=ModelInfo(name=f"model {EVIL}", version="1"),
)
