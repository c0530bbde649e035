"""Arabic words of an article taken apart: prefixes, the article, whether a word is a noun, a verb or who speaks.

Letters do not tell a prefix from the first letter of a word, nor a verb from a noun: what else stands in the article
does, and how often words stand in others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from khulasa.server.core.summary.candidates import may_stand
from khulasa.server.core.summary.lexicon import Lexicon, Word
from khulasa.server.core.text.arabic_verbs import is_arabic_verb
from khulasa.server.core.text.rules import arabic_clauses, part_rules
from khulasa.server.core.text.types import Span

__all__ = [
    "NAME_LINKS",
    "ArabicForms",
    "ArabicNoun",
    "arabic_forms",
    "arabic_noun",
    "has_possessive",
    "is_common",
    "is_first_name",
    "is_foreign",
    "is_of_somebody",
    "owns",
    "states_purpose",
]

# Prefixes of one letter; لل is ل with the article.
_CLITICS = "وفبلك"
_WITH_ARTICLE = ("ال", "لل", "وال", "بال", "كال", "فال", "ولل", "فلل")
# A stem that stands in this share of articles is a common word, no name.
_COMMON = 0.005
# Shorter forms of the past tense are as often nouns (حكم, عمل).
_SURE_VERB = 4
# The longest imperfect of a `he` that has neither an object nor a plural ending: يستطيع. يونايتد is a name.
_LONGEST_BARE = 6
_VERB_ENDINGS = ("ون", "ان", "وا", "ين", "ه", "ها", "هم", "نا", "ني", "كم", "ك")
# A prefix is told from a first letter where so long a common word remains.
_LEAST_REST, _MORE_OFTEN, _OFTEN = 4, 2, 0.01
# A body and its adjective, before what it is for.
_LEAST_BODY = 2
_READ = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه"})
_NOT_VERBS = frozenset(
    "يمن يمين يسار يورو ياسر يوسف يحيي يونس ياسين يهود تل تونس تركيا تجاره تنظيم تحالف تعاون تمر تبغ تبن تين".split()  # noqa: SIM905
)
_NO_POSSESSIVE = frozenset(
    "الله مياه المياه اتجاه الاتجاه الفقه التنبيه الوجه طه إله الإله شبه نزيه النزيه فقيه الفقيه وجه فقه كنه سفه "  # noqa: SIM905
    "متهم المتهم تفاهم التفاهم مساهم المساهم درهم الدرهم دراهم الدراهم أسهم الأسهم الملهم المبهم".split()
)
# What stands between a first name and what follows it.
NAME_LINKS = frozenset(["بن", "ابن", "بنت", "ابو"])
_SHORTEST_DEFINITE = 4
_SAINT = "سيدي"
# What a verb follows, short as it may be: كما قرر.
_BEFORE_VERBS = frozenset("قد لقد وقد كما فيما الذي التي الذين".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class ArabicForms:
    """The words of an article, all folded.

    Attributes:
        words: As they stand.
        definite: Stems of those that stand with the article.
        speakers: Rare words between a verb of saying and what was said: `وأوضح العكرمي أن`.
    """

    words: frozenset[str]
    definite: frozenset[str]
    speakers: frozenset[str]


@dataclass(slots=True)
class ArabicNoun:
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


def arabic_forms(text: str, stretches: Sequence[Sequence[Word]], rules: Lexicon) -> ArabicForms:
    """What the words of a document, sentence by sentence, tell of one another."""
    forms = frozenset(word.form for words in stretches for word in words)
    definite = frozenset(
        rules.stem(form) for form in forms if form.startswith(_WITH_ARTICLE) and len(form) > _SURE_VERB
    )
    speakers = set()
    for words in stretches:
        for at, verb in enumerate(words):
            if verb.form not in rules.speech_verbs and not (
                verb.form[:1] in "وف" and verb.form[1:] in rules.speech_verbs
            ):
                continue
            # `رأى بن جازية أن`: the name is of two words.
            last = at + 2 if at + 1 < len(words) and words[at + 1].form in NAME_LINKS else at + 1
            if last + 1 < len(words) and _may_speak(words[last], text, rules):
                between = text[words[last].span.end : words[last + 1].span.start]
                if words[last + 1].form in rules.after_speech or (last > at + 1 and "،" in between):
                    speakers.add(words[last].form)
    return ArabicForms(forms, definite, frozenset(speakers))


def _may_speak(who: Word, text: str, rules: Lexicon) -> bool:
    """Whether what follows a verb of saying is a rare word by itself, as family names are."""
    form, surface = who.form, who.span.of(text)
    rare = rules.common.get(rules.stem(form), 0.0) < _COMMON and rules.stem(form[1:]) not in rules.common
    return rare and rules.is_content(form) and not has_possessive(surface) and not form.endswith("نا")


def arabic_noun(run: Sequence[Word], at: int, text: str, known: ArabicForms, rules: Lexicon) -> ArabicNoun:
    """A word without its prefixes: letters before the article, or before what stands elsewhere alone."""
    word = run[at]
    surface = word.span.of(text)
    before = run[at - 1].form if at else ""
    # Marks and tatweel make the surface longer than the form: such words keep their prefixes rather than lose a place.
    cut, form = 0, word.form
    # بو begins family names and saints: طارق بوسنة, سيدي بوزيد.
    own = form.startswith("بو") and (before in part_rules().names or before == _SAINT)
    if len(surface) == len(form) and not own:
        # No word of its own begins with وإ.
        asked = before in rules.governing and before not in rules.person_titles  # المقدم بلحسن
        cut, form = _without_prefixes(form, known, rules, asked=asked)
        if not cut and surface.startswith("وإ"):
            cut, form = 1, form[1:]
    # الوطني | الحر, but ألفا and الله
    short = len(form) == _SHORTEST_DEFINITE and surface.startswith("ال") and before.startswith("ال") and form != "الله"
    definite = form.startswith("ال") and (len(form) > _SHORTEST_DEFINITE or short)
    surface = surface[cut:]
    # ل stands before verbs too (ليشكل), ب and ك do not.
    verb = word.form[:cut] in ("", "ل", "و", "ف") and before not in rules.prepositions
    verb = verb and (_is_verb(form, surface, known) or _is_joined_verb(form, surface, known))
    verb = verb or (before in _BEFORE_VERBS and is_arabic_verb(form))
    return ArabicNoun(Span(word.span.start + cut, word.span.end), form, surface, definite, word.form[:cut], verb)


def is_common(noun: ArabicNoun, rules: Lexicon) -> bool:
    """Whether a word stands in many articles and is no first name."""
    return rules.common.get(rules.stem(noun.form), 0.0) >= _COMMON and noun.form not in part_rules().names


def has_possessive(surface: str) -> bool:
    """Whether a word ends in a possessive pronoun (استخدامه, بلادها): it points elsewhere and names nothing."""
    ends = surface.endswith(("ه", "ها", "هم")) if len(surface) > 4 else len(surface) > 2 and surface.endswith("ه")
    return ends and surface not in _NO_POSSESSIVE


def is_of_somebody(noun: ArabicNoun, rules: Lexicon) -> bool:
    """Whether a word is a common one with a possessive: مؤتمره; of ديدييه nothing is known without its end."""
    ends = 2 if noun.form.endswith(("ها", "هم")) else 1
    return has_possessive(noun.surface) and rules.stem(noun.form[:-ends]) in rules.common


def is_first_name(noun: ArabicNoun) -> bool:
    """Whether a word is a first name, with the article or without: الهادي."""
    return noun.form in part_rules().names or noun.form.removeprefix("ال") in part_rules().names


def is_foreign(noun: ArabicNoun, rules: Lexicon) -> bool:
    """Whether a word without article and prefix is rare, and neither a nisba nor an accusative."""
    if noun.prefix or noun.definite or noun.verb or is_common(noun, rules) or not may_stand(noun.form, rules, 3):
        return False
    return not noun.surface.endswith(("ية", "ي", "ا", "ى")) and not has_possessive(noun.surface)


def states_purpose(some: Sequence[ArabicNoun], rules: Lexicon) -> int:
    """Where a body with the article says what it is for, behind لل (الاتحاد العام التونسي للشغل) at its end; 0 if not.

    An adjective may follow: النقابة العامة للتعليم الأساسي.
    """
    first, at = some[0], len(some) - 1
    body = first.definite and (first.form in rules.organisation_heads or first.form[2:] in rules.organisation_heads)
    if not body:
        return 0
    if at > _LEAST_BODY and not some[at].prefix and some[at].definite and some[at].surface.endswith(("ي", "ية")):
        at -= 1
    for_it = at >= _LEAST_BODY and some[at].definite and some[at].prefix == "لل"
    return at if for_it and all(noun.definite and not noun.prefix for noun in some[1:at]) else 0


def owns(noun: ArabicNoun, following: ArabicNoun | None, rules: Lexicon) -> bool:
    """Whether a common noun has its owner still to come, with which alone it is whole: أداء صلاة | الجمعة."""
    if following is None or not following.definite or following.prefix or not rules.is_content(following.form):
        return False
    adjective = noun.surface.endswith(("ية", "ي")) or following.surface.endswith(("ية", "ي"))
    named = noun.form in part_rules().places or following.form in rules.person_titles
    return not (noun.definite or adjective or named) and is_common(noun, rules)


def _without_prefixes(form: str, known: ArabicForms, rules: Lexicon, *, asked: bool) -> tuple[int, str]:
    """How many letters of a folded word are prefixes, and the word without them; لل becomes ال.

    A word that asks for a preposition before it (`التابعة لغوغل`) makes its ل and ب one. The article is not written
    between ل and a word that begins with ل itself (`للجنة`).
    """
    if form[1:].isdecimal():
        return 1, form[1:]
    if form.startswith("لل") and len(form) > 4:
        own, other = form[1:], form[2:]
        alone = not known.words.isdisjoint((own, "ال" + own)) and known.words.isdisjoint((other, "ال" + other))
        oftener = rules.common.get(rules.stem(own), 0.0) > _MORE_OFTEN * rules.common.get(rules.stem(other), 0.0)
        return (1, own) if alone and oftener else (2, "ال" + other)
    if form[0] in "وف" and form[1:3] == "لل" and len(form) > 5:
        return 3, "ال" + form[3:]
    if asked and form[0] in "بل" and len(form) > _LEAST_REST:
        return 1, form[1:]
    cut = 0
    while cut < 2 and len(form) - cut > 3 and form[cut] in _CLITICS:
        rest = form[cut + 1 :]
        if _has_article(rest, form[cut:], known, rules) or _stands_alone(rest, form[cut:], known, rules):
            cut += 1
            continue
        if form[cut] in "وف" and cut == 0 and len(rest) > 3 and rest[0] in "بلك":
            # Two prefixes: وبالمدينة, ولموسكو.
            inner = rest[1:]
            if (inner.startswith("ال") and len(inner) > _LEAST_REST) or (
                inner in known.words and inner not in rules.stop_words
            ):
                cut += 1
                continue
        break
    return cut, form[cut:]


def _has_article(rest: str, whole: str, known: ArabicForms, rules: Lexicon) -> bool:
    """Whether what follows a letter begins with the article: not in باليرمو and كاليفورنيا."""
    if not rest.startswith("ال") or len(rest) <= 4 or whole in part_rules().places:
        return False
    return rest[2] not in "يا" or rest in known.words or rules.stem(rest) in rules.common


def _stands_alone(rest: str, whole: str, known: ArabicForms, rules: Lexicon) -> bool:
    """Whether what follows a letter is a word of its own: here, or in many articles where the whole is not."""
    if rest in rules.stop_words:
        return False
    if rest in known.words or (len(rest) > 2 and rest + "ا" in known.words):
        return True
    if whole[0] in "وف":
        # Of a name, or of a word that stands with the article elsewhere or in other articles; not وزارة.
        names = part_rules().names
        common = whole[0] == "و" and rules.stem(rest) in rules.common and not whole.startswith(rules.own_waw)
        if whole in names or len(rest) < _LEAST_REST:
            return whole not in names and (rest in names or common)
        return common or rest in names or rules.stem(rest) in known.definite
    if rules.stem(whole) in known.definite:
        return False  # بطاقات is no ب with طاقات where البطاقة stands
    if len(rest) < (_LEAST_REST - 1 if rest.endswith("ه") else _LEAST_REST):
        return False
    heads = (rules.organisation_heads, rules.place_heads)
    if any(rest in some for some in heads) and not any(whole in some for some in heads):
        return True  # لوكالة, however often it stands so
    share, own = (rules.common.get(rules.stem(form), 0.0) for form in (rest, whole))
    if whole[0] == "ك" and (own or share < _OFTEN):
        return False  # كاميرات is no ك with أميرات
    if share > _MORE_OFTEN * own:
        return True
    # Of a name nothing is known but that it stands with another prefix too: لغوغل, وغوغل.
    return not own and any(letter + rest in known.words for letter in _CLITICS if letter != whole[0])


def _is_joined_verb(form: str, surface: str, known: ArabicForms) -> bool:
    """Whether a word is `and` or `so that` with a verb (وحذرت, ليحتل) that stands nowhere alone; not فيديو, ليبيا."""
    if form[:2] == "لي":
        return form[1:] in arabic_clauses().verbs
    if form[:2] == "لا" and form[2:3] in ("ي", "ت"):
        return len(form) > _LONGEST_BARE and is_arabic_verb(form[2:])  # لايتجاوز
    if len(form) <= _SURE_VERB or form[0] not in "وف" or form[:2] == "في" or len(surface) != len(form):
        return False
    return _is_verb(form[1:], surface[1:], known)


def _is_verb(form: str, surface: str, known: ArabicForms) -> bool:
    """Whether a word is a verb; words that stand with the article elsewhere or end in ta marbuta are nouns."""
    # The verbs are listed as the reader of articles folds them, where hamza on w and y stays.
    form = surface.translate(_READ) if len(surface) == len(form) else form
    if not form or form.startswith("ال") or surface.endswith("ة") or ("ال" + form) in known.words or form in _NOT_VERBS:
        return False
    if form.startswith(("سي", "ست")) and len(form) > 4 and is_arabic_verb(form):
        return True
    if form[0] == "ي" and len(form) > 3 and not form.endswith(("ا", "ه", "يه", "ات")):
        return len(form) <= _LONGEST_BARE or form.endswith(_VERB_ENDINGS)
    if form[0] in "يت" and len(form) == _SURE_VERB - 1:
        return is_arabic_verb(form)
    if form.endswith("ات") or len(form) < _SURE_VERB:
        return False
    # Of two who did something: تسببا.
    return is_arabic_verb(form) or (len(form) > _SURE_VERB and form[-1] == "ا" and is_arabic_verb(form[:-1]))
