"""Which runs of Arabic words can be a key term: names by their head or a title, and noun phrases that hold together.

Arabic marks neither names nor the end of a phrase, so the forms are asked: the article, which an adjective shares with
its noun and which stays once it is there; the ending of a feminine noun, which its adjective shares; prefixes; verbs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from khulasa.server.core.summary.candidates import MAX_WORDS, Candidate, may_stand
from khulasa.server.core.summary.lexicon import Lexicon, Word
from khulasa.server.core.text.arabic_verbs import is_arabic_verb
from khulasa.server.core.text.rules import part_rules
from khulasa.server.core.text.types import Span

__all__ = ["arabic_candidates"]

# Prefixes of one letter; لل is ل with the article.
_CLITICS = "وفبلك"
# A stem that stands in this share of articles is a common word, no name.
_COMMON = 0.005
# Shorter forms of the past tense are as often nouns (حكم, عمل).
_SURE_VERB = 4
# A prefix is told from a first letter where so long a common word remains.
_LEAST_REST, _MORE_OFTEN = 4, 2
_FEMININE = ("ه", "ة", "ى", "ا", "اء")


@dataclass(frozen=True, slots=True)
class _Noun:
    """A word taken apart.

    Attributes:
        span: Its place without prefixes.
        form: Folded, without prefixes.
        surface: As it is written, without prefixes.
        definite: It has the article.
        prefix: What was taken off its beginning, `ال` not counted.
        verb: It is a verb rather than a noun.
    """

    span: Span
    form: str
    surface: str
    definite: bool
    prefix: str
    verb: bool


def arabic_candidates(text: str, run: Sequence[Word], rules: Lexicon, known: frozenset[str]) -> Iterator[Candidate]:
    """Every candidate of a stretch of words with only space between them.

    Args:
        text: The document.
        run: The words.
        rules: Of Arabic.
        known: Folded words of the document.
    """
    nouns = [_noun(run, at, text, known, rules) for at in range(len(run))]
    for at, first in enumerate(nouns):
        if not _may_be_term(first, rules) or first.form in rules.superlatives:
            continue
        for size in range(1, min(MAX_WORDS, len(nouns) - at) + 1):
            some = nouns[at : at + size]
            last = some[-1]
            if size > 1 and ((last.prefix and last.definite) or not _may_be_term(last, rules)):
                break
            if last.form in rules.directions or _has_possessive(last.surface) or (size > 1 and last.prefix):
                continue
            following = nouns[at + size] if at + size < len(nouns) else None
            if _governs(last, following, run, at + size, rules) or _cuts_name(last, following, rules):
                continue
            name = _is_name(run, at, some, rules)
            if name or _is_phrase(some, rules):
                key = tuple(rules.stem(noun.form) for noun in some)
                attributive = at > 0 and _agrees(nouns[at - 1], first, rules, alone=size == 1)
                yield Candidate(key, Span(first.span.start, last.span.end), name, size, attributive)


def _cuts_name(last: _Noun, following: _Noun | None, rules: Lexicon) -> bool:
    """Whether a first name stands last and what follows it is a family name: مدرسة محمد | عاكف, عصمت | يلماز."""
    if following is None or last.form not in part_rules().names or last.definite:
        return False
    if following.form in _NAME_LINKS:
        return True
    return not (
        following.prefix or following.verb or not may_stand(following.form, rules, 3) or _is_common(following, rules)
    )


def _may_be_term(noun: _Noun, rules: Lexicon) -> bool:
    if not may_stand(noun.form, rules, 3):
        return False
    # بكم, لهذا, كأحد: a prefix before a word that says nothing.
    return noun.form[0] not in _CLITICS or len(noun.form) > _LEAST_REST + 1 or noun.form[1:] not in rules.stop_words


def _noun(run: Sequence[Word], at: int, text: str, known: frozenset[str], rules: Lexicon) -> _Noun:
    """A word without its prefixes: letters before the article, or before what stands elsewhere alone."""
    word = run[at]
    surface = word.span.of(text)
    # Marks and tatweel make the surface longer than the form: such words keep their prefixes rather than lose a place.
    cut, form = _without_prefixes(word.form, known, rules) if len(surface) == len(word.form) else (0, word.form)
    definite = form.startswith("ال") and len(form) > 4
    surface = surface[cut:]
    after_preposition = at > 0 and run[at - 1].form in rules.prepositions
    # ل stands before verbs too (ليشكل), ب and ك do not.
    verb = word.form[:cut] in ("", "ل", "و", "ف") and not after_preposition and _is_verb(form, surface, known)
    return _Noun(Span(word.span.start + cut, word.span.end), form, surface, definite, word.form[:cut], verb)


def _without_prefixes(form: str, known: frozenset[str], rules: Lexicon) -> tuple[int, str]:
    """How many letters of a folded word are prefixes, and the word without them; لل becomes ال."""
    if form.startswith("لل") and len(form) > 4:
        return 2, "ال" + form[2:]
    if form[0] in "وف" and form[1:3] == "لل" and len(form) > 5:
        return 3, "ال" + form[3:]
    cut = 0
    while cut < 2 and len(form) - cut > 3 and form[cut] in _CLITICS:
        rest = form[cut + 1 :]
        if _has_article(rest, form[cut:], known, rules) or _stands_alone(rest, form[cut:], known, rules):
            cut += 1
            continue
        if form[cut] in "وف" and cut == 0 and len(rest) > 3 and rest[0] in "بلك":
            # Two prefixes: وبالمدينة, ولموسكو.
            inner = rest[1:]
            if inner.startswith("ال") or (inner in known and inner not in rules.stop_words):
                cut += 1
                continue
        break
    return cut, form[cut:]


def _has_article(rest: str, whole: str, known: frozenset[str], rules: Lexicon) -> bool:
    """Whether what follows a letter begins with the article: not in باليرمو and كاليفورنيا."""
    if not rest.startswith("ال") or len(rest) <= 4 or whole in part_rules().places:
        return False
    return rest[2] not in "يا" or rest in known or rules.stem(rest) in rules.common


def _stands_alone(rest: str, whole: str, known: frozenset[str], rules: Lexicon) -> bool:
    """Whether what follows a letter is a word of its own: here, or in many articles where the whole is not."""
    if rest in rules.stop_words:
        return False
    if rest in known:
        return True
    # و is left alone here: وزارة, وكالة and the like begin with it, and stems are counted without it.
    if whole[0] not in "بلك" or len(rest) < (_LEAST_REST - 1 if rest.endswith("ه") else _LEAST_REST):
        return False
    return rules.common.get(rules.stem(rest), 0.0) > _MORE_OFTEN * rules.common.get(rules.stem(whole), 0.0)


def _is_verb(form: str, surface: str, known: frozenset[str]) -> bool:
    """Whether a word is a verb; words that stand with the article elsewhere or end in ta marbuta are nouns."""
    # The verbs are listed as the reader of articles folds them, where hamza on w and y stays.
    form = surface.translate(_READ) if len(surface) == len(form) else form
    if not form or form.startswith("ال") or surface.endswith("ة") or ("ال" + form) in known or form in _NOT_VERBS:
        return False
    if form.startswith(("سي", "ست")) and len(form) > 4 and is_arabic_verb(form):
        return True
    if form[0] == "ي" and len(form) > 3 and not form.endswith(("ا", "ه", "يه", "ات")):
        return True
    if form[0] in "يت" and len(form) == _SURE_VERB - 1:
        return is_arabic_verb(form)
    if form.endswith("ات"):
        return False
    return len(form) >= _SURE_VERB and is_arabic_verb(form)


# Between a first name and what follows it.
_NAME_LINKS = frozenset(["بن", "ابن", "بنت", "ابو"])
_READ = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه"})
_NOT_VERBS = frozenset(
    "يمن يمين يسار يورو ياسر يوسف يحيي يونس ياسين يهود تل تونس تركيا تجاره تنظيم تحالف تعاون تمر تبغ تبن تين".split()  # noqa: SIM905
)


def _agrees(before: _Noun, noun: _Noun, rules: Lexicon, *, alone: bool) -> bool:
    """Whether a noun reads as the adjective of the one before it: both with the article, or a nisba after a noun."""
    if not rules.is_content(before.form) or noun.prefix:
        return False
    return (noun.definite and before.definite) or (alone and noun.form.endswith(("يه", "ي")))


def _has_possessive(surface: str) -> bool:
    """Whether a word ends in a possessive pronoun (استخدامه, بلادها): it points elsewhere and names nothing."""
    return len(surface) > 4 and surface.endswith(("ه", "ها", "هم")) and surface not in _NO_POSSESSIVE


_NO_POSSESSIVE = frozenset(
    "الله مياه المياه اتجاه الاتجاه الفقه التنبيه الوجه طه إله الإله شبه نزيه النزيه فقيه الفقيه".split()  # noqa: SIM905
)


def _governs(last: _Noun, following: _Noun | None, run: Sequence[Word], after: int, rules: Lexicon) -> bool:
    """Whether the last word asks for what follows: `الشركة التابعة ل...` is cut, `الشركة` is not."""
    if following is None or last.form not in rules.governing:
        return False
    return bool(following.prefix) or run[after].form in rules.prepositions or run[after].form[:1] in ("ب", "ل")


def _is_common(noun: _Noun, rules: Lexicon) -> bool:
    """Whether a word stands in many articles and is no first name."""
    return rules.common.get(rules.stem(noun.form), 0.0) >= _COMMON and noun.form not in part_rules().names


def _is_name(run: Sequence[Word], at: int, some: Sequence[_Noun], rules: Lexicon) -> bool:
    """Names show by what stands before them (a title) or by their head (حزب, وزارة, مدينة)."""
    size = len(some)
    if some[0].definite and some[0].form.endswith(("ي", "يه")):
        return False  # an adjective of country after the title
    if any(noun.form in rules.person_titles or noun.verb for noun in some):
        return False
    if size > 1 and some[0].form in rules.organisation_heads | rules.place_heads:
        return _is_headed_name(some, rules)
    if size > 3 or some[0].definite or any(noun.prefix for noun in some[1:]) or not _may_name_person(some, rules):
        return False
    if at > 0 and _is_title(run[at - 1].form, rules):
        return True
    # A title with its office and country between: الرئيس الأوكراني ..., وزير الخارجية الأميركي ...
    for back in range(at - 1, max(-1, at - 4), -1):
        if _is_title(run[back].form, rules):
            return True
        if not run[back].form.startswith("ال"):
            return False
    return False


def _is_headed_name(some: Sequence[_Noun], rules: Lexicon) -> bool:
    """Whether words after a head like حزب make a name with it."""
    first, inner = some[0], some[1:]
    if not _holds_together(some) or any(noun.form in rules.superlatives for noun in inner):
        return False
    if inner[-1].definite:
        # `ولاية قفصة` is whole: only an adjective of country or kind may follow a name within.
        proper = any(
            not noun.definite and not noun.prefix and not following.prefix and not _is_common(noun, rules)
            for noun, following in pairwise(inner)
        )
        return not proper or inner[-1].form.endswith(("ي", "يه"))
    if inner[0].form in part_rules().names and not any(
        noun.prefix or noun.definite or _is_common(noun, rules) for noun in inner
    ):
        return not first.definite
    return (
        len(some) == 2 and not first.definite and not inner[0].form.endswith("يه") and not _is_common(inner[0], rules)
    )


def _may_name_person(some: Sequence[_Noun], rules: Lexicon) -> bool:
    """Whether words can be first and family names: no common words, and the article on the last at most."""
    # عبد الفتاح السيسي: the article belongs to the first name.
    bare = [noun for before, noun in pairwise(some) if before.form not in ("عبد", "ابو")]
    if any(noun.definite for noun in bare[:-1]):
        return False
    # Family names are common words at times: إبراهيم العدوان.
    named = len(some) == 2 and some[0].form in part_rules().names
    return not any(_is_common(noun, rules) for noun in (some[:1] if named else [some[0], *bare]))


def _is_title(form: str, rules: Lexicon) -> bool:
    return form in rules.person_titles or form.removeprefix("و") in rules.person_titles


def _is_phrase(some: Sequence[_Noun], rules: Lexicon) -> bool:
    """A noun with the article, such nouns in a row, or a head noun before them."""
    if len(some) == 1:
        return not some[0].verb
    if any(noun.verb or noun.form in rules.superlatives for noun in some) or any(noun.prefix for noun in some[1:]):
        return False
    if not some[-1].definite:
        # Indefinite pairs agree in ending (ضمانات أمنية) or are names; frequency will tell which are terms.
        return not any(noun.definite for noun in some)
    if _is_place(some[0].form) and not some[-1].form.endswith(("ي", "يه")):
        return False
    return _holds_together(some)


def _is_place(form: str) -> bool:
    """Whether a word names a country or city, after which no noun can stand: ليبيا, أوكرانيا, but not قضايا."""
    return form in part_rules().places or (form.endswith("يا") and not form.endswith("ايا") and len(form) > 4)


def _holds_together(some: Sequence[_Noun]) -> bool:
    """Whether words in a row are one phrase by their forms.

    The article, once there, stays (`الضمانات الأمنية`, `حلف شمال الأطلسي`, not `الرئيس حلف`), but for `ل` before what a
    body is for (`الاتحاد الهندوري لكرة القدم`). What follows a feminine noun with the article is its adjective, and
    feminine. A noun before another cannot end in the -an of the accusative.
    """
    seen = False
    for noun in some:
        if noun.prefix and noun is not some[0]:
            if noun.prefix != "ل" or noun.definite:
                return False
            seen = False
        elif seen and not noun.definite:
            return False
        seen = seen or noun.definite
    if len(some) > 1 and some[0].definite and some[1].definite:
        feminine = some[0].surface.endswith("ة")
        if feminine and not some[1].surface.endswith(_FEMININE):
            return False
    if some[-1].definite:
        return not any(
            not noun.definite and noun.form.endswith("ا") and not _is_place(noun.form) and len(noun.form) > _SURE_VERB
            for noun in some[:-1]
        )
    return True
