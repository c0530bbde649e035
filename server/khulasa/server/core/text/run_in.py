"""What stands in one line with the body: a dateline at its head, furniture or a credit at its foot."""

from __future__ import annotations

import regex
from khulasa.server.core.text.arabic_verbs import starts_with_verb
from khulasa.server.core.text.furniture import is_furniture, is_furniture_opener
from khulasa.server.core.text.origins import (
    is_date,
    is_dateline,
    is_place_and_date,
    is_source,
    is_staff,
    starts_with_any,
)
from khulasa.server.core.text.rules import PartRules, part_rules, plain
from khulasa.server.core.text.sentences import sentence_ends
from khulasa.server.core.text.types import PartKind

__all__ = ["dateline_end", "foot_pieces"]

# How far a dateline reaches at most, and how much of a paragraph's end is searched for furniture.
_HEAD, _FOOT = 160, 320
# A place and a date have at most so many words.
_DATED_WORDS = 8
# Shorter paragraphs have no room for both a sentence and furniture.
_SHORTEST = 10
# Code points of a piece that tell how it opens; longer pieces are furniture only by that.
_OPENING, _LONGEST_PIECE, _TALK = 50, 110, 400
_PLACE = regex.compile(
    r"(?:\p{Arabic}{2,12}(?: \p{Arabic}{2,12}){0,2}|\p{Lu}[\p{L}.'-]*+(?: \p{Lu}[\p{L}.'-]*+){0,2})[،,] (?=.{0,40}\d)"
)
# Where a dateline may end: after a colon, after a dash between spaces, after two dashes, after a bracket and a dash.
_MARK = regex.compile(r" ?: ?(?!\d|//)|\)? ?(?:--|-) |/ (?=\p{L})|\) ?- ?")
# English agencies: PORT ALDER, March 4 (Reuters) - ...
_CAPITALS = regex.compile(
    r"(\p{Lu}{3}(?:[ .'-]{0,2}\p{Lu}){0,30}+\.?)(?:, ([\p{L}\d., ]{3,30}?))?(?: \((\p{Lu}[\p{L} ]{1,20})\))?"
    r" - (?=[\p{L}\"'])"
)
# Who speaks, in transcripts of a radio: DANA RUIZ, BYLINE: ...
_ON_AIR = regex.compile(r"\p{Lu}[\p{Lu} .'-]{2,40}, (?:BYLINE|HOST): ?")
# Local papers: DUNMORE - The school board ...; WADI AMRA, Oman - The water ...; BEIT ZAYTUN: Olive growers ...
_CAPITALS_ALONE = regex.compile(
    r"(\p{Lu}{4}(?:[ '-]?\p{Lu}){0,30}+)(?:, \p{Lu}[\p{L}.]{1,15}(?: \p{Lu}[\p{L}.]{1,15})?)?( - |: )"
    r"(?=[\"']?\p{Lu}[\p{Ll}' ])"
)
# OSLO, Norway, Sept. 5, 2023 /PRNewswire/ -- ...
_BETWEEN_SLASHES = regex.compile(r"(\p{Lu}{3}[^/:;!?]{0,60}+)/ ?\p{Lu}[\p{L} ]{1,24}/ ?--? ?(?=[\p{L}\"'])")
# A place that no list knows, a dash, and a verb, with which reports begin.
_UNKNOWN_PLACE = regex.compile(r"(\p{Arabic}{3,12}(?: \p{Arabic}{2,12}){0,2}) - ?(?=\p{Arabic})")
# الصويرة- على بعد ...
_WRITTEN_ONTO = regex.compile(r"(\p{Arabic}{3,12}(?: \p{Arabic}{2,12})?)- (?=[\p{Arabic}\"«])")
# Isola Piana, Italy (CNN) - ...
_BRACKETED_AGENCY = regex.compile(r"(?:\p{Lu}[\p{L}.'-]*+,? ){1,6}\(([\p{L} .]{2,24})\)")
# السدرة في 7 مايو /وأو/ افتتح ...
_DATED_AGENCY = regex.compile(r"(\p{Arabic}[^:/؟!.]{3,60}+)[/(] ?[\p{Arabic} .]{2,20}[/)] ?-?(?: |(?=\p{Arabic}))")
_AGENCY_END = regex.compile(r"(?<= )(?:واس|وات|قنا|كونا|وام|بترا|سانا|بنا|وفا)(?: ?-)? (?=\p{L})")
_STOP = r"(?:[.!?؟]++[\"'»)\]]*+|(?<=\S)[»\"](?= ?[\p{L}.])) ?(?=[^\s.!?؟])"
_AFTER_STOP = regex.compile(_STOP)
# The same, or before what opens a foot without a stop: asked where a paragraph ends with such.
_AFTER_ANY = regex.compile(_STOP + r"|(?<=[\p{L}».\")]) (?=\.{3}|/{2}|\d{1,2}:\d{2})")
_BEFORE_CLOCK = frozenset(
    [
        "من",
        "في",
        "الي",
        "حتي",
        "عند",
        "بين",
        "قبل",
        "بعد",
        "الساعه",
        "و",
        "at",
        "from",
        "to",
        "until",
        "till",
        "by",
        "before",
        "after",
        "between",
        "and",
    ]
)
_COUNTRY = regex.compile(r"\A(\p{Arabic}{3,12}(?: \p{Arabic}{2,12}){0,2}) \([^()\d]{3,30}\) (?=\d)")
_BETWEEN = regex.compile(r"[-/،,|]")
_BRACKETS = regex.compile(r"[(\[] ?([^()\[\]]{2,40}?) ?[)\]]\.?")


def dateline_end(seen: str) -> int:
    """Length of the dateline at the head of a paragraph seen through `view`, 0 for none."""
    head = seen[:_HEAD]
    rules = part_rules()
    if _ON_AIR.match(head):
        return 0
    end = 0
    for match in _MARK.finditer(head):
        before = head[: match.start()] + (")" if match[0].lstrip().startswith(")") else "")
        if len(before.split()) > 14:
            break
        if match.end() < len(seen) and _is_origin(before, rules):
            end = match.end()
    if end:
        return end
    capitals = _CAPITALS.match(head)
    if capitals:
        day, agency_name = capitals[2], capitals[3]
        # A name in capitals may begin a sentence: only a date or an agency makes it a dateline.
        # The state or country may stand between the place and the day.
        days = (day, day.partition(", ")[2]) if day else ()
        if agency_name or any(is_date(one, plain(one).split(), rules) for one in days if one):
            return capitals.end()
    if alone := _CAPITALS_ALONE.match(head):
        place = plain(alone[1])
        # A colon stands after speakers too (UNESCO: ...), a second dash closes an insertion.
        is_place = place in rules.places or " " in place
        if is_place if alone[2] == ": " else " - " not in seen[alone.end() : alone.end() + _HEAD]:
            return alone.end()
    if (marked := _BETWEEN_SLASHES.match(head)) and plain(marked[1]).split()[0] not in rules.byline_openers:
        return marked.end()
    if (unknown := _UNKNOWN_PLACE.match(head)) and " - " not in seen[unknown.end() : unknown.end() + _HEAD]:
        after = plain(head[unknown.end() :]).split()
        if starts_with_verb(after[:1]) and not starts_with_verb(plain(unknown[1]).split()):
            return unknown.end()
    onto = _WRITTEN_ONTO.match(head)
    # A second dash would close an insertion.
    if onto and "-" not in seen[onto.end() : onto.end() + _HEAD] and not starts_with_verb(plain(onto[1]).split()):
        return onto.end()
    if (dated := _DATED_AGENCY.match(head)) and dated.end() < len(seen):
        words = plain(dated[1]).split()
        if not rules.months.isdisjoint(words) and "#" in words and len(words) <= _DATED_WORDS:
            return dated.end()
    agency = _AGENCY_END.search(head)
    if agency and is_place_and_date(plain(head[: agency.end()]).split(), rules):
        return agency.end()
    return 0


def _is_origin(before: str, rules: PartRules) -> bool:
    """Whether a line's beginning, before a mark, is place, agency, person or date."""
    words = plain(before).split()
    if not words:
        return False
    text = " ".join(words)
    if text in rules.agencies:
        return text not in rules.agencies_weak
    opener = starts_with_any(words, rules.byline_openers)
    if opener and 1 <= len(words) - opener <= 5 and any(word in rules.names for word in words[opener:]):
        return True
    bracketed = _BRACKETED_AGENCY.fullmatch(before)
    # A place that no list knows, its country between brackets, a day.
    before = _COUNTRY.sub(r"\1 ", before)
    if is_dateline(before, rules) or (bracketed and plain(bracketed[1]) in rules.agencies):
        return True
    # A place that no list knows, a comma and a day.
    place = _PLACE.match(before)
    day = before[place.end() :] if place else ""
    return bool(day) and rules.months.isdisjoint(words[:2]) and is_date(day, plain(day).split(), rules)


def foot_pieces(seen: str, *, last: bool) -> list[tuple[int, PartKind]]:
    """Where pieces that are not the body begin at the end of a paragraph seen through `view`, in order.

    Args:
        seen: The paragraph.
        last: Whether it is the last of the body: only there credits and times stand.
    """
    if len(seen) < _SHORTEST:
        return []
    rules = part_rules()
    floor = max(1, len(seen) - _FOOT)
    found: list[tuple[int, PartKind]] = []
    # A stop with a small letter right behind it stands inside an address.
    opens = any(seen.find(mark, floor) >= 0 for mark in ("...", "//", ":"))
    ends = (match.end() for match in (_AFTER_ANY if opens else _AFTER_STOP).finditer(seen, floor))
    ends = (end for end in ends if not _tells_when(seen, end))
    starts = [end for end in ends if seen[end - 1] != "." or not ("a" <= seen[end] <= "z")]
    starts += [len(seen)]
    at = 0
    while at < len(starts) - 1:
        begin = starts[at]
        whole = _foot_kind(seen[begin:], rules, last=last)
        if whole is not None:
            found.append((begin, whole))
            break
        if (
            last
            and (piece := _foot_kind(seen[begin : starts[at + 1]], rules, last=last))
            and _rest_is_foot(seen, starts, at, rules)
        ):
            found.append((begin, piece))
        at += 1
    if not found:
        return []
    # A full stop that ends no sentence parts nothing from it: `10:00 ص. يوم الثلاثاء 4 / 1`.
    closed = {len(seen[:end].rstrip()) for end in sentence_ends(seen)}
    return [(begin, kind) for begin, kind in found if _parts(seen[:begin].rstrip(), closed)]


def _parts(before: str, ends: set[int]) -> bool:
    """Whether what stands before a piece of the foot is whole."""
    return before[-1] != "." or len(before) in ends


def _tells_when(seen: str, begin: int) -> bool:
    """Whether a clock at `begin` belongs to the sentence before it: behind a preposition, inside brackets."""
    if not seen[begin].isdigit() or seen[begin - 1] != " ":
        return False
    before = seen[max(0, begin - _OPENING) : begin].rstrip()
    last = plain(before).split()[-1:]
    inside = before.rfind("(") > before.rfind(")")
    return inside or (before[-1].isalpha() and bool(last) and last[0] in _BEFORE_CLOCK)


def _rest_is_foot(seen: str, starts: list[int], at: int, rules: PartRules) -> bool:
    """Whether what follows a piece is furniture as well."""
    return any(_foot_kind(seen[begin:], rules, last=True) is not None for begin in starts[at + 1 : -1])


def _foot_kind(piece: str, rules: PartRules, *, last: bool) -> PartKind | None:
    seen = piece.strip()
    opener = starts_with_any(plain(seen[:_OPENING]).split(), rules.furniture_openers)
    if opener >= 2 and is_furniture_opener(seen, plain(seen[:_TALK]).split(), opener, rules):
        return PartKind.BOILERPLATE
    if len(seen) > _LONGEST_PIECE:
        return None
    text = plain(seen)
    words = text.split()
    if not words:
        return None
    if last and (is_source(words, rules) or is_staff(seen, rules)):
        return PartKind.BYLINE
    bracketed = _BRACKETS.fullmatch(seen)
    if last and bracketed:
        inside = [part for part in (plain(one) for one in _BETWEEN.split(bracketed[1])) if part]
        if inside and all(one in rules.agencies for one in inside):
            return PartKind.BYLINE
    if last and is_date(seen, words, rules):
        return PartKind.BOILERPLATE
    stopped = seen[-1] in ".!?؟"
    return PartKind.BOILERPLATE if not stopped and is_furniture(seen, text, words, rules) else None
