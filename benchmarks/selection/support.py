"""What the flag UNSUPPORTED is worth: headlines against their articles, true ones and ones with a planted fault.

    python benchmarks/selection/support.py NEWS.tsv.xz [--items 600]

NEWS holds Arabic, tab, English, tab, set, one sentence a line, items in order, each beginning with its headline (a line
that does not end in a stop). A headline is what a summarizer writes: other words about the same article. A planted
number is another value in its place; a planted name is a name of another item that this article does not have.
"""

from __future__ import annotations

import argparse
import lzma
import random
import re
from collections.abc import Iterator
from pathlib import Path

from khulasa.server.core.summary.lexicon import lexicon, words_of
from khulasa.server.core.summary.support import stems_of, unsupported_names
from khulasa.server.core.text.document import parse_document
from khulasa.server.core.translation.names.lexicon import is_arabic_name
from khulasa.server.core.translation.numbers.comparison import NumberComparison, compare_mentions, extract_numbers

NUMBER = re.compile(r"\d+")


def items(path: Path, column: int, most: int) -> Iterator[tuple[str, str]]:
    """Headline and text of each item with at least three sentences."""
    headline, lines, found = "", [], 0
    with lzma.open(path, "rt", encoding="utf-8") as rows:
        for row in rows:
            line = row.rstrip("\n").split("\t")[column].strip()
            if line.endswith((".", "!", "؟", "?", "»", '"')):
                lines.append(line)
                continue
            if headline and len(lines) >= 3:
                yield headline, "\n".join(lines)
                found += 1
                if found == most:
                    return
            headline, lines = line, []


def numbers_hold(sentence: str, article: str, language: str) -> bool:
    """Whether every number of the sentence stands in the article."""
    added = compare_mentions(extract_numbers(article, language), extract_numbers(sentence, language)).added
    return NumberComparison((), tuple(added)).agrees


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("news", type=Path)
    parser.add_argument("--items", type=int, default=600)
    arguments = parser.parse_args()
    print("| language | headlines | false alarms, numbers | names | planted numbers found | planted names found |")
    print("|---|---|---|---|---|---|")
    for column, language in ((0, "ar"), (1, "en")):
        draw = random.Random(1)
        rules = lexicon(language)
        found = list(items(arguments.news, column, arguments.items))
        known = [stems_of(parse_document(text, language)) for _, text in found]
        alarms = [0, 0]
        planted = {"number": [0, 0], "name": [0, 0]}
        for at, (headline, text) in enumerate(found):
            alarms[0] += not numbers_hold(headline, text, language)
            alarms[1] += bool(unsupported_names(headline, language, known[at], is_arabic_name))
            first = text.split("\n")[0]
            if match := NUMBER.search(first):
                wrong = str(int(match.group()) + draw.choice([1, 3, 10, 40]))
                changed = first[: match.start()] + wrong + first[match.end() :]
                if wrong not in text:
                    planted["number"][0] += 1
                    planted["number"][1] += not numbers_hold(changed, text, language)
            other = found[(at + 37) % len(found)][1]
            names = [
                word.span.of(other)
                for word in words_of(other)
                if len(word.form) > 3
                and rules.rarity(rules.stem(word.form)) == 1.0
                and (is_arabic_name(word.span.of(other)) if language == "ar" else word.span.of(other)[0].isupper())
                and word.form not in text.lower()
            ]
            own = [word for word in words_of(headline) if len(word.form) > 3]
            if names and own:
                place = draw.choice(own).span
                changed = headline[: place.start] + draw.choice(names) + headline[place.end :]
                planted["name"][0] += 1
                planted["name"][1] += bool(unsupported_names(changed, language, known[at], is_arabic_name))
        n = len(found)
        shares = [f"{got / max(1, all_):.3f} of {all_}" for all_, got in planted.values()]
        print(f"| {language} | {n} | {alarms[0] / n:.3f} | {alarms[1] / n:.3f} | {' | '.join(shares)} |")


if __name__ == "__main__":
    main()
