"""Lines that belong to the site, not to the article: buttons, crumbs, addresses, heads of comments."""

from __future__ import annotations

import regex
from khulasa.server.core.text.origins import is_date, starts_with_any
from khulasa.server.core.text.rules import PartRules, plain, talk_rules
from khulasa.server.core.text.site_talk import addresses, talk_of

__all__ = [
    "ends_article",
    "is_clock",
    "is_furniture",
    "is_furniture_opener",
    "is_issue",
    "is_member_field",
    "is_numbers",
    "is_player",
    "is_section_number",
    "place_in_gallery",
]

_STOPPED = regex.compile(r"[.!][\"'»)\]]*+$|[؟?]!?[.!]$")
_ADDRESS = regex.compile(
    r"^[(\[]?(?:email protected\]|https?://\S+|www\.\S+|\S[^\s@]*+@\S+\.\w+|@\w+|[\w-]+(?:\.[\w-]+)*/\S*"
    r"|#\w+(?: #\w+)*)[)\]]?$"
)
# Where to call or look, named or not: `Tel: +1 (202) 555-0143`, through the view.
_CONTACT = regex.compile(
    r"(?i)(?:(?:tel|telephone|phone|fax|mobile|cell|call(?: us)?|website|web|site"
    r"|(?:رقم )?(?:ال)?(?:هاتف|تلفون|جوال|موبايل|محمول|نقال|فاكس|موقع)(?: الالكتروني)?)\.? ?[:-]? ?)?"
    r"(?:[+(]{0,2}\d(?:[\d ()/+.-]){5,40}|(?:https?://|www\.)\S++|(?:[a-z\d-]{2,40}\.){1,3}(?:com|org|net|info|gov|edu|news|tv)(?:\.[a-z]{2})?)"
)
# Below an embedded post: `- Ana Cole (@anacole) May 6, 2024`; its picture.
_POSTED = regex.compile(r"[^()]{1,60}\(@\w{1,30}\)[^.!?؟]{0,40}|pic\.(?:twitter|x)\.com/\S*+|t\.co/\S*+")
_BUTTONS = regex.compile(r"(?:[+-]\p{L}(?: |$)|\p{L}?[+-]\s?|\p{L}[+-]? ){1,4}")
_COPYRIGHT = regex.compile(r"(?i)(?:\(c\)|copyright) ?\S.{0,80}?(?:rights reserved|\b(?:19|20)\d\d\b)")
# Numbers alone: comment counts, players (`0:00 / 7:15`, `1x`), galleries (`1 of 4 |`); and the weather.
_NUMBERS = regex.compile(r"(?:[\d\p{So}\p{Sk}:./|,+%() -]|\d ?(?:of|x|من)(?![\p{L}])){1,40}")
# What agencies put above a report: BC-Harbor-Fire, 3rd Ld-Writethru, 412
_SLUG = regex.compile(
    r"\p{Lu}{2}-\p{Lu}\p{L}{1,20}(?:--?\p{L}{1,20}(?: \p{L}{1,20})?){0,4}(?:, ?[\w-]{1,15}(?: [\w-]{1,15}){0,2}){1,3}"
)
# A button; an entry in the contents of a live page; what a feed adds below each item, in English and Arabic.
_FED = regex.compile(
    r"(?i:add .{2,40} on google)|\d{1,2} ?(?:h|m|hr|min)s? ago \S.{3,120}"
    r"|The post .{3,250} (?:appeared first|first appeared) on .{2,80}|ظهرت? (?:ال\p{L}+ )?.{3,250} اولا علي .{2,80}"
)
# Where a message was copied: `[12:41, 3/11/2025] Name: ...`.
_MESSAGE = regex.compile(r"\[\d{1,2}[:/.]\d{1,2}[\d:/.,APM -]{3,20}\] ")
_MESSAGE_WORDS = 12
# Who scored, and when: names and minutes.
_SCORED = regex.compile(r"\b\d{1,3}(?:\+\d{1,2})?'")
# Where a statement or a report ends, as agencies mark it: `-ends-`, `###`, `-30-`.
_END_MARK = regex.compile(
    r"(?i)^(?:(?:# ?){3,}|- ?30 ?-|[-/]*+ ?(?:ends|end of (?:press )?release|انتهي(?: البيان)?) ?[-/]*)"
)
# What is heard, in transcripts: [MUSIC PLAYING], (SOUNDBITE OF BELLS)
_DIRECTION = regex.compile(
    r"\[[\p{Lu} ]{3,40}\]|\((?:SOUNDBITE|LAUGHTER|APPLAUSE|CROSSTALK|CHEERING|MUSIC)[\p{Lu} ,\"'-]{0,60}\)"
)
_TAG = regex.compile(r"[،,]")
_PICTURE = regex.compile(r"[(\[]?(\d{1,3}) ?(?:of|من|/) ?(\d{1,3})[)\]]?")
# Of an article in several pages.
_PAGE = regex.compile(r"(?i)[(\[]? ?(?:page|صفحه|الصفحه) \d{1,3} ?(?:of|من|/) ?\d{1,3} ?[)\]]?")
_WEATHER = regex.compile(r"\d ?°")
_WEATHER_WORDS = 6
_TIME = regex.compile(r"\d{1,2}:\d{2}(?::\d{2})?")
# When a subtitle is seen, through the view.
_SUBTITLED = regex.compile(r"(?:\d{1,2}:)?\d{2}:\d{2}[.,]\d{3} ?-->(?: [^\s]{1,40}){1,6}")
_PLAYER = regex.compile(r"0:\d{2}|00:00|\d{1,2}:\d{2} ?[/|] ?\d{1,2}:\d{2}")
# Minutes of a match in a live page, numbers of an issue.
_MINUTE = regex.compile(r"\d{1,3}(?: ?\+ ?\d{1,2})? ?(?:min|mins|'|د|الدقيقه)")
_ISSUE = regex.compile(
    r"(?i)(?:(?:العدد|السنه|المجلد|issue|vol\.?|volume|no\.?|number) ?[:#]? ?[\d.,]{1,7}(?: ?[-|,،/(] ?|$)){1,3}"
    r"|السنه ال\p{L}{3,9}(?: (?:و?ال)?\p{L}{3,9}){0,2}|est\.? (?:in )?\d{4}"
)
# What a forum tells of who wrote, beside the post: `Join Date: May 2008`, `Posts: 2,114`.
_MEMBER = regex.compile(
    r"(?i)(?:تاريخ التسجيل|(?:عدد )?المشاركات|رقم (?:المشاركه|العضويه)|join date|joined|member since|posts) ?: ?"
    r"\S{1,20}(?: \S{1,20}){0,3}"
)
# The number of an issue inside a line, as papers and bulletins have it beside their name and the day.
_NUMBERED = regex.compile(r"(?i)(?:\A|[-|/,،] ?)(?:العدد|issue|vol\.?|volume|no\.) ?[:#]? ?\d[\d.,]{0,7}")
_BETWEEN_FIELDS = regex.compile(r" - |[|]")
_LONGEST_ISSUE = 16
_SEASONS = frozenset(["ربيع", "صيف", "خريف", "شتاء", "spring", "summer", "autumn", "fall", "winter"])
# What follows `©` in a line that claims rights.
_NO_CREDIT = regex.compile(
    r"(?i)\d{4}|right|محفوظ|حقوق|ltd|limited|inc\b|llc|corp|company|group|شركه|مؤسسه|شبكه|بوابه|صحيفه|جريده|موقع"
)
_BETWEEN_CRUMBS = regex.compile(r"[>›→|]|(?<![؟?.!…])»(?![،,.؛:])| / ")
_CREDIT_WORDS, _LONG_HEAD = 5, 6
# Code points of buttons that are written onto each other: all of them, and each.
_LEAST_GLUED, _MOST_GLUED, _SHORTEST_BUTTON, _LONGEST_BUTTON = 6, 100, 3, 14
_LEAST_TAGS, _LONGEST_TAG = 2, 25
# The number of a section alone in its line.
_SECTION = regex.compile(r"[IVX]{1,5}\.?")
_LOOK = ("تابع", "شاهد", "اقرا", "طالع", "استمع", "اطلع", "سجل")
_SHARE = ("شارك", "شاركي", "انشر")
_OF_AUTHOR, _GLUED = "للكاتب", 8
_HERE = ("هنا", "here", "الان")
# A formula of so many words that is so much of its line leaves nothing to tell.
_LONG_FORMULA, _WHOLE = 3, 0.75
# Code points of a line that are looked at, words of a button that ends in a stop and of a head.
_LONGEST, _LONG_BUTTON, _LONG_HEADING, _BUTTON_SHARE = 400, 3, 12, 0.6


def ends_article(seen: str, words: list[str], stopped: bool) -> bool:
    """Whether a line heads what only stands after an article (comments, tags, more of the author), or marks its end."""
    if _END_MARK.fullmatch(seen):
        return True
    opener = starts_with_any(words, talk_rules().end_openers)
    rest = len(words) - opener
    if not opener or stopped:
        return False
    labelled = ":" in seen[: sum(len(word) + 1 for word in words[:opener]) + 1]
    return rest <= 1 or ((opener > 1 or labelled) and rest <= _LONG_HEADING)


def is_rights(seen: str) -> bool:
    """Whether a line claims rights: `©` with a year or at its head; behind other words it credits a picture."""
    at = seen.find("©")
    if at < 0:
        return False
    names = seen[at + 1 :].strip()
    credit = _NO_CREDIT.search(names) is None and len(names.split()) <= _CREDIT_WORDS
    return not credit


def is_numbers(seen: str) -> bool:
    """Whether a line is a count, a place in a gallery or the like; dates are asked for first."""
    return _NUMBERS.fullmatch(seen) is not None


def is_section_number(seen: str) -> bool:
    """Whether a line is a Roman number, as chapters have them."""
    return _SECTION.fullmatch(seen) is not None


def is_player(seen: str) -> bool:
    """Whether a line is the time of a player or a subtitle, which no clock shows so: `0:00 / 7:15`."""
    return _PLAYER.fullmatch(seen) is not None or _SUBTITLED.fullmatch(seen) is not None


def place_in_gallery(seen: str) -> tuple[int, int] | None:
    """Number of a picture and of all, of a line that is nothing else: `2 of 8`."""
    found = _PICTURE.fullmatch(seen)
    return (int(found[1]), int(found[2])) if found else None


def is_member_field(seen: str) -> bool:
    """Whether a line tells of the member of a forum who wrote: since when, how much."""
    return _MEMBER.fullmatch(seen) is not None


def is_issue(seen: str, words: list[str], rules: PartRules) -> bool:
    """Whether a line is the head of a printed page: the number of the issue and, apart from it, the day."""
    if len(words) > _LONGEST_ISSUE or _STOPPED.search(seen) or _NUMBERED.search(seen) is None:
        return False
    fields = [(piece, plain(piece).split()) for piece in map(str.strip, _BETWEEN_FIELDS.split(seen))]
    return any(
        is_date(piece, field, rules)
        or (len(field) == 2 and (field[0] in rules.months or field[0] in _SEASONS) and field[1] == "#")
        for piece, field in fields
    )


def is_clock(seen: str) -> bool:
    """Whether a line is minutes and seconds, or hours and minutes, alone."""
    return _TIME.fullmatch(seen) is not None


def is_furniture_opener(seen: str, words: list[str], opener: int, rules: PartRules) -> bool:
    """Whether a line that begins as furniture does is no sentence: `Share in ...` is one button, or news of shares.

    Args:
        seen: The line.
        words: Of it.
        opener: So many of them are the beginning.
        rules: Of parts.
    """
    if opener == 1:
        return len(words) <= 2 or seen[len(words[0]) : len(words[0]) + 3].lstrip()[:1] in ":|"
    if seen[sum(len(word) + 1 for word in words[:opener]) - 1 :].lstrip()[:1] == ":":
        return True
    if opener >= _LONG_FORMULA and opener >= _WHOLE * len(words):
        return True
    # Links run together: `more by the author` with the first of them written onto it.
    if words[opener : opener + 1] and words[opener].startswith(_OF_AUTHOR) and len(words[opener]) > _GLUED:
        return True
    if _STOPPED.search(seen[-12:]) and len(words) > _LONG_BUTTON:
        buttons = sum(word in rules.furniture_words or word in rules.furniture_weak for word in words)
        return talk_of(words, seen[:_LONGEST]) > 0 or addresses(words) or buttons > _BUTTON_SHARE * len(words)
    return True


def _is_tags(seen: str) -> bool:
    """Whether a line is tags, as nobody writes lists: commas without a space behind them, or all with one before."""
    if seen.count(" ، ") > _LEAST_TAGS:  # as nobody writes either
        tags = seen.split(" ، ")
        return all(0 < len(tag) <= _LONGEST_TAG and "،" not in tag for tag in tags) and tags[-1][0] != "و"
    tags = _TAG.split(seen)
    return len(tags) > _LEAST_TAGS and all(0 < len(tag) <= _LONGEST_TAG and tag[0].isalpha() for tag in tags)


def _is_run_together(seen: str, words: list[str], rules: PartRules) -> bool:
    """Whether a line is buttons, each of some letters or an x, written onto each other: `FacebookXWhatsAppCopy`."""
    line = "".join(words)
    if not _LEAST_GLUED <= len(line) <= _MOST_GLUED:
        return False
    # How many buttons end at each place that is reached by buttons alone.
    count, reached = {0: 0}, 0
    for start in range(len(line)):
        if start > reached:
            return False
        if start not in count:
            continue
        for end in range(start + 1, min(start + _LONGEST_BUTTON, len(line)) + 1):
            button = line[start:end]
            strong = len(button) >= _SHORTEST_BUTTON and button in rules.furniture_words
            if strong or button == "x" or (len(button) > _SHORTEST_BUTTON and button in rules.furniture_weak):
                count[end] = max(count.get(end, 0), count[start] + 1)
                reached = max(reached, end)
    return count.get(len(line), 0) > len(seen.split())


def is_furniture(seen: str, text: str, words: list[str], rules: PartRules) -> bool:
    """Whether a short line belongs to the site, not to the article."""
    if text in rules.furniture_lines or _ADDRESS.match(seen) or is_rights(seen) or _COPYRIGHT.match(seen):
        return True
    if (
        _CONTACT.fullmatch(seen)
        or _PAGE.fullmatch(seen)
        or (words[:1] == ["الرئيسيه"] and len(words) > 1 and not _STOPPED.search(seen))
    ):
        return True
    if _SLUG.fullmatch(seen) or _DIRECTION.fullmatch(seen) or _is_tags(seen):
        return True
    if _FED.match(seen) or (_MESSAGE.match(seen) and len(words) <= _MESSAGE_WORDS):
        return True
    if not _STOPPED.search(seen) and len(_SCORED.findall(seen)) > 1:
        return True
    if _MINUTE.fullmatch(seen) or _ISSUE.fullmatch(seen) or _POSTED.fullmatch(seen) or is_issue(seen, words, rules):
        return True
    if words and words[-1] in _HERE[:1] and words[0] in _LOOK and not _STOPPED.search(seen):
        return True
    # A button, or the head of buttons: `Show key events only`, `Follow us on:`.
    if words and words[0] in talk_rules().imperatives and not _STOPPED.search(seen):
        if len(words) == 2 and words[0] in _SHARE:
            return True
        known = rules.furniture_words | rules.furniture_weak | rules.label_words | talk_rules().objects
        if (len(words) <= _LONG_BUTTON and not known.isdisjoint(words[1:])) or (
            seen.endswith(":") and len(words) <= _LONG_HEAD
        ):
            return True
        if words[-1] in _HERE:
            return True
    opener = starts_with_any(words, rules.furniture_openers)
    # A single common word opens sentences too: then a line without a stop is asked for.
    if opener and is_furniture_opener(seen, words, opener, rules):
        return True
    if opener and len(words) <= 12 and not _STOPPED.search(seen):
        return True
    if len(words) > 10:
        return False
    if _is_run_together(seen, words, rules):
        return True
    strong = sum(word in rules.furniture_words for word in words)
    # Single letters are buttons that set the size of the others.
    other = sum(
        len(word) > 1 and word not in rules.furniture_words and word not in rules.furniture_weak for word in words
    )
    if strong and other == 0:
        return True
    if _BUTTONS.fullmatch(seen):
        return True
    if _WEATHER.search(seen) and len(words) <= _WEATHER_WORDS and not _STOPPED.search(seen):
        return True
    # Breadcrumbs: short names between the marks that sites put there.
    crumbs = [crumb.strip() for crumb in _BETWEEN_CRUMBS.split(seen)]
    if crumbs[0].startswith("By ") or plain(crumbs[0]) in rules.source_openers:
        return False
    least = 2 if plain(crumbs[0]) in rules.furniture_lines else 3
    return len(crumbs) >= least and all(0 < len(crumb) <= 25 for crumb in crumbs) and not _STOPPED.search(seen)
