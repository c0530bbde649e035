"""Where the sentences of a paragraph end.

One pass over the places where a stop stands; each is judged by a bounded piece of text around it, so the whole is
linear. The text is read through `view`: invisible marks, vowel signs, odd spaces and digits change nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex
from khulasa.server.core.text.arabic_verbs import is_arabic_verb, starts_with_verb
from khulasa.server.core.text.clauses import asks_in_frame, awaits_answer, opens_sentence
from khulasa.server.core.text.mapping import MappedText
from khulasa.server.core.text.normalize import view
from khulasa.server.core.text.rules import part_rules, sentence_rules
from khulasa.server.core.text.types import Span

__all__ = ["placed_sentences", "sentence_ends", "sentence_spans"]

_CLOSING = r"(?:[»'’”)\]}›]|\"(?![\p{L}\p{N}])| [»)\]](?![\p{L}\p{N}]))"
# Marks of notes behind a stop: [12], [a].
_NOTE = r"\[(?:\d{1,3}|[a-z])\]"
# A full stop behind a quotation that asks, with a space before it: `"Why?" .`
_SPACED = r"(?:(?<=[»\"”’)]) \.(?![\p{Latin}\p{N}.!?؟]))?+"
_STOPS = regex.compile(rf"(?:[.!?؟]++(?: [.!?؟]++(?![\p{{L}}\p{{N}}]))*+{_CLOSING}*+(?:{_NOTE})*+)++{_SPACED}")
_WORD = regex.compile(r"[\p{L}\p{N}]++")
_TOKEN_BEFORE = regex.compile(r"[^\s\"«»()\[\]]*+$")
_ARABIC = regex.compile(r"\p{Arabic}")
_LATIN_LOWER = regex.compile(r"(?:[\"'«(\[] ?)?\p{Ll}")
_LIST_NUMBER = regex.compile(r"[-–•*( ]*+(?:\d{1,2}|\p{L})")
_PLAIN_WORD = regex.compile(r"(?:^|[ «\"])[\p{Arabic}]{2,}$")
_QUOTES, _ASKING = frozenset("\"'»”’›"), frozenset("!?؟")
_AMOUNT = regex.compile(r"(?<![\d.,ر])[.,ر]*+\d[\d.,ر]*+ ?(?:\p{L}[. ]{1,2})?\p{L}{1,2}$")
# Who spoke, as a name and a verb: `Mr. John Smith, the mayor, said`.
_NAME = r"\p{Lu}[\p{L}'’.-]*+"
_SPEAKER = regex.compile(
    rf"(?P<name>{_NAME}(?: (?:{_NAME}|al|bin|bint|ibn|abu|de|la|du|der|von|van|of|the)){{0,5}}+(?:(?<='s) \p{{Ll}}++)?)"
    r"(?:, [^,.!?\"]{2,60}+,)? (?P<verb>\p{Ll}++)(?P<rest>[^.!?;\"]{0,80}+)(?P<stop>[.!?;\"]?)"
)
_OBJECT = regex.compile(r"(?<=\p{L}{3})(?:هما|هم|ها|ه|ني|نا|ك)$")
_QUOTED_FROM_HEAD = regex.compile(r"[ (\[-]*+[\"«“‘'][^\"«“]*+|[^\"«“]*+")
# A further title or name, behind a short one in quotation marks: `... «Who?» و«Where?»`.
_COORDINATED = regex.compile(r"و ?[«\"“]")
_ANOTHER = regex.compile(r"[»\"”] و$")
_LONGEST_TITLE = 40
_LEAST_VERB = 3
# A participle or a noun that tells how something was said is longer.
_SHORTEST_SAID = 4
# Who asked or wrote, behind a dash at the end: `Am I overwatering? - Dot in Peoria`.
_SIGNED = regex.compile(r"- ?\p{Lu}\p{Ll}[\p{L}'.]*+(?: (?:in|from|of) \p{Lu}[\p{L}.' ]{1,30}| \p{Lu}[\p{L}.']++){1,3}")
_SIGNED_END = 60
_CLOSES = regex.compile(r"(?<=\S)\"")
_ELISION = regex.compile(r"[(\[] ?\.{2,}+ ?[)\]]$")
# Text around a stop that is looked at, in code points: brackets, quotes and dashes opened farther away are not.
_BEFORE, _AFTER = 400, 160
_OPENERS = "«\"'([-*•+“‘ "


def sentence_spans(line: str, language: str) -> Sequence[Span]:  # noqa: ARG001 - one splitter knows both languages
    """Sentences of one line, in order, without surrounding white space; they hold all that is no white space.

    Args:
        line: Any text; a line break in it ends nothing.
        language: Rules are chosen by the script around a stop, as articles quote each other's language.
    """
    seen = view(line)
    return placed_sentences(line, Span(0, len(line)), seen, sentence_ends(seen.text))


def sentence_ends(seen: str) -> list[int]:
    """Offsets after the last character of each sentence in a paragraph seen through `view`, the last one's left out."""
    ends: list[int] = []
    if "." not in seen and "!" not in seen and "?" not in seen and "؟" not in seen:
        return ends
    start = looked = 0
    words_end = len(seen) - next((n for n, char in enumerate(reversed(seen)) if char.isalnum()), len(seen))
    worded = False
    for match in _STOPS.finditer(seen):
        begin, end = match.span()
        if end >= words_end:
            break  # signs behind the last stop, such as an emoji, belong to its sentence
        if not worded and _WORD.search(seen, looked, begin) is None:
            # Marks before the first word, such as a stop that slipped onto this line, are no sentence of their own.
            looked = end
            continue
        worded = True
        following = seen[end]
        if following.isalnum() and end - begin == 1 and _is_inside_word(seen, begin, following):
            continue
        if _is_end(seen, start, begin, end):
            ends.append(end)
            start = looked = end
            worded = False
    return ends


def _is_inside_word(seen: str, begin: int, following: str) -> bool:
    """Whether a single stop right before a letter or digit plainly ends nothing: numbers, addresses, initials."""
    return following.isdigit() or following.islower() or not (begin and seen[begin + 2 : begin + 3].isalnum())


def placed_sentences(text: str, whole: Span, seen: MappedText, ends: Sequence[int], *, offset: int = 0) -> list[Span]:
    """Sentences as places in the text, in order, without surrounding white space.

    Args:
        text: The text.
        whole: The piece of it that is divided.
        seen: A view of `text`.
        ends: Where the sentences of the piece end in the view, the last one's left out, counted from `offset`.
        offset: Where the piece begins in the view.
    """
    spans: list[Span] = []
    start = whole.start
    for seen_end in ends:
        at = offset + seen_end
        # What the view leaves out after a stop, which is never white space, belongs to the sentence that it closes.
        end = max(seen.source_end(at), min(seen.source_start(at), whole.end))
        _add(text, start, end, spans)
        start = end
    _add(text, start, whole.end, spans)
    return spans


def _add(text: str, start: int, end: int, spans: list[Span]) -> None:
    """Adds `[start, end)` without the white space around it, unless nothing else is in it."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append(Span(start, end))


def _is_end(seen: str, start: int, begin: int, end: int) -> bool:
    """Whether the stops at `[begin, end)` end the sentence that began at `start`."""
    stops = seen[begin:end]
    before = seen[max(start, begin - _BEFORE) : begin]
    after = seen[end : end + _AFTER].lstrip(" ")
    if not after:
        return True
    if after[0] in "،,؛;:" or (after[0] == "-" and end + _SIGNED_END > len(seen) and _SIGNED.fullmatch(after)):
        return False
    if stops[-1] in ")]" and _ELISION.search(before[-2:] + stops):
        return _pause_ends(before[:-1], after, connected=False)
    if ("(" in before or "[" in before) and _in_brackets(seen, before, stops, end):
        return False
    if stops == "." and seen[end] == " " and _PLAIN_WORD.search(before[-12:]) and _ARABIC.match(after):
        return True  # nothing that could be an abbreviation; most ends are of this kind
    glued = not seen[end].isspace()
    if not _QUOTES.isdisjoint(stops) and (_attributes(after) or _is_spoken_by(before, after)):
        return False
    body = stops.rstrip("\"'»”’)]}› ")
    if body != "." and _names_another(before, stops, after):
        return False
    if not _ASKING.isdisjoint(body):
        if _LATIN_LOWER.match(after) or (glued and after[0].isdigit()) or (after[0] == "-" and _dash_is_open(before)):
            return False
        if stops[-1] in _QUOTES and _goes_on(before, after):
            return False
        if _is_said_so(after) or (_is_reply(after) and asks_in_frame(before)):
            return False
        return stops != "!" or not _names_end(before, sentence_rules().marked_names)
    if body.startswith(".."):
        if body[-1] == "." and body.strip(". "):
            return True  # a full stop behind the mark that closes the pause: `...».`
        return _pause_ends(before, after, connected=True)
    return _full_stop_ends(before, stops, after, glued)


def _in_brackets(seen: str, before: str, stops: str, end: int) -> bool:
    """Whether the stops stand inside brackets that opened in this sentence, not at its head."""
    opened = max(before.rfind("("), before.rfind("["))
    if opened <= max(before.rfind(")"), before.rfind("]")):
        return False
    # Only now, as it is rare, the bracket's end is looked for.
    closes = max(stops.rfind(")"), stops.rfind("]"))
    if closes >= 0:
        at_head = not before[:opened].strip() and len(before) < _BEFORE
        return not at_head and not any(mark in stops[closes:] for mark in ".!?؟")
    return any(mark in seen[end : end + _AFTER] for mark in ")]")


def _dash_is_open(before: str) -> bool:
    """Whether a dash between spaces was opened in the sentence; the one that opens a list item or a turn is none."""
    return (" " + before.lstrip(" -")).count(" - ") % 2 == 1


def _attributes(after: str) -> bool:
    """Whether the words after a closing quotation mark tell who spoke."""
    rules = sentence_rules()
    words = [word.lower() for word in _WORD.findall(after[:60])[:2]]
    if not words or after[0] in "([" or (after[0].isupper() and words[0] not in ("i", "he", "she", "they", "we")):
        return False
    if after[0].isupper():
        return len(words) > 1 and words[1] in rules.attribution
    if words[0] in rules.attribution or (words[0] in ("كما", "هكذا") and words[-1] in rules.attribution):
        return True
    # The one who was asked, behind the verb: سألته.
    asked = _OBJECT.sub("", words[0])
    return len(asked) < len(words[0]) and asked in rules.attribution


def _is_reply(after: str) -> bool:
    """Whether a verb of saying follows."""
    word = _WORD.match(after)
    return word is not None and word[0] in sentence_rules().attribution


def _is_said_so(after: str) -> bool:
    """Whether what follows a question tells how it was put: a participle in the accusative, which opens no sentence."""
    word = _WORD.match(after)
    if word is None or len(word[0]) <= _SHORTEST_SAID or word[0] not in sentence_rules().attribution:
        return False
    return word[0][-1] == "ا" or word[0][0] == "ب"


def _goes_on(before: str, after: str) -> bool:
    """Whether an Arabic sentence goes on behind a quotation that asks or cries.

    A quotation in it is followed by where, when or how it was said; of one at its head it is said what it is.
    """
    rules = sentence_rules()
    words = _WORD.findall(after[:40])[:2]
    if not words or not _ARABIC.match(words[0]):
        return False
    if before.lstrip(" -")[:1] in tuple('"«') and before.count('"') + before.count("«") == 1:
        return words[0] in rules.named_quotes or words[0] in ("بهذه", "بهذا")
    told = _OBJECT.sub("", words[0])
    if words[0][-2:] == "ها" and len(told) >= _LEAST_VERB and is_arabic_verb(told):
        return True  # a talk «Why?» that somebody gave
    return words[0] in rules.goes_on and " ".join(words) not in rules.opens_anew


def _names_another(before: str, stops: str, after: str) -> bool:
    """Whether a stop belongs to a title in quotation marks that another one follows or goes before."""
    if stops[-1] not in _QUOTES:
        return False
    opened = max(before.rfind("«"), before.rfind('"'), before.rfind("“"))
    if opened <= 0 or len(before) - opened > _LONGEST_TITLE:
        return False
    return bool(_COORDINATED.match(after)) or bool(_ANOTHER.search(before[:opened]))


def _is_spoken_by(before: str, after: str) -> bool:
    """Whether a name and a verb of saying after a closing quotation mark tell who spoke: `"We lost!" Smith said.`

    What follows the verb may as well be what somebody said: `It read "Closed!" Smith said the door was locked.`
    """
    found = _SPEAKER.match(after)
    rules = sentence_rules()
    if found is None or found["verb"] not in rules.speech_verbs:
        return False
    first = _WORD.findall(found["name"])[0].lower()
    if first in rules.no_speakers:
        return False
    rest = _WORD.findall(found["rest"].lower())
    if not rest or found["rest"][0] == ",":
        # `Smith said.` says nothing alone; `Smith said: "..."` leads to the next quotation.
        return ":" not in found["rest"] and found["stop"] != '"'
    # Only when and where it was said, or to whom, may follow, and only a quotation that nothing leads to is said here.
    told = found["verb"] in rules.told_verbs or rest[0] in rules.speech_settings or rest[0].endswith("ly")
    return told and not rules.speech_complements & set(rest) and bool(_QUOTED_FROM_HEAD.fullmatch(before))


def _pause_ends(before: str, after: str, *, connected: bool) -> bool:
    """Whether two or more dots end a sentence."""
    following = after.lstrip(_OPENERS)
    if _ARABIC.match(following):
        stop = _STOPS.search(following)
        clause = following[: stop.start()] if stop else following
        asked = stop is not None and not {"؟", "?"}.isdisjoint(stop[0])
        beyond = _WORD.search(following, stop.end()) if stop is not None and stop[0].startswith("..") else None
        return opens_sentence(
            before,
            _in_quotation(before, clause),
            connected=connected,
            asked=asked,
            paused=beyond is not None,
            beyond=beyond[0] if beyond else "",
        )
    if following[:1].isupper() and not _ARABIC.search(before[-20:]):
        return _WORD.findall(following)[0].lower() not in sentence_rules().english_dependent
    return False


def _in_quotation(before: str, clause: str) -> str:
    """A clause up to the mark that closes the quotation in which it begins."""
    if before.count("«") > before.count("»"):
        return clause.partition("»")[0]
    closes = _CLOSES.search(clause) if before.count('"') % 2 else None
    return clause[: closes.start()] if closes else clause


def _full_stop_ends(before: str, stops: str, after: str, glued: bool) -> bool:
    rules = sentence_rules()
    token_match = _TOKEN_BEFORE.search(before[-40:])
    token = token_match[0] if token_match else ""
    words = _WORD.findall(token)
    word = words[-1] if words else ""
    closed = len(stops) > 1
    following = _WORD.match(after.lstrip(_OPENERS))
    next_word = following[0] if following else ""
    if glued and (after[0].isalnum() or after[0] in "/_@%&=#-\\+"):
        return not closed and _glued_ends(token, word, next_word)
    if not closed and (_LIST_NUMBER.fullmatch(before) or _is_numbered_head(before, rules.numbered)):
        return False
    if _LATIN_LOWER.match(after):
        return False
    if " " in stops.strip() and stops.startswith("."):
        return True
    if not word or (closed and stops[1:2] not in "\"'»”’"):
        return True
    name = token.lower().strip(".'") if "." in token else word.lower()
    if word[0].isdigit():
        return True
    if name in rules.abbreviations_open:
        return after[0].isupper() and next_word.lower() in rules.starters
    if closed:
        return True
    if _ARABIC.match(next_word) and not _ARABIC.match(word):
        if "@" in token or "/" in token or token.lower().startswith("www"):
            return True
        known = "." in token or name in rules.abbreviations or name in rules.abbreviations_open
        return not known or starts_with_verb([next_word])
    if name in rules.abbreviations or word.lower() in rules.abbreviations:
        # `15 كلم/س` and `3 م د` are no titles; `ق.م.` stands inside sentences more often.
        if "/" in token:
            return True
        amount = word in rules.units and bool(_AMOUNT.search(before))
        amount = amount and not _leans_back(after) and not awaits_answer(before, after)
        return amount and ("." not in token or starts_with_verb([next_word]))
    if len(word) == 1 and word.isalpha():
        # An initial, but for `vitamin C. The`.
        return word == "I" or (
            next_word.lower() in rules.starters and not before[: -len(token)].rstrip()[-2:].isupper()
        )
    return True


def _leans_back(after: str) -> bool:
    """Whether the words after `1968 م.` go on with its sentence: a preposition that opens no sentence, an amount."""
    rules = sentence_rules()
    words = _WORD.findall(after[:40])[:2]
    about = bool(words) and words[0] in rules.amounts and words[-1][0].isdigit()
    dated = bool(words) and (words[0] in ("يوم", "الموافق") or words[0] in part_rules().weekdays)
    return about or dated or (bool(words) and words[0] in rules.goes_on and " ".join(words) not in rules.opens_anew)


def _is_numbered_head(before: str, heads: frozenset[str]) -> bool:
    """Whether nothing but `Article 1`, `المادة (3)` stands before the stop."""
    words = _WORD.findall(before[:40])
    return len(words) == 2 and words[1].isdigit() and words[0].lower() in heads and len(before) <= 40


def _glued_ends(token: str, word: str, next_word: str) -> bool:
    """Whether a stop without a space after it ends a sentence; not inside numbers, addresses, initials."""
    if any(mark in token for mark in "/@") or token.lower().startswith("www") or len(next_word) < 2:
        return False
    if _ARABIC.match(next_word):
        rules = sentence_rules()
        spelt = len(next_word) > 2 or next_word in rules.short_words
        return spelt and (len(word) > 2 or not word) and word.lower() not in rules.abbreviations
    if not next_word[0].isupper() or next_word.isupper():
        return False
    return len(word) >= 2 and not word.isupper() and "." not in token


def _names_end(before: str, names: frozenset[str]) -> bool:
    """Whether the text ends with one of these words."""
    words = _WORD.findall(before[-20:])
    return bool(words) and words[-1].lower() in names
