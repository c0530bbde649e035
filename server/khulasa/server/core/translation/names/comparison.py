"""Names of a pair compared: what one side names must have its counterpart in the other, by sound or by translation.

English tells names by their capitals. Arabic does not: there a word is one when the word lexicon translates it by names
alone, or when it is unknown and spelled as foreign names are. A swapped name leaves one without a counterpart on either
side, and the one that is easier to tell is enough.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import regex
from khulasa.server.core.translation.names.actors import actors_changed
from khulasa.server.core.translation.names.exchange import (
    ARTICLES,
    INFLECTED,
    LEAST_LETTERS,
    Lost,
    arabic_features,
    english_features,
    joint_features,
    logit,
    may_be_lost,
)
from khulasa.server.core.translation.names.roles import roles_changed
from khulasa.server.core.translation.names.shapes import foreign_shape
from khulasa.server.core.translation.names.sides import (
    LEAST_SCORE,
    LIKELY_SOUND,
    ArabicSide,
    best_sound,
    name_score,
    words_alone,
)
from khulasa.server.core.translation.names.sounds import likely_forms, may_sound, sound_score
from khulasa.server.core.translation.names.words import (
    ArabicWord,
    EnglishWord,
    Rank,
    arabic_words,
    english_words,
    is_shortened,
    linked_ids,
    stems_for,
)
from khulasa.server.core.translation.types import LanguagePair

__all__ = [
    "LEAST_SCORE",
    "ArabicSide",
    "arabic_names_found",
    "least_name_score",
    "lost_english",
    "names_agree",
    "without_counterpart",
]

# An Arabic name that no English word sounds like better than this has no counterpart.
_LEAST_ARABIC = -2.0
# The same for one that the lexicon translates, and that no translation answers: الصين is no `Association`.
_LEAST_KNOWN = -1.5
# Where the English says a name too often, a word in small letters must sound so much more like an Arabic one: هاريس is
# no `serious`; and so well is it spelled as names are, a word of the language or inflected, and any other.
_SMALL_LETTERS, _LIKE_NAME, _LIKE_ANY = 0.5, 2.0, -1.0
# Letters by which two words are the same name: Poland, Polish.
_SAME_NAME = 3
# Log odds from which on an unknown word is a foreign name.
_FOREIGN = 3.0
# More than any sentence holds: what a caller sends may be a list of thousands, and then nothing is said of it.
_MOST_NAMES, _MOST_WORDS = 40, 250
# A spelling this good is the name: the others need not be looked at.
_CERTAIN = -1.0
_ABBREVIATION = regex.compile(r"[A-Z]{2,6}s?|[B-HJ-Z]")
# A likeness from which on a word is surely the counterpart of another.
_SURE_SOUND = -1.0
# Two words at once are more letters, of which some are alike by chance.
_JOINED_SOUND = -1.3
# Log odds from which on an English word without counterpart was put in the place of an Arabic one, or of none that can
# be told. Into English: an Arabic word in the place of a name is told by the rules, and the models are false on it.
_EXCHANGED, _EXCHANGED_ALONE = 0.7, 1.0
# How far a translation stands from its word, as a share of the text.
_NEAR = 0.25
# A sound that says nothing.
_NO_SOUND = -4.0


def _translated(english: EnglishWord, arabic: ArabicWord) -> bool:
    if not arabic.units.isdisjoint(linked_ids(english.unit)):
        return True
    stems = stems_for(english.text)
    return bool(stems) and any(form.startswith(stems) for form in arabic.forms)


def _joined_score(names: Sequence[EnglishWord], place: int, arabic: ArabicSide) -> float:
    """The score of a name written as one word with the one before or after it: New Hampshire, نيوهامبشير."""
    best = -10.0
    for first, second in ((place - 1, place), (place, place + 1)):
        if first >= 0 and second < len(names) and names[first].text[0].isupper() and names[second].text[0].isupper():
            latin, alone = names[first].latin + names[second].latin, names[first + second - place].latin
            # What the other of the two spells by itself as well says nothing of this one: Santo Utah is no سانتو.
            hopeful = may_sound(dict.fromkeys(arabic.others, 0.0), latin, _JOINED_SOUND)
            forms = [form for form in hopeful if sound_score(form, alone, _JOINED_SOUND) < _JOINED_SOUND]
            best = max(best, best_sound(dict.fromkeys(forms, 0.0), latin, _JOINED_SOUND, _JOINED_SOUND))
    return best if best >= _JOINED_SOUND else -10.0


def _is_foreign(word: ArabicWord) -> bool:
    """Whether an unknown word is spelled as a name; one with an article or an Arabic ending is none."""
    text = word.text
    if len(text) < 4 or text.isascii() or text.startswith(ARTICLES):
        return False
    return not INFLECTED.search(text) and foreign_shape(text) >= _FOREIGN


def _sounds_like_any(word: ArabicWord, english: Sequence[EnglishWord], small: float) -> bool:
    """Whether any English word, name or not, sounds like an Arabic name; one in small letters so much more."""
    forms, least = dict.fromkeys(word.forms, 0.0), _LEAST_KNOWN if word.rank == Rank.NAME else _LEAST_ARABIC
    # The likeliest first of all, since one is enough.
    alike = sorted(
        (-likeness, form, other.latin, needed)
        for other in english
        if len(other.latin) > 2
        for needed in (least if other.text[0].isupper() else least + small,)
        for likeness, form in likely_forms(forms, other.latin, needed)
    )
    return any(sound_score(form, latin, needed) >= needed for _, form, latin, needed in alike)


def arabic_names_found(english: str, arabic: str) -> bool:
    """Whether every word of the Arabic text that is surely a name has a counterpart in the English.

    Args:
        english: One side.
        arabic: The other.
    """
    words = arabic_words(arabic, _MOST_WORDS)
    return not _lost_arabic(list(english_words(english)) if words else [], words)


def _lost_arabic(english: Sequence[EnglishWord], words: Sequence[ArabicWord]) -> list[ArabicWord]:
    if not 0 < len(english) <= _MOST_WORDS:
        return []
    names = {w.text: w for w in words if w.rank == Rank.NAME or (w.rank == Rank.UNKNOWN and _is_foreign(w))}
    return without_counterpart(english, list(names.values())) if len(names) <= _MOST_NAMES else []


def without_counterpart(
    english: Sequence[EnglishWord], words: Sequence[ArabicWord], *, strict: bool = False
) -> list[ArabicWord]:
    """Those that no word of the English, no two of them and no letter of an abbreviation may stand for.

    Args:
        english: The words of one side.
        words: Some of the other.
        strict: Abbreviations stand for none, and words in small letters must sound more alike.
    """
    # One word for each English one: a text says things twice.
    others = list({word.text.lower(): word for word in english}.values()) if words else []
    linked, small = [linked_ids(word.unit) for word in others], _SMALL_LETTERS if strict else 0.0
    stems = tuple({stem for some in stems_for.each([word.text for word in others]) for stem in some})
    lost = [
        word
        for word in words
        if all(map(word.units.isdisjoint, linked))
        if not (any(form.startswith(stems) for form in word.forms) or _sounds_like_any(word, others, small))
    ]
    if not lost:
        return []
    if strict:
        others = []
    pairs = [first.latin + second.latin for first, second in itertools.pairwise(english) if second.text[0].isupper()]
    initials = {letter for word in others if _ABBREVIATION.fullmatch(word.text) for letter in word.latin}
    return [word for word in lost if not (is_shortened(word, initials) or _spells_any(word, pairs))]


def _may_be_translated(word: ArabicWord, english: Sequence[EnglishWord], arabic: ArabicSide) -> bool:
    """Whether a word that is only spelled as a name has an unanswered English word near its place: pennies."""
    share = arabic.words.index(word) / len(arabic.words)
    return any(
        not other.capital
        and len(other.latin) >= LEAST_LETTERS
        and abs(place / len(english) - share) <= _NEAR
        and not arabic.holds(other)
        for place, other in enumerate(english)
    )


def _is_long(word: EnglishWord) -> bool:
    """Whether a word inside a sentence has a capital and says enough by itself."""
    return word.capital and word.inside and len(word.latin) >= LEAST_LETTERS


def _name_exchanged(english: Sequence[EnglishWord], arabic: ArabicSide) -> bool:
    """Whether each side has a word that may be a name, without counterpart: neither would be enough by itself."""
    if not 0 < len(english) <= _MOST_WORDS:
        return False
    capitals = {word.text: word for word in english if word.named or _is_long(word)}
    if not 0 < len(capitals) <= _MOST_NAMES:
        return False
    places = {word.text: place for place, word in enumerate(english)}

    def is_lost(word: EnglishWord) -> bool:
        least = LIKELY_SOUND if word.named else LEAST_SCORE
        return arabic.score(word) < least and _joined_score(english, places[word.text], arabic) < least

    if not any(map(is_lost, capitals.values())):
        return _said_too_often(english, arabic.words)
    doubtful = {word.text: word for word in arabic.words if _may_be_name(word)}
    if not 0 < len(doubtful) <= _MOST_NAMES:
        return False
    return bool(without_counterpart(english, list(doubtful.values()))) or _are_more(doubtful, arabic.words, english)


def _said_too_often(english: Sequence[EnglishWord], words: Sequence[ArabicWord]) -> bool:
    """Whether the English says a name oftener than the Arabic, which has a name that nothing answers in its place."""
    said: dict[str, dict[int, EnglishWord]] = {}
    for place, word in enumerate(english):
        if word.capital:
            said.setdefault(word.latin[:_SAME_NAME], {})[place] = word
    often = [same for same in said.values() if len(same) > 1 and any(word.named for word in same.values())]
    if not 0 < len(often) <= _MOST_NAMES:
        return False
    doubtful = {word.text: word for word in words if _is_like_a_name(word)}
    if not 0 < len(doubtful) <= _MOST_NAMES:
        return False
    gone = {word.text for word in without_counterpart(english, list(doubtful.values()), strict=True)}
    shares = [place / len(words) for place, word in enumerate(words) if word.text in gone]
    others = [word for word in words if word.text not in gone]
    return any(
        any(abs(place / len(english) - share) <= _NEAR for place in same for share in shares)
        and 0 < len(_answers(same.values(), others)) < len(same)
        for same in often
    )


def _is_like_a_name(word: ArabicWord) -> bool:
    if not may_be_lost(word) or word.rank == Rank.NAME:
        return word.rank == Rank.NAME
    if word.rank == Rank.ORDINARY and (INFLECTED.search(word.text) or word.text.startswith(ARTICLES)):
        return False
    sure = word.rank == Rank.ORDINARY or INFLECTED.search(word.text)
    return foreign_shape(word.text) >= (_LIKE_NAME if sure else _LIKE_ANY)


def _answers(same: Iterable[EnglishWord], words: Sequence[ArabicWord]) -> set[int]:
    """Places of the Arabic words that may stand for any of some English ones."""
    found: set[int] = set()
    for name in {word.text: word for word in same}.values():
        alone = {id(word) for word in words_alone(name, words, LIKELY_SOUND)}
        found.update(at for at, word in enumerate(words) if id(word) in alone or _translated(name, word))
    return found


def _are_more(doubtful: Mapping[str, ArabicWord], words: Sequence[ArabicWord], english: Sequence[EnglishWord]) -> bool:
    """Whether Arabic words that have the same counterparts are more than those: Russia and the Russians, `Russian`."""
    said = Counter(word.text for word in words)
    shared: Counter[tuple[int, ...]] = Counter()
    for text, word in doubtful.items():
        if word.rank != Rank.ORDINARY:
            shared[tuple(place for place, other in enumerate(english) if _is_surely(other, word))] += said[text]
    return any(count > len(places) > 0 for places, count in shared.items())


def lost_english(english: Sequence[EnglishWord], arabic: ArabicSide) -> list[tuple[float, EnglishWord, list[float]]]:
    """Place, word and features of each English word with a capital that no Arabic word answers."""
    found = []
    for place, word in enumerate(english):
        # Most words have their likeness, or stand there translated.
        if not (word.named or (word.capital and word.inside)) or arabic.score(word) >= LIKELY_SOUND:
            continue
        score = max(name_score(word, arabic, _NO_SOUND, LIKELY_SOUND), _joined_score(english, place, arabic))
        if score < LIKELY_SOUND:
            beside = any(0 <= at < len(english) and english[at].text[0].isupper() for at in (place - 1, place + 1))
            found.append((place / len(english), word, english_features(word, score, beside_capital=beside)))
    return found


def _probably_exchanged(lost: Sequence[Lost], english: Sequence[EnglishWord], words: Sequence[ArabicWord]) -> bool:
    """Whether an English word without counterpart stands where an Arabic one has none, or is wrong by itself."""
    if any(logit("joint", joint_features(one, None)) > _EXCHANGED_ALONE for one in lost):
        return True
    doubtful: dict[str, ArabicWord] = {}
    for place, word in enumerate(words) if lost else ():
        if word.text in doubtful or not may_be_lost(word):
            continue
        other = Lost(place / len(words), logit("arabic", arabic_features(word)))
        if any(logit("joint", joint_features(one, other)) > _EXCHANGED for one in lost):
            doubtful[word.text] = word
    return bool(doubtful) and bool(without_counterpart(english, list(doubtful.values())))


def _may_be_name(word: ArabicWord) -> bool:
    text = word.text
    if not may_be_lost(word):
        return False
    if word.rank == Rank.NAME:
        return True
    inflected = bool(INFLECTED.search(text))
    if word.rank == Rank.ORDINARY:
        return not inflected and foreign_shape(text) >= _FOREIGN and not text.startswith(ARTICLES)
    return foreign_shape(text) >= (_FOREIGN if inflected else 0)


def _spells_any(word: ArabicWord, latins: Iterable[str]) -> bool:
    forms = dict.fromkeys(word.forms, 0.0)
    return any(best_sound(forms, latin, _JOINED_SOUND, _JOINED_SOUND) >= _JOINED_SOUND for latin in latins)


def least_name_score(english: str, arabic: str, kept: Sequence[str] = ()) -> float:
    """The score of the English name that fits worst to the Arabic text: 0 to some -10, 0 where nothing can be told.

    Args:
        english: One side.
        arabic: The other.
        kept: English texts whose words are not asked for, such as glossary targets.
    """
    words = arabic_words(arabic, _MOST_WORDS)
    others = list(english_words(english)) if words else []
    return min(_scores(others, ArabicSide(words), kept, exact=True), default=0.0)


def _scores(english: Sequence[EnglishWord], arabic: ArabicSide, kept: Sequence[str], *, exact: bool) -> Iterator[float]:
    """Of each English name, see `name_score`; none where nothing can be told. Else than `exact`, what decides is."""
    spared = {word for text in kept for word in text.lower().split()}
    names = {word.text: word for word in english if word.named and word.text.lower() not in spared}
    if arabic.words and 0 < len(names) <= _MOST_NAMES:
        places = {word.text: place for place, word in enumerate(english)}
        for name in names.values():
            score = name_score(name, arabic, -math.inf, _CERTAIN) if exact else arabic.score(name)
            if score < LEAST_SCORE:
                score = max(score, _joined_score(english, places[name.text], arabic))
            elif score < LIKELY_SOUND and not _has_own_word(name, arabic.words, english):
                score = math.nextafter(LEAST_SCORE, -math.inf)
            yield score


def _has_own_word(name: EnglishWord, words: Sequence[ArabicWord], english: Sequence[EnglishWord]) -> bool:
    """Whether an Arabic word that may be a name, by sound, is not surely the counterpart of another English word."""
    own = words_alone(name, words, LEAST_SCORE)
    others = [word for word in english if len(word.latin) > 2 and word.latin[:4] != name.latin[:4]]
    return any(not any(_is_surely(other, word) for other in others) for word in own)


def _is_surely(english: EnglishWord, arabic: ArabicWord) -> bool:
    if _translated(english, arabic):
        return True
    forms = dict.fromkeys(arabic.forms, 0.0)
    return best_sound(forms, english.latin, _SURE_SOUND, _SURE_SOUND) >= _SURE_SOUND


def _agree(english: str, arabic: str, kept: Sequence[str], target: str) -> bool:
    words = arabic_words(arabic, _MOST_WORDS)
    others = list(english_words(english)) if words else []
    side = ArabicSide(words)
    if any(score < LEAST_SCORE for score in _scores(others, side, kept, exact=False)):
        return False
    if kept:
        return True  # A glossary may write any name in its own way.
    gone = _lost_arabic(others, words)
    if target != "ar":
        gone = [word for word in gone if word.rank == Rank.NAME or not _may_be_translated(word, others, side)]
    if gone or _name_exchanged(others, side):
        return False
    if 0 < len(others) <= _MOST_WORDS and (
        roles_changed(english, others, arabic, words) or actors_changed(english, arabic, words)
    ):
        return False
    if target == "ar" or not 0 < len(others) <= _MOST_WORDS or sum(word.capital for word in others) > _MOST_NAMES:
        return True
    lost = [Lost(place, logit("english", some), word.named) for place, word, some in lost_english(others, side)]
    return not _probably_exchanged(lost, others, words)


def names_agree(source: str, target: str, pair: LanguagePair, kept: Sequence[str] = ()) -> bool:
    """Whether every name of a pair has a counterpart; nothing is held against other pairs than ar and en.

    Args:
        source: A segment.
        target: Its translation.
        pair: The direction.
        kept: Texts that the target must hold, such as glossary targets. Into Arabic they may stand for any name.
    """
    if (pair.source, pair.target) == ("ar", "en"):
        return _agree(target, source, kept, "en")
    if (pair.source, pair.target) == ("en", "ar") and not kept:
        return _agree(source, target, (), "ar")
    return True
