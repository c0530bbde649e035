"""What a line alone looks like, before its neighbours are asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import regex
from khulasa.server.core.text.arabic_verbs import is_arabic_verb, starts_with_verb
from khulasa.server.core.text.captions import picture_look
from khulasa.server.core.text.furniture import (
    ends_article,
    is_furniture,
    is_member_field,
    is_numbers,
    is_player,
    is_section_number,
)
from khulasa.server.core.text.looks import TURNS_TO, Line, Look
from khulasa.server.core.text.origins import (
    is_date,
    is_dateline,
    is_name,
    is_source,
    is_staff,
    known_names,
    may_be_name,
    starts_with_any,
)
from khulasa.server.core.text.rules import PartRules, part_rules, plain, sentence_rules
from khulasa.server.core.text.site_talk import (
    ABOUT_SITE,
    SURELY_ABOUT_SITE,
    closes_block,
    opens_block,
    talk_of,
)

__all__ = ["look_at", "look_at_all"]


_TALKING = (Look.SHORT, Look.QUESTION, Look.LEAD, Look.LIST, Look.BODY)
_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}'.]*+")
_STOPPED = regex.compile(r"[.!][\"'»)\]]*+(?:\[\d{1,3}\]){0,2}$|[؟?]!?[.!]$")
_ASKS = regex.compile(r"[؟?]!?[\"'»)\]]*+$")
_LIST = regex.compile(
    r"[•▪●◦] ?(?=\d)|(?:[•▪●◦*·]|\+(?= )|\(?\d{1,2} ?[-.)–]|\(?(?:[a-zA-Z]|[ابجدهوز]) ?[-.)](?= )) ?(?=[^\d\s])"
)
_EMPHASIS = regex.compile(r"\*{2}|\A[*_](?=\p{L})|(?<=\p{L})[*_]\z")
_BOLD, _DASH = regex.compile(r"\*[^\s*][^*]*\*"), regex.compile(r"- ?(?=[^\s\d-])|- (?=\d{1,4} ?\p{L})")
# Headings have commas between names, not before another clause.
_COMMA = regex.compile(r"[،,] ?(?:و\p{L}|(?:but|which|who|while|so) )")
_COMMA_WORDS = 9
_QUOTED = regex.compile(r"«[^«».]*+»|\"[^\".]*+\"|'[^'.]*+'")
_INNER_STOP = regex.compile(r"\p{Ll}{3}[.] \p{Lu}|\p{Arabic}{3}[.] \p{Arabic}")
_ENGLISH_SUBJECT = regex.compile(
    r"(?:The|But|And|So|Yet|He|She|They|We|It|I|This|That|These|Those|There|His|Her|Their|Its|In|On|At|As|If)\b"
)
# Who wrote, in English, whoever it is: a whole line of capitalised names; and a capitalised place before a date.
_BY = regex.compile(r"By \p{Lu}[\p{L}.'-]*+(?:,? (?:and |in |of |for |the )?\p{Lu}[\p{L}.'-]*+){0,6}")
_PLACE_BEFORE_DATE = regex.compile(
    r"(\p{Lu}[\p{L}.'-]*+(?: \p{Lu}[\p{L}.'-]*+){0,3}|\p{Arabic}{3,12}+(?: \p{Arabic}{2,12}+){0,2})"
    r"(?:, \p{Lu}[\p{L}.]++(?! \d))?[,،] (?=.{0,60}\d)"
)
# When, and by whom: `نشرت بتاريخ 4 نوفمبر، 2014 بواسطة سمير الدلو`.
_POSTED_BY = regex.compile(r"(?:نشرت?|كتبت?|اضيفت?|تم النشر) (?:بتاريخ|في|يوم|بواسطه)\b.{3,60}")
_CONTRIBUTED = regex.compile(
    r"contributed (?:to this (?:report|story|article)|reporting)|(?:شارك|ساهم)ت? في (?:التغطيه|اعداد (?:هذا|التقرير))"
)
# Whoever stands behind the titles of a professor: `أ. د. سامية القاضي`, `أ.م.د. علي حسن الربيعي`.
_PROFESSOR = regex.compile(r"ا ?\. ?(?:م ?\. ?)?د ?[./] ?\p{Arabic}{2,12}+(?: \p{Arabic}{2,12}+){1,4}")
# Names of companies end in a stop and are no sentences.
_COMPANY = regex.compile(r"\p{Lu}(?:[^.!?]|(?<=\b(?:\p{Lu}|Dr|Mr|Ms|Mrs|St))\.){1,60}[ ,](?:Inc|Ltd|Corp|Co|Bros)\.")
_LATIN = regex.compile(r"\p{Latin}[\p{Latin}'-]*+")
# Labels that are common words without their mark.
_LABELLED_BY = regex.compile(r"(?:من|نص|شعر|كلمات|حرره|اعداد) ?[:/] ?(?=\p{L})")
_LONG_BYLINE, _LONG_DATED, _NAME_WORDS = 7, 14, 5
# `Reporting by A in B; Editing by C`
_REPORTED_BY = regex.compile(
    r"(?:Additional r|R)eporting by \p{Lu}[^.!?؟]{3,150}(?:; ?(?:Editing|Writing) by \p{Lu}[^.!?؟]{3,60})$"
)
_NAMES_SOURCE = regex.compile(r"(?i)(?:المصدر|المصادر|sources?) ?:")
# What stands last before a list, and words of a line that leads to one.
_PROMISED = ("التاليه", "الاتيه", "يلي", "ياتي", "التالي", "الاتي", "following", "follows")
_ARTICLES = ("a", "an", "the")
_SHORT_LEAD, _LONG_LEAD, _TITLE_CASE, _LEAST_CAPITALS, _SHORT_TITLE = 3, 6, 5, 3, 6
_TAKES = regex.compile(r"(?i)[-|•·,] ?\d{1,2} ?(?:min(?:ute)?s?(?: read)?|دقائق(?: قراءه| للقراءه)?)$")
# Initials of those who wrote and edited, as agencies set them: a.b/c.d (dpa).
_INITIALS = regex.compile(
    r"\p{L}{1,2}(?:[. ]\p{L}{1,2}){0,2}+\.?(?:/ ?\p{L}{1,2}(?:[. ]\p{L}{1,2}){0,2}+\.?){1,3}(?: ?\([\p{L}. ]{2,12}\))?"
)
# Initials of who wrote, in Arabic, maybe with an agency: م. ع. ب, ق.م (وكالات).
_WRITER = regex.compile(r"\p{Arabic}(?:\. ?\p{Arabic}){1,3}+\.?(?: ?\([\p{Arabic} .]{2,20}\))?")
_FROM_PAPER = regex.compile(r"\*? ?عن (?:صحيفه |جريده |موقع |وكاله )?[«\"]([^«»\"]{2,30})[»\"]")
# Names of people with initials: `M. Thorne and P. Adeyemi`.
_INITIALED = r"\p{Lu}\.(?: ?\p{Lu}\.)*+ \p{Lu}\p{Ll}[\p{L}'-]*+"
_INITIALED_NAMES = regex.compile(rf"{_INITIALED}(?:(?:,? and |, | & ){_INITIALED})++")
_INITIALED_NAME = regex.compile(r"(?:\p{Lu}\. ?){2,3}\p{Lu}\p{Ll}[\p{L}'-]*+(?:, \p{Lu}[\p{L} ]{3,40})?")
# Buttons written right onto a sentence: `... the deal.FacebookCopy link`; so many code points, and those before them.
_WRITTEN_ONTO = regex.compile(r"(?<=\p{L}[.!?؟][\"»)]?)(?=\p{Lu}\p{Ll}|\p{Arabic})")
_LONGEST_BUTTONS, _LEAST_BEFORE = 120, 20
# The stop, and a mark that closes; the marks.
_BEFORE_BUTTONS, _CLOSING = 2, ('"', "»", ")")
# Longer lines are no furniture, bylines or headings, whatever they hold.
_MOST_LINES = 4_000
_LONGEST, _LONG_HEADING, _LONG_FURNITURE, _LONG_CAPTION, _LONG_TITLE = 400, 12, 30, 30, 20


def look_at_all(lines: Sequence[str]) -> list[Line]:
    """What each line looks like, same order; equal lines are looked at once.

    Of a text with very many short lines, which is no article, those in the middle are read by their stops alone.
    """
    found: dict[str, Line] = {}
    out: list[Line] = []
    for at, seen in enumerate(lines):
        line = found.get(seen)
        if line is None:
            near_end = len(found) < _MOST_LINES or len(lines) - at < _MOST_LINES
            line = look_at(seen) if near_end or len(seen) > _LONGEST else _glance(seen)
            found[seen] = line
        out.append(line)
    return out


def _glance(seen: str) -> Line:
    """A line of a list or table that never ends."""
    return Line(seen, seen.count(" ") + 1, Look.BODY, bool(_STOPPED.search(seen[-12:])), False)


def look_at(seen: str) -> Line:
    """A line seen through `view`, without white space around it; bounded work for each."""
    end = _buttons_begin(seen)
    return replace(_look_at(seen[:end]), seen=seen) if end else _look_at(seen)


def _buttons_begin(seen: str) -> int:
    """Where buttons begin that were written right onto the last stop of a line, 0 where none were."""
    tail = max(_LEAST_BEFORE, len(seen) - _LONGEST_BUTTONS)
    begin = 1 + max(seen.rfind(stop, tail - _BEFORE_BUTTONS) for stop in ".!?؟")
    begin += seen[begin : begin + 1] in _CLOSING
    if begin < tail or not _WRITTEN_ONTO.match(seen, begin):
        return 0
    buttons = seen[begin:]
    text = plain(buttons)
    return begin if is_furniture(buttons, text, text.split(), part_rules()) else 0


def _look_at(seen: str) -> Line:
    head = seen[:_LONGEST]
    count = 0 if not head else len(_WORD.findall(head)) + (len(seen) - len(head)) // 6
    stopped = bool(_STOPPED.search(seen[-12:])) and not (count <= _NAME_WORDS and _COMPANY.fullmatch(seen))
    if count == 0:
        return Line(seen, 0, Look.END if ends_article(seen, [], stopped) else Look.NOTHING, stopped, False)
    rules, text = part_rules(), plain(head)
    words = text.split()
    talk = talk_of(words, head)
    if len(seen) > _LONGEST:
        return Line(seen, count, Look.FURNITURE if talk >= SURELY_ABOUT_SITE else Look.BODY, stopped, True, talk)
    clause = _is_clause(seen, words, count)
    look = _look(seen, text, words, count, stopped, clause, rules)
    # A short line without a stop is no sentence that could be lost.
    if look in _TALKING and talk >= (SURELY_ABOUT_SITE if stopped or count > _LONG_HEADING else ABOUT_SITE):
        look = Look.FURNITURE
    return Line(seen, count, look, stopped, clause, talk)


def _look(seen: str, text: str, words: list[str], count: int, stopped: bool, clause: bool, rules: PartRules) -> Look:
    if not words or is_section_number(seen):
        return Look.NOTHING
    short = count <= _LONG_FURNITURE
    if _WRITER.fullmatch(seen) and text not in rules.credit_words | rules.furniture_lines:
        return Look.BYLINE
    if short and (
        is_staff(seen, rules) or _contributed(seen, words) or _INITIALS.fullmatch(seen) or _REPORTED_BY.match(seen)
    ):
        return Look.SOURCE
    if short and (found := _site(seen, text, words, stopped, rules)):
        return found
    if short and not stopped and _NAMES_SOURCE.match(seen) and is_source(words, rules):
        return Look.SOURCE
    if count <= _LONG_CAPTION and not _LIST.match(seen):
        found = picture_look(seen, words, stopped, clause, rules)
        if found:
            return found
    if short and not stopped and (found := _origin(_EMPHASIS.sub("", seen), text, words, clause, rules)):
        return found
    if (seen.startswith("**") or _BOLD.fullmatch(seen)) and count <= _LONG_HEADING and not stopped:
        return Look.SHORT
    if not stopped and _INITIALED_NAME.fullmatch(seen):
        return Look.NAME
    # An initial opens a name as a letter does an item.
    if _LIST.match(seen) and not _INITIALED_NAMES.fullmatch(seen) and not _PROFESSOR.match(seen):
        return Look.LIST
    if not stopped and count <= _LONG_TITLE and _in_title_case(seen):
        return Look.SHORT
    if count <= _LONG_HEADING and not stopped:
        if _DASH.match(seen):
            return Look.DASH
        if _ASKS.search(seen):
            return Look.QUESTION
        if seen.endswith(":"):
            return Look.BODY if clause or _leads_to_list(seen, words) else Look.LEAD
        # A salutation or a verse; headings end in no comma.
        return Look.BODY if clause or seen[-1] in ",،" else Look.SHORT
    return Look.LIST if _DASH.match(seen) else Look.BODY


def _leads_to_list(seen: str, words: list[str]) -> bool:
    """Whether a line with a colon at its end is a clause with its list still to come: long, with `and` or a comma."""
    joined = seen[0] == "و" and len(words[0]) > 3
    promised = words[-1] in _PROMISED and len(words) > _SHORT_LEAD
    return promised or (len(words) >= _LONG_LEAD and (joined or "،" in seen or ", " in seen))


def _in_title_case(seen: str) -> bool:
    """Whether an English line is written as headlines are: every longer word with a capital, and no stop."""
    words = _LATIN.findall(seen)
    if not words or not seen[-1].isalnum() or 2 * len(words) <= seen.count(" "):
        return False  # an Arabic line may name a journal
    longer = [word for word in words if len(word) >= (_TITLE_CASE - (len(words) <= _SHORT_TITLE))]
    small = [word for word in words if not word[0].isupper()]
    # Headlines of short words: but words of grammar all of them have capitals.
    short = len(words) - len(small) >= _TITLE_CASE and all(
        word in _ARTICLES or word in sentence_rules().english_dependent for word in small
    )
    return short or (len(longer) >= _LEAST_CAPITALS and all(word[0].isupper() for word in longer))


def _contributed(seen: str, words: list[str]) -> bool:
    """Whether a line names who else wrote: in English at its end, in Arabic at its beginning."""
    found = _CONTRIBUTED.search(seen)
    return found is not None and (seen[0].isascii() or (found.start() == 0 and len(words) <= _LONG_HEADING))


def _is_clause(seen: str, words: list[str], count: int) -> bool:
    verbs = part_rules().english_verbs
    if (_QUOTED.fullmatch(seen) and count <= _LONG_HEADING) or _in_title_case(seen):
        return False
    if count >= 4 and (starts_with_verb(words) or TURNS_TO.match(seen)):
        return True
    if words and words[0][0] == "و" and len(words[0]) > 2 and count >= 4 and any(is_arabic_verb(w) for w in words[1:4]):
        return True
    if (
        (count >= _COMMA_WORDS and _COMMA.search(seen))
        or _INNER_STOP.search(seen)
        or seen.count("..") > 1
        or seen.count("،") > 2
    ):
        return True
    if seen.endswith(":"):
        known = verbs | sentence_rules().speech_verbs
        return any(is_arabic_verb(word.lstrip("وف")) for word in words) or not known.isdisjoint(words)
    return bool(_ENGLISH_SUBJECT.match(seen)) and not verbs.isdisjoint(words)


def _site(seen: str, text: str, words: list[str], stopped: bool, rules: PartRules) -> Look | None:
    if is_player(seen) or is_member_field(seen):
        return Look.FURNITURE
    if is_date(seen, words, rules) or _is_date_and_length(seen, rules):
        return Look.DATE
    if opens_block(words, stopped):
        return Look.OPENS
    if closes_block(words, stopped):
        return Look.CLOSES
    if ends_article(seen, words, stopped):
        return Look.END
    related = starts_with_any(words, rules.related_openers)
    if related and len(words) - related <= 1:
        return Look.RELATED
    return Look.FURNITURE if is_numbers(seen) or is_furniture(seen, text, words, rules) else None


def _is_date_and_length(seen: str, rules: PartRules) -> bool:
    """Whether a line is a date and how long the article takes: `May 7, 2024 · 2 min read`."""
    length = _TAKES.search(seen)
    before = seen[: length.start()].rstrip() if length else ""
    return bool(before) and is_date(before, plain(before).split(), rules)


def _origin(seen: str, text: str, words: list[str], clause: bool, rules: PartRules) -> Look | None:
    quoted = _FROM_PAPER.fullmatch(seen)
    if is_source(words, rules) or (quoted and plain(quoted[1]) in rules.agencies):
        return Look.SOURCE
    if _BY.fullmatch(seen.partition(" |")[0]) or _is_place_and_day(seen, rules) or text in rules.letter_closings:
        return Look.BYLINE
    by_whom = "بواسطه" in words and "#" in words and len(words) <= _LONG_DATED
    if by_whom and _POSTED_BY.fullmatch(seen):
        return Look.BYLINE
    if _LABELLED_BY.match(seen) and len(words) <= _LONG_BYLINE:
        return Look.BYLINE
    opener = starts_with_any(words, rules.byline_openers)
    rest = len(words) - opener
    after_opener = seen[sum(len(word) + 1 for word in words[:opener]) - 1 :].lstrip()[:1] if opener else ""
    if starts_with_any(words, rules.byline_sure) and 0 < rest <= 8:
        return Look.BYLINE
    if (
        opener
        and 0 < rest <= 8
        and (
            after_opener in (":", "-", "/", "|")
            or (rest <= 6 and known_names(words[opener : opener + 2], rules) > 0)
            or words[opener] in rules.byline_jobs
        )
    ):
        return Look.BYLINE
    if (
        is_dateline(seen, rules)
        or _is_place_and_name(seen, rules)
        or _is_dated_name(seen, rules)
        or (len(words) <= 8 and not clause and not rules.byline_jobs.isdisjoint(words[1:]))
    ):
        return Look.BYLINE
    if not clause and (_PROFESSOR.fullmatch(seen) or (2 <= len(words) <= 5 and is_name(seen, words, rules))):
        return Look.NAME
    if text in rules.agencies and text not in rules.agencies_weak:
        return Look.BYLINE
    return None


def _is_place_and_name(seen: str, rules: PartRules) -> bool:
    """Whether a line is a dateline, a mark and a name that no list knows: `سبق - أبها: عوض القحطاني`."""
    at = max(seen.rfind(mark) for mark in ":-–/|،")
    words = plain(seen[at + 1 :]).split()
    return at > 0 and len(words) > 1 and may_be_name(words, rules) and is_dateline(seen[:at], rules)


def _is_dated_name(seen: str, rules: PartRules) -> bool:
    """Whether a line is the name of a paper or a newsletter, a bar and a date."""
    name, _, day = seen.rpartition(" | ")
    named = 0 < len(name.split()) <= _NAME_WORDS and "#" not in plain(name).split()
    return named and is_date(day, plain(day).split(), rules)


def _is_place_and_day(seen: str, rules: PartRules) -> bool:
    """Whether a line is a place, a comma and a date: `Port Alder, 4 March`."""
    place = _PLACE_BEFORE_DATE.match(seen)
    if place is None:
        return False
    rest = seen[place.end() :]
    # A month or weekday of its own would be the date, not the place.
    words = plain(place[1]).split()
    dated = rules.months.isdisjoint(words) and rules.weekdays.isdisjoint(words)
    return dated and is_date(rest, plain(rest).split(), rules)
