"""Which runs of Arabic words can be a key term: names by their head or a title, and noun phrases that hold together.

Arabic marks neither names nor the end of a phrase, so the forms are asked: the article, which an adjective shares with
its noun and which stays once it is there; the ending of a feminine noun, which its adjective shares; prefixes; verbs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex
from khulasa.server.core.summary.arabic_names import (
    LINKS,
    after_title,
    before_title,
    cuts_name,
    ends_in_title,
    follows_title,
    heads_name,
    holds_together,
    is_ali,
    is_head,
    is_headed_name,
    is_place,
    is_speaker,
    is_titled_name,
    joins_names,
    may_be_term,
)
from khulasa.server.core.summary.arabic_nouns import (
    ArabicForms,
    ArabicNoun,
    arabic_noun,
    has_possessive,
    is_first_name,
    is_of_somebody,
    owns,
    states_purpose,
)
from khulasa.server.core.summary.candidates import MAX_WORDS, Candidate, is_counted
from khulasa.server.core.summary.lexicon import Lexicon, Word
from khulasa.server.core.text.rules import part_rules
from khulasa.server.core.text.types import Span

__all__ = ["arabic_candidates"]

# Letters that may be a prefix, of words of so many letters.
_CLITICS, _SHORT = "وفبلك", 5
# Led by somebody (برئاسة أحمد) rather than a body.
_LED = frozenset(["رياسه", "قياده", "اداره", "اشراف"])
_OF_DOING = regex.compile(r"ت\p{L}{2}ي\p{L}")
_VERBAL = regex.compile(r"(?:ا\p{L}ت|است|ان)\p{L}{3,4}ا|ت\p{L}{2}ي\p{L}ا")


def arabic_candidates(
    text: str,
    run: Sequence[Word],
    rules: Lexicon,
    known: ArabicForms,
    before: Sequence[Word] = (),
    behind: Sequence[Word] = (),
) -> Iterator[Candidate]:
    """Every candidate of a stretch of words with only space between them.

    Args:
        text: The document.
        run: The words.
        rules: Of Arabic.
        known: Words of the document.
        before: The stretch before a comma that the run follows.
        behind: The stretch behind a comma that follows the run.
    """
    nouns = [arabic_noun(run, at, text, known, rules) for at in range(len(run))]
    may = [may_be_term(noun, rules) or is_ali(nouns, at, rules) for at, noun in enumerate(nouns)]
    joins = [joins_names(nouns[max(0, at - 1) : at + 1]) for at in range(len(nouns))]
    stems = [rules.stem(noun.form) for noun in nouns]
    named = after_title(nouns, rules) if ends_in_title(before, rules) else 0
    called = before_title(nouns, behind, rules)
    for at, first in enumerate(nouns):
        family = first.form in LINKS and at + 1 < len(nouns) and nouns[at + 1].form in known.speakers
        if not (family or may[at]) or first.form in rules.superlatives:
            continue
        own, titles, broken = 0, True, first.verb
        barred = first.form in LINKS or (first.prefix.endswith("ب") and first.form in _LED)
        titled, headed = follows_title(run, at, rules), heads_name(first, rules)
        for size in range(1, len(nouns) - at + 1):
            some = nouns[at : at + size]
            last = some[-1]
            own += not joins[at + size - 1]
            title = last.form in rules.person_titles
            # Titles and verbs are in no name, so that no longer run is one either.
            titles, barred = titles and title, barred or title or last.verb
            # Nor are verbs, superlatives and prefixes inside of a phrase.
            broken = broken or last.verb or (size > 1 and (bool(last.prefix) or last.form in rules.superlatives))
            of = states_purpose(some, rules) if size > 1 else 0
            purpose = of > 0 and holds_together(some[:of], rules)
            if own > MAX_WORDS or (size > 1 and last.prefix and last.definite and not purpose):
                break
            if joins[at + size - 1] and last.form in LINKS:
                continue
            # A family name after its particle, whatever its first letter: فون دير لاين.
            if not may[at + size - 1] and not (size > 1 and joins[at + size - 2]):
                break
            if last.form in rules.directions or (size == 1 and _needs_more(last, rules, known)):
                continue
            if titles or (size > 1 and last.prefix and not purpose) or has_possessive(last.surface):
                continue
            following = nouns[at + size] if at + size < len(nouns) else None
            if _governs(last, following, run, at + size, rules) or cuts_name(some, following, rules):
                continue
            # للقضايا | الإجرامية
            cut = purpose and following is not None and following.definite and following.surface.endswith(("ية", "ي"))
            if cut or (size > 1 and not is_first_name(first) and owns(last, following, rules)):
                continue
            name = (
                (at == 0 and size == named)
                or (purpose and headed)
                or (at == called and at + size == len(nouns))
                or (last.form in known.speakers and is_speaker(some, rules))
                # Names show by their head (حزب, وزارة, مدينة) or by a title before them.
                or (headed and size > 1 and not barred and is_headed_name(some, rules))
                or (titled and not (headed and size > 1) and not barred and is_titled_name(some, rules))
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
                half = size == 1 and not name and _is_half(nouns, at, rules)
                yield Candidate(tuple(stems[at : at + size]), Span(start, last.span.end), name, size, attributive, half)


def _is_half(nouns: Sequence[ArabicNoun], at: int, rules: Lexicon) -> bool:
    """Whether a word is a common noun whose owner follows (وحدات | الحرس) or what an office is of (وزير | المالية)."""
    noun, following = nouns[at], nouns[at + 1] if at + 1 < len(nouns) else None
    if owns(noun, following, rules):
        return True
    if following is not None and not noun.definite and not following.prefix and rules.is_content(following.form):
        # مدينة | صفاقس, تفعيل | اتفاق, but تعليم ابتدائي
        asks = is_head(noun.form, rules) or _OF_DOING.fullmatch(noun.form)
        if asks and not following.surface.endswith(("ي", "ية")):
            return True
    if not at or not noun.definite or noun.prefix or is_head(noun.form, rules) or is_head(noun.form[2:], rules):
        return False
    before = nouns[at - 1]
    heads = before.form in rules.organisation_heads or before.form in rules.person_titles
    known = is_first_name(noun) or noun.form in part_rules().places or noun.form[2:] in part_rules().places
    return heads and not before.definite and not known


def _needs_more(noun: ArabicNoun, rules: Lexicon, known: ArabicForms) -> bool:
    """Whether a word says nothing alone: one of two (مدينتي), an accusative of how or what (انطلاقا) of a word that
    stands in the article without its alif."""
    without = noun.form[1:] if noun.form[0] in _CLITICS else noun.form  # بشكل
    if not rules.empty.isdisjoint((noun.form, noun.form.removeprefix("ال"), without)):
        return True
    if noun.definite or is_place(noun.form) or noun.form in part_rules().names:
        return False
    # مراسلنا; of verbal nouns an accusative says how: استعدادا.
    ours = len(noun.form) > _SHORT and noun.form.endswith("نا") and rules.stem(noun.form[:-2]) in rules.common
    if ours or (_VERBAL.fullmatch(noun.form) and rules.stem(noun.form) in rules.common):
        return True
    if noun.form.endswith("يا") and rules.stem(noun.form) in rules.common:
        return True  # محليا
    if noun.surface.endswith("تي") and len(noun.form) >= _SHORT:
        return rules.stem(noun.form[:-2] + "ه") in rules.common
    if len(noun.form) < _SHORT - 1 or not noun.form.endswith("ا"):
        return False
    bare = noun.form[:-1]
    return any(before + bare in known.words for before in ("", "ال", "لل", "وال", "بال", "فال", "كال"))


def _is_of_country(noun: ArabicNoun) -> bool:
    """Whether a word says of what country a thing is, which has the stem of the country itself: البحرينية."""
    bare, places = noun.form.removeprefix("ال"), part_rules().places
    if is_place(bare) or noun.form in places:
        return False
    for ending in ("يه", "يين", "ي"):
        root = bare.removesuffix(ending)
        if root != bare:
            return any(form in places for end in ("", "ا", "يا") for form in (root + end, "ال" + root + end))
    return False


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
    if not noun.surface.endswith("ة") or is_head(before.form, rules):
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


def _is_phrase(some: Sequence[ArabicNoun], rules: Lexicon) -> bool:
    """Whether several nouns, none with a prefix inside, are such with the article in a row or a head before them."""
    if not some[-1].definite:
        # Indefinite pairs agree in ending (ضمانات أمنية) or are names; frequency will tell which are terms.
        return not any(noun.definite for noun in some)
    if is_place(some[0].form) and not some[-1].form.endswith(("ي", "يه")):
        return False
    return holds_together(some, rules)
