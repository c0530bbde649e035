"""Which sentences cannot stand alone, and what they lean on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

import regex
from khulasa.server.core.summary.lexicon import Lexicon, Word, lexicon, words_of
from khulasa.server.core.text.arabic_verbs import is_first_person
from khulasa.server.core.text.types import Document, PartKind

__all__ = ["Lean", "leanings"]


class Lean(Enum):
    """What a sentence needs beside it to be understood.

    NONE: nothing.
    ANCHOR: the nearest sentence before it that stands alone; it names the speaker (`He added that ...`, `The party
        said ...`).
    PREVIOUS: the sentence just before it (`However, ...`, `This means ...`, the inner sentences of a quotation).
    NEXT: the sentence just after it, where the quotation that it opens ends and its speaker is named.
    """

    NONE = "none"
    ANCHOR = "anchor"
    PREVIOUS = "previous"
    NEXT = "next"


_CLOSING = regex.compile(r"[»”]|(?<=[\p{L}\p{N}\p{P}])\"(?![\p{L}\p{N}])")
_QUOTE_MARKS = regex.compile(r"[«»“”„\"]")
_LETTER = regex.compile(r"[\p{L}\p{N}]")
# Who speaks, before a colon at the head of a paragraph.
_LABEL = regex.compile(r"(\p{L}[\p{L}\p{M}.'’ ]{0,28}+) ?: ?(?=[^\s/])")
# Words of an opening that are looked at: longer rules do not exist.
_OPENING_WORDS, _OPENING_CHARS = 6, 160
# `For its part` needs nothing where it is said whose: من جانبها اعتبرت الجبهة الشعبية.
_FOR_ITS_PART = frozenset("جانبه جانبها جهته جهتها بدوره بدورها".split())  # noqa: SIM905
# Of a sentence that may name a speaker so much is looked at: work grows with the length of the article alone.
_NAMING_CHARS = 600
# Of an English sentence so much is looked at for who `he` is.
_LED_IN_CHARS = 300
_PRONOUN_BEHIND = regex.compile(", (?:he|she|they) ")
# Points to somebody or something named before.
_WHO = frozenset("he she they this these his her their its".split())  # noqa: SIM905
# Of an interview.
_LEAST_QUESTIONS = 2
# A quotation that is still open after this many sentences lost its closing mark.
_MAX_QUOTED_SENTENCES = 6


def leanings(document: Document) -> list[Lean]:
    """What each sentence leans on; the first of a document leans on nothing before it.

    Args:
        document: Read article.

    Returns:
        One entry for each of `document.sentences`.
    """
    rules = lexicon(document.language)
    texts = [document.as_read(sentence.span) for sentence in document.sentences]
    paragraphs = [sentence.paragraph_index for sentence in document.sentences]
    turns = _turns(texts, paragraphs)
    answers = _answers(document, texts, rules)
    out: list[Lean] = []
    anchor = 0  # the latest sentence that stands alone
    quoted = 0  # sentences since a quotation was opened and not closed; 0 outside of one
    paragraph = -1
    speaker_at = -1  # where the speaker of the open quotation is named, if behind it
    for index, text in enumerate(texts):
        if paragraphs[index] != paragraph and quoted > 1 and not _QUOTE_MARKS.search(text):
            quoted = 0
        new_paragraph = paragraphs[index] != paragraph
        paragraph = paragraphs[index]
        inside = quoted > 0
        if not inside and _is_only_quoted(text) and _open_after(text, inside=False):
            speaker_at = _speaker_behind(texts, paragraphs, index)
        if index <= speaker_at:
            out.append(Lean.NEXT if index < speaker_at else Lean.NONE)
        elif index == 0:
            out.append(Lean.NONE)
        elif inside:
            # A quotation is given from its beginning and without a gap that nobody sees.
            out.append(Lean.PREVIOUS)
        elif (paragraph in turns and not new_paragraph) or index in answers or _lacks_speaker(text, rules):
            out.append(Lean.ANCHOR)
        else:
            words = words_of(text[:_OPENING_CHARS])[: _OPENING_WORDS + 1]
            out.append(_opening(text, words, rules))
            if out[-1] is Lean.NONE and (stem := _short_speaker(text, words, rules)):
                # The party: the one that the nearest sentence that stands alone names, if it does.
                out[-1] = Lean.ANCHOR if _names(texts[anchor][:_NAMING_CHARS], stem, rules) else Lean.NONE
        anchor = index if out[-1] is Lean.NONE else anchor
        still_open = _open_after(text, inside)
        quoted = quoted + 1 if still_open and quoted < _MAX_QUOTED_SENTENCES else 0
    return out


def _turns(texts: Sequence[str], paragraphs: Sequence[int]) -> frozenset[int]:
    """Paragraphs that begin with who speaks: two and more speakers, each twice and more, as in a transcript."""
    labels: dict[int, str] = {}
    for text, paragraph in zip(texts, paragraphs, strict=True):
        if paragraph not in labels:
            match = _LABEL.match(text)
            labels[paragraph] = match[1] if match else ""
    counts = Counter(labels.values())
    speakers = {label for label, count in counts.items() if label and count > 1}
    return frozenset(at for at, label in labels.items() if label in speakers) if len(speakers) > 1 else frozenset()


def _answers(document: Document, texts: Sequence[str], rules: Lexicon) -> frozenset[int]:
    """Sentences under questions, two and more, that somebody answers who says `I`: who that is stands before them."""
    asked = [
        part.span.end
        for part in document.parts
        if part.kind is PartKind.HEADING and document.as_read(part.span).rstrip().endswith(("?", "؟"))
    ]
    if len(asked) < _LEAST_QUESTIONS:
        return frozenset()
    sections: defaultdict[int, list[int]] = defaultdict(list)
    for index, sentence in enumerate(document.sentences):
        if sentence.span.start >= asked[0]:
            sections[sentence.section_index].append(index)
    first = [some for some in sections.values() if any(_says_i(texts[index], rules) for index in some)]
    # An explainer lets one reader say it at most.
    return frozenset(index for some in first for index in some) if len(first) >= _LEAST_QUESTIONS else frozenset()


def _says_i(text: str, rules: Lexicon) -> bool:
    """Whether somebody says `I` outside of quotation marks."""
    forms = (word.form for word in words_of(_quoted_parts(text)[0]))
    return any(form in rules.first_person or (rules.language == "ar" and is_first_person(form)) for form in forms)


def _quoted_parts(text: str) -> tuple[str, str]:
    """What of a sentence that begins outside of quotations stands outside of them, and what behind the last one."""
    outside: list[str] = []
    depth = False
    at = 0
    for match in _QUOTE_MARKS.finditer(text):
        if not depth:
            outside.append(text[at : match.start()])
        depth = match.group() in "«“„" or (match.group() == '"' and not depth)
        at = match.end()
    behind = "" if depth else text[at:]
    return "".join([*outside, behind]), behind


def _is_only_quoted(text: str) -> bool:
    """Whether a sentence is a quotation, or opens one that goes on, and nothing else."""
    return bool(_QUOTE_MARKS.search(text)) and not _LETTER.search(_quoted_parts(text)[0])


def _speaker_behind(texts: Sequence[str], paragraphs: Sequence[int], start: int) -> int:
    """The sentence that closes the quotation opened at `start` and goes on with who spoke; -1 if none does.

    `"We lost.` | `We tried," Smith said.`
    """
    for at in range(start + 1, min(start + _MAX_QUOTED_SENTENCES, len(texts))):
        if paragraphs[at] != paragraphs[start]:
            return -1
        closing = _CLOSING.search(texts[at])
        if closing is not None:
            return at if _LETTER.search(_quoted_parts(texts[at][closing.end() :])[0]) else -1
    return -1


def _lacks_speaker(text: str, rules: Lexicon) -> bool:
    """Whether a sentence is a quotation whose speaker is named before: `"It is late."`, `"It is late," he said.`"""
    if not _QUOTE_MARKS.search(text):
        return False
    outside, behind = _quoted_parts(text)
    if not _LETTER.search(outside):
        return True
    if outside.strip() != behind.strip():
        return False
    forms = [word.form for word in words_of(behind[:80])]
    if rules.language == "ar":
        straight_on = len(forms) == 1 or (len(forms) > 1 and forms[1] in rules.after_speech)
        return bool(forms) and forms[0] in rules.speech_verbs and straight_on
    return len(forms) > 1 and forms[0] in rules.pronouns and forms[1] in (*rules.speech_verbs, "wrote", "asked", "told")


def _short_speaker(text: str, words: Sequence[Word], rules: Lexicon) -> str:
    """The stem of the noun by which a sentence names who speaks in short (`ودعا الحزب، في بيان`, `The party said`)."""
    forms = [word.form for word in words]
    if rules.language != "ar":
        short = len(forms) > 2 and forms[0] == "the" and forms[2] in rules.speech_verbs
        return rules.stem(forms[1]) if short else ""
    at = 1 if forms and _without_conjunction(forms[0]) in ("كما", "قد", "لقد") else 0
    if len(forms) < at + 3 or _without_conjunction(forms[at]) not in rules.speech_verbs:
        return ""
    between = text[words[at + 1].span.end : words[at + 2].span.start]
    alone = forms[at + 2] in rules.after_speech or any(mark in between for mark in ':،«",')
    return rules.stem(forms[at + 1]) if alone and forms[at + 1].startswith("ال") else ""


def _names(text: str, stem: str, rules: Lexicon) -> bool:
    """Whether a sentence has more of the name than its noun: حزب المبادرة, الجبهة الشعبية, the Green Party."""
    words = words_of(text)
    for word, following in pairwise(words):
        if text[word.span.end : following.span.start].strip():
            continue
        if rules.language == "ar":
            goes_on = following.form.startswith("ال") or not word.form.startswith("ال")
            if goes_on and rules.stem(word.form) == stem and rules.is_content(following.form):
                return True
        elif stem in (rules.stem(word.form), rules.stem(following.form)):
            one, other = (text[some.span.start].isupper() for some in (word, following))
            if one and other and {word.form, following.form}.isdisjoint(("the", "a", "an")):
                return True
    return False


def _open_after(text: str, inside: bool) -> bool:
    """Whether a quotation is open at the end of a sentence, given whether one was at its beginning."""
    depth = inside
    for match in _QUOTE_MARKS.finditer(text):
        mark = match.group()
        if mark in "«“„":
            depth = True
        elif mark in "»”":
            depth = False
        else:
            depth = not depth
    return depth


def _opening(text: str, words: Sequence[Word], rules: Lexicon) -> Lean:
    if not words:
        return Lean.NONE
    return _opening_ar(text, words, rules) if rules.language == "ar" else _opening_en(text, words, rules)


def _longest(opening: tuple[str, ...], phrases: frozenset[tuple[str, ...]]) -> tuple[str, ...]:
    """The longest of some phrases with which an opening begins, () for none."""
    return next((opening[:size] for size in range(len(opening), 0, -1) if opening[:size] in phrases), ())


def _opening_ar(text: str, words: Sequence[Word], rules: Lexicon) -> Lean:
    forms = [word.form for word in words]
    bare = _without_conjunction(forms[0])
    for first in dict.fromkeys((forms[0], bare)):
        opening = (first, *forms[1:])
        if phrase := _longest(opening, rules.adjacent_always):
            own = phrase[-1] in _FOR_ITS_PART and _names_speaker(text, words[len(phrase) :], rules)
            return Lean.NONE if own else Lean.PREVIOUS
        if phrase := _longest(opening, rules.adjacent_bare):
            following = opening[len(phrase)] if len(opening) > len(phrase) else ""
            return Lean.NONE if following.startswith("ال") and not following.startswith("الذ") else Lean.PREVIOUS
    at = 1 if bare in ("كما", "قد", "لقد") and len(forms) > 1 else 0
    if _without_conjunction(forms[at]) in rules.speech_verbs and _goes_straight_on(text, words[at:], rules):
        return Lean.ANCHOR
    return Lean.NONE


def _names_speaker(text: str, words: Sequence[Word], rules: Lexicon) -> bool:
    """Whether words begin with a verb of saying and who says it."""
    return len(words) > 1 and words[0].form in rules.speech_verbs and not _goes_straight_on(text, words, rules)


def _goes_straight_on(text: str, words: Sequence[Word], rules: Lexicon) -> bool:
    """Whether what follows the speech verb `words[0]` is what was said rather than who said it."""
    if len(words) < 2:
        return True
    between = text[words[0].span.end : words[1].span.start]
    if any(mark in between for mark in ':،"«“,'):
        return True
    following = words[1].form
    # Verb and pronoun in one word: `أضاف أنه`, `وأضاف بأن`, `قال للصحفيين`.
    return following in rules.after_speech or following.startswith("لل")


def _without_conjunction(form: str) -> str:
    """A word without the و or ف that opens Arabic sentences."""
    if len(form) > 2 and form[0] in "وف":
        return form[1:]
    return form


def _opening_en(text: str, words: Sequence[Word], rules: Lexicon) -> Lean:
    forms = tuple(word.form for word in words)
    if _longest(forms, rules.adjacent_always):
        return Lean.PREVIOUS
    # `He added`, `she also said`: one of the next two words is a speech verb.
    if forms[0] in rules.pronouns and any(form in rules.speech_verbs for form in forms[1:3]):
        return Lean.ANCHOR
    if forms[:3] in (("according", "to", "him"), ("according", "to", "her"), ("according", "to", "them")):
        return Lean.ANCHOR
    if _longest(forms, rules.adjacent_bare):
        return Lean.PREVIOUS
    points = len(forms) > 3 and (forms[1] in _WHO or _PRONOUN_BEHIND.search(text, 0, _LED_IN_CHARS))
    return _pronoun_behind(text, rules) if points else Lean.NONE


def _pronoun_behind(text: str, rules: Lexicon) -> Lean:
    """What a sentence leans on whose `he` stands behind its opening, and who he is nowhere in it.

    `Prices would rise, he said.`, `Asked why, she said ...`, `When he left, ...`, `On her return, ...`.
    """
    words = words_of(text[:_LED_IN_CHARS])
    forms = [word.form for word in words]
    gaps = [text[word.span.end : following.span.start] for word, following in pairwise(words)]
    # Words that are names by their capital; the first has one for its place.
    names = [
        at for at, word in enumerate(words) if at and word.span.of(text)[0].isupper() and rules.is_content(word.form)
    ]
    led_in = forms[0] in rules.subordinators or forms[0] in rules.prepositions
    if led_in and forms[1] in _WHO:
        subjects = [at for at, gap in enumerate(gaps, 1) if "," in gap]
        # `In its first form, the bill ...` says whose it is as well as `the bill` does.
        own = forms[1] in ("its", "their") and any(forms[at] in ("the", "this") for at in subjects)
        named = any(at in names or at + 1 in names for at in subjects) if subjects else bool(names)
        return Lean.NONE if own or named else Lean.PREVIOUS
    led_in = led_in or forms[0].endswith(("ing", "ed"))
    behind = (at for at in range(2, len(forms) - 1) if forms[at] in ("he", "she", "they") and gaps[at - 1] == ", ")
    at = next(behind, 0)
    if not at:
        return Lean.NONE
    told = forms[at + 1] == "told"
    says = told or forms[at + 1] in rules.speech_verbs
    if led_in and (says or forms[at] != "they"):
        return Lean.NONE if names and names[0] < at else Lean.ANCHOR if says else Lean.PREVIOUS
    # What somebody says may name others, but not as its subject, and ends before `he said`.
    named = 1 in names or (rules.is_content(forms[0]) and rules.rarity(rules.stem(forms[0])) == 1.0)
    named = named or any(forms[before - 1] in rules.subordinators for before in names)
    ends = told or at + 2 == len(forms) or forms[at + 2] in rules.prepositions or not gaps[at + 1].isspace()
    return Lean.ANCHOR if says and ends and not led_in and not named else Lean.NONE
