"""Output for people: pairs one under the other, and the same as Markdown.

On a terminal each text stands between Unicode isolates (U+2067 or U+2066 and U+2069), so that an Arabic line with Latin
words and figures in it keeps its order. Written to a file or a pipe nothing is added: who copies from it must get the
article's own characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from khulasa.client.flags import explanation, label
from khulasa.client.results import AlignedSentence, ModelInfo, QualityFlag, SegmentTranslation, Summary

__all__ = [
    "PREVIEW_NOTE",
    "Style",
    "escaped",
    "is_rtl",
    "markdown",
    "model_lines",
    "segment_lines",
    "summary_lines",
    "visible",
]

PREVIEW_NOTE = "is a preview: read the source before quoting a translation"


def is_rtl(text: str) -> bool:
    """Whether the first letter with a direction goes right to left, as in rule P2 of the bidirectional algorithm."""
    for letter in text:
        direction = unicodedata.bidirectional(letter)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False


def visible(text: str) -> str:
    """One line without control characters: an article must not move the cursor or colour the screen."""
    return "".join(" " if letter in "\r\n\t\v\f\x85\u2028\u2029" else letter for letter in text if _is_shown(letter))


def _is_shown(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs") or letter in "\r\n\t\v\f\x85"


@dataclass(frozen=True, slots=True)
class Style:
    """How lines are dressed.

    Attributes:
        colour: With ANSI escapes.
        isolates: With bidi isolates around texts.
    """

    colour: bool = False
    isolates: bool = False

    def text(self, text: str) -> str:
        """A text of article or translation, on one line."""
        shown = visible(text)
        if not self.isolates:
            return shown
        opening = "\u2067" if is_rtl(shown) else "\u2066"
        return f"{opening}{shown}\u2069"

    def _ansi(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour else text

    def bold(self, text: str) -> str:
        """A heading."""
        return self._ansi(text, "1")

    def dim(self, text: str) -> str:
        """What is secondary."""
        return self._ansi(text, "2")

    def warn(self, text: str) -> str:
        """What must be seen."""
        return self._ansi(text, "33")


def _flag_lines(flags: Iterable[QualityFlag], style: Style) -> Iterator[str]:
    for flag in flags:
        yield "    " + style.warn(f"! {label(flag)}: {explanation(flag)}")


def _place(pair: AlignedSentence | SegmentTranslation) -> str:
    """Where it stands in the article, or what it was written from."""
    evidence = pair.evidence_spans if isinstance(pair, AlignedSentence) else ()
    return f"written from {' '.join(map(str, evidence))}" if evidence else str(pair.source_span)


def _pair_lines(
    number: int, pair: AlignedSentence | SegmentTranslation, style: Style, extra: str = ""
) -> Iterator[str]:
    facts = f"{_place(pair)}  similarity {pair.similarity:.2f}  score {pair.score:.2f}{extra}"
    yield f"{style.bold(f'{number:2}.')} {style.dim(facts)}"
    yield "    " + style.text(pair.source_text)
    yield "    " + (style.text(pair.target_text) if pair.target_text else style.dim("(no translation)"))
    yield from _flag_lines(pair.flags, style)


def summary_lines(summary: Summary, style: Style, previews: frozenset[str] = frozenset()) -> Iterator[str]:
    """A summary, line by line.

    Args:
        summary: The summary.
        style: How lines are dressed.
        previews: Names of models whose output is not fit to be quoted unread.
    """
    if summary.title:
        for text in (summary.title.source_text, summary.title.target_text):
            if text:
                yield style.bold(style.text(text))
        yield from _flag_lines(summary.title.flags, style)
        yield ""
    for number, pair in enumerate(summary.sentences, 1):
        yield from _pair_lines(number, pair, style, f"  salience {pair.salience:.2f}")
        yield ""
    if summary.key_terms:
        yield style.bold("Key terms")
        for term in summary.key_terms:
            counterpart = f" = {style.text(term.target_text)}" if term.target_text else ""
            places = " ".join(map(str, term.source_spans[:5])) + (" ..." if len(term.source_spans) > 5 else "")
            yield f"    {style.text(term.source_text)}{counterpart}  {style.dim(places)}"
        yield ""
    if summary.full_translation:
        yield style.bold("The whole article")
        for number, pair in enumerate(summary.full_translation, 1):
            yield from _pair_lines(number, pair, style)
        yield ""
    counts = summary.statistics
    yield style.dim(
        f"{len(summary.sentences)} of {counts.sentences} sentences, {counts.summary_words} of {counts.words} words; "
        f"{summary.model}; {summary.timings.total_ms:.0f} ms"
    )
    if summary.model.name in previews:
        yield style.warn(f"! model {summary.model.name} {PREVIEW_NOTE}; `khulasa models` says how to get a better one")


def segment_lines(segments: Sequence[SegmentTranslation], style: Style) -> Iterator[str]:
    """A translation segment by segment."""
    for number, segment in enumerate(segments, 1):
        yield from _pair_lines(number, segment, style)
        yield ""


def model_lines(models: Sequence[ModelInfo], style: Style) -> Iterator[str]:
    """The server's models."""
    for model in models:
        kind = model.kind.name.lower()
        preview = style.warn("  PREVIEW") if model.preview else ""
        yield f"{style.bold(visible(model.name))} {visible(model.version)}  {kind}{preview}"
        if model.description:
            yield f"    {visible(model.description)}"
        served = ", ".join(map(str, model.language_pairs)) or ", ".join(model.language_codes)
        if served:
            yield f"    languages  {served}"
        if model.licence:
            yield f"    licence    {visible(model.licence)}"
        yield f"    revision   {visible(model.revision) or '-'}"
        if model.vocabulary_map_revision:
            yield f"    map        {model.vocabulary_map_revision}"
        limits = model.limits
        named = (("tokens a segment", limits.max_input_tokens), ("characters an article", limits.max_article_chars))
        if any(value for _, value in named):
            yield "    limits     " + ", ".join(f"{value:,} {name}" for name, value in named if value)
        for one in model.quality:
            yield visible(f"    quality    {one.metric} {one.value:.1f} on {one.dataset} ({one.language_pair})")
        if model.preview:
            yield style.warn(f"    ! {PREVIEW_NOTE}")
        yield ""


# With the dollars that GitHub and others read formulas between: two amounts in one line would be one.
_MARKUP = str.maketrans({letter: f"\\{letter}" for letter in "\\`*_[]<>#|~!$"} | {"&": "&amp;"})
_LIST_MARK = re.compile(r"\A(\s*[0-9]{0,9})([-+.)])")


def escaped(text: str) -> str:
    """A text that Markdown shows as it is: no emphasis, no link, no HTML, no formula, no list."""
    return _LIST_MARK.sub(r"\1\\\2", visible(text).translate(_MARKUP))


def markdown(summary: Summary, previews: frozenset[str] = frozenset()) -> str:
    """A summary as Markdown; every text is escaped."""
    lines: list[str] = []
    if summary.title:
        titles = [escaped(text) for text in (summary.title.source_text, summary.title.target_text) if text]
        lines += [f"## {' — '.join(titles)}", ""]
        if summary.title.flags:
            lines += ["; ".join(f"**{label(one)}**: {explanation(one)}" for one in summary.title.flags), ""]
    for number, pair in enumerate(summary.sentences, 1):
        lines += [f"{number}. {escaped(pair.source_text)}", "", f"   {escaped(pair.target_text)}", ""]
        notes = [f"`{_place(pair)}`", *(f"**{label(one)}**: {explanation(one)}" for one in pair.flags)]
        lines += [f"   {'; '.join(notes)}", ""]
    if summary.key_terms:
        lines += ["| Key term | Counterpart |", "| --- | --- |"]
        lines += [f"| {escaped(term.source_text)} | {escaped(term.target_text)} |" for term in summary.key_terms]
        lines += [""]
    if summary.full_translation:
        lines += ["### The whole article", ""]
        for pair in summary.full_translation:
            lines += [f"> {escaped(pair.source_text)}", ">", f"> {escaped(pair.target_text)}", ""]
    lines += [f"*{escaped(str(summary.model))}*"]
    if summary.model.name in previews:
        lines += ["", f"**Model {escaped(summary.model.name)} {PREVIEW_NOTE}.**"]
    return "\n".join(lines) + "\n"
