"""Quality flags in words, for people."""

from __future__ import annotations

from khulasa.client.results import PartKind, QualityFlag

__all__ = ["LABELS", "PART_LABELS", "explanation", "label"]

LABELS: dict[QualityFlag, tuple[str, str]] = {
    QualityFlag.UNTRANSLATED: ("untranslated", "the translation echoes the source language"),
    QualityFlag.EMPTY: ("empty", "there is a source but no translation"),
    QualityFlag.TRUNCATED: (
        "may be cut",
        "part of the source may be missing: decoding reached its limit, or the final stop or quotation marks are lost",
    ),
    QualityFlag.REPETITION: ("repeats itself", "words come again that the source does not repeat"),
    QualityFlag.NUMBER_MISMATCH: (
        "numbers differ",
        "a number, percentage or date stands on one side only, differs, counts in another unit, has lost its currency "
        "or has changed places",
    ),
    QualityFlag.LENGTH_RATIO: ("unlikely length", "the translation is much shorter or longer than the source suggests"),
    QualityFlag.LOW_SIMILARITY: ("meaning may differ", "the two sides are further apart in meaning than usual"),
    QualityFlag.GLOSSARY_MISSED: ("glossary missed", "a glossary term, link, @name or sign of the source is missing"),
    QualityFlag.UNSUPPORTED: ("unsupported", "a number or a name of the sentence was not found in the article"),
    QualityFlag.NEGATION_MISMATCH: (
        "negation differs",
        "one side says no where the other does not, says the opposite, or takes back what it says",
    ),
    QualityFlag.NAME_MISMATCH: ("names differ", "a name of one side was not found in the other, or two changed places"),
}

PART_LABELS: dict[PartKind, str] = {
    PartKind.TITLE: "title",
    PartKind.HEADING: "heading",
    PartKind.BODY: "body",
    PartKind.CAPTION: "caption",
    PartKind.BYLINE: "byline",
    PartKind.BOILERPLATE: "page furniture",
}


def label(flag: QualityFlag) -> str:
    """A flag in two or three words."""
    return LABELS[flag][0] if flag in LABELS else flag.name.replace("_", " ").lower()


def explanation(flag: QualityFlag) -> str:
    """A flag in one sentence."""
    return LABELS[flag][1] if flag in LABELS else "a check that this version of the client does not know"
