"""Which runs of Arabic words can be a key term: names by their head or a title, and noun phrases that hold together.

Arabic marks neither names nor the end of a phrase, so the forms are asked: the article, which an adjective shares with
its noun and which stays once it is there; the ending of a feminine noun, which its adjective shares; prefixes; verbs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import regex
from khulasa.server.core.summary.arabic_nouns import (
    NAME_LINKS,
    ArabicForms,
    ArabicNoun,
    arabic_noun,
    has_possessive,
    is_common,
    is_first_name,
    is_foreign,
    is_of_somebody,
    owns,
    states_purpose,
)
from khulasa.server.core.summary.candidates import MAX_WORDS, Candidate, is_counted, may_stand
from khulasa.server.core.summary.lexicon import Lexicon, Word
from khulasa.server.core.text.rules import part_rules
from khulasa.server.core.text.types import Span

__all__ = ["arabic_candidates"]

_FEMININE = ("ه", "ة", "ى", "ا", "اء")
# Letters that may be a prefix, of words of so many letters; longer accusatives end in an alif of their own.
_CLITICS, _SHORT, _LEAST_ACCUSATIVE = "وفبلك", 5, 5
# Names of people have at most so many words here, besides those that stand between the others.
_PERSON = 3
_NAME_LINKS = NAME_LINKS | frozenset(["فون", "فان", "دي", "دو", "دا", "ال"])
_JOINED_NAMES = _NAME_LINKS | {"عبد"}
# Led by somebody (برئاسة أحمد) rather than a body; words of a title that are looked at before a comma.
_LED = frozenset(["رياسه", "قياده", "اداره", "اشراف"])
_TITLE_WORDS = 5
_VERBAL = regex.compile(r"(?:ا\p{L}ت|است|ان)\p{L}{3,4}ا|ت\p{L}{2}ي\p{L}ا")


def arabic_candidates(
    text: str, run: Sequence[Word], rules: Lexicon, known: ArabicForms, before: Sequence[Word] = ()
) -> Iterator[Candidate]:
    """Every candidate of a stretch of words with only space between them.

    Args:
        text: The document.
        run: The words.
        rules: Of Arabic.
        known: Words of the document.
        before: The stretch before a comma that the run follows.
    """
    nouns = [arabic_noun(run, at, text, known, rules) for at in range(len(run))]
    may = [_may_be_term(noun, rules) or _is_ali(nouns, at, rules) for at, noun in enumerate(nouns)]
    joins = [_joins(nouns[max(0, at - 1) : at + 1]) for at in range(len(nouns))]
    stems = [rules.stem(noun.form) for noun in nouns]
    named = _after_title(nouns, rules) if _ends_in_title(before, rules) else 0
    for at, first in enumerate(nouns):
        family = first.form in _NAME_LINKS and at + 1 < len(nouns) and nouns[at + 1].form in known.speakers
        if not (family or may[at]) or first.form in rules.superlatives:
            continue
        own, titles, broken = 0, True, first.verb
        barred = first.form in _NAME_LINKS or (first.prefix.endswith("ب") and first.form in _LED)
        titled, headed = _follows_title(run, at, rules), _heads_name(first, rules)
        for size in range(1, len(nouns) - at + 1):
            some = nouns[at : at + size]
            last = some[-1]
            own += not joins[at + size - 1]
            title = last.form in rules.person_titles
            # Titles and verbs are in no name, so that no longer run is one either.
            titles, barred = titles and title, barred or title or last.verb
            # Nor are verbs, superlatives and prefixes inside of a phrase.
            broken = broken or last.verb or (size > 1 and (bool(last.prefix) or last.form in rules.superlatives))
            purpose = size > 1 and states_purpose(some, rules) and _holds_together(some[:-1], rules)
            if own > MAX_WORDS or (size > 1 and last.prefix and last.definite and not purpose):
                break
            if joins[at + size - 1] and last.form in _NAME_LINKS:
                continue
            # A family name after its particle, whatever its first letter: فون دير لاين.
            if not may[at + size - 1] and not (size > 1 and joins[at + size - 2]):
                break
            if last.form in rules.directions or (size == 1 and _needs_more(last, rules, known)):
                continue
            if titles or (size > 1 and last.prefix and not purpose) or has_possessive(last.surface):
                continue
            following = nouns[at + size] if at + size < len(nouns) else None
            if _governs(last, following, run, at + size, rules) or _cuts_name(some, following, rules):
                continue
            # للقضايا | الإجرامية
            cut = purpose and following is not None and following.definite and following.surface.endswith(("ية", "ي"))
            if cut or (size > 1 and not is_first_name(first) and owns(last, following, rules)):
                continue
            name = (
                (at == 0 and size == named)
                or (last.form in known.speakers and _is_speaker(some, rules))
                # Names show by their head (حزب, وزارة, مدينة) or by a title before them.
                or (headed and size > 1 and not barred and _is_headed_name(some, rules))
                or (titled and not (headed and size > 1) and not barred and _is_titled_name(some, rules))
            )
            if not name and size > 1 and is_of_somebody(first, rules):
                continue
            if name or (purpose and not first.verb) or not (broken or (size > 1 and not _is_phrase(some, rules))):
                if size == 1 and _is_of_country(first):
                    continue
                attributive = not name and at > 0 and _agrees(nouns[at - 1], first, rules, alone=size == 1)
                attributive = attributive or (size == 1 and is_counted(text, run[at].span.start))
                # `للمنظمة التونسية` is no phrase without the article that its ل has swallowed.
                swallowed = size > 1 and some[1].definite and run[at].form.lstrip("وف").startswith("لل")
                start = run[at].span.start if swallowed else first.span.start
                yield Candidate(tuple(stems[at : at + size]), Span(start, last.span.end), name, size, attributive)


def _joins(some: Sequence[ArabicNoun]) -> bool:
    """Whether the last word joins the parts of a name: بن, فون, دير behind it."""
    last = some[-1].form
    return last in _NAME_LINKS or (last == "دير" and len(some) > 1 and some[-2].form in _NAME_LINKS)


def _own_words(some: Sequence[ArabicNoun]) -> int:
    """How many words there are besides what joins the parts of a name."""
    return sum(not _joins(some[max(0, at - 1) : at + 1]) for at in range(len(some)))


def _ends_in_title(before: Sequence[Word], rules: Lexicon) -> bool:
    """Whether words end in a title and its office, after which a comma and the name come: وزير الداخلية، ..."""
    for word in reversed(before[-_TITLE_WORDS:]):
        if _is_title(word.form, rules):
            return True
        if not rules.is_content(word.form):
            return False
    return False


def _after_title(nouns: Sequence[ArabicNoun], rules: Lexicon) -> int:
    """How many words make the name that the run begins with: two or three up to where it goes on; 0 for none."""
    size = 0
    while size < len(nouns) and (nouns[size].form in _NAME_LINKS or _may_be_term(nouns[size], rules)):
        if nouns[size].verb or (nouns[size].prefix and size):
            break
        size += 1
    # Until what he is said to be: أسعد بن طارق ممثلا.
    while size > 2 and nouns[size - 1].form.endswith("ا") and is_common(nouns[size - 1], rules):
        size -= 1
    some = nouns[:size]
    if not 1 < _own_words(some) <= _PERSON or some[-1].form in _NAME_LINKS:
        return 0
    return size if is_first_name(some[0]) or not any(is_common(noun, rules) for noun in some) else 0


def _needs_more(noun: ArabicNoun, rules: Lexicon, known: ArabicForms) -> bool:
    """Whether a word says nothing alone: one of two (مدينتي), an accusative of how or what (انطلاقا) of a word that
    stands in the article without its alif."""
    without = noun.form[1:] if noun.form[0] in _CLITICS else noun.form  # بشكل
    if not rules.empty.isdisjoint((noun.form, noun.form.removeprefix("ال"), without)):
        return True
    if noun.definite or _is_place(noun.form) or noun.form in part_rules().names:
        return False
    # مراسلنا; of verbal nouns an accusative says how: استعدادا.
    ours = len(noun.form) > _SHORT and noun.form.endswith("نا") and rules.stem(noun.form[:-2]) in rules.common
    if ours or (_VERBAL.fullmatch(noun.form) and rules.stem(noun.form) in rules.common):
        return True
    if noun.surface.endswith("تي") and len(noun.form) >= _SHORT:
        return rules.stem(noun.form[:-2] + "ه") in rules.common
    if len(noun.form) < _SHORT - 1 or not noun.form.endswith("ا"):
        return False
    bare = noun.form[:-1]
    return any(before + bare in known.words for before in ("", "ال", "لل", "وال", "بال", "فال", "كال"))


def _is_of_country(noun: ArabicNoun) -> bool:
    """Whether a word says of what country a thing is, which has the stem of the country itself: البحرينية."""
    bare, places = noun.form.removeprefix("ال"), part_rules().places
    if _is_place(bare) or noun.form in places:
        return False
    for ending in ("يه", "يين", "ي"):
        root = bare.removesuffix(ending)
        if root != bare:
            return any(form in places for end in ("", "ا", "يا") for form in (root + end, "ال" + root + end))
    return False


def _cuts_name(some: Sequence[ArabicNoun], following: ArabicNoun | None, rules: Lexicon) -> bool:
    """Whether a name goes on: a first name stands last and a family name follows it (مدرسة محمد | عاكف).

    So does a name of two words after a head (منطقة لندن | بريدج).
    """
    last = some[-1]
    if following is None or last.definite:
        return False
    if last.form not in part_rules().names:
        headed = 1 < len(some) < _PERSON and _is_head(some[0].form, rules)
        return headed and is_foreign(last, rules) and is_foreign(following, rules)
    if following.form in _NAME_LINKS:
        return True
    return not (
        following.prefix or following.verb or not may_stand(following.form, rules, 3) or is_common(following, rules)
    )


def _is_speaker(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
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


def _may_be_term(noun: ArabicNoun, rules: Lexicon) -> bool:
    if not may_stand(noun.form, rules, 3):
        return False
    # دعت, طالبت: of the verbs of saying those that end so are no nouns.
    if noun.form in rules.speech_verbs and noun.form.endswith(("ت", "وا")):
        return False
    # بكم, لهذا, كأحد: a prefix before a word that says nothing.
    return noun.form[0] not in _CLITICS or len(noun.form) > _SHORT or noun.form[1:] not in rules.stop_words


def _is_ali(nouns: Sequence[ArabicNoun], at: int, rules: Lexicon) -> bool:
    """Whether a word is the first name that is folded as على is: between a head, title or name and another, or بن."""
    if nouns[at].surface != "علي" or at + 1 >= len(nouns):
        return False
    before = nouns[at - 1].form if at else ""
    headed = before in rules.person_titles or before in rules.place_heads or before in part_rules().names
    return nouns[at + 1].form in _NAME_LINKS or (headed and not is_common(nouns[at + 1], rules))


def _agrees(before: ArabicNoun, noun: ArabicNoun, rules: Lexicon, *, alone: bool) -> bool:
    """Whether a noun reads as the adjective of the one before it.

    Both have the article, or the noun alone is a nisba (`جنيها استرلينيا` too), or a feminine participle or the like
    after a feminine noun (شاحنة محملة) that heads no name.
    """
    if not rules.is_content(before.form) or noun.prefix:
        return False
    if noun.definite or not alone:
        return noun.definite and before.definite
    if noun.form.endswith(("يه", "ي")) or (noun.form.endswith("يا") and before.surface.endswith(("ا", "اً"))):
        return True
    if not noun.surface.endswith("ة") or _is_head(before.form, rules):
        return False
    participle = noun.form[0] == "م" and len(noun.form) >= _SHORT
    if before.definite:
        return participle
    shaped = participle or noun.form[1] == "ا" or (len(noun.form) == _SHORT and noun.form[2] == "ي")
    return shaped and before.surface.endswith(("ة", "ات"))


def _governs(last: ArabicNoun, following: ArabicNoun | None, run: Sequence[Word], after: int, rules: Lexicon) -> bool:
    """Whether the last word asks for what follows: `الشركة التابعة ل...` is cut, `الشركة` is not."""
    if following is None or last.form not in rules.governing:
        return False
    return bool(following.prefix) or run[after].form in rules.prepositions or run[after].form[:1] in ("ب", "ل")


def _follows_title(run: Sequence[Word], at: int, rules: Lexicon) -> bool:
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


def _is_titled_name(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
    """Whether words behind a title, none of them a title or verb, name who bears it."""
    # An adjective of country after the title has the article, as some first names do.
    definite = some[0].definite and not (len(some) > 1 and is_first_name(some[0]))
    if definite or (len(some) > _PERSON and _own_words(some) > _PERSON) or any(noun.prefix for noun in some[1:]):
        return False
    return _may_name_person(some, rules)


def _is_head(form: str, rules: Lexicon) -> bool:
    return form in rules.organisation_heads or form in rules.place_heads


def _heads_name(first: ArabicNoun, rules: Lexicon) -> bool:
    """Whether a word is a head of names and no adjective with the article that only looks like one."""
    adjective = first.definite and first.form.endswith(("ي", "يه")) and not is_first_name(first)
    return _is_head(first.form, rules) and not adjective


def _is_headed_name(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
    """Whether words after a head like حزب make a name with it."""
    first, inner = some[0], some[1:]
    if not _holds_together(some, rules) or any(noun.form in rules.superlatives for noun in inner):
        return False
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
    named = len(some) == 2 and some[0].form in part_rules().names
    return not any(is_common(noun, rules) for noun in (some[:1] if named else [some[0], *bare]))


def _is_title(form: str, rules: Lexicon) -> bool:
    return form in rules.person_titles or form.removeprefix("و") in rules.person_titles


def _is_phrase(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
    """Whether several nouns, none with a prefix inside, are such with the article in a row or a head before them."""
    if not some[-1].definite:
        # Indefinite pairs agree in ending (ضمانات أمنية) or are names; frequency will tell which are terms.
        return not any(noun.definite for noun in some)
    if _is_place(some[0].form) and not some[-1].form.endswith(("ي", "يه")):
        return False
    return _holds_together(some, rules)


def _is_place(form: str) -> bool:
    """Whether a word names a country or city, after which no noun can stand: ليبيا, أوكرانيا, but not قضايا."""
    return form in part_rules().places or (form.endswith("يا") and not form.endswith("ايا") and len(form) > 4)


def _breaks_off(some: Sequence[ArabicNoun], at: int) -> bool:
    """Whether a word behind one with the article can be no adjective: all before it are feminine and it is not.

    `وزارة الصحة | المواطنين`; of جمعية القضاة التونسيين the second is a plural of men.
    """
    noun, before = some[at], some[at - 1]
    if not (noun.definite and before.definite) or noun.surface.endswith(_FEMININE):
        return False
    men = noun.surface.endswith(("ين", "ون")) and len(before.form) > _SHORT
    return not men and all(other.surface.endswith("ة") for other in some[:at])


def _holds_together(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
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
            and not _is_place(noun.form)
            and len(noun.form) >= _LEAST_ACCUSATIVE
            for noun in some[:-1]
        )
    return True
