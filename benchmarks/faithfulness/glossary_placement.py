"""How often a required term is honoured, and put in place of the right words, on hand-aligned pairs.

    python benchmarks/faithfulness/glossary_placement.py [--terms 200] [--seed 6]

Seeded draws of Arabic content words that have sure links to one run of English words; the required target is a made-up
word, so that nothing is honoured by chance. Honoured: the term stands in the target. Placed: at least one word that is
sure to the source word is gone, and no word linked to other source words only was lost. Chance of doing harm is what
`other words lost` says.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from khulasa.server.core.text.types import Span
from khulasa.server.core.translation.alignment.links import align_words
from khulasa.server.core.translation.glossary.terms import compile_glossary
from khulasa.server.core.translation.types import Glossary, GlossaryTerm, LanguagePair

DATA = Path(__file__).resolve().parents[3] / "shared" / "eval" / "word-alignment" / "dev.jsonl"


def main() -> None:
    """Both directions."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--terms", type=int, default=200)
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()
    pairs = [json.loads(line) for line in options.data.read_text("utf-8").splitlines()]
    for source_name, target_name, pair, invented in (
        ("source", "target", LanguagePair("ar", "en"), "Zorblax"),
        ("target", "source", LanguagePair("en", "ar"), "زورپلاكس"),
    ):
        drawn: list[tuple[dict[str, object], str, set[int]]] = []
        for item in pairs:
            for number, (start, end) in enumerate(item[f"{source_name}_tokens"]):
                word = item[f"{source_name}_text"][start:end]
                at = 0 if source_name == "source" else 1
                sure = {link[1 - at] for link in item["sure"] if link[at] == number}
                if len(word) > 4 and word.isalpha() and sure and item[f"{source_name}_text"].count(word) == 1:
                    drawn.append((item, word, sure))
        drawn = random.Random(options.seed).sample(drawn, min(options.terms, len(drawn)))
        honoured = placed = lost = 0
        for item, word, sure in drawn:
            source, target = str(item[f"{source_name}_text"]), str(item[f"{target_name}_text"])
            compiled = compile_glossary(Glossary((GlossaryTerm(word, invented),)), pair)
            made, _ = compiled.restore(compiled.protect(source), target, align_words(source, target, pair))
            honoured += invented in made
            tokens = [Span(*span).of(target) for span in item[f"{target_name}_tokens"]]  # type: ignore[attr-defined]
            gone = list(tokens)
            for token in made.split():
                stripped = token.strip(".,،؛«»\"'")
                if stripped in gone:
                    gone.remove(stripped)
            removed = [t for t in gone if t.isalnum()]
            wanted = {tokens[n] for n in sure}
            placed += any(t in wanted for t in removed)
            lost += any(t not in wanted and len(t) > 3 for t in removed)
        count = len(drawn)
        print(
            f"{pair.source}-{pair.target}: {count} terms, honoured {honoured / count:.3f}, "
            f"in place {placed / count:.3f}, other words lost {lost / count:.3f}"
        )


if __name__ == "__main__":
    main()
