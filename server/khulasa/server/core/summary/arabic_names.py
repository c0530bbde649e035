"""Which runs of Arabic words name somebody or something, behind a head (حزب) or a title, and which hold together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from khulasa.server.core.summary.arabic_nouns import (
    NAME_LINKS,
    ArabicNoun,
    is_common,
    is_first_name,
    is_foreign,
)
from khulasa.server.core.summary.candidates import may_stand
from khulasa.server.core.summary.lexicon import Lexicon, Word
from khulasa.server.core.text.rules import part_rules

__all__ = [
    "LINKS",
    "after_title",
    "before_title",
    "cuts_name",
    "ends_in_title",
    "follows_title",
    "heads_name",
    "holds_together",
    "is_ali",
    "is_head",
    "is_headed_name",
    "is_place",
    "is_speaker",
    "is_titled_name",
    "joins_names",
    "may_be_term",
]

_FEMININE = ("ه", "ة", "ى", "ا", "اء")
# Letters that may be a prefix, of words of so many letters; longer accusatives end in an alif of their own.
_CLITICS, _SHORT, _LEAST_ACCUSATIVE = "وفبلك", 5, 5
# Names of people have at most so many words here, besides those that stand between the others.
_PERSON = 3
LINKS = NAME_LINKS | frozenset(["فون", "فان", "دي", "دو", "دا", "ال"])
_JOINED_NAMES = LINKS | {"عبد"}
# Of kings, after whom streets are named: شارع محمد الخامس.
_ORDINALS = frozenset("الرابع الخامس السادس السابع الثامن التاسع العاشر".split())  # noqa: SIM905
# Words of a title that are looked at before a comma.
_TITLE_WORDS = 5


def joins_names(some: Sequence[ArabicNoun]) -> bool:
    """Whether the last word joins the parts of a name: بن, عبد, فون, دير behind it."""
    last = some[-1].form
    return last in _JOINED_NAMES or (last == "دير" and len(some) > 1 and some[-2].form in LINKS)


def _own_words(some: Sequence[ArabicNoun]) -> int:
    """How many words there are besides what joins the parts of a name."""
    return sum(not joins_names(some[max(0, at - 1) : at + 1]) for at in range(len(some)))


def ends_in_title(before: Sequence[Word], rules: Lexicon) -> bool:
    """Whether words end in a title and its office, after which a comma and the name come: وزير الداخلية، ..."""
    for word in reversed(before[-_TITLE_WORDS:]):
        if _is_title(word.form, rules):
            return True
        if not rules.is_content(word.form):
            return False
    return False


def after_title(nouns: Sequence[ArabicNoun], rules: Lexicon) -> int:
    """How many words make the name that the run begins with: two or three up to where it goes on; 0 for none."""
    size = 0
    while size < len(nouns) and (nouns[size].form in LINKS or may_be_term(nouns[size], rules)):
        if nouns[size].verb or (nouns[size].prefix and size):
            break
        size += 1
    # Until what he is said to be: أسعد بن طارق ممثلا.
    while size > 2 and nouns[size - 1].form.endswith("ا") and is_common(nouns[size - 1], rules):
        size -= 1
    some = nouns[:size]
    if not 1 < _own_words(some) <= _PERSON or some[-1].form in LINKS:
        return 0
    return size if is_first_name(some[0]) or not any(is_common(noun, rules) for noun in some) else 0


def before_title(nouns: Sequence[ArabicNoun], behind: Sequence[Word], rules: Lexicon) -> int:
    """Where the name begins that the run ends in before a comma and an office: طاهر الطاهري، رئيس; -1 for none."""
    if not behind or behind[0].form not in rules.person_titles or behind[0].form.startswith("ال"):
        return -1
    for at in range(len(nouns) - 2, max(-1, len(nouns) - 2 - _PERSON), -1):
        some = nouns[at:]
        if any(noun.verb or not may_stand(noun.form, rules, 2) for noun in some) or some[-1].prefix:
            return -1
        if is_first_name(some[0]) and not (at and is_first_name(nouns[at - 1])) and _own_words(some) <= _PERSON:
            return at
    return -1


def cuts_name(some: Sequence[ArabicNoun], following: ArabicNoun | None, rules: Lexicon) -> bool:
    """Whether a name goes on: a first name stands last and a family name follows it (مدرسة محمد | عاكف).

    So does a name of two words after a head (منطقة لندن | بريدج).
    """
    last = some[-1]
    if following is None or last.definite:
        return False
    # محمد ناجم | الغرسلي, عبد الله عبد | الكريم
    if last.form == "عبد" or (len(some) > 1 and _has_family(some, following, rules)):
        return True
    # مدينة سيدي | بوزيد
    if len(some) > 1 and last.form in rules.place_heads and not following.definite and not following.prefix:
        return True
    if last.form not in part_rules().names:
        headed = 1 < len(some) < _PERSON and is_head(some[0].form, rules)
        return headed and is_foreign(last, rules) and is_foreign(following, rules)
    if following.form in LINKS or following.form in _ORDINALS:
        return True
    return not (
        following.prefix or following.verb or not may_stand(following.form, rules, 3) or is_common(following, rules)
    )


def _has_family(some: Sequence[ArabicNoun], following: ArabicNoun, rules: Lexicon) -> bool:
    """Whether first names go on to a family name with the article: محمد ناجم | الغرسلي."""
    family = following.definite and following.form.endswith("ي") and is_first_name(some[0])
    if not family or some[-1].form in rules.place_heads:
        return False
    return rules.is_content(following.form) and not is_common(following, rules)


def is_speaker(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
    """Whether the family name of who says something in the article stands alone, or last behind first names."""
    if (len(some) > _PERSON and _own_words(some) > _PERSON) or some[-1].verb:
        return False
    return not any(
        noun.definite
        or noun.verb
        or (noun.prefix and noun is not some[0])
        or noun.form in rules.person_titles
        or is_common(noun, rules)
        for noun in some[:-1]
    )


def may_be_term(noun: ArabicNoun, rules: Lexicon) -> bool:
    if not may_stand(noun.form, rules, 3):
        return False
    # دعت, طالبت: of the verbs of saying those that end so are no nouns.
    if noun.form in rules.speech_verbs and noun.form.endswith(("ت", "وا")):
        return False
    # بكم, لهذا, كأحد: a prefix before a word that says nothing.
    return noun.form[0] not in _CLITICS or len(noun.form) > _SHORT or noun.form[1:] not in rules.stop_words


def is_ali(nouns: Sequence[ArabicNoun], at: int, rules: Lexicon) -> bool:
    """Whether a word is the first name that is folded as على is: between a head, title or name and another, or بن."""
    if nouns[at].surface != "علي" or at + 1 >= len(nouns):
        return False
    before = nouns[at - 1].form if at else ""
    headed = before in rules.person_titles or before in rules.place_heads or before in part_rules().names
    return nouns[at + 1].form in LINKS or (headed and not is_common(nouns[at + 1], rules))


def follows_title(run: Sequence[Word], at: int, rules: Lexicon) -> bool:
    """Whether a title stands before a word, or a title with its office and country: الرئيس الأوكراني ..."""
    if at > 0 and _is_title(run[at - 1].form, rules):
        return True
    # وزير الخارجية الأميركي ...
    for back in range(at - 1, max(-1, at - 4), -1):
        if _is_title(run[back].form, rules):
            return True
        if not run[back].form.startswith("ال"):
            return False
    return False


def is_titled_name(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
    """Whether words behind a title, none of them a title or verb, name who bears it."""
    # An adjective of country after the title has the article, as some first names do.
    definite = some[0].definite and not (len(some) > 1 and is_first_name(some[0]))
    if definite or (len(some) > _PERSON and _own_words(some) > _PERSON) or any(noun.prefix for noun in some[1:]):
        return False
    return _may_name_person(some, rules)


def is_head(form: str, rules: Lexicon) -> bool:
    return form in rules.organisation_heads or form in rules.place_heads


def heads_name(first: ArabicNoun, rules: Lexicon) -> bool:
    """Whether a word is a head of names and no adjective with the article that only looks like one."""
    adjective = first.definite and first.form.endswith(("ي", "يه")) and not is_first_name(first)
    return is_head(first.form, rules) and not adjective


def is_headed_name(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
    """Whether words after a head like حزب make a name with it."""
    first, inner = some[0], some[1:]
    if not holds_together(some, rules) or any(noun.form in rules.superlatives for noun in inner):
        return False
    if len(inner) > 1 and not first.definite:
        # شارع محمد الخامس, مدينة سيدي بوزيد
        if is_first_name(inner[0]) and inner[1].form in _ORDINALS:
            return len(inner) == _PERSON - 1
        if inner[0].form in rules.place_heads and not (inner[1].definite or inner[1].prefix or inner[1].verb):
            return len(inner) == _PERSON - 1
    if inner[-1].definite:
        # `ولاية قفصة` is whole: only an adjective of country or kind may follow a name within.
        proper = any(
            not noun.definite and not noun.prefix and not following.prefix and not is_common(noun, rules)
            for noun, following in pairwise(inner)
        )
        return not proper or inner[-1].form.endswith(("ي", "يه"))
    if len(some) == _PERSON and not first.definite:
        # منطقة لندن بريدج, حزب نداء تونس
        if all(is_foreign(noun, rules) for noun in inner):
            return True
        if inner[-1].form in part_rules().places and not any(noun.prefix or noun.definite for noun in inner):
            return first.form in rules.organisation_heads
    if inner[0].form in part_rules().names and not any(
        noun.prefix or noun.definite or is_common(noun, rules) for noun in inner
    ):
        return not first.definite
    return len(some) == 2 and not first.definite and not inner[0].form.endswith("يه") and not is_common(inner[0], rules)


def _may_name_person(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
    """Whether words can be first and family names: no common words, and the article on the last at most."""
    # عبد الفتاح السيسي: the article belongs to the first name.
    bare = [
        noun for before, noun in pairwise(some) if before.form not in _JOINED_NAMES and noun.form not in _JOINED_NAMES
    ]
    if any(noun.definite for noun in bare[:-1]):
        return False
    # Family names are common words at times: إبراهيم العدوان.
    if some[0].form in part_rules().names and len(some) <= _PERSON:
        family = some[-1].definite and some[-1].form.endswith("ي")
        asked = some[:1] if len(some) < _PERSON else [some[0], some[-1]] if family else [some[0], *bare]
    else:
        asked = [some[0], *bare]
    return not any(is_common(noun, rules) for noun in asked)


def _is_title(form: str, rules: Lexicon) -> bool:
    return form in rules.person_titles or (form[0] in _CLITICS and form[1:] in rules.person_titles)


def holds_together(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
    """Whether words in a row are one phrase by their forms.

    The article, once there, stays (`الضمانات الأمنية`, `حلف شمال الأطلسي`, not `الرئيس حلف`), but for `ل` before what a
    body is for (`الاتحاد الهندوري لكرة القدم`). What follows a feminine noun with the article is its
    adjective, and feminine. A noun before another cannot end in the -an of the accusative.
    """
    seen = False
    for noun in some:
        if noun.prefix and noun is not some[0]:
            # Of others ل is what they do something for: وزارة الصحة | لإنجاز, ولاية قرماد | لمنع.
            body = some[0].definite or (some[0].form in rules.organisation_heads and not seen)
            if noun.prefix != "ل" or noun.definite or not body:
                return False
            seen = False
        elif seen and not noun.definite:
            return False
        seen = seen or noun.definite
    if any(_breaks_off(some, at) for at in range(1, len(some))):
        return False
    if some[-1].definite:
        return not any(
            not noun.definite
            and noun.form.endswith("ا")
            and not is_place(noun.form)
            and len(noun.form) >= _LEAST_ACCUSATIVE
            for noun in some[:-1]
        )
    return True


def _breaks_off(some: Sequence[ArabicNoun], at: int) -> bool:
    """Whether a word behind one with the article can be no adjective: all before it are feminine and it is not.

    `وزارة الصحة | المواطنين`; of جمعية القضاة التونسيين the second is a plural of men.
    """
    noun, before = some[at], some[at - 1]
    if not (noun.definite and before.definite) or noun.surface.endswith(_FEMININE):
        return False
    men = noun.surface.endswith(("ين", "ون")) and len(before.form) > _SHORT
    return not men and all(other.surface.endswith("ة") for other in some[:at])


def is_place(form: str) -> bool:
    """Whether a word names a country or city, after which no noun can stand: ليبيا, أوكرانيا, but not قضايا."""
    return form in part_rules().places or (form.endswith("يا") and not form.endswith("ايا") and len(form) > 4)
