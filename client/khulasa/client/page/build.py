"""HTML from a summary. Whatever comes from an article, a model or a server goes through `_escaped`; the page allows
only its own style and script, by their hashes, so that even a hole in the escaping could neither run nor fetch."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import groupby
from string import Template

from khulasa.client.flags import PART_LABELS, explanation, label
from khulasa.client.page.marks import Run, parts_of, runs, word_runs
from khulasa.client.results import AlignedSentence, PartKind, QualityFlag, Summary

__all__ = ["IndexEntry", "article_page", "direction", "index_page"]

_RTL_LANGUAGES = frozenset({"ar", "fa", "he", "ur", "ps"})


# HTML has no way to hold most control characters, and a browser drops a NUL without a word: they are shown as U+FFFD.
_CONTROLS = {code: "\ufffd" for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n\f\r"}


def _escaped(text: str) -> str:
    return html.escape(text.translate(_CONTROLS))


def _resource(name: str) -> str:
    return files("khulasa.client.page").joinpath(name).read_text(encoding="utf-8")


def _hash(code: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()


def direction(text: str) -> str:
    """`rtl` or `ltr`: of the most letters, since an Arabic headline may begin with a Latin name."""
    rtl = sum("\u0590" <= letter <= "\u08ff" or "\ufb1d" <= letter <= "\ufefc" for letter in text if letter.isalpha())
    return "rtl" if rtl * 2 > sum(letter.isalpha() for letter in text) else "ltr"


def _lang(text: str, language: str = "") -> str:
    """`lang` and `dir` attributes; a screen reader chooses its voice by the first.

    A language that is known decides; else the letters do.
    """
    code = language or ("ar" if direction(text) == "rtl" else "en")
    way = "rtl" if code in _RTL_LANGUAGES else "ltr"
    return f'lang="{_escaped(code)}" dir="{way}"'


def _words(run: Run, text: str) -> str:
    shown = _escaped(run.span.of(text))
    if not run.words:
        return shown
    return f'<span class="w" data-w="{" ".join(map(str, run.words))}">{shown}</span>'


def _article(summary: Summary, text: str) -> str:
    made: list[str] = []
    seen: set[int] = set()
    parts = parts_of(summary, text)
    for part, own in zip(parts, runs(summary, text, [part.span for part in parts]), strict=True):
        inner: list[str] = []
        for pair, group in groupby(own, key=lambda run: run.pair):
            pieces: list[str] = []
            for term, stretch in groupby(group, key=lambda run: run.term):
                shown = "".join(_words(run, text) for run in stretch)
                pieces.append(shown if term is None else f'<span class="term" data-term="{term}">{shown}</span>')
            content = "".join(pieces)
            if pair is None:
                inner.append(content)
                continue
            anchor = ""
            if pair not in seen:
                seen.add(pair)
                anchor = (
                    f'<a class="jump" id="s{pair + 1}" href="#p{pair + 1}" dir="ltr" '
                    f'aria-label="Summary sentence {pair + 1}: go to its translation">{pair + 1}</a>'
                )
            inner.append(f'{anchor}<mark class="s" data-pair="{pair}">{content}</mark>')
        if not part.span.of(text).strip():
            # White space between parts carries nothing to read, yet a copy of the page must keep it.
            made.append(f'<span class="gap">{"".join(inner)}</span>')
            continue
        kind = part.kind.name.lower() if part.kind in PART_LABELS else "body"
        named = PART_LABELS.get(part.kind, "body")
        tag = "h2" if part.kind is PartKind.TITLE else "h3" if part.kind is PartKind.HEADING else "div"
        note = "" if part.kind in (PartKind.BODY, PartKind.TITLE, PartKind.HEADING) else f' data-kind="{named}"'
        spoken = f'<span class="unseen">{named}: </span>' if note else ""
        made.append(f'<{tag} class="part {kind}"{note}>{spoken}{"".join(inner)}</{tag}>')
    return "\n".join(made)


def _flags(flags: Iterable[QualityFlag]) -> str:
    items = "".join(
        f"<li><strong>{_escaped(label(flag))}</strong>: {_escaped(explanation(flag))}.</li>" for flag in flags
    )
    return f'<ul class="flags" aria-label="Warnings">{items}</ul>' if items else ""


def _pair(index: int, pair: AlignedSentence, language: str) -> str:
    source_spans = [link.source_span for link in pair.word_alignments]
    target_spans = [link.target_span for link in pair.word_alignments]
    source = "".join(_words(run, pair.source_text) for run in word_runs(pair.source_text, source_spans))
    target = "".join(_words(run, pair.target_text) for run in word_runs(pair.target_text, target_spans))
    if not pair.target_text:
        target = "<em>no translation</em>"
    number = index + 1
    place, meaning = str(pair.source_span), "place in the article, in code points"
    if pair.evidence_spans:
        place, meaning = " ".join(map(str, pair.evidence_spans)), "what it was written from, in code points"
    leads = f"Pair {number}: go to its place in the article"
    jump = f'<a class="jump" href="#s{number}" aria-label="{leads}">{number}</a>'
    return f"""<li class="pair" id="p{number}" data-pair="{index}" tabindex="0" aria-label="Pair {number}">
<p class="source" {_lang(pair.source_text, language)}>{source}</p>
<p class="target" {_lang(pair.target_text)}>{target}</p>
{_flags(pair.flags)}
<p class="facts">{jump}
<span title="{meaning}">{place}</span>
<span title="cosine of both sides in a multilingual encoder, -1 to 1">similarity {pair.similarity:.2f}</span>
<span title="mean token log probability of the translation, at most 0">score {pair.score:.2f}</span></p>
</li>"""


def _terms(summary: Summary) -> str:
    if not summary.key_terms:
        return ""
    items = []
    for index, term in enumerate(summary.key_terms):
        shown = f"<bdi {_lang(term.source_text)}>{_escaped(term.source_text)}</bdi>"
        if term.target_text:
            shown += f" <bdi {_lang(term.target_text)}>{_escaped(term.target_text)}</bdi>"
        count = f' <span class="count">{len(term.source_spans)}×</span>' if len(term.source_spans) > 1 else ""
        items.append(f'<li tabindex="0" data-term="{index}">{shown}{count}</li>')
    return f'<h2 id="terms-heading">Key terms</h2>\n<ul class="terms">{"".join(items)}</ul>'


def _full(pairs: Sequence[AlignedSentence], language: str) -> str:
    if not pairs:
        return ""
    rows = "".join(
        f"<tr><td {_lang(pair.source_text, language)}>{_escaped(pair.source_text)}</td>"
        f"<td {_lang(pair.target_text)}>{_escaped(pair.target_text)}{_flags(pair.flags)}</td></tr>"
        for pair in pairs
    )
    return (
        f'<details open id="whole"><summary>The whole article, {_number(len(pairs), "sentence")}</summary>'
        f'<table><thead><tr><th scope="col">Source</th><th scope="col">Translation</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _counts(pairs: Sequence[AlignedSentence]) -> str:
    """How many pairs there are, and the way to each that has warnings: in a long summary they are looked for."""
    shown = _number(len(pairs), "pair")
    flagged = [
        f'<a href="#p{number}" aria-label="Pair {number} has warnings">{number}</a>'
        for number, pair in enumerate(pairs, 1)
        if pair.flags
    ]
    if flagged:
        shown += f", {len(flagged)} with warnings: {' '.join(flagged)}"
    return f'<p class="counts">{shown}</p>'


def _sections(summary: Summary, index: str) -> str:
    """Ways past what stands first: on a phone a hundred pairs are many screens."""
    ways = [
        (index, "All articles", bool(index)),
        ("#pairs-heading", "Summary", True),
        ("#terms-heading", "Key terms", bool(summary.key_terms)),
        ("#article-heading", "Article", True),
        ("#whole", "Full translation", bool(summary.full_translation)),
    ]
    links = " ".join(f'<a href="{_escaped(address)}">{name}</a>' for address, name, there in ways if there)
    return f'<nav aria-label="Sections">{links}</nav>'


def _head(title: str) -> str:
    style, script = _resource("page.css"), _resource("page.js")
    own = f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    policy = f"default-src 'none'; {own}; base-uri 'none'; form-action 'none'"
    return f"""<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{_escaped(title)}</title>
<style>{style}</style>
<script type="module">{script}</script>"""


def article_page(name: str, text: str, summary: Summary, *, language: str = "", note: str = "", index: str = "") -> str:
    """One article with its summary.

    Args:
        name: Shown when the article has no title.
        text: The article as it was sent: the summary's offsets count in it.
        summary: Its summary, best with key terms and word alignments.
        language: The article's language, where the request gave it; else the one that was detected.
        note: A warning for the top, such as that the model is a preview.
        index: Address of the index page, relative; empty for none.
    """
    language = language or summary.detected_language
    title = summary.title.target_text or summary.title.source_text or name
    heading = "".join(
        f"<span {_lang(one, language if source else '')}>{_escaped(one)}</span>"
        for one, source in ((summary.title.source_text, True), (summary.title.target_text, False))
        if one
    ) or _escaped(name)
    pairs = "\n".join(_pair(number, pair, language) for number, pair in enumerate(summary.sentences))
    counts = summary.statistics
    return Template(_resource("page.html")).substitute(
        head=_head(title),
        heading=heading,
        sections=_sections(summary, index),
        counts=_counts(summary.sentences),
        note=_flags(summary.title.flags) + (f'<p class="note" role="note">{_escaped(note)}</p>' if note else ""),
        article=_article(summary, text),
        article_attributes=_lang(text, language),
        pairs=pairs,
        terms=_terms(summary),
        full=_full(summary.full_translation, language),
        colophon=_escaped(
            f"{len(summary.sentences)} of {counts.sentences} sentences, "
            f"{counts.summary_words} of {counts.words} words. "
            f"Translated by {summary.model}. Figures in brackets are places in the article, in Unicode code points."
        ),
    )


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One article of an index page.

    Attributes:
        address: Of its page, relative; empty where there is none.
        name: Shown when it has no title.
        summary: Its summary, or why there is none.
    """

    address: str
    name: str
    summary: Summary | str


def index_page(entries: Sequence[IndexEntry], *, note: str = "") -> str:
    """A list of articles, each with the first pair of its summary, or why it has none: none is missing unseen."""
    items = []
    for entry in entries:
        if isinstance(entry.summary, str):
            items.append(
                f"<li><h2><bdi>{_escaped(entry.name)}</bdi></h2>"
                f'<p class="note" role="note">No summary: {_escaped(entry.summary)}</p></li>'
            )
            continue
        titles = [one for one in (entry.summary.title.source_text, entry.summary.title.target_text) if one]
        shown = "".join(f"<span {_lang(one)}>{_escaped(one)}</span>" for one in titles or [entry.name])
        first = "".join(
            f'<p class="target" {_lang(pair.target_text)}>{_escaped(pair.target_text)}</p>'
            for pair in entry.summary.sentences[:1]
        )
        flagged = sum(bool(pair.flags) for pair in entry.summary.sentences)
        facts = _number(len(entry.summary.sentences), "pair") + (f", {flagged} with warnings" if flagged else "")
        items.append(
            f'<li><h2><a href="{_escaped(entry.address)}">{shown}</a></h2>{first}'
            f'<p class="facts">{facts} · {_escaped(entry.name)}</p></li>'
        )
    without = sum(isinstance(entry.summary, str) for entry in entries)
    heading = _number(len(entries), "article") + (f", {without} without a summary" if without else "")
    return Template(_resource("index.html")).substitute(
        head=_head(heading),
        heading=heading,
        note=f'<p class="note" role="note">{_escaped(note)}</p>' if note else "",
        items="\n".join(items),
    )
