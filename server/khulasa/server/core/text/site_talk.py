"""Whole sentences that are the site's and not the article's: disclaimers, rights, cookies, subscriptions, corrections.

They end in stops as the article's do, so their form tells nothing. They talk of the page itself, to its reader, in
formulas that sites share: each formula counts two, words of publishing count one, an address to the reader and a site
that speaks of itself one each. A line that reports what somebody said loses half and more, one that quotes loses one:
an article about a newspaper has the same words.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import regex
from khulasa.server.core.text.arabic_verbs import is_arabic_verb
from khulasa.server.core.text.rules import PartRules, TalkRules, plain, talk_rules

__all__ = [
    "ABOUT_SITE",
    "SURELY_ABOUT_SITE",
    "about_author",
    "addresses",
    "addresses_both",
    "closes_block",
    "opens_block",
    "talk_of",
]

# From here on a line of the foot, and any line, is the site's.
ABOUT_SITE, SURELY_ABOUT_SITE = 3, 4
_LONGEST_PHRASE = 5
# Of formulas and words so many count.
_MOST = 3
_LONG = 30
# Words of fewer letters have no preposition written onto them.
_SHORT = 4
# The colon of a label stands among so many code points.
_LABEL = 40
_QUOTES = regex.compile(r"\"[^\"]{12,}+|«[^«»]{12,}+")
# An address to write to: news holds some, but not behind `reach` or `follow`.
_CONTACT = regex.compile(r"(?<![\w.-])[\w.-]{2,}+@\w|(?<!\w)@\w{3}|(?<![\w.])\+?\d{2,4}[ -]\d{3,}")
_WRITE_TO = regex.compile(r"[.?!] (?:E-?mail|Call|Send|Write to|Contact|Text|ارسل|راسلنا|اتصل|اكتب)\b")
_BIO = regex.compile(r"((?:\p{Lu}[\p{L}.'-]*+ ){2,4})is (?:an?|the|our)\b")
_REPORTED_FROM = regex.compile(
    r"((?:\p{Lu}[\p{L}.'-]*+ ){2,4})(?:reported|writes|covers|has (?:written|covered|reported))\b"
)
_SURNAME = regex.compile(r"(\p{Lu}[\p{L}'-]++) (?:covers|reports|reported from|writes|joined|is an? \p{L}+ reporter)\b")
# `Ms. Marden, a former forecaster, is an Opinion columnist.`, `Clare Westerby's last book was published in 2022.`
_TITLED = regex.compile(r"(?:Mr|Ms|Mrs|Dr|Prof)\.? (\p{Lu}[\p{L}'-]++),? [^.]{0,80}?\bis (?:an?|the|our) ")
_WORKS = frozenset(["book", "books", "novel", "novels", "memoir", "film", "podcast", "column", "poems", "collection"])
_STOPPED = regex.compile(r"[.!][\"'»)\]]*+$")
_BIO_WORDS, _LONGEST_NOTE, _NAMED_JOB = 14, 25, 8
_TO_THE_SITE = frozenset(["لنا", "الينا", "معنا", "us"])


def talk_of(words: list[str], seen: str) -> int:
    """How much a line talks of the page it stands on, 0 or more; see `ABOUT_SITE`.

    Args:
        words: Of `plain`, of the line's beginning.
        seen: The line's beginning, through `view`.
    """
    rules = talk_rules()
    strong, topics = _phrases(words, rules)
    weak = len(rules.weak.intersection(words))
    note = _is_note(words, seen, rules)
    writes = bool(words) and (words[0] in rules.imperatives or _WRITE_TO.search(seen) is not None)
    if not (strong or topics or weak or note or writes):
        return 0  # most lines; an address alone is none of the site's
    reader, own = _address(words, rules)
    if note:
        strong, own = strong + 1, True
    if weak and _names_itself(words, rules):
        weak -= 1
    if writes and (reader or words[0] in rules.imperatives) and _CONTACT.search(seen):
        topics, reader = topics + 1, True
    score = 2 * min(strong, _MOST) + (2 if reader or own else 1) * min(topics, _MOST)
    score += min(weak, 2 if strong or topics else 1) + reader + own
    if not (reader or own):
        # News can be about the same things: only a formula is the site's, and only in the foot, if it is the only one.
        score = min(score, SURELY_ABOUT_SITE if strong > 1 else ABOUT_SITE if strong else ABOUT_SITE - 1)
    elif not strong and topics < 2 and not (reader and own):
        score = min(score, ABOUT_SITE)
    if not (strong or topics or (weak and (reader or own))):
        return 0
    quotes = _QUOTES.search(seen) is not None
    score -= quotes
    reported = any(word in rules.reported or word.removeprefix("و") in rules.reported for word in words)
    if reported and not note and (quotes or not (reader and own)):
        score = score // 2 - 1
    # Sites are short: in a long paragraph the same words come together by chance.
    return max(0, score - len(words) // _LONG)


def addresses(words: list[str]) -> bool:
    """Whether a line speaks to a reader or of its site, whatever it says."""
    rules = talk_rules()
    return any(_address(words, rules)) and rules.reported.isdisjoint(words)


def addresses_both(seen: str) -> bool:
    """Whether a line, seen through `view`, has the site speak of itself to its reader; nobody is reported or quoted."""
    words = plain(seen).split()
    rules = talk_rules()
    quoted = '"' in seen or "«" in seen
    return all(_address(words, rules)) and rules.reported.isdisjoint(words) and not quoted


def _address(words: list[str], rules: TalkRules) -> tuple[bool, bool]:
    """Whether a line speaks to the reader, and whether a site speaks of itself."""
    told = bool(words) and words[0] in rules.imperatives and not rules.objects.isdisjoint(words[1:3])
    # `if you saw it, send us ...`: behind an imperative the object names the site.
    sent = any(
        following in _TO_THE_SITE and word.lstrip("وف") in rules.imperatives for word, following in pairwise(words)
    )
    bare = [word[1:] for word in words if word[0] in "بلوفك" and len(word) > _SHORT]
    reader = told or sent or _among(words, bare, rules.reader)
    own = sent or _among(words, bare, rules.own)
    return reader, own or _names_itself(words, rules)


def _among(words: list[str], bare: list[str], known: frozenset[str]) -> bool:
    """Whether a word is known, or is with a preposition or conjunction written onto it: `in your opinion`."""
    return not (known.isdisjoint(words) and known.isdisjoint(bare))


def _is_note(words: list[str], seen: str, rules: TalkRules) -> bool:
    """Whether a line begins with the label of a note: `Correction:`, `Correction, May 3:`."""
    label = next((n for n in (3, 2, 1) if " ".join(words[:n]) in rules.labels), 0)
    return label > 0 and ":" in seen[:_LABEL]


def _names_itself(words: list[str], rules: TalkRules) -> bool:
    return any(" ".join(pair) in rules.itself for pair in pairwise(words))


def _phrases(words: list[str], rules: TalkRules) -> tuple[int, int]:
    """Number of formulas and of topics in a line; one may begin with `و`."""
    strong = topics = at = 0
    longest_of = _longest_of()
    while at < len(words):
        length = 0
        word = words[at]
        longest = longest_of.get(word, 0)
        if word[0] == "و":
            longest = max(longest, longest_of.get(word[1:], 0))
        if longest:
            length, is_topic = _phrase_at(words, at, longest, rules)
            strong += length > 0 and not is_topic
            topics += length > 0 and is_topic
        at += max(1, length)
    return strong, topics


@cache
def _longest_of() -> dict[str, int]:
    """By their first words, how many words the longest of the formulas and topics have."""
    rules = talk_rules()
    found: dict[str, int] = {}
    for phrase in rules.strong | rules.topics:
        first, *rest = phrase.split()
        found[first] = max(found.get(first, 0), 1 + len(rest))
    return found


def _phrase_at(words: list[str], at: int, longest: int, rules: TalkRules) -> tuple[int, bool]:
    """Words of the longest phrase that begins at a place, 0 for none, and whether it is a topic."""
    for length in range(min(_LONGEST_PHRASE, longest, len(words) - at), 0, -1):
        phrase = " ".join(words[at : at + length])
        for spelt in (phrase, phrase.removeprefix("و")):
            if spelt in rules.strong or spelt in rules.topics:
                return length, spelt in rules.topics
    return 0, False


def opens_block(words: list[str], stopped: bool) -> bool:
    """Whether a line opens a box inside the article: `skip past newsletter promotion`, `list of 3 items`."""
    rules = talk_rules()
    if stopped or not 2 <= len(words) <= 12:
        return False
    text = " ".join(words)
    opens = any(text.startswith(opener + " ") for opener in rules.block_openers)
    return opens and any(text.endswith(inside) for inside in rules.block_insides)


def closes_block(words: list[str], stopped: bool) -> bool:
    """Whether a line closes such a box."""
    if stopped or len(words) > 8:
        return False
    rules = talk_rules()
    text = " ".join(words)
    return any(text == closer or text.endswith(" " + closer) for closer in rules.block_closers)


def about_author(seen: str, words: list[str], rules: PartRules, authors: Sequence[str] = ()) -> bool:
    """Whether a line of the foot tells who the author is: `Lena Marsh is a reporter who ...`, `* writer from ...`.

    Args:
        seen: The line's beginning, through `view`.
        words: Of it, of `plain`.
        rules: Of parts.
        authors: Names in the bylines; where there are some, a sentence about somebody else is the article's.
    """
    surname = _SURNAME.match(seen)
    if surname and any(name.lower().endswith(" " + surname[1].lower()) for name in authors):
        return True
    titled = _TITLED.match(seen)
    if titled and any(name.endswith(f" {titled[1]}") for name in authors):
        return True
    reported = _REPORTED_FROM.match(seen)
    # A byline names whom the note is about, so that it may be longer.
    known = reported is not None and reported[1].strip() in authors
    bio = _BIO.match(seen) or (reported if len(words) <= _BIO_WORDS or known else None)
    if bio:
        name = bio[1].strip()
        if authors and name not in authors:
            return False
        return bool(authors) or not rules.byline_jobs.isdisjoint(words[: name.count(" ") + _BIO_WORDS])
    # A known author and what he or she is, with or without a verb: `نادر الخولي باحث في العمران، صدر له ...`.
    for name in authors:
        if seen.startswith(f"{name}'s ") and not _WORKS.isdisjoint(plain(seen[len(name) + 2 :]).split()[:3]):
            return True
    name = next((name for name in authors if seen.startswith((f"{name} ", f"{name}:", f"{name} :"))), "")
    if name and len(words) <= _LONG:
        beside = words[len(plain(name).split()) :][:2]
        return not (rules.byline_jobs | rules.author_jobs).isdisjoint(beside)
    # `Nawal Zeidan, critic from Lebanon`, a name and its job, without a verb.
    if 3 <= len(words) <= _NAMED_JOB and not _STOPPED.search(seen[-12:]) and words[0] in rules.names:
        titles = rules.byline_jobs | rules.author_jobs
        return not titles.isdisjoint(words[2:4]) and talk_rules().reported.isdisjoint(words)
    jobs = rules.byline_jobs | rules.author_jobs if seen[0] == "*" else rules.byline_jobs
    if not words or words[0] not in jobs or ":" in seen or not talk_rules().reported.isdisjoint(words):
        return False
    # With a star before it the line may be longer, as that tells a note. Else `writer and reporter from ...`: news tell
    # of writers too, with a verb.
    if seen[0] in "*-":
        return len(words) <= _LONGEST_NOTE
    several = sum(word.removeprefix("و") in rules.byline_jobs for word in words[:3]) > 1
    nominal = not _STOPPED.search(seen[-12:]) and not any(is_arabic_verb(word) for word in words[1:])
    return len(words) <= _BIO_WORDS and (several or nominal)
