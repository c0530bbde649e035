"""Which language a text is in: script first, then letter n-grams and common words where the script does not tell.

Arabic script is told apart by letters that Arabic does not have (Persian گ, Urdu ٹ, Kurdish ێ) and, like the languages
of Latin script, by n-grams (lingua, low accuracy mode: some 20 MB instead of 300 MB, which only short texts would
repay; common words and the languages served make up for it). Data: `languages.yaml`.
"""

from __future__ import annotations

import math
import threading
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import regex
from khulasa.server.core.data_files import parse_yaml

__all__ = ["DetectedLanguage", "detect_language", "warm_up"]


@dataclass(frozen=True, slots=True)
class DetectedLanguage:
    """What was found.

    Attributes:
        code: BCP-47 primary subtag, empty when there is nothing to tell it by (only digits, say). It may be a
            language that is not among the candidates.
        probability: That `code` is right, in [0, 1]; 0 when it is empty.
    """

    code: str
    probability: float


# A longer text is judged by windows spread over it: its beginning is a menu or a byline more often than its middle.
_WINDOWS = 4
_WINDOW_CHARS = 300
# As many words of a whole text, where the windows hold none.
_MOST_WORDS = 200

# Addresses, handles and markup say nothing about the language around them.
_NOISE = regex.compile(r"(?:https?://|www\.)\S+|(?<!\S)\S[^\s@]*+@\S+\.\w+|[@#]\w+|<[^<>]{0,200}>|&\w{1,8};")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}\p{Cf}'’]*")
_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_MARKS = regex.compile(r"[\p{M}\p{Cf}\u0640]+")

# A capitalised Latin word inside another script is a name: it counts for this share of its letters.
_NAME_WEIGHT = 0.35
# A common Arabic word beside Latin letters counts for so many more.
_SMALL_WORD_LETTERS = 8
# More letters without a break are a code, such as a picture in base64, and count as one long word.
_LONGEST_WORD = 20
# Served languages are likelier than others by this factor; the figures of benchmarks/language/measure.py chose these.
_PRIOR_SERVED = 50.0
# A language that is less likely than all others together is not told: the text is in the one served of its script.
_LIKELIER_THAN_NOT = 0.5
# One common word or one letter of its own speaks for a language by these factors.
_WORD_FACTOR = 4.0
_LETTER_FACTOR = 2.0
# A word in small letters with an accent, or with another one cut short before it (`d'un`), speaks against English by
# this factor, two of them by its square: English has them in borrowed words alone.
_ACCENT_FACTOR = 6.0
_ACCENTED = regex.compile(r"(?![a-z'’]+$)\p{Ll}[\p{Ll}'’]*|(?:[cdjlmnstCDJLMNST]|[qQ]u)['’]\p{L}{2,}")
# Share of letters of its own from which a text is in a language that the n-grams do not know.
_OWN_SHARE = 0.06
_MAX_EVIDENCE = 12.0


def detect_language(text: str, candidates: Sequence[str]) -> DetectedLanguage:
    """The language of a text, whether or not it is among those served.

    Args:
        text: Of any length; of a long one a sample is read.
        candidates: Codes of the languages served: likelier than others, but not the only answers.
    """
    sample = _sample(text)
    words = _words_of(sample)
    if not words and len(sample) < len(text) and _WORD.search(text):
        # The windows fell on a table or a list of links.
        words = _words_of(text)[:_MOST_WORDS]
    scripts = list(map(_script_of, words))
    weights = _script_weights(words, scripts)
    if not weights:
        return DetectedLanguage("", 0.0)
    script, weight = max(weights.items(), key=lambda item: item[1])
    share = weight / sum(weights.values())
    # Japanese is written in three scripts without spaces; the syllables tell it from Chinese.
    if script == "han" and any(_KANA.search(word) for word in words):
        script = "hiragana"
    data = _data()
    if script in data.single:
        return DetectedLanguage(data.single[script], share)
    of_script = [word for word, its in zip(words, scripts, strict=True) if its == script]
    if script not in data.several:
        return DetectedLanguage("und", share)
    code, probability = _best(of_script, script, frozenset(candidates), data)
    return DetectedLanguage(code, probability * share)


def warm_up() -> None:
    """Loads data and n-gram models, so that no request waits for them."""
    detect_language("وقال الوزير إن المحادثات مستمرة", ["ar", "en"])
    detect_language("The minister said that talks went on", ["ar", "en"])


def _best(words: Sequence[str], script: str, candidates: frozenset[str], data: _Data) -> tuple[str, float]:
    """The likeliest language of words of one script, and how likely it is against the others of that script."""
    codes = data.several[script]
    scores = dict.fromkeys(codes, 0.0)
    for code, probability in _ngram_probabilities(" ".join(words), script).items():
        scores[code] = math.log(max(probability, 1e-6))
    found = Counter(word.lower() for word in words)
    for code in codes:
        hits = sum(min(found[word], 3) for word in data.words.get(code, ()) if word in found)
        scores[code] += min(hits, 4) * math.log(_WORD_FACTOR)
    accented = 0
    if script == "latin":
        accented = sum(_ACCENTED.fullmatch(word) is not None for word in words)
        scores["en"] -= min(accented, 2) * math.log(_ACCENT_FACTOR)
    if script == "arabic":
        _weigh_letters(Counter("".join(words)), scores, data)
    for code in candidates & scores.keys():
        scores[code] += math.log(_PRIOR_SERVED)
    top = max(scores.values())
    weights = {code: math.exp(score - top) for code, score in scores.items()}
    best = max(weights, key=lambda code: weights[code])
    probability = weights[best] / sum(weights.values())
    if probability < _LIKELIER_THAN_NOT and not accented and (served := [code for code in codes if code in candidates]):
        # Names, mostly: nothing speaks for one language against all others.
        return max(served, key=lambda code: weights[code]), _LIKELIER_THAN_NOT
    return best, probability


def _weigh_letters(letters: Counter[str], scores: dict[str, float], data: _Data) -> None:
    """Adds to the log odds in `scores` what the letters of a text in Arabic script say."""
    total = sum(letters.values())
    counts = {code: sum(letters[letter] for letter in own) for code, own in data.letters.items()}
    # Only with each other: most of the letters of Persian and Urdu are theirs as well.
    most = max(count for code, count in counts.items() if code not in scores)
    for code, count in counts.items():
        if code in scores:
            # Names bring letters of the neighbours along: the first of them says little, half a dozen enough.
            scores[code] += min(_MAX_EVIDENCE, count * math.log(_LETTER_FACTOR)) / 2
        elif count >= max(2, _OWN_SHARE * total) and count == most:
            # N-grams know nothing of it. It shares letters with Persian or Arabic, but has its own in every word.
            scores[code] = max(scores.values()) + _MAX_EVIDENCE / 2


def _sample(text: str) -> str:
    """A short text whole, of a long one windows spread evenly over it, cut at white space."""
    if len(text) <= _WINDOWS * _WINDOW_CHARS:
        return text
    step = (len(text) - _WINDOW_CHARS) / (_WINDOWS - 1)
    windows = [text[int(step * i) : int(step * i) + _WINDOW_CHARS] for i in range(_WINDOWS)]
    return "\n".join(window.partition(" ")[2].rpartition(" ")[0] or window for window in windows)


def _words_of(text: str) -> list[str]:
    # Letters as they are typed, not as they are drawn: texts taken from PDF files are in presentation forms.
    plain = unicodedata.normalize("NFKC", _NOISE.sub(" ", text))
    found: list[str] = _WORD.findall(plain)
    if _MARKS.search(plain) is None:
        return found
    return [word for one in found if (word := _MARKS.sub("", one))]


def _script_weights(words: Sequence[str], scripts: Sequence[str]) -> dict[str, float]:
    """Letters by script; names in Latin letters weigh less where there is another script."""
    weights: dict[str, float] = {}
    names, data = 0.0, _data()
    for word, script in zip(words, scripts, strict=True):
        if script:
            # Where words are parted by spaces, that is.
            letters = min(len(word), _LONGEST_WORD) if script in data.several else len(word)
            weights[script] = weights.get(script, 0.0) + letters
            if script == "latin" and word[0].isupper():
                names += letters
    if names and len(weights) > 1:
        weights["latin"] -= names * (1 - _NAME_WEIGHT)
        # Of Arabic with names in it the small words are Arabic.
        small = frozenset(data.words["ar"])
        if "arabic" in weights:
            weights["arabic"] += _SMALL_WORD_LETTERS * sum(word in small for word in words)
    return weights


@cache
def _script_patterns() -> tuple[tuple[str, regex.Pattern[str]], ...]:
    data = _data()
    return tuple((name, regex.compile(rf"\p{{Script={name}}}")) for name in (*data.several, *data.single))


def _script_of(word: str) -> str:
    """Script of a word's first letter, empty when it is none that is known."""
    first = word[:1]
    if "a" <= first <= "z" or "A" <= first <= "Z":
        return "latin"
    if "\u0620" <= first <= "\u064a":
        return "arabic"
    for name, pattern in _script_patterns():
        if pattern.match(first):
            return name
    return ""


@dataclass(frozen=True, slots=True)
class _Data:
    single: Mapping[str, str]
    several: Mapping[str, tuple[str, ...]]
    letters: Mapping[str, frozenset[str]]
    words: Mapping[str, tuple[str, ...]]


@cache
def _data() -> _Data:
    raw: dict[str, Any] = parse_yaml(
        resources.files("khulasa.server.core.text").joinpath("languages.yaml").read_text(encoding="utf-8")
    )
    return _Data(
        single=raw["scripts"],
        several={script: tuple(codes) for script, codes in raw["several"].items()},
        letters={code: frozenset(letters) for code, letters in raw["letters"].items()},
        words={code: tuple(words.split()) for code, words in raw["words"].items()},
    )


_building = threading.Lock()


@lru_cache(maxsize=16)
def _ngram_detector(script: str) -> tuple[Any, dict[Any, str]]:
    """The library's detector for the languages of one script, with their codes."""
    import lingua

    by_code = {language.iso_code_639_1.name.lower(): language for language in lingua.Language.all()}
    languages = [by_code[code] for code in _data().several[script]]
    detector = lingua.LanguageDetectorBuilder.from_languages(*languages).with_low_accuracy_mode().build()
    return detector, {by_code[code]: code for code in _data().several[script]}


def _ngram_probabilities(text: str, script: str) -> dict[str, float]:
    with _building:
        detector, codes = _ngram_detector(script)
    return {codes[value.language]: value.value for value in detector.compute_language_confidence_values(text)}
