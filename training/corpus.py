"""Which parallel sets are used, under which licence, and which of their pairs.

A corpus file is xz-compressed UTF-8, one pair a line: Arabic, tab, English, tab, set name. Only sets in `SETS` are
read: those with a stated open licence or our own. Everything else in the files is ignored.
"""

from __future__ import annotations

import hashlib
import lzma
import random
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SetInfo:
    """One set of pairs.

    Attributes:
        licence: As its authors state it.
        weight: Times each pair is drawn in a pass over the data; below 1, the share of the pairs that is drawn.
        prose: Whether to keep only whole sentences (4 words and more), the rule for documentation.
        into: Languages that the set teaches to write; one of them where the other side is machine-made.
    """

    licence: str
    weight: float
    prose: bool = False
    into: tuple[str, ...] = ("ar", "en")


SETS: dict[str, SetInfo] = {
    "news": SetInfo("own translation of ANT articles (Apache 2.0)", 3.0),
    "xquad": SetInfo("CC BY-SA 4.0", 3.0),
    "un_sdg": SetInfo("MIT", 1.0),
    "tatoeba": SetInfo("CC BY 2.0 FR", 0.7),
    "storybooks": SetInfo("CC BY", 2.0),
    "opensource_guide": SetInfo("CC BY 4.0", 1.0, prose=True),
    "mozilla_www": SetInfo("MPL 2.0", 0.6, prose=True),
    "mozilla_legal": SetInfo("CC BY-SA 3.0", 0.5, prose=True),
    "debian_handbook": SetInfo("CC BY-SA 3.0", 0.3, prose=True),
    "bitcoin_org": SetInfo("MIT", 1.0, prose=True),
    "djangogirls": SetInfo("CC BY-SA 4.0", 0.7, prose=True),
    "freecodecamp": SetInfo("CC BY-SA 4.0", 0.06, prose=True),
    "ms_dynamics_ops": SetInfo("CC BY 4.0", 0.03, prose=True),
    "react_docs": SetInfo("CC BY 4.0", 0.05, prose=True),
    "mediawiki_ui": SetInfo("GPL 2.0 or later", 0.2, prose=True),
    "edgeai_beginners": SetInfo("MIT", 0.1, prose=True),
    "ms_iot_beginners_llm": SetInfo("MIT", 0.2, prose=True),
    "lex_wikidata_person_names": SetInfo("CC0", 0.25),
    "lex_geonames_cities15000": SetInfo("CC BY 4.0", 0.3),
    "lex_iso_codes": SetInfo("LGPL 2.1 or later", 1.0),
    "back_ant": SetInfo("ANT articles (Apache 2.0), English by our own model", 1.0, into=("ar",)),
    "back_wikipedia": SetInfo("Arabic Wikipedia (CC BY-SA), English by our own model", 1.0, into=("ar",)),
    "back_en_wikipedia": SetInfo("English Wikipedia (CC BY-SA), Arabic by our own model", 1.0, into=("en",)),
    "back_en_messages": SetInfo("messages to Congress (public domain), Arabic by our own model", 1.0, into=("en",)),
    "back_en_factbook": SetInfo("World Factbook (public domain), Arabic by our own model", 1.0, into=("en",)),
}

CORPUS_FILES = ("news.tsv.xz", "general.tsv.xz", "general-2.tsv.xz", "lexicon.tsv.xz")

_MARKUP = re.compile(r"[<>{}\\|=_`]|https?:|%[sd(]|\$\w")
_MARKS = re.compile(r"[\u064b-\u0652\u0670\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Pair:
    """One sentence pair and the set it is from."""

    ar: str
    en: str
    name: str


def sha256(path: Path) -> str:
    """Hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def clean(text: str) -> str:
    """Drop vowel marks, tatweel and invisible direction marks; collapse white space."""
    return _SPACE.sub(" ", _MARKS.sub("", text)).strip()


def _share(text: str, script: str) -> float:
    """Share of letters whose Unicode name starts with `script`; 0 where there is no letter."""
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return 0.0
    return sum(unicodedata.name(c, "").startswith(script) for c in letters) / len(letters)


def acceptable(pair: Pair, *, prose: bool) -> bool:
    """Whether a cleaned pair is worth training on.

    Both sides must be in their own script and within a length ratio (characters) of 0.4 to 2.5, with slack for short
    ones; `prose` also asks for four words and no markup.
    """
    ar, en = pair.ar, pair.en
    if not ar or not en or len(ar) > 700 or len(en) > 700:
        return False
    if not 0.4 <= (len(ar) + 12) / (len(en) + 12) <= 2.5:
        return False
    if prose and (len(en.split()) < 4 or _MARKUP.search(en) or _MARKUP.search(ar)):
        return False
    return _share(ar, "ARABIC") >= 0.6 and _share(en, "LATIN") >= 0.9


def read_sets(folder: Path, sets: dict[str, SetInfo] = SETS, back: Path | None = None) -> Iterator[Pair]:
    """Cleaned, acceptable, de-duplicated pairs of the licensed sets, in the order of the files; `back` is one more."""
    seen: set[tuple[str, str]] = set()
    for file in [folder / name for name in CORPUS_FILES] + ([back] if back else []):
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                ar, en, name = line.rstrip("\n").split("\t")
                info = sets.get(name)
                if info is None:
                    continue
                pair = Pair(clean(ar), clean(en), name)
                key = (pair.ar, pair.en.lower())
                if key not in seen and acceptable(pair, prose=info.prose):
                    seen.add(key)
                    yield pair


def draw(
    pairs: list[Pair], sets: dict[str, SetInfo], seed: int, enlarge: float = 1.0
) -> tuple[list[Pair], list[float]]:
    """The pool: sets with a weight below 1 are thinned once (seeded); the rest keep every pair.

    Args:
        pairs: All that is acceptable.
        sets: The weights.
        seed: Of the thinning.
        enlarge: Factor on weights below 1, which stay at most 1.

    Returns:
        Pairs and, for each, how many times a pass over the pool draws it (1 for thinned sets).
    """
    rng = random.Random(seed)
    pool: list[Pair] = []
    weights: list[float] = []
    for pair in pairs:
        weight = sets[pair.name].weight
        if weight >= 1 or rng.random() < weight * enlarge:
            pool.append(pair)
            weights.append(max(1.0, weight))
    return pool, weights
