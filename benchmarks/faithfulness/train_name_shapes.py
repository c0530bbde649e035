"""Make the table that tells an unknown Arabic word's spelling: a foreign name, or a word of the language.

    python benchmarks/faithfulness/train_name_shapes.py [--corpora DIR] [--output FILE]

Two letter models of the third order, of name parts and of words of texts, each spelling counted once; the table
holds the difference of their log probabilities. Only sets with a stated open licence are read.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import regex
from khulasa.server.core.translation.alignment.cues import name_similarity
from khulasa.server.core.translation.alignment.units import fold_arabic
from khulasa.server.core.translation.names import shapes as name_shapes
from khulasa.server.core.translation.names.shapes import EDGE
from khulasa.server.core.translation.names.sounds import latin_letters
from train_names import LIKELY, SOUND_SETS, TEXT_SETS, rows

_ARABIC, _LATIN = regex.compile(r"[\p{Arabic}\p{M}]{3,}"), regex.compile(r"\p{Latin}{4,}")
_CAPITAL = regex.compile(r"\p{Lu}\p{Ll}{3,}")
# Letters after two others that were met less often than this are told by the last of them alone.
LEAST_COUNT = 25
_SMOOTHING = 0.5


def name_parts(folder: Path) -> set[str]:
    """Folded Arabic parts of names that sound like a part of the English."""
    found = set()
    for arabic, english, _ in rows(folder, ("lexicon",), SOUND_SETS):
        latin = [latin_letters(word) for word in _LATIN.findall(english)]
        for part in (fold_arabic(word).removeprefix("ال") for word in _ARABIC.findall(arabic)):
            if 3 < len(part) < 13 and part not in found and any(name_similarity(part, w) >= LIKELY for w in latin):
                found.add(part)
    return found


def text_words(folder: Path) -> set[str]:
    """Folded Arabic words of texts that sound like no capitalised word of the English."""
    found: set[str] = set()
    alike: set[str] = set()
    for arabic, english, _ in rows(folder, ("news", "general", "general-2"), TEXT_SETS):
        new = {fold_arabic(word) for word in _ARABIC.findall(arabic)} - found - alike
        if new:
            latin = [latin_letters(word) for word in _CAPITAL.findall(english)]
            names = {word for word in new if any(name_similarity(word, other) >= LIKELY for other in latin)}
            found |= new - names
            alike |= names
    return {word.removeprefix("ال") for word in found if len(word) > 3}


def letter_counts(words: Iterable[str]) -> Counter[str]:
    """Of runs of two and three letters, edges included."""
    counts: Counter[str] = Counter()
    for word in words:
        edged = EDGE + EDGE + word + EDGE
        for end in range(3, len(edged) + 1):
            counts[edged[end - 3 : end]] += 1
            counts[edged[end - 2 : end]] += 1
    return counts


def differences(names: Counter[str], words: Counter[str]) -> dict[str, int]:
    """Log p(last letter | those before) among names less that among words, in hundredths, by run of letters."""
    letters = len({run[-1] for run in names.keys() | words.keys()})
    contexts = []
    for counts in (names, words):
        context: Counter[str] = Counter()
        for run, n in counts.items():
            context[run[:-1]] += n
        contexts.append(context)
    table = {}
    for run in sorted(names.keys() | words.keys()):
        if len(run) == 3 and names[run] + words[run] < LEAST_COUNT:
            continue
        odds = [
            math.log((counts[run] + _SMOOTHING) / (context[run[:-1]] + _SMOOTHING * letters))
            for counts, context in zip((names, words), contexts, strict=True)
        ]
        table[run] = round(100 * (odds[0] - odds[1]))
    return table


def main() -> None:
    """Read, count, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--corpora", type=Path, default=Path(__file__).resolve().parents[3] / "shared" / "corpora")
    parser.add_argument("--output", type=Path, default=Path(name_shapes.__file__).with_name("shapes.json.xz"))
    options = parser.parse_args()
    names, words = name_parts(options.corpora), text_words(options.corpora)
    table = differences(letter_counts(sorted(names)), letter_counts(sorted(words - names)))
    print(f"{len(names)} names, {len(words - names)} words, {len(table)} runs of letters")
    content = {"sets": sorted(SOUND_SETS | TEXT_SETS), "differences": table}
    options.output.write_bytes(lzma.compress(json.dumps(content, ensure_ascii=False).encode(), preset=9))
    print(f"{options.output}: {options.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
