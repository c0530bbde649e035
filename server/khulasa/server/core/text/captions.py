"""Whether a line tells of a picture: its caption, or who took it."""

from __future__ import annotations

import regex
from khulasa.server.core.text.looks import Look
from khulasa.server.core.text.origins import begins_with_place, names_agency, starts_with_any
from khulasa.server.core.text.rules import PartRules, plain

__all__ = ["picture_look"]

_ASKS = regex.compile(r"[؟?]!?[\"'»)\]]*+$")
_BRACKETED = regex.compile(r"[\(\[] ?([^()\[\]]{1,60}?) ?[\)\]][.]?$")
_TAIL = regex.compile(r"(?:[|/©-]|:) ?([^|/©:()-]{2,40})$")
_BETWEEN = regex.compile(r"[-/|،,:]")
_SIDE = regex.compile(
    r"(?i)[,(] ?(?:left|right|centre|center|pictured|above|يمين|يسار)(?:[,)]|$| of )|[,(] ?(?:الي )?(?:اليمين|اليسار)"
)
# A picture as Markdown has it.
_MARKED_DOWN = regex.compile(r"!\[[^\[\]]{1,200}\]\([^()\s]{1,300}\)")
# The ... as it looks from the river: said of no news.
_AS_SEEN = regex.compile(
    r"(?i)\bas (?:seen|pictured|shown) (?:from|in|at|on|during|here)\b|\bكما [يت](?:بدو|ظهر) (?:من|في|خلال|علي)\b"
)
_LABEL = regex.compile(r"(?:^|[ .(|])(\p{L}++) ?[:/|]")
_CREDITED = regex.compile(
    r"(?i)\b(?:credit(?:\.{3}|:| ?…)|photograph: ?\p{Lu}|courtesy (?:of )?\p{Lu})|صوره من ?:"
    r"|\bimage source, ?\p{Lu}|صدر الصوره[،:]"
    r"|\b(?:file|staff|handout|courtesy|contributed) photo(?:graph)?$"
    r"|\.[\"')]? (?:reuters|afp|epa|getty images|xinhua|anadolu)(?:[/ ][\p{L}., /-]{2,80})?$"
    r"|\(\p{Lu}[^():]{1,30}: ?\p{Lu}[^():]{2,30}\)$"
    r"|\.[\"']? \(\p{Lu}[^():]{1,30}(?: for | via | ?/ ?)\p{Lu}[^():]{1,30}\)$"
    r"|\.[\"']? \((?:\p{Lu}[\p{L}.'-]{0,20} ){1,2}\p{Lu}[\p{L}'-]{1,20}, (?:The )?\p{Lu}[^():,]{1,30}\)$"
)
# A photographer and the paper, nothing else.
_WHO_FOR_WHOM = regex.compile(
    r"\p{Lu}[\p{L}.'-]{1,20} \p{Lu}[\p{L}.'-]{1,20}(?: (?:for|via) (?:The )?| ?/ ?)"
    r"\p{Lu}[\p{L}.'-]{1,20}(?: \p{Lu}[\p{L}.'-]{1,20}){0,3}"
)


def picture_look(seen: str, words: list[str], stopped: bool, clause: bool, rules: PartRules) -> Look | None:
    """CAPTION or CREDIT if a line tells of a picture, else None.

    Args:
        seen: The line, through `view`.
        words: Of `plain`.
        stopped: Whether it ends as sentences do.
        clause: Whether it opens as sentences do or has a verb.
        rules: Of parts.
    """
    if _MARKED_DOWN.fullmatch(seen):
        return Look.CAPTION
    bracketed = _BRACKETED.search(seen)
    if bracketed:
        inside = [plain(piece) for piece in _BETWEEN.split(bracketed[1])]
        inner_words = plain(bracketed[1]).split()
        is_credit = not rules.credit_words.isdisjoint([*inside, *inner_words])
        is_credit = is_credit or any(piece and names_agency(piece, rules) for piece in inside)
        before = seen[: bracketed.start()].rstrip()
        if is_credit and not plain(before):
            return Look.CREDIT
        if is_credit and not (starts_with_any(words, rules.places) and len(words) <= 5) and not clause:
            return Look.CAPTION
    if not stopped and len(words) <= 5 and not rules.credit_words.isdisjoint([*words, " ".join(words)]):
        pieces = [plain(piece) for piece in _BETWEEN.split(seen)]
        if all(names_agency(piece, rules) for piece in pieces if piece):
            return Look.CREDIT
    if not stopped and _AS_SEEN.search(seen):
        return Look.CAPTION
    opener = starts_with_any(words, rules.caption_openers)
    if opener:
        marked = seen[len(words[0]) :].lstrip()[:1] in (":", "-", "|", "(") or ":" in seen[:40]
        longest = 14 if opener > 1 or not clause else 8
        if marked or (not stopped and len(words) <= longest and not _ASKS.search(seen)):
            return Look.CAPTION
    if "©" in seen:
        return Look.CREDIT if seen.startswith("©") else Look.CAPTION
    if (not stopped and _SIDE.search(seen)) or _CREDITED.search(seen):
        return Look.CAPTION
    if _WHO_FOR_WHOM.fullmatch(seen) or _is_agency_and_name(seen, rules):
        return Look.CREDIT
    if any(word in rules.caption_openers for word in _LABEL.findall(seen.lower())):
        return Look.CAPTION
    if (
        any(word in ("ارشيف", "ارشيفيه", "getty", "shutterstock", "afp") for word in words)
        and not stopped
        and len(words) > 2
    ):
        tail = _TAIL.search(seen)
        if tail is None or not begins_with_place(seen, rules):
            return Look.CAPTION
    tail = _TAIL.search(seen)
    if (
        tail
        and not stopped
        and len(words) >= 5
        and names_agency(plain(tail[1]), rules)
        and not begins_with_place(seen, rules)
        and not clause
    ):
        return Look.CAPTION
    return None


def _is_agency_and_name(seen: str, rules: PartRules) -> bool:
    """Whether a line is an agency, a slash and its photographer."""
    agency, _, name = (plain(piece) for piece in seen.partition("/"))
    words = name.split()
    return (
        1 < len(words) <= 4
        and agency in rules.agencies - rules.agencies_weak
        and not starts_with_any(words, rules.places)
    )
